"""One node's rows, biases and peepholes in our order, and nodes that are refused."""

import numpy as np
import pytest
import torch
from onnx import helper

from tidegate.errors import SettingError
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.slstm import Slstm
from tidegate.nn.convert.onnx_nodes import check_cell, read_node, written_arrays, written_attributes

RNG = np.random.default_rng(2)


def node(operator="LSTM", **attributes):
    return helper.make_node(operator, ["X", "W", "R", "B", "", "", "", "P"], ["Y"], name="one", **attributes)


def plain(operator="LSTM", **attributes):
    return helper.make_node(operator, ["X", "W", "R"], ["Y"], name="one", **attributes)


def arrays(n_gates=4, hidden=2):
    """W, R, B and P whose every row says which it is: tens the gate, ones the unit."""
    rows = np.add.outer(10.0 * np.arange(n_gates), np.arange(hidden)).ravel().astype("f4")
    return {
        "W": rows[None, :, None] + np.array([0.0, 0.5, 0.25], "f4"),
        "R": rows[None, :, None] + np.array([0.125, 0.75], "f4")[:hidden],
        "B": np.concatenate([rows, rows + 100])[None],
        "P": rows[None, : 3 * hidden],
    }


def tens(values):
    return [int(value) // 10 % 10 for value in values]


def test_rows_of_the_lstm():
    read = read_node(node(), arrays())
    (weights,) = read.weights
    assert read.cell == Lstm(peepholes="full")
    assert tens(weights["input"][:, 0]) == [0, 0, 2, 2, 3, 3, 1, 1]  # i o f c to input, forget, candidate, output
    assert tens(weights["recurrent"][:, 0]) == [0, 0, 2, 2, 3, 3, 1, 1]
    assert weights["input_bias"].tolist() == [0, 1, 20, 21, 30, 31, 10, 11]
    assert weights["recurrent_bias"].tolist() == [100, 101, 120, 121, 130, 131, 110, 111]
    assert weights["peephole"].tolist() == [[0, 1], [20, 21], [10, 11]]  # i o f to input, forget, output


def test_rows_of_a_coupled_lstm():
    read = read_node(node(input_forget=1), arrays())
    (weights,) = read.weights
    assert read.cell == Lstm(peepholes="full", coupled=True)
    assert tens(weights["input"][:, 0]) == [0, 0, 3, 3, 1, 1]
    assert weights["peephole"].tolist() == [[0, 1], [10, 11]]
    back = written_arrays(read.cell, read.weights)
    assert not back["W"][0, 4:6].any()
    assert back["P"][0].tolist() == [0, 1, 10, 11, 0, 0]


def test_rows_of_the_gru():
    given = {name: array for name, array in arrays(3).items() if name != "P"}
    made = helper.make_node("GRU", ["X", "W", "R", "B"], ["Y"], linear_before_reset=1)
    read = read_node(made, given)
    (weights,) = read.weights
    assert read.cell == Gru()
    assert tens(weights["input"][:, 0]) == [1, 1, 0, 0, 2, 2]  # z r h to reset, update, candidate
    assert weights["recurrent_bias"].tolist() == [110, 111, 100, 101, 120, 121]
    assert read_node(plain("GRU"), given).cell == Gru("before")


def test_sizes_and_places():
    read = read_node(node("LSTM", direction="reverse", layout=1), arrays())
    assert (read.input_size, read.hidden_size, read.bias, read.reverse, read.batch_first) == (3, 2, True, True, True)
    assert not read_node(plain(), arrays()).bias


@pytest.mark.parametrize(
    "cell",
    [Lstm(peepholes="full"), Lstm(peepholes="output", coupled=True), Gru(), Elman()],
    ids=["lstm", "lstm-coupled", "gru", "elman"],
)
def test_arrays_there_and_back(cell):
    generator = torch.Generator().manual_seed(4)
    shapes = cell.shapes(Sizes(3, 4))
    directions = [{r: torch.randn(s, generator=generator) for r, s in shapes.items()} for _ in range(2)]
    written = written_arrays(cell, directions)
    operator = {"lstm": "LSTM", "gru": "GRU", "elman": "RNN"}[cell.name]
    names = ["X", "W", "R", "B", *(["", "", "", "P"] if "P" in written else [])]
    made = helper.make_node(operator, names, ["Y"], **written_attributes(cell, 4, "bidirectional"))
    read = read_node(made, written)
    assert read.cell == cell
    for ours, expected in zip(read.weights, directions, strict=True):
        assert ours.keys() == expected.keys()
        assert all(torch.equal(ours[role], expected[role]) for role in expected)


def test_peepholes_of_the_output_gate_alone():
    given = arrays()
    given["P"] = given["P"].copy()
    given["P"][0, [0, 1, 4, 5]] = 0
    assert read_node(node(), given).cell == Lstm(peepholes="output")
    given["P"][:] = 0
    assert read_node(node(), given).cell == Lstm(peepholes="full")


def test_biases_of_the_candidate_alone():
    given = arrays()
    given["B"] = np.where(np.arange(16) % 8 // 2 == 3, given["B"], 0)
    read = read_node(node(), given)
    assert read.cell == Lstm(peepholes="full", gate_bias=False)
    assert read.weights[0]["input_bias"].tolist() == [30, 31]
    assert torch.equal(written_arrays(read.cell, read.weights)["B"], torch.from_numpy(given["B"]))
    given["B"] = given["B"] * 0
    assert read_node(node(), given).cell == Lstm(peepholes="full")


def test_clip_is_the_shortest_decimal():
    assert read_node(plain(clip=0.1), arrays()).cell == Lstm(clip=0.1)
    assert written_attributes(Gru(clip=0.1), 2, "forward")["clip"] == 0.1


def test_clip_outside_its_range():
    with pytest.raises(SettingError, match=r"clip is -1\.0; it must be above 0"):
        read_node(plain(clip=-1.0), arrays())


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (plain("Gemm"), r"Gemm node 'one' is not recurrent; RNN, GRU, LSTM of ONNX's own domain can be read"),
        (
            helper.make_node("LSTM", ["X", "W", "R"], ["Y"], name="one", domain="mine"),
            r"LSTM node 'one' is not recurrent; RNN, GRU, LSTM of ONNX's own domain can be read",
        ),
        (plain(zoneout=1), r"LSTM node 'one' has an attribute 'zoneout', which ONNX does not define"),
        (plain(direction="up"), r"direction of LSTM node 'one' is 'up'; it must be 'forward', 'reverse' or"),
        (plain(hidden_size=5), r"hidden_size of LSTM node 'one' is 5, but its R is for 2 hidden units"),
        (plain(direction="bidirectional"), r"W of LSTM node 'one' has shape \(1, 8, 3\); it must be \(2, 8, 3\)"),
        (plain("GRU"), r"W of GRU node 'one' has shape \(1, 8, 3\); it must be \(1, 6, 3\)"),
    ],
    ids=["operator", "domain", "attribute", "direction", "hidden size", "directions", "rows"],
)
def test_refused_nodes(made, message):
    with pytest.raises(SettingError, match=message):
        read_node(made, arrays())


@pytest.mark.parametrize("role", ["W", "R", "B", "P"])
def test_absent_weights(role):
    given = {name: array for name, array in arrays().items() if name != role}
    with pytest.raises(
        SettingError, match=rf"{role} of LSTM node 'one' is not among the arrays. .*fold constants first"
    ):
        read_node(node(), given)


def test_weights_without_a_direction():
    given = {name: array[0] for name, array in arrays().items()}
    with pytest.raises(SettingError, match=r"W and R of LSTM node 'one' must have 3 axes; got 2 and 2"):
        read_node(node(), given)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (Gru("absent"), r"reset is 'absent'; ONNX's GRU knows 'after' or 'before' alone"),
        (Lstm(squashed=True), r"squashed is True; ONNX's LSTM knows False alone"),
        (Lstm(without=("forget",)), r"without is \('forget',\); ONNX's LSTM knows \(\) alone"),
        (Slstm(), r"cell 'slstm' has no operator in ONNX; cells that have one are 'elman', 'gru', 'lstm'"),
    ],
    ids=["reset", "squashed", "without", "slstm"],
)
def test_refused_cells(cell, message):
    with pytest.raises(SettingError, match=message):
        check_cell(cell)
    with pytest.raises(SettingError, match=message):
        written_attributes(cell, 4, "forward")
