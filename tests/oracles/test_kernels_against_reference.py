"""The compiled kernels against the loop over time, every cell: values and gradients over random grids of what is asked.

Axis letters: T time, B batch, I inputs, H hidden units, D directions.
"""

from collections import Counter
from typing import NamedTuple

import pytest
import torch

from tidegate.kernels.library import library, offered, reason
from tidegate.kernels.recurrence import CALLS
from tidegate.nn import backends, fused
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.nouns import CELLS
from tidegate.nn.unroll import Call, Course

if library() is None:
    pytest.skip(reason(), allow_module_level=True)

WITHOUT_GATE_BIASES = {
    "lstm": Lstm(gate_bias=False),
    "lstm_peephole_coupled": Lstm(peepholes="full", coupled=True, gate_bias=False),
    "gru_after": Gru(gate_bias=False),
    "gru_before": Gru("before", gate_bias=False),
    "gru_absent": Gru("absent", gate_bias=False),
}
STEPS = (1, 2, 3, 5, 9, 14)
BATCHES = (1, 2, 7, 8, 9, 16, 47, 48, 49, 97)  # a batch is divided into groups from 8 rows on, and again beyond 48
INPUTS = (1, 2, 3, 5, 8, 17, 33)
HIDDEN = (1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 48)  # registers hold 2 to 16 numbers
WIDE = (3, 97, 203, 140)  # weights whose sums are made by fewer parts of a batch than it has groups
OPTIONS = {
    "way": ("ahead", "reverse", "both"),
    "lengths": ("none", "any order", "some empty", "one alone"),
    "biases": ("all", "none", "candidate"),
    "initial": (True, False),
    "recompute": (False, True),
    "layout": ("contiguous", "batch first", "expanded batch", "expanded time", "sliced features", "offset"),
    "wanted": ("all", "one", "some", "weights", "inputs"),
    "flows": ("all", "outputs", "expanded", "transposed", "states", "first state", "last state"),
}
VALUES, GRADIENTS = 1e-12, 1e-10
QUICK, MANY = 24, 600  # of each cell


class Case(NamedTuple):
    """One layer and what is asked of it."""

    noun: str
    seed: int
    sizes: tuple[int, int, int, int]  # T, B, I, H
    way: str
    lengths: str
    biases: str
    initial: bool
    recompute: bool
    layout: str
    wanted: str
    flows: str

    @property
    def cell(self):
        return (WITHOUT_GATE_BIASES if self.biases == "candidate" else CELLS)[self.noun]


class Draws:
    """Random numbers and choices from one seed; the numbers are rounded to one type and held in another."""

    def __init__(self, seed, rounded=torch.float64, held=torch.float64):
        self.generator = torch.Generator().manual_seed(seed)
        self.rounded, self.held = rounded, held

    def __call__(self, *shape, scale=1.0):
        drawn = scale * torch.randn(*shape, generator=self.generator, dtype=torch.float64)
        return drawn.to(self.rounded).to(self.held)

    def below(self, limit):
        return int(torch.randint(limit, (), generator=self.generator))

    def one_of(self, choices):
        return choices[self.below(len(choices))]


def case_of(noun, seed):
    """Draw a case; batch sizes come in turn, so that none is left to chance."""
    draw = Draws(1000 * seed + list(CELLS).index(noun))
    sizes = (draw.one_of(STEPS), BATCHES[seed % len(BATCHES)], draw.one_of(INPUTS), draw.one_of(HIDDEN))
    options = {name: draw.one_of(choices) for name, choices in OPTIONS.items()}
    if options["biases"] == "candidate" and noun not in WITHOUT_GATE_BIASES:
        options["biases"] = "all"
    return Case(noun, seed, sizes, **options)


def laid_out(values, layout):
    """Return inputs, shape (T, B, I), in another order of memory; expanded ones repeat their first entry."""
    if layout == "batch first":
        return values.transpose(0, 1).contiguous().transpose(0, 1)
    if layout == "expanded batch":
        return values[:, :1].expand_as(values)
    if layout == "expanded time":
        return values[:1].expand_as(values)
    if layout == "sliced features":
        return torch.stack([values, -values], -1).flatten(-2)[..., ::2]
    if layout == "offset":
        return torch.nn.functional.pad(values, (1, 3, 2, 1))[:, 2:-1, 1:-3]
    return values


def lengths_of(kind, steps, n_sequences, draw):
    """Return steps of each sequence, one of them above 0; None for all."""
    if kind == "none":
        return None
    least = {"any order": 1, "some empty": 0, "one alone": steps + 1}[kind]
    drawn = [least + draw.below(max(1, steps + 1 - least)) for _ in range(n_sequences)]
    lengths = torch.tensor([length if length <= steps else 0 for length in drawn])
    lengths[draw.below(n_sequences)] = 1 + draw.below(steps)
    return lengths


def call_of(case, draw):
    """Return the call and its leaves by name."""
    steps, n_sequences, n_inputs, n_hidden = case.sizes
    directions = 2 if case.way == "both" else 1
    shapes = case.cell.shapes(Sizes(n_inputs, n_hidden))
    if case.biases == "none":
        shapes = {role: shape for role, shape in shapes.items() if not role.endswith("_bias")}
    leaves = {"inputs": laid_out(draw(steps, n_sequences, n_inputs), case.layout)}
    for name in case.cell.states:
        leaves[f"initial {name}"] = draw(directions, n_sequences, n_hidden, scale=float(case.initial))
    for direction in range(directions):
        for role, shape in shapes.items():
            leaves[f"{role} {direction}"] = draw(*shape, scale=1.2 / shape[-1] ** 0.5)
    lengths = lengths_of(case.lengths, steps, n_sequences, draw)
    wanted = wanted_of(case, leaves, draw)
    leaves = {name: leaf.detach().requires_grad_(name in wanted) for name, leaf in leaves.items()}
    weights = tuple({role: leaves[f"{role} {d}"] for role in shapes} for d in range(directions))
    states = tuple(leaves[f"initial {name}"] for name in case.cell.states)
    course = Course(reverse=case.way == "reverse")
    return Call(case.cell, weights, leaves["inputs"], states, lengths, course, case.recompute), leaves


def wanted_of(case, leaves, draw):
    """Return the names of what a gradient is wanted of, one at least."""
    if case.wanted == "all":
        return list(leaves)
    if case.wanted == "weights":
        return [name for name in leaves if name != "inputs" and not name.startswith("initial")]
    if case.wanted == "inputs":
        return ["inputs"]
    one = draw.one_of(list(leaves))
    return [one] if case.wanted == "one" else [name for name in leaves if name == one or draw.below(2)]


def flows_of(case, results, draw):
    """Return the gradient of each result; None for one that nothing depends on."""
    flows = [draw(*result.shape) for result in results]
    if case.flows == "expanded":
        flows[0] = draw(1).expand_as(flows[0])
    if case.flows == "transposed":
        flows = [flow.permute(2, 1, 0).contiguous().permute(2, 1, 0) for flow in flows]
    kept = {"outputs": [0], "states": range(1, len(flows)), "first state": [1], "last state": [len(flows) - 1]}
    return [flow if k in kept.get(case.flows, range(len(flows))) else None for k, flow in enumerate(flows)]


def outcome(case, backend, rounded=torch.float64, held=torch.float64):
    """Return values and gradients by name."""
    draw = Draws(case.seed, rounded, held)
    call, leaves = call_of(case, draw)
    made = backends.run(call, backend)
    results = (made.outputs, *made.states)
    flows = flows_of(case, results, draw)
    pulled = [k for k, flow in enumerate(flows) if flow is not None]
    sought = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
    found = torch.autograd.grad(
        [results[k] for k in pulled], list(sought.values()), [flows[k] for k in pulled], materialize_grads=True
    )
    names = ["outputs", *(f"final {name}" for name in call.cell.states)]
    return dict(zip(names, results, strict=True)), dict(zip(sought, found, strict=True))


def apart(ours, theirs):
    """Return the greatest difference beside the greatest value."""
    assert ours.shape == theirs.shape
    assert bool(ours.isfinite().all())
    greatest = theirs.detach().abs().max()
    return float((ours.detach().double() - theirs.detach().double()).abs().max() / (greatest if greatest else 1))


def differences(case, *types):
    """Return how far the kernels are from the reference in double precision, values and gradients, by name."""
    calls = Counter(CALLS)
    ours, theirs = outcome(case, "kernels", *types), outcome(case, "reference", *types[:1])
    assert Counter(CALLS) - calls == {f"{case.noun} forward": 1, f"{case.noun} backward": 1}
    for mine, other in zip(ours, theirs, strict=True):
        assert list(mine) == list(other)
    return [{name: apart(mine[name], other[name]) for name in mine} for mine, other in zip(ours, theirs, strict=True)]


def offenders(cases):
    found = {}
    for case in cases:
        gaps = zip(differences(case), (VALUES, GRADIENTS), strict=True)
        beyond = {name: gap for own, limit in gaps for name, gap in own.items() if not gap <= limit}
        found |= {case: beyond} if beyond else {}
    return found


@pytest.mark.parametrize("noun", CELLS)
def test_a_sample_in_double_precision(noun):
    assert not offenders(case_of(noun, seed) for seed in range(QUICK))


@pytest.mark.parametrize("noun", ["elman_tanh", "lstm_peephole", "gru_after", "gru_before", "min_lstm"])
def test_wide_weights_in_double_precision(noun):
    assert not offenders(case_of(noun, seed)._replace(sizes=WIDE, wanted="all") for seed in range(2))


@pytest.mark.slow
@pytest.mark.parametrize("noun", CELLS)
def test_many_in_double_precision(noun):
    assert not offenders(case_of(noun, seed) for seed in range(QUICK, QUICK + MANY))


@pytest.mark.parametrize("level", offered())
def test_each_instruction_set(monkeypatch, level):
    monkeypatch.setenv("TIDEGATE_KERNELS", level)
    assert library().level == level
    assert not offenders(case_of(noun, seed) for noun in CELLS for seed in range(4))


def test_the_samples_meet_every_option_of_every_cell():
    for noun in CELLS:
        cases = [case_of(noun, seed) for seed in range(QUICK)]
        assert {case.sizes[1] for case in cases} == set(BATCHES)
    drawn = [case_of(noun, seed) for noun in CELLS for seed in range(QUICK)]
    for name, choices in OPTIONS.items():
        assert {getattr(case, name) for case in drawn} == set(choices), name
    for axis, sizes in ((0, STEPS), (2, INPUTS), (3, HIDDEN)):
        assert {case.sizes[axis] for case in drawn} == set(sizes)


SINGLE = 5e-6
RARELY = 0.01  # of the arrays


def single_precision(seeds):
    """Return how far each array of float32 is from the reference in double precision, beside its largest entry.

    The second number of a pair is that difference beside 1 where the largest entry is below 1: results were pulled at
    by numbers around 1, and where so little arrives, most has been lost in a saturated gate, whose slope 1 - h * h has
    few digits left, or has cancelled. No arithmetic of float32 gets those digits back, torch's neither.
    """
    types, pairs = (torch.float32, torch.float32), {}
    for noun in CELLS:
        for case in (case_of(noun, seed) for seed in seeds):
            for own, array in zip(differences(case, *types), outcome(case, "reference", *types[:1]), strict=True):
                largest = {name: float(values.detach().abs().max()) for name, values in array.items()}
                pairs |= {(case, name): (gap, gap * min(1, largest[name])) for name, gap in own.items()}
    return pairs


def assert_single(pairs):
    assert not {where: gaps for where, gaps in pairs.items() if not gaps[1] <= SINGLE}
    assert sum(strict > SINGLE for strict, _ in pairs.values()) <= RARELY * len(pairs)


def test_a_sample_in_single_precision():
    assert_single(single_precision(range(6)))


@pytest.mark.slow
def test_many_in_single_precision():
    assert_single(single_precision(range(6, 200)))


@pytest.mark.parametrize("noun", CELLS)
def test_gates_computed_again_are_the_same_bits(noun):
    for case in (case_of(noun, seed) for seed in range(10)):
        for held in (torch.float64, torch.float32):
            kept, again = (outcome(case._replace(recompute=way), "kernels", held, held) for way in (False, True))
            for one, two in zip(kept, again, strict=True):
                assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("noun", CELLS)
def test_what_is_wanted_beside_a_gradient_does_not_change_it(noun):
    """Each alone, and each pair of neighbours, next to all at once."""
    case = case_of(noun, 5)._replace(way="both", biases="all", lengths="some empty", wanted="all", flows="all")
    call, leaves = call_of(case, Draws(case.seed))
    together = outcome(case, "kernels")[1]
    names = list(leaves)
    for some in [[name] for name in names] + [names[k : k + 2] for k in range(len(names) - 1)]:
        for name, leaf in leaves.items():
            leaf.requires_grad_(name in some)
        made = backends.run(call, "kernels")
        results = (made.outputs, *made.states)
        draw = Draws(case.seed)
        call_of(case, draw)  # to where the flows are drawn
        found = torch.autograd.grad(results, [leaves[name] for name in some], flows_of(case, results, draw))
        assert all(torch.equal(one, together[name]) for one, name in zip(found, some, strict=True)), some


def rolled(weights):
    """The blocks of the input weights one gate further on."""
    given = weights[0]
    return (given.roll(len(given) // 4, 0), *weights[1:])


FAULTS = {
    "steps in the other order": lambda work: work._replace(reverse=not work.reverse),
    "gates in another order": lambda work: work._replace(weights=tuple(map(rolled, work.weights))),
    "no start": lambda work: work._replace(states=tuple(map(torch.zeros_like, work.states))),
    "all lengths": lambda work: work._replace(lengths=None),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(monkeypatch, fault):
    plain = {"way": "ahead", "lengths": "any order", "initial": True, "wanted": "all", "flows": "all"}
    case = case_of("lstm", 7)._replace(sizes=(5, 7, 3, 9), **plain)
    assert not offenders([case])
    original = fused.work_of
    monkeypatch.setattr(fused, "work_of", lambda call: FAULTS[fault](original(call)))
    assert offenders([case])
