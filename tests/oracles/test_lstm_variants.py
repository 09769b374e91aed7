"""The variants of the LSTM against torchrecurrent's layers: values and gradients in float64, sequences of any length.

Theirs knows no lengths: each sequence runs through it alone, cut to its length.
Axis letters: T time, B batch, I inputs, H hidden units.
"""

import pytest
import torch
import torchrecurrent

from tidegate.kernels.library import library
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.nouns import noun
from tidegate.nn.unroll import Course, unroll

STEPS, INPUTS = 7, 3
VALUES, GRADIENTS = 1e-12, 1e-10


def peephole(theirs):
    weights = plain(theirs)
    return {**weights, "peephole": theirs["weight_ph"].view(3, -1)}


def plain(theirs):
    names = {"input": "weight_ih", "recurrent": "weight_hh", "input_bias": "bias_ih", "recurrent_bias": "bias_hh"}
    return {role: theirs[name] for role, name in names.items()}


def janet(theirs):
    """Their first block is the forget gate: 1 - sigma(s) = sigma(-s) makes its negative our input gate."""

    def turned(weight):
        forget, candidate = weight.chunk(2)
        return torch.cat([-forget, candidate])

    return {role: turned(weight) for role, weight in plain(theirs).items()}


VARIANTS = {
    "peephole": (torchrecurrent.PeepholeLSTM, Lstm(peepholes="full"), peephole),
    "JANET": (
        torchrecurrent.JANET,
        Lstm(coupled=True, without=("output",), output_activation="identity"),
        janet,
    ),
    "original": (torchrecurrent.OriginalLSTM, Lstm(without=("forget",)), plain),
}


COMPILED = [(name, True) for name, (_, cell, _) in VARIANTS.items() if library() and noun(cell)]
COMPUTED = [*((name, False) for name in VARIANTS), *COMPILED]


@pytest.fixture
def walk(kernel_walk, on_kernel):
    """The loop over time, or a compiled kernel in its place."""
    return kernel_walk if on_kernel else unroll


class Draws:
    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, *shape):
        return torch.randn(*shape, generator=self.generator, dtype=torch.float64)

    def lengths(self, count):
        return torch.randint(1, STEPS + 1, (count,), generator=self.generator)


def their_run(layer, x, state, lengths):
    """Return padded outputs (T, B, H) and the final states, from one sequence at a time."""
    outputs, finals = [], []
    for k, length in enumerate(lengths.tolist()):
        made, final = layer(x[:length, k : k + 1], tuple(part[None, k : k + 1] for part in state))
        outputs.append(torch.nn.functional.pad(made[:, 0], (0, 0, 0, STEPS - length)))
        finals.append([part[0, 0] for part in final])
    return torch.stack(outputs, 1), tuple(torch.stack(parts) for parts in zip(*finals, strict=True))


def gap(ours, theirs):
    assert ours.shape == theirs.shape
    ours, theirs = ours.detach(), theirs.detach()
    assert ours.isfinite().all()  # a NaN would be no greater than any other gap
    assert theirs.isfinite().all()
    return float((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1))


def drawn(name, hidden, draw):
    """Return our cell, the mapping of the weights, their layer and its parameters by name, drawn anew."""
    kind, own, mapped = VARIANTS[name]
    layer = kind(INPUTS, hidden, dtype=torch.float64)
    theirs = {key.rsplit(".", 1)[-1]: parameter for key, parameter in layer.named_parameters()}
    with torch.no_grad():
        for key, parameter in theirs.items():
            parameter.copy_(torch.zeros_like(parameter) if key == "beta" else 0.5 * draw(*parameter.shape))
    return own, mapped, layer, theirs


def differences(name, hidden, seed, *, cell=None, walk=unroll):
    """Return the greatest difference of values and of gradients."""
    draw = Draws(seed)
    own, mapped, layer, theirs = drawn(name, hidden, draw)
    count = 5
    lengths, x = draw.lengths(count), draw(STEPS, count, INPUTS).requires_grad_()
    state = tuple(draw(count, hidden).requires_grad_() for _ in range(2))
    sought = [x, *state, *(parameter for key, parameter in theirs.items() if key != "beta")]
    ours = walk(cell or own, mapped(theirs), x, state=state, lengths=lengths)
    runs = (ours.outputs, *ours.state), (lambda made: (made[0], *made[1]))(their_run(layer, x, state, lengths))
    directions = [draw(*value.shape) for value in runs[0]]
    gradients = [torch.autograd.grad(run, sought, directions, materialize_grads=True) for run in runs]
    return max(map(gap, *runs)), max(map(gap, *gradients))


@pytest.mark.parametrize("hidden", [1, 4, 9])
@pytest.mark.parametrize(("name", "on_kernel"), COMPUTED)
def test_values_and_gradients(name, hidden, walk):
    for seed in range(4):
        values, gradients = differences(name, hidden, seed, walk=walk)
        assert values <= VALUES
        assert gradients <= GRADIENTS


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("peephole", Lstm()),
        ("JANET", Lstm(coupled=True, without=("output",))),
        ("original", Lstm(coupled=True)),
    ],
    ids=["no peepholes", "tanh on the cell output", "coupled instead of adding up"],
)
def test_another_form_is_caught(name, wrong):
    values, gradients = differences(name, 4, 0, cell=wrong)
    assert values > 1e-3
    assert gradients > 1e-3


def test_a_missing_value_is_caught():
    with pytest.raises(AssertionError):
        gap(torch.tensor([0.0, float("nan")]), torch.zeros(2))


@pytest.mark.parametrize(("name", "on_kernel"), COMPUTED)
def test_backwards(name, walk):
    """From the last step to the first is their run over the flipped sequence."""
    draw = Draws(5)
    own, mapped, layer, theirs = drawn(name, 4, draw)
    with torch.no_grad():
        x, state = draw(STEPS, 5, INPUTS), (draw(5, 4), draw(5, 4))
        ours = walk(own, mapped(theirs), x, state=state, course=Course(reverse=True))
        outputs, finals = their_run(layer, x.flip(0), state, torch.full((5,), STEPS))
    assert gap(ours.outputs, outputs.flip(0)) <= VALUES
    assert max(map(gap, ours.state, finals)) <= VALUES
