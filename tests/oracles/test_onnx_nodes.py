"""ONNX's own backend tests for RNN, GRU and LSTM, with our layers as the backend.

Their weights are constant and they know neither clip nor short lengths; `test_onnxruntime` looks at those.
"""

import onnx
import pytest
import torch
from onnx.backend.base import Backend, BackendRep
from onnx.backend.test.case.node import _NodeTestCases, gru, lstm, rnn
from onnx.backend.test.runner import Runner

from tidegate.kernels.library import library
from tidegate.kernels.recurrence import CALLS
from tidegate.nn.convert.onnx import run_node

NAMES = (
    "test_gru_batchwise",
    "test_gru_bidirectional",
    "test_gru_defaults",
    "test_gru_reverse",
    "test_gru_seq_length",
    "test_gru_with_initial_bias",
    "test_lstm_batchwise",
    "test_lstm_bidirectional",
    "test_lstm_defaults",
    "test_lstm_reverse",
    "test_lstm_with_initial_bias",
    "test_lstm_with_peepholes",
    "test_rnn_seq_length",
    "test_simple_rnn_batchwise",
    "test_simple_rnn_bidirectional",
    "test_simple_rnn_defaults",
    "test_simple_rnn_reverse",
    "test_simple_rnn_with_initial_bias",
)
CASES = {
    case.name: case
    for case in _NodeTestCases
    if {node.op_type for node in case.model.graph.node} & {"RNN", "GRU", "LSTM"}
}
RELATIVE, ABSOLUTE = 1e-5, 1e-7  # theirs are 1e-3 and 1e-7; both sides are single precision


class Prepared(BackendRep):
    def __init__(self, model):
        self.model = model

    def run(self, inputs, **kwargs):
        names = [entry.name for entry in self.model.graph.input]
        (node,) = self.model.graph.node
        outputs = run_node(node, dict(zip(names, inputs, strict=True)))
        return tuple(outputs[entry.name].numpy() for entry in self.model.graph.output)


class Tidegate(Backend):
    @classmethod
    def prepare(cls, model, device="CPU", **kwargs):
        onnx.checker.check_model(model)
        return Prepared(model)


def test_there_are_these_and_no_others():
    exported = [name for module in (gru.GRU, lstm.LSTM, rnn.RNN) for name in vars(module) if name.startswith("export")]
    assert tuple(sorted(CASES)) == NAMES
    assert len(exported) == len(NAMES) == 18


@pytest.mark.parametrize("name", NAMES)
def test_node(name):
    case = CASES[name]
    prepared = Tidegate.prepare(case.model)
    assert case.data_sets
    calls = CALLS.total()
    for inputs, expected in case.data_sets:
        Runner.assert_similar_outputs(expected, prepared.run(inputs), rtol=RELATIVE, atol=ABSOLUTE)
    assert library() is None or CALLS.total() - calls == len(case.data_sets)


def test_a_shifted_output_is_noticed():
    case = CASES["test_lstm_with_peepholes"]
    ((inputs, expected),) = case.data_sets
    outputs = [values + 1e-4 for values in Tidegate.prepare(case.model).run(inputs)]
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        Runner.assert_similar_outputs(expected, outputs, rtol=RELATIVE, atol=ABSOLUTE)


def test_every_layout_and_direction_is_among_them():
    seen = set()
    for case in CASES.values():
        (node,) = case.model.graph.node
        given = {entry.name: onnx.helper.get_attribute_value(entry) for entry in node.attribute}
        seen.add((given.get("layout", 0), given.get("direction", b"forward")))
    assert seen == {(0, b"forward"), (1, b"forward"), (0, b"reverse"), (0, b"bidirectional")}
    assert torch.get_default_dtype() is torch.float32
