"""RNNCell, LSTMCell and GRUCell equal torch.nn's: values, gradients, refusals; and one step of our layers."""

import copy

import pytest
import torch

from tidegate import nn

INPUTS, HIDDEN, SEQUENCES = 3, 4, 5
DOUBLE = torch.float64
KINDS = {
    "rnn-tanh": ("RNNCell", {}),
    "rnn-relu": ("RNNCell", {"nonlinearity": "relu"}),
    "lstm": ("LSTMCell", {}),
    "gru": ("GRUCell", {}),
}


def pair(kind, dtype=DOUBLE, **options):
    name, own = KINDS[kind]
    theirs = getattr(torch.nn, name)(INPUTS, HIDDEN, dtype=dtype, **own, **options)
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator, dtype=DOUBLE))
    ours = getattr(nn, name)(INPUTS, HIDDEN, dtype=dtype, **own, **options)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    return ours, theirs


def drawn(kind, *, batched=True, initial=True, dtype=DOUBLE):
    """Return the input and the state, which is a pair for an LSTM."""
    generator = torch.Generator().manual_seed(9)
    axes = (SEQUENCES,) if batched else ()

    def draw(width):
        return torch.randn(*axes, width, generator=generator, dtype=DOUBLE).to(dtype).requires_grad_()

    inputs = draw(INPUTS)
    if not initial:
        return inputs, None
    return inputs, (draw(HIDDEN), draw(HIDDEN)) if kind == "lstm" else draw(HIDDEN)


def flat(values):
    return [] if values is None else [values] if isinstance(values, torch.Tensor) else list(values)


def outcome(cell, inputs, hx):
    """Return the new states and all gradients."""
    made = flat(cell(inputs, hx))
    generator = torch.Generator().manual_seed(15)
    weights = [torch.randn(part.shape, generator=generator, dtype=DOUBLE).to(part.dtype) for part in made]
    return made, torch.autograd.grad(made, [inputs, *flat(hx), *cell.parameters()], weights)


@pytest.mark.parametrize("initial", [True, False], ids=["states", "zeros"])
@pytest.mark.parametrize("batched", [True, False], ids=["batched", "unbatched"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("kind", KINDS)
def test_values_and_gradients(torch_layers, kind, bias, batched, initial):
    for dtype, limits in ((DOUBLE, (1e-12, 1e-10)), (torch.float32, (5e-6, 5e-6))):
        given = drawn(kind, batched=batched, initial=initial, dtype=dtype)
        found = [outcome(cell, *given) for cell in pair(kind, dtype, bias=bias)]
        for limit, ours, theirs in zip(limits, *found, strict=True):
            assert max(torch_layers.apart(mine, other) for mine, other in zip(ours, theirs, strict=True)) <= limit


@pytest.mark.parametrize("kind", KINDS)
def test_parts_with_gaps_in_memory(torch_layers, kind):
    given = drawn(kind)
    ours, theirs = pair(kind)
    strided = [torch_layers.strided(leaf.detach()).requires_grad_() for leaf in [given[0], *flat(given[1])]]
    hx = tuple(strided[1:]) if kind == "lstm" else strided[1]
    for mine, other in zip(outcome(ours, strided[0], hx), outcome(theirs, *given), strict=True):
        assert max(torch_layers.apart(one, two) for one, two in zip(mine, other, strict=True)) <= 1e-10


@pytest.mark.parametrize("kind", KINDS)
def test_steps_make_a_layer(torch_layers, kind):
    """A cell called step by step is our layer of the same weights."""
    name, own = KINDS[kind]
    cell, _ = pair(kind)
    layer = getattr(nn, name.removesuffix("Cell"))(INPUTS, HIDDEN, dtype=DOUBLE, **own)
    layer.load_state_dict({f"{key}_l0": weight for key, weight in cell.state_dict().items()})
    inputs = torch.randn(6, SEQUENCES, INPUTS, dtype=DOUBLE, generator=torch.Generator().manual_seed(2))
    outputs, hx = [], None
    for step in inputs:
        hx = cell(step, hx)
        outputs.append(flat(hx)[0])
    made, final = layer(inputs)
    assert torch_layers.apart(torch.stack(outputs), made) <= 1e-12
    assert max(torch_layers.apart(one, two[0]) for one, two in zip(flat(hx), flat(final), strict=True)) <= 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_draw_and_text(kind):
    name, own = KINDS[kind]
    made = []
    for module in (nn, torch.nn):
        with torch.random.fork_rng():
            torch.manual_seed(4)
            made.append(getattr(module, name)(INPUTS, HIDDEN, bias=True, **own))
    assert all(torch.equal(*both) for both in zip(*[cell.parameters() for cell in made], strict=True))
    assert repr(made[0]) == repr(made[1])
    assert repr(getattr(nn, name)(2, 3, bias=False)) == repr(getattr(torch.nn, name)(2, 3, bias=False))
    copied = copy.deepcopy(made[0])
    assert all(torch.equal(*both) for both in zip(copied.parameters(), made[1].parameters(), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_autocast_returns_torchs_types(torch_layers, kind):
    found = []
    for cell in pair(kind, torch.float32):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found.append(flat(cell(*drawn(kind, dtype=torch.float32))))
    assert max(torch_layers.apart(ours, theirs) for ours, theirs in zip(*found, strict=True)) < 0.05


CALLS = {
    "wrong features": ((5, 7), (5, 4)),
    "wrong features without a batch": ((7,), (4,)),
    "state of another width": ((5, 3), (5, 6)),
    "state of another width without a batch": ((3,), (6,)),
    "state of another batch": ((5, 3), (2, 4)),
    "3-D input": ((5, 1, 3), None),
    "a number": ((), None),
    "3-D state": ((5, 3), (1, 5, 4)),
    "wrong features from zeros": ((5, 7), None),
}


@pytest.mark.parametrize("kind", ["rnn-tanh", "lstm", "gru"])
@pytest.mark.parametrize("case", CALLS)
def test_refusals(refusal, kind, case):
    inputs, state = CALLS[case]
    hx = None if state is None else torch.zeros(state, dtype=DOUBLE)
    hx = (hx, hx) if kind == "lstm" and hx is not None else hx
    ours, theirs = pair(kind)
    expected = refusal(lambda: theirs(torch.zeros(inputs, dtype=DOUBLE), hx))
    assert expected is not None
    assert refusal(lambda: ours(torch.zeros(inputs, dtype=DOUBLE), hx)) == expected


def test_one_tensor_is_no_state_of_a_batch(refusal):
    """Its rows are not taken for hidden and cell state."""
    given = torch.zeros(2, INPUTS, dtype=DOUBLE), torch.zeros(2, 2, HIDDEN, dtype=DOUBLE)
    ours, theirs = pair("lstm")
    expected = refusal(lambda: theirs(*given))
    assert expected is not None
    assert refusal(lambda: ours(*given)) == expected


@pytest.mark.parametrize("kind", ["rnn-tanh", "lstm", "gru"])
def test_nan_goes_where_torchs_goes(torch_layers, kind):
    inputs, hx = drawn(kind)
    with torch.no_grad():
        inputs[1, 0] = float("nan")
    found = [flat(cell(inputs, hx)) for cell in pair(kind)]
    assert found[1][0][1].isnan().all()
    assert max(torch_layers.apart(ours, theirs) for ours, theirs in zip(*found, strict=True)) <= 1e-12
