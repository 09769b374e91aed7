import pytest
import torch

from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.convert.keras_weights import has_two_biases, shapes, weights_from_keras, weights_to_keras

INPUTS, HIDDEN = 3, 4
CELLS = {"elman": Elman(), "lstm": Lstm(), "gru after": Gru(), "gru before": Gru(reset="before")}
COLUMNS = {
    "elman": ("hidden",),
    "lstm": ("input", "forget", "candidate", "output"),
    "gru after": ("update", "reset", "candidate"),
    "gru before": ("update", "reset", "candidate"),
}


def drawn(cell, seed=1):
    generator = torch.Generator().manual_seed(seed)
    sizes = [tuple(INPUTS if size == -1 else size for size in shape) for _, shape in shapes(cell, HIDDEN)]
    return [torch.randn(size, generator=generator, dtype=torch.float64) for size in sizes]


@pytest.mark.parametrize("name", CELLS)
def test_every_gate_lands_in_its_rows(name):
    cell = CELLS[name]
    kernel, recurrent, bias = drawn(cell)
    roles = weights_from_keras(cell, [kernel, recurrent, bias])
    for row, gate in enumerate(cell.gates):
        ours = slice(row * HIDDEN, (row + 1) * HIDDEN)
        column = COLUMNS[name].index(gate)
        theirs = slice(column * HIDDEN, (column + 1) * HIDDEN)
        assert torch.equal(roles["input"][ours], kernel[:, theirs].T)
        assert torch.equal(roles["recurrent"][ours], recurrent[:, theirs].T)
        if has_two_biases(cell):
            assert torch.equal(roles["input_bias"][ours], bias[0, theirs])
            assert torch.equal(roles["recurrent_bias"][ours], bias[1, theirs])
        else:
            assert torch.equal(roles["input_bias"][ours], bias[theirs])
            assert not roles["recurrent_bias"][ours].any()


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("n_arrays", [2, 3])
def test_there_and_back_is_exact(name, n_arrays):
    arrays = drawn(CELLS[name])[:n_arrays]
    back = weights_to_keras(CELLS[name], weights_from_keras(CELLS[name], arrays))
    assert len(back) == n_arrays
    assert all(torch.equal(made, wanted) for made, wanted in zip(back, arrays, strict=True))


@pytest.mark.parametrize("name", CELLS)
def test_two_biases_become_one_where_keras_holds_one(name):
    cell = CELLS[name]
    roles = weights_from_keras(cell, drawn(cell))
    roles["recurrent_bias"] = torch.randn(roles["recurrent_bias"].shape, generator=torch.Generator().manual_seed(2))
    bias = weights_to_keras(cell, roles)[2]
    again = weights_from_keras(cell, [*drawn(cell)[:2], bias])
    if has_two_biases(cell):
        assert torch.equal(again["recurrent_bias"], roles["recurrent_bias"])
    else:
        assert torch.equal(again["input_bias"], roles["input_bias"] + roles["recurrent_bias"])


def test_gradients_reach_the_arrays():
    arrays = [array.requires_grad_() for array in drawn(Gru())]
    roles = weights_from_keras(Gru(), arrays)
    factors = {role: torch.randn_like(part) for role, part in roles.items()}
    sum((factors[role] * part).sum() for role, part in roles.items()).backward()
    wanted = weights_to_keras(Gru(), factors)
    assert all(torch.equal(array.grad, factor) for array, factor in zip(arrays, wanted, strict=True))
