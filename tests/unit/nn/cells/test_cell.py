import pytest
import torch

from tidegate.errors import SettingError
from tidegate.nn.cells.cell import (
    Sizes,
    advance,
    check_clip,
    clipped,
    gated_shapes,
    n_parameters,
    project,
    spread,
)
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm


def drawn(shapes, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {
        role: torch.randn(shape, generator=generator, dtype=torch.float64) for role, shape in sorted(shapes.items())
    }


def test_what_leaves_the_cell_is_the_projected_state():
    assert Sizes(3, 5).shown == 5
    assert Sizes(3, 5, 2).shown == 2
    assert gated_shapes(4, Sizes(3, 5, 2)) == {
        "input": (20, 3),
        "recurrent": (20, 2),
        "input_bias": (20,),
        "recurrent_bias": (20,),
    }


def test_a_step_is_the_projection_and_the_cell():
    cell, sizes = Gru(), Sizes(3, 4)
    weights = drawn(cell.shapes(sizes))
    given = drawn({"x": (2, 3), "h": (2, 4)}, seed=1)
    x, h = given["x"], given["h"]
    sums = x @ weights["input"].T + weights["input_bias"]
    torch.testing.assert_close(project(x, weights), sums)
    torch.testing.assert_close(advance(cell, x, (h,), weights).state[0], cell.step(sums, (h,), weights).state[0])


def test_a_layer_without_biases_has_none_in_its_sums():
    weights = drawn({"input": (4, 3)})
    x = drawn({"x": (2, 3)}, seed=1)["x"]
    torch.testing.assert_close(project(x, weights), x @ weights["input"].T)


def test_a_bias_of_the_candidate_alone_is_zero_in_the_gates():
    cell = Lstm(gate_bias=False)
    weights = drawn(cell.shapes(Sizes(2, 3)))
    whole = spread(weights, cell)
    assert whole["input_bias"].shape == (12,)
    torch.testing.assert_close(whole["input_bias"][6:9], weights["input_bias"])
    assert not whole["input_bias"][:6].any()
    assert not whole["input_bias"][9:].any()
    assert whole["input"] is weights["input"]


def test_whole_biases_stay_as_they_are():
    weights = drawn(Lstm().shapes(Sizes(2, 3)))
    assert all(spread(weights, Lstm())[role] is weight for role, weight in weights.items())


def test_sums_are_cut_at_the_limit():
    sums = torch.tensor([-3.0, 0.5, 2.0])
    assert clipped(sums, 1.0).tolist() == [-1.0, 0.5, 1.0]
    assert clipped(sums, None) is sums


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan")])
def test_a_limit_must_be_above_zero(limit):
    with pytest.raises(SettingError, match=rf"clip is {limit}; it must be above 0, or None for no limit"):
        check_clip(limit)


def test_a_limit_above_zero_or_none_is_taken():
    assert check_clip(0.5) is None
    assert check_clip(None) is None


def test_parameters_are_counted_as_torch_counts_them():
    theirs = torch.nn.LSTM(5, 7, proj_size=3)
    assert n_parameters(Lstm(), Sizes(5, 7, 3)) == sum(weight.numel() for weight in theirs.parameters())
    theirs = torch.nn.GRU(5, 7)
    assert n_parameters(Gru(), Sizes(5, 7)) == sum(weight.numel() for weight in theirs.parameters())
