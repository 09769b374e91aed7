"""The LSTM cell and its variants: by hand in numpy, as identities between forms, and what contradicts itself."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch
from torch.func import jacrev, vmap

from tidegate.errors import SettingError
from tidegate.nn.cells.card import filled
from tidegate.nn.cells.cell import Sizes, advance, n_parameters, spread
from tidegate.nn.cells.lstm import ABLATIONS, Lstm, joined, separate
from tidegate.nn.unroll import Course, unroll

SIZES = Sizes(3, 4)
OPTIONS = {
    "standard": Lstm(),
    "full peepholes": Lstm(peepholes="full"),
    "output peephole": Lstm(peepholes="output"),
    "coupled": Lstm(coupled=True),
    "coupled, peepholes": Lstm(coupled=True, peepholes="full"),
    "squashed": Lstm(squashed=True),
    "no input gate": Lstm(without=("input",)),
    "no forget gate, peepholes": Lstm(without=("forget",), peepholes="full"),
    "no output gate": Lstm(without=("output",)),
    "no gates": Lstm(without=("output", "input", "forget")),
    "identity in": Lstm(input_activation="identity"),
    "identity out": Lstm(output_activation="identity"),
    "no gate bias": Lstm(gate_bias=False),
    "clipped": Lstm(clip=0.7),
    "many": Lstm("full", squashed=True, without=("forget",), gate_bias=False, output_activation="identity", clip=1.5),
}


def drawn(*shape, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(1000 * seed + sum(shape))
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)


def weights_of(cell, sizes=SIZES, *, seed=1, dtype=torch.float64):
    shapes = cell.shapes(sizes).items()
    return {role: drawn(*shape, seed=seed + k, dtype=dtype) for k, (role, shape) in enumerate(shapes)}


def state_of(sizes=SIZES, dtype=torch.float64):
    return drawn(5, sizes.shown, seed=20, dtype=dtype), drawn(5, sizes.hidden, seed=21, dtype=dtype)


def steps(cell, weights, x, state):
    """Return hidden states over time and the last state, as one tensor."""
    made = unroll(cell, weights, x, state=state)
    return torch.cat([made.outputs.flatten(), *(part.flatten() for part in made.state)])


def sigma(v):
    return 1 / (1 + np.exp(-v))


def by_hand(cell, x, h, c, weights):
    """Return h, c and the gates after one step, gate by gate."""
    blocks = [gate for gate in ("input", "forget", "candidate", "output") if gate not in cell.without]
    blocks = [gate for gate in blocks if not (cell.coupled and gate == "forget")]
    size = c.shape[1]

    def total(gate, seen):
        k = blocks.index(gate)
        rows = slice(k * size, (k + 1) * size)
        made = x @ weights["input"][rows].T + h @ weights["recurrent"][rows].T
        for bias in (weights["input_bias"], weights["recurrent_bias"]):
            if cell.gate_bias:
                made = made + bias[rows]
            elif gate == "candidate":
                made = made + bias
        peeping = [g for g in ("input", "forget", "output") if g in blocks and cell.peepholes == "full"]
        peeping = ["output"] if cell.peepholes == "output" else peeping
        if gate in peeping:
            made = made + weights["peephole"][peeping.index(gate)] * seen
        return made if cell.clip is None else np.clip(made, -cell.clip, cell.clip)

    gates = {"input": np.ones_like(c) if "input" in cell.without else sigma(total("input", c))}
    if cell.coupled:
        gates["forget"] = 1 - gates["input"]
    else:
        gates["forget"] = np.ones_like(c) if "forget" in cell.without else sigma(total("forget", c))
    candidate = total("candidate", None)
    gates["candidate"] = candidate if cell.input_activation == "identity" else np.tanh(candidate)
    c = gates["forget"] * c + gates["input"] * gates["candidate"]
    c = sigma(c) if cell.squashed else c
    gates["output"] = np.ones_like(c) if "output" in cell.without else sigma(total("output", c))
    h = gates["output"] * (c if cell.output_activation == "identity" else np.tanh(c))
    return (h @ weights["projection"].T if "projection" in weights else h), c, gates


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("sizes", [SIZES, Sizes(3, 4, 2)], ids=["plain", "projected"])
@pytest.mark.parametrize("name", OPTIONS)
def test_a_step_is_its_equations(name, sizes, dtype):
    cell, tolerance = OPTIONS[name], 2e-6 if dtype == torch.float32 else 1e-13
    weights, state, x = weights_of(cell, sizes, dtype=dtype), state_of(sizes, dtype), drawn(5, 3, dtype=dtype)
    given = {role: weight.double().numpy() for role, weight in weights.items()}
    h, c, gates = by_hand(cell, x.double().numpy(), *(part.double().numpy() for part in state), given)
    made = advance(cell, x, state, weights)
    np.testing.assert_allclose(made.state[0].numpy(), h, rtol=0, atol=tolerance)
    np.testing.assert_allclose(made.state[1].numpy(), c, rtol=0, atol=tolerance)
    assert list(made.gates) == list(gates)
    for gate, opened in gates.items():
        np.testing.assert_allclose(made.gates[gate].numpy(), opened, rtol=0, atol=tolerance)
    assert {part.dtype for part in (*made.state, *made.gates.values())} == {dtype}


@pytest.mark.parametrize("name", OPTIONS)
def test_gradients(name):
    cell, sizes = OPTIONS[name], Sizes(2, 2)
    roles, tensors = zip(*weights_of(cell, sizes).items(), strict=True)

    def run(x, h, c, *given):
        return steps(cell, dict(zip(roles, given, strict=True)), x, (h, c))

    given = [part.requires_grad_() for part in (drawn(2, 1, 2), drawn(1, 2, seed=5), drawn(1, 2, seed=6), *tensors)]
    assert torch.autograd.gradcheck(run, given)


@pytest.mark.parametrize("name", ["standard", "many"])
def test_second_gradients(name):
    cell, sizes = OPTIONS[name], Sizes(2, 2)
    weights, c = weights_of(cell, sizes), drawn(1, 2, seed=6).requires_grad_()
    recurrent, h = weights["recurrent"].requires_grad_(), drawn(1, 2, seed=5)

    def run(matrix, seen):
        return advance(cell, drawn(1, 2), (h, seen), {**weights, "recurrent": matrix}).state

    assert torch.autograd.gradgradcheck(run, (recurrent, c))


@pytest.mark.parametrize("name", OPTIONS)
def test_a_step_maps_over_networks(name):
    cell, x, state = OPTIONS[name], drawn(5, 3), state_of()
    several = [weights_of(cell, seed=10 * k) for k in range(3)]
    stacked = {role: torch.stack([one[role] for one in several]) for role in several[0]}
    together = vmap(lambda own: advance(cell, x, state, own).state)(stacked)
    apart = [advance(cell, x, state, own).state for own in several]
    for part, parts in zip(together, zip(*apart, strict=True), strict=True):
        torch.testing.assert_close(part, torch.stack(parts), rtol=0, atol=1e-14)


def same_steps(one, one_weights, other, other_weights):
    """Compare values and every gradient with respect to inputs and states over six steps."""
    x, state = drawn(6, 5, 3, seed=3), state_of()
    made = steps(one, one_weights, x, state), steps(other, other_weights, x, state)
    torch.testing.assert_close(*made, rtol=0, atol=1e-13)
    gradients = [
        jacrev(lambda x, h, c, cell=cell, own=own: steps(cell, own, x, (h, c)).cos().sum(), (0, 1, 2))(x, *state)
        for cell, own in ((one, one_weights), (other, other_weights))
    ]
    for gradient, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(gradient, theirs, rtol=0, atol=1e-12)


def rows(cell, gate, size=4):
    k = cell.gates.index(gate)
    return slice(k * size, (k + 1) * size)


def without_rows(cell, weights, gate):
    """Return weights that lack the rows of one gate."""
    kept = [k for k in range(4 * len(cell.gates)) if k not in range(16)[rows(cell, gate)]]
    return {role: weight[kept] if role != "peephole" else weight for role, weight in weights.items()}


@pytest.mark.parametrize("form", ["full", "output"])
def test_peepholes_of_0_are_the_standard_cell(form):
    weights = weights_of(Lstm(peepholes=form))
    plain = {role: weight for role, weight in weights.items() if role != "peephole"}
    weights["peephole"] = torch.zeros_like(weights["peephole"])
    same_steps(Lstm(peepholes=form), weights, Lstm(), plain)


def test_the_output_peephole_is_the_full_form_without_the_others():
    weights = weights_of(Lstm(peepholes="full"))
    weights["peephole"] = weights["peephole"] * torch.tensor([[0.0], [0.0], [1.0]], dtype=torch.float64)
    alone = {**weights, "peephole": weights["peephole"][2:]}
    same_steps(Lstm(peepholes="full"), weights, Lstm(peepholes="output"), alone)


def test_coupling_is_a_forget_gate_with_the_input_gates_weights_negated():
    weights = weights_of(Lstm(peepholes="full"))
    for role, weight in weights.items():
        if role != "peephole":
            weight[4:8] = -weight[:4]
    weights["peephole"] = torch.stack([weights["peephole"][0], -weights["peephole"][0], weights["peephole"][2]])
    coupled = without_rows(Lstm(), weights, "forget")
    coupled["peephole"] = weights["peephole"][[0, 2]]
    same_steps(Lstm(peepholes="full"), weights, Lstm(peepholes="full", coupled=True), coupled)


@pytest.mark.parametrize("gate", ["input", "forget", "output"])
def test_a_gate_left_out_is_one_held_open_by_its_bias(gate):
    weights = weights_of(Lstm())
    absent = without_rows(Lstm(), weights, gate)
    weights["input_bias"][rows(Lstm(), gate)] = 100.0
    same_steps(Lstm(), weights, Lstm(without=(gate,)), absent)


def test_a_forget_gate_held_shut_by_its_bias_leaves_nothing_of_the_past():
    weights, x, (h, c) = weights_of(Lstm()), drawn(5, 3), state_of()
    weights["input_bias"][4:8] = -800.0
    made = advance(Lstm(), x, (h, c), weights)
    assert torch.equal(made.state[1], made.gates["input"] * made.gates["candidate"])
    assert torch.equal(made.state[1], advance(Lstm(), x, (h, 100 * c), weights).state[1])


def test_the_cell_of_1997_adds_up():
    cell = Lstm(without=("forget",))
    made = unroll(cell, weights_of(cell), drawn(6, 5, 3), state=state_of(), course=Course(trace=True)).trace
    added = state_of()[1] + (made["input"] * made["candidate"]).cumsum(0)
    torch.testing.assert_close(made["cell"], added, rtol=0, atol=1e-13)


def test_the_squashed_state_stays_between_0_and_1_and_its_gradient_below_a_quarter_a_step():
    cell = Lstm(squashed=True)
    weights = {
        role: torch.zeros_like(weight) if role == "recurrent" else weight for role, weight in weights_of(cell).items()
    }
    x, (h, c) = drawn(10, 5, 3), state_of()
    end = unroll(cell, weights, x, state=(h, c)).state[1]
    assert bool(((end > 0) & (end < 1)).all())
    reach = jacrev(lambda c: unroll(cell, weights, x, state=(h, c)).state[1].sum())(c)
    assert 0 < float(reach.abs().max()) < 4.0**-10


def test_gates_without_biases_are_gates_whose_biases_are_0():
    cell, weights = Lstm(gate_bias=False), weights_of(Lstm())
    for role in ("input_bias", "recurrent_bias"):
        weights[role] = torch.zeros(16, dtype=torch.float64).index_copy(0, torch.arange(8, 12), weights[role][8:12])
    own = {role: weight[8:12] if role.endswith("_bias") else weight for role, weight in weights.items()}
    assert {role: tuple(weight.shape) for role, weight in own.items()} == cell.shapes(SIZES)
    whole = spread(own, cell)
    assert all(torch.equal(whole[role], weights[role]) for role in weights)
    same_steps(Lstm(), weights, cell, own)


def test_spreading_leaves_whole_biases_as_they_are():
    weights = weights_of(Lstm())
    assert all(spread(weights, Lstm())[role] is weight for role, weight in weights.items())
    bare = {role: weight for role, weight in weights.items() if not role.endswith("_bias")}
    assert list(spread(bare, Lstm(gate_bias=False))) == ["input", "recurrent"]


def test_a_limit_that_nothing_reaches_changes_nothing():
    weights = weights_of(Lstm(peepholes="full"))
    same_steps(Lstm(peepholes="full", clip=1000.0), weights, Lstm(peepholes="full"), weights)


def test_each_published_variant_is_one_change_from_the_vanilla_cell():
    changes = {
        name: [
            field.name
            for field in dataclasses.fields(cell)
            if getattr(cell, field.name) != getattr(ABLATIONS["V"], field.name)
        ]
        for name, cell in ABLATIONS.items()
    }
    assert changes == {
        "V": [],
        "NIG": ["without"],
        "NFG": ["without"],
        "NOG": ["without"],
        "NIAF": ["input_activation"],
        "NOAF": ["output_activation"],
        "CIFG": ["coupled"],
        "NP": ["peepholes"],
    }


@pytest.mark.parametrize("name", ABLATIONS)
def test_each_published_variant_is_its_equations(name):
    """Greff et al. 2017, section II-A, written out once more with single changes."""
    cell, x, (h, c) = ABLATIONS[name], drawn(5, 3), state_of()
    whole = {role: weight.numpy() for role, weight in weights_of(Lstm(peepholes="full")).items()}
    size = {gate: slice(4 * k, 4 * k + 4) for k, gate in enumerate("ifzo")}
    sums = (
        x.numpy() @ whole["input"].T + h.numpy() @ whole["recurrent"].T + whole["input_bias"] + whole["recurrent_bias"]
    )
    p_i, p_f, p_o = whole["peephole"] * (name != "NP")
    z = sums[:, size["z"]] if name == "NIAF" else np.tanh(sums[:, size["z"]])
    i = 1 if name == "NIG" else sigma(sums[:, size["i"]] + p_i * c.numpy())
    f = {"NFG": 1, "CIFG": 1 - i}[name] if name in ("NFG", "CIFG") else sigma(sums[:, size["f"]] + p_f * c.numpy())
    new = z * i + c.numpy() * f
    o = 1 if name == "NOG" else sigma(sums[:, size["o"]] + p_o * new)
    y = (new if name == "NOAF" else np.tanh(new)) * o
    kept = [k for gate in cell.gates for k in range(16)[size[{"candidate": "z"}.get(gate, gate[0])]]]
    weights = {role: torch.from_numpy(weight[kept]) for role, weight in whole.items() if role != "peephole"}
    if cell.peeping:
        weights["peephole"] = torch.from_numpy(whole["peephole"][["ifo".index(gate[0]) for gate in cell.peeping]])
    made = advance(cell, x, (h, c), weights)
    np.testing.assert_allclose(made.state[0].numpy(), y, rtol=0, atol=1e-14)
    np.testing.assert_allclose(made.state[1].numpy(), new, rtol=0, atol=1e-14)


@pytest.mark.parametrize("sizes", [SIZES, Sizes(3, 4, 2)], ids=["plain", "projected"])
@pytest.mark.parametrize("name", ["standard", "coupled, peepholes", "no gate bias"])
def test_joined_weights_are_the_same_cell(name, sizes):
    cell = OPTIONS[name]
    weights, state, x = weights_of(cell, sizes), state_of(sizes), drawn(5, 3)
    whole = joined(weights)
    assert whole["joined"].shape == (4 * len(cell.gates), sizes.shown + 3)
    products = (
        torch.cat([state[0], x], 1) @ whole["joined"].T
        + spread({**weights, "input_bias": whole["bias"]}, cell)["input_bias"]
    )
    made = cell.step(
        products, state, {**weights, "recurrent": torch.zeros_like(weights["recurrent"]), "recurrent_bias": None}
    )
    expected = advance(cell, x, state, weights)
    for part, other in zip(made.state, expected.state, strict=True):
        torch.testing.assert_close(part, other, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", ["standard", "coupled, peepholes", "no gate bias"])
def test_joining_and_separating_keep_every_bit_but_the_sum_of_the_biases(name):
    cell = OPTIONS[name]
    weights = weights_of(cell, Sizes(3, 4, 2))
    apart = separate(joined(weights), 3)
    assert set(apart) == set(weights)
    for role, weight in weights.items():
        if not role.endswith("_bias"):
            assert torch.equal(apart[role], weight)
    assert torch.equal(apart["input_bias"], weights["input_bias"] + weights["recurrent_bias"])
    assert torch.equal(apart["recurrent_bias"], torch.zeros_like(weights["recurrent_bias"]))
    again = joined(apart)
    assert all(torch.equal(again[role], weight) for role, weight in joined(weights).items())


def test_weights_without_biases_join_and_separate():
    weights = {role: weight for role, weight in weights_of(Lstm()).items() if not role.endswith("_bias")}
    assert list(joined(weights)) == ["joined"]
    assert sorted(separate(joined(weights), 3)) == ["input", "recurrent"]


@pytest.mark.parametrize("n_inputs", [0, 7])
def test_separating_leaves_columns_for_both(n_inputs):
    message = rf"n_inputs must lie between 1 and 6, as the joined weights have 7 columns; got {n_inputs}"
    with pytest.raises(ValueError, match=message):
        separate(joined(weights_of(Lstm())), n_inputs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"peepholes": "all"}, r"peepholes is 'all'; it must be one of 'none', 'output', 'full'"),
        ({"coupled": "no"}, r"coupled is 'no'; it must be one of True, False"),
        ({"squashed": 2}, r"squashed is 2; it must be one of True, False"),
        ({"gate_bias": None}, r"gate_bias is None; it must be one of True, False"),
        ({"input_activation": "relu"}, r"input_activation is 'relu'; it must be one of 'tanh', 'identity'"),
        ({"output_activation": "relu"}, r"output_activation is 'relu'; it must be one of 'tanh', 'identity'"),
        ({"clip": -1.0}, r"clip is -1\.0; it must be above 0, or None for no limit"),
        ({"without": "input"}, r"without is 'input'; it must be a tuple of gates, such as \('forget',\)"),
        (
            {"without": ("candidate",)},
            r"a gate in without is 'candidate'; it must be one of 'input', 'forget', 'output'",
        ),
        ({"without": ("input", "input")}, r"without is \('input', 'input'\); it must name each gate once"),
        (
            {"without": ("input",), "coupled": True},
            r"without is \('input',\) and coupled is True: forget_t = 1 - input_t needs both gates. "
            r"Leave out coupled, or take input from without",
        ),
        (
            {"without": ("forget", "output", "input"), "coupled": True},
            r"take forget and input from without",
        ),
        (
            {"without": ("output",), "peepholes": "output"},
            r"peepholes is 'output' and without is \('output',\): no gate is left to see the cell state. "
            r"Use peepholes='none'",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_options_outside_their_limits_are_refused(options, message):
    with pytest.raises(SettingError, match=message):
        Lstm(**options)


def test_the_card_of_every_form_counts_its_parameters():
    tried = 0
    for peepholes, coupled, gate_bias, n_absent in itertools.product(
        ("none", "output", "full"), *[(True, False)] * 2, range(3)
    ):
        without = ("output", "forget")[:n_absent]
        if (coupled and n_absent == 2) or (peepholes == "output" and n_absent):
            continue
        cell = Lstm(peepholes, coupled, without=without, gate_bias=gate_bias)
        card, letters = cell.card(), {"I": 5, "H": 7, "P": 3}
        assert eval(filled(card.count, letters)) == n_parameters(cell, Sizes(5, 7)), cell
        assert eval(filled(card.projected_count, letters)) == n_parameters(cell, Sizes(5, 7, 3)), cell
        tried += 1
    assert tried == 24


def test_the_card_names_every_weight_of_its_equations():
    for cell in OPTIONS.values():
        card = cell.card()
        words = (
            " ".join(one.text for one in card.equations).replace("(", " ").replace(")", " ").replace(",", " ").split()
        )
        used = {word for word in words if word[:2] in ("W_", "R_", "b_", "r_", "p_")}
        named = {word.strip(",") for meaning in card.legend.values() for word in meaning.split()}
        assert used == {word for word in named if word[:2] in ("W_", "R_", "b_", "r_", "p_")}, cell


def test_the_card_says_which_libraries_have_this_form():
    def having(cell):
        return {name for name, line in cell.card().weights.items() if not line.startswith("none")}

    assert having(Lstm()) == having(Lstm(gate_bias=False)) == {"PyTorch", "Keras", "ONNX"}
    assert having(Lstm(input_activation="identity", output_activation="identity")) == {"Keras", "ONNX"}
    assert having(Lstm(coupled=True)) == having(Lstm("full")) == having(Lstm(output_activation="identity")) == {"ONNX"}
    assert having(Lstm(squashed=True)) == having(Lstm(without=("forget",))) == set()
    assert "input_forget=1" in Lstm(coupled=True, clip=2.0).card().weights["ONNX"]
    assert "clip=2.0" in Lstm(coupled=True, clip=2.0).card().weights["ONNX"]


def test_the_card_warns_of_the_squashed_update_with_the_measured_harm():
    assert any("4^-k" in remark for remark in Lstm(squashed=True).card().remarks)
    assert not any("4^-k" in remark for remark in Lstm().card().remarks)
    assert Lstm(squashed=True, peepholes="full").card().title == "Long short-term memory: squashed update, peepholes"
