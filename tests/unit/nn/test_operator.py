"""The operators before torch's own checks, with kernels and with what stands in for them."""

import ctypes
from typing import NamedTuple

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from tidegate.errors import SettingError
from tidegate.kernels import library, recurrence
from tidegate.kernels.recurrence import ROLES, Work
from tidegate.kernels.structure import Layer
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.fused import call_of
from tidegate.nn.nouns import CELLS
from tidegate.nn.operands import flat, tensors
from tidegate.nn.reference import reference

STEPS, SEQUENCES, INPUTS, HIDDEN = 4, 3, 2, 5
SOME = ("elman_relu", "lstm_peephole_coupled", "gru_before", "min_lstm_normalised")
OPERATORS = torch.ops.tidegate
LOADED = library.library()


@pytest.fixture(params=["kernels", "stand-in"], autouse=True)
def way(request, monkeypatch):
    """What the operators compute with."""
    if request.param == "stand-in":
        monkeypatch.setattr(library, "library", lambda: None)
    elif LOADED is None:
        pytest.skip(library.reason())
    return request.param


def work(noun="gru_after", ways=1, *, lengths=None, bias=True, dtype=torch.float64, gradient=True, **flags):
    generator = torch.Generator().manual_seed(3)
    cell = CELLS[noun]
    shapes = cell.shapes(Sizes(INPUTS, HIDDEN))

    def drawn(*shape):
        return (0.5 * torch.randn(*shape, generator=generator, dtype=torch.float64)).to(dtype).requires_grad_(gradient)

    roles = [role for role in ROLES if role in shapes and (bias or not role.endswith("_bias"))]
    weights = tuple(tuple(drawn(*shapes[role]) if role in roles else None for role in ROLES) for _ in range(ways))
    states = tuple(drawn(ways, SEQUENCES, HIDDEN) for _ in cell.states)
    lengths = None if lengths is None else torch.tensor(lengths)
    return Work(noun, drawn(STEPS, SEQUENCES, INPUTS), states, weights, lengths, **flags)


def leaves(given):
    return [tensor for tensor in tensors(given) if tensor is not None]


def slopes(results, given, graph=False):
    pulls = [torch.cos(torch.arange(made.numel(), dtype=made.dtype)).reshape(made.shape) for made in results]
    return torch.autograd.grad(results, leaves(given), pulls, create_graph=graph)


def expected(given):
    """By the loop over the published equations."""
    made = reference(call_of(given))
    return [made.outputs, *made.states]


def results(given):
    return OPERATORS.recurrence(*flat(given))


CASES = {
    "ahead": {},
    "back, without biases": {"reverse": True, "bias": False},
    "both ways, with lengths": {"ways": 2, "lengths": [4, 0, 2]},
    "recomputed": {"ways": 2, "recompute": True},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("noun", CELLS)
def test_values_and_gradients_are_the_equations(noun, case):
    given = work(noun, **CASES[case])
    ours, theirs = results(given), expected(given)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(slopes(ours, given), slopes(theirs, given), rtol=1e-10, atol=1e-10)
    with torch.no_grad():
        torch.testing.assert_close(results(given), ours, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("noun", SOME)
def test_gradients_have_gradients(noun):
    given = work(noun, 2, lengths=[4, 1, 2])
    found = []
    for made in (results(given), expected(given)):
        first = slopes(made, given, graph=True)
        found.append(torch.autograd.grad(sum(slope.square().sum() for slope in first), leaves(given)))
    torch.testing.assert_close(*found, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("noun", SOME)
def test_torch_finds_nothing_wrong(noun, case):
    torch.library.opcheck(OPERATORS.recurrence.default, flat(work(noun, **CASES[case])))


@pytest.mark.parametrize("noun", SOME)
def test_torch_finds_nothing_wrong_with_what_is_kept_and_read_again(noun):
    given = work(noun, 2, lengths=[4, 0, 2], gradient=False)
    seen = ("test_schema", "test_faketensor")  # what is kept has gaps with any contents, which differ from call to call
    torch.library.opcheck(OPERATORS.recurrence_kept.default, flat(given), test_utils=seen)
    n_states = len(given.states)
    outputs, *rest = OPERATORS.recurrence_kept(*flat(given))
    flows = [outputs.cos(), *[None] * n_states]
    wanted = [tensor is not None for tensor in tensors(given)]
    wanted[1] = False
    torch.library.opcheck(
        OPERATORS.recurrence_backward.default, (*flat(given), outputs, rest[n_states:], flows, wanted)
    )


def test_any_set_of_gradients():
    given = work("lstm", 2, lengths=[1, 4, 3])
    right = slopes(expected(given), given)
    for skipped in range(0, len(right), 3):
        some = [leaf.requires_grad_(at % 3 != skipped % 3) for at, leaf in enumerate(leaves(given))]
        chosen = [leaf for leaf in some if leaf.requires_grad]
        pulls = [torch.cos(torch.arange(made.numel(), dtype=made.dtype)).reshape(made.shape) for made in results(given)]
        made = torch.autograd.grad(results(given), chosen, pulls)
        kept = [slope for slope, leaf in zip(right, some, strict=True) if leaf.requires_grad]
        torch.testing.assert_close(made, tuple(kept), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("noun", CELLS)
def test_there_is_room_for_what_any_kernel_saves(noun, dtype, recompute, way):
    """It must not depend on the kernels, as what is compiled with one level may run with another."""
    given = work(noun, dtype=dtype, recompute=recompute, gradient=False)
    pieces = OPERATORS.recurrence_kept(*flat(given))[1 + len(given.states) :]
    width = 64 // dtype.itemsize
    assert [len(piece) for piece in pieces] == [STEPS * SEQUENCES * width * (len(CELLS[noun].gates) + 2) + 1]
    if way == "kernels":
        sizes = (ctypes.c_int64 * 4)()
        layer = Layer(time=STEPS, batch=SEQUENCES, inputs=INPUTS, hidden=HIDDEN, directions=1, recompute=recompute)
        suffix = {torch.float32: "f32", torch.float64: "f64"}[dtype]
        LOADED.function(f"tidegate_{noun}_sizes_{suffix}")(ctypes.byref(layer), sizes)
        assert sizes[2] <= len(pieces[0])


def test_kernels_run_where_they_can(way):
    given = work(gradient=False)
    before = recurrence.CALLS["gru_after forward"]
    results(given)
    results(work(dtype=torch.bfloat16, gradient=False))  # which they do not know
    assert recurrence.CALLS["gru_after forward"] - before == (way == "kernels")


def test_another_type_has_gradients():
    given = work(dtype=torch.float16)
    made = results(given)
    assert {tensor.dtype for tensor in (*made, *slopes(made, given))} == {torch.float16}


@pytest.mark.parametrize("shape_only", ["fake", "meta"])
def test_shapes_without_numbers(shape_only):
    given = work("lstm", 2, lengths=[4, 0, 2])
    right = results(given)
    if shape_only == "meta":
        made, found = shapes(work("lstm", 2, lengths=[4, 0, 2]), lambda tensor: tensor.detach().to("meta"))
    else:
        with FakeTensorMode() as mode:
            made, found = shapes(given, mode.from_tensor)
    for ours, theirs in zip([*made, *found], [*right, *leaves(given)], strict=True):
        assert (ours.shape, ours.stride(), ours.dtype) == (theirs.shape, theirs.stride(), theirs.dtype)


def shapes(given, turned):
    weights = tuple(tuple(None if one is None else turned(one) for one in own) for own in given.weights)
    states = tuple(turned(state) for state in given.states)
    bare = Work("lstm", turned(given.inputs), states, weights, turned(given.lengths))
    for leaf in leaves(bare):
        leaf.requires_grad_()
    made = results(bare)
    return made, torch.autograd.grad(sum(part.sum() for part in made), leaves(bare))


@pytest.mark.parametrize("noun", ["lstm", "min_gru"])
def test_operations_are_counted(noun):
    given = work(noun, 2)
    per_step = len(CELLS[noun].gates) * HIDDEN * (INPUTS + (0 if noun == "min_gru" else HIDDEN))
    forward = 2 * 2 * STEPS * SEQUENCES * per_step
    with FlopCounterMode(display=False) as counter:
        with torch.no_grad():
            results(given)
        assert counter.get_total_flops() == forward
        sum(part.sum() for part in results(given)).backward()
    assert counter.get_total_flops() == forward + 3 * forward


class Following(TorchDispatchMode):
    """Keeps the names of the operators that run."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.append(function.name())
        return function(*args, **(kwargs or {}))


def test_nothing_is_kept_where_no_gradient_is_asked_for():
    given = work()
    for recording, name in ((False, "tidegate::recurrence"), (True, "tidegate::recurrence_kept")):
        with Following() as following, torch.set_grad_enabled(recording):
            results(given)
        assert [seen for seen in following.names if "tidegate" in seen] == [name]


def test_lengths_are_checked_when_it_runs():
    with pytest.raises(ValueError, match="between 0 and the 4 steps of the input; got 7"):
        results(work(lengths=[4, 7, 1]))


REFUSED = {
    "another piece": (lambda given: ([given.kept[1:]], given.flows), r"what is saved of .* \(481,\); got \(480,\)"),
    "no piece": (lambda given: ([], given.flows), "takes 2 flows, 1 saved pieces and 7 wishes; got 2, 0 and 7"),
    "one flow": (lambda given: ([given.kept], given.flows[:1]), "got 1, 1 and 7"),
    "a short flow": (
        lambda given: ([given.kept], [given.flows[0][1:], None]),
        r"a flow of .* \(4, 3, 5\); got \(3, 3, 5\)",
    ),
    "a single flow": (
        lambda given: ([given.kept], [given.flows[0].float(), None]),
        "a flow must be torch.float64 on cpu",
    ),
}


class Kept(NamedTuple):
    kept: torch.Tensor
    flows: list[torch.Tensor | None]


@pytest.mark.parametrize("case", REFUSED)
def test_what_was_not_kept_for_it_is_refused(case):
    given = work(gradient=False)
    outputs, _, kept = OPERATORS.recurrence_kept(*flat(given))
    change, said = REFUSED[case]
    saved, flows = change(Kept(kept, [outputs, None]))
    with pytest.raises(ValueError, match=said):
        OPERATORS.recurrence_backward(*flat(given), outputs, saved, flows, [True] * len(tensors(given)))


def test_the_kernels_that_kept_go_back(monkeypatch, way):
    """Others may have wider registers: what they keep lies in another order."""
    given = work(lengths=[4, 0, 2])
    made, right = results(given), slopes(expected(given), given)
    for level in (*library.offered(), "none"):
        monkeypatch.undo()
        monkeypatch.setenv("TIDEGATE_KERNELS", level)
        torch.testing.assert_close(slopes(made, given, graph=True), right, rtol=1e-10, atol=1e-10)


def test_a_setting_that_is_not_offered_is_said_as_such(monkeypatch, way):
    monkeypatch.undo()
    monkeypatch.setenv("TIDEGATE_KERNELS", "x86-64-v9")
    with pytest.raises(SettingError, match="'x86-64-v9', which is not offered here"):
        results(work())
