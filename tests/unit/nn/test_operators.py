import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tidegate.nn import operators
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.operators import Plan

MODULES = {"rnn": (Elman(), torch.nn.RNN), "lstm": (Lstm(), torch.nn.LSTM), "gru": (Gru(), torch.nn.GRU)}
LENGTHS = torch.tensor([2, 5, 1])


def drawn(*shape, seed=4):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def pair(kind):
    """Return torch's module of two layers and directions, its plan, inputs and states."""
    cell, module = MODULES[kind]
    torch.manual_seed(5)
    theirs = module(3, 4, 2, bidirectional=True, dtype=torch.float64)
    plan = Plan(cell, list(theirs.parameters()), bias=True, num_layers=2, bidirectional=True)
    states = tuple(drawn(4, 3, 4, seed=seed) for seed in range(len(cell.states)))
    return theirs, plan, drawn(5, 3, 3), states


def flat(values):
    return [leaf for part in values for leaf in (part if isinstance(part, tuple) else (part,))]


@pytest.mark.parametrize("kind", MODULES)
def test_a_plan_is_torchs_module(kind):
    theirs, plan, inputs, states = pair(kind)
    given = states if kind == "lstm" else states[0]
    assert all(map(torch.equal, flat(operators.stacked(plan, inputs, states)), flat(theirs(inputs, given))))


@pytest.mark.parametrize("kind", MODULES)
def test_lengths_and_packing_are_the_same(kind):
    theirs, plan, inputs, states = pair(kind)
    packed = pack_padded_sequence(inputs, LENGTHS, enforce_sorted=False)
    expected, final = theirs(packed, states if kind == "lstm" else states[0])
    made, ours = operators.over_packed(plan, packed, states)
    assert torch.equal(made.data, expected.data)
    assert all(map(torch.equal, ours, flat((final,))))
    outputs, ours = operators.stacked(plan, inputs, states, lengths=LENGTHS)
    assert torch.equal(outputs, pad_packed_sequence(expected)[0])
    assert all(map(torch.equal, ours, flat((final,))))


def test_known_cells():
    assert all(operators.knows(cell) for cell in (Elman(), Elman("relu"), Lstm(), Gru()))
    unknown = (Elman("sigmoid"), Elman(clip=1.0), Lstm(coupled=True), Gru("before"), MinGru())
    assert not any(operators.knows(cell) for cell in unknown)


def test_backwards_turns_each_sequence_within_its_length():
    values = torch.arange(10).reshape(5, 2, 1)
    assert operators.backwards(values, None)[:, 0, 0].tolist() == [8, 6, 4, 2, 0]
    made = operators.backwards(values, torch.tensor([3, 5]))
    assert made[..., 0].T.tolist() == [[4, 2, 0, 6, 8], [9, 7, 5, 3, 1]]


def test_permuted_takes_sequences_in_order():
    (made,) = operators.permuted((torch.arange(6).reshape(1, 3, 2),), torch.tensor([2, 0, 1]))
    assert made.tolist() == [[[4, 5], [0, 1], [2, 3]]]
    state = (torch.zeros(1),)
    assert operators.permuted(state, None) is state


@pytest.mark.parametrize("projected", [0, 2])
def test_weights_are_laid_out_by_torchs_own_module(monkeypatch, projected):
    """Which does so on an accelerator alone: here it is asked which weights it was given."""
    theirs = torch.nn.LSTM(3, 4, 2, bias=False, bidirectional=True, proj_size=projected)
    seen = []
    monkeypatch.setattr(torch.nn.LSTM, "flatten_parameters", lambda self: seen.append((self, list(self._flat_weights))))
    weights = list(theirs.parameters())
    plan = Plan(Lstm(), weights, bias=False, num_layers=2, bidirectional=True)
    operators.flatten(plan, Sizes(3, 4, projected))
    twin, given = seen[-1]
    assert len(given) == len(weights)
    assert all(one is other for one, other in zip(given, weights, strict=True))
    assert (twin.input_size, twin.hidden_size, twin.proj_size, twin.mode) == (3, 4, projected, "LSTM")
