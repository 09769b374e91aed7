"""Random recurrent nodes against onnxruntime, and the models that `to_onnx` writes.

Where the two differ on purpose, the specification decides or is silent:

- ``layout=1``: onnxruntime refuses it. The specification defines it as other axes of the same node, so that the node
  with ``layout=0`` runs in its place, its inputs and outputs transposed. Nothing is left out.
- A sequence of length 0: its outputs Y are 0 in both. Its final states are 0 in onnxruntime even where initial states
  are given. The specification says "the last output value"; with no step there is none, and we keep the initial state,
  so that halves with carried state equal the whole. Both are asserted.
- ``clip`` "is applied to the input of activations". In both, that is every sum inside f and g; the cell state inside
  h(C_t) is not cut.
- A batch whose lengths are all 0 is refused by our layers and is not drawn.
- Clip 0 is taken by onnxruntime for RNN alone; a negative one switches it off there. Ours must be above 0; not drawn.
"""

import sys
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from tidegate.kernels.library import library
from tidegate.kernels.recurrence import CALLS
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.convert.onnx import from_onnx, run_node, to_onnx
from tidegate.nn.stack import Recurrent, Stack

OPERATORS = ("RNN", "GRU", "LSTM")
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
QUICK, MANY = 100, 700  # nodes per operator

# Single precision on both sides: a sum of up to 9 + 33 + 3 terms rounds by up to 45 * 6e-8 = 2.7e-6 of its largest, and
# clip makes outputs smaller than the sums they come from. The worst of these 2,400 nodes is 2.6e-6.
TOLERANCE = 5e-6


@dataclass
class Drawn:
    """A node with inputs for it, and what was drawn."""

    operator: str
    attributes: dict
    arrays: dict
    outputs: list
    facts: Counter = field(default_factory=Counter)

    def node(self, **changes):
        names = ["X", "W", "R", "B", "sequence_lens", "initial_h"]
        names += ["initial_c", "P"] if self.operator == "LSTM" else []
        inputs = [name if name in self.arrays else "" for name in names]
        return helper.make_node(self.operator, inputs, self.outputs, **{**self.attributes, **changes})

    def swapped(self):
        """The inputs with batch and time, or batch and directions, exchanged."""
        exchanged = ("X", "initial_h", "initial_c")
        return {
            name: np.ascontiguousarray(array.swapaxes(0, 1)) if name in exchanged else array
            for name, array in self.arrays.items()
        }


def chance(rng, probability):
    return bool(rng.random() < probability)


def normal(rng, *shape):
    return rng.normal(size=shape).astype("f4")


def draw(operator, seed):
    rng = np.random.default_rng([OPERATORS.index(operator), seed])
    inputs, hidden, batch, steps = (int(rng.integers(1, most + 1)) for most in (9, 33, 5, 9))
    direction = str(rng.choice(["forward", "reverse", "bidirectional"]))
    ways = 2 if direction == "bidirectional" else 1
    attributes = {"hidden_size": hidden, "direction": direction, **draw_options(rng, operator, ways)}
    arrays = draw_weights(rng, operator, (ways, inputs, hidden))
    arrays["X"] = normal(rng, steps, batch, inputs)
    if chance(rng, 0.6):
        lengths = rng.integers(0, steps + 1, size=batch)
        lengths[rng.integers(batch)] = rng.integers(1, steps + 1)
        arrays["sequence_lens"] = lengths.astype("i4")
    for name in ("initial_h", "initial_c")[: 2 if operator == "LSTM" else 1]:
        if chance(rng, 0.5):
            arrays[name] = normal(rng, ways, batch, hidden)
    outputs = ["Y", "Y_h", "Y_c"][: 3 if operator == "LSTM" else 2]
    if chance(rng, 0.3):
        outputs[int(rng.integers(len(outputs)))] = ""
    found = facts(attributes, arrays)
    drawn = Drawn(operator, attributes, arrays, outputs if outputs[-1] else outputs[:-1], found)
    if attributes.get("layout"):
        drawn.arrays = drawn.swapped()
    return drawn


def draw_weights(rng, operator, sizes):
    ways, inputs, hidden = sizes
    rows, gain = GATES[operator] * hidden, rng.uniform(0.3, 2)
    arrays = {
        "W": normal(rng, ways, rows, inputs) * np.float32(gain / np.sqrt(inputs)),
        "R": normal(rng, ways, rows, hidden) * np.float32(gain / np.sqrt(hidden)),
    }
    if chance(rng, 0.8):
        arrays["B"] = normal(rng, ways, 2 * rows) * np.float32(0.5)
    if operator == "LSTM" and chance(rng, 0.5):
        arrays["P"] = normal(rng, ways, 3 * hidden) * np.float32(0.5)
    return arrays


def draw_options(rng, operator, ways):
    options = {}
    if chance(rng, 0.3):
        options["clip"] = float(rng.uniform(0.05, 2))
    if chance(rng, 0.3):
        options["layout"] = 1
    if operator == "RNN" and chance(rng, 0.7):
        options["activations"] = [str(rng.choice(["Tanh", "Relu", "Sigmoid"]))] * ways
    if operator == "GRU" and chance(rng, 0.6):
        options["linear_before_reset"] = int(chance(rng, 0.8))
    if operator == "LSTM" and chance(rng, 0.3):
        options["input_forget"] = 1
    if operator == "LSTM" and chance(rng, 0.2):
        functions = ["Sigmoid", *map(str, rng.choice(["Tanh", "Affine"], size=2))] * ways
        options["activations"] = functions
        if "Affine" in functions:
            options["activation_alpha"] = [1.0] * functions.count("Affine")
            options["activation_beta"] = [0.0] * functions.count("Affine")
    return options


def facts(attributes, arrays):
    """Count what the node has."""
    found = Counter({attributes["direction"]: 1})
    found.update(name for name in ("B", "P", "initial_h", "initial_c", "sequence_lens") if name in arrays)
    found.update(name for name in ("clip", "layout", "input_forget", "linear_before_reset") if attributes.get(name))
    found.update(set(attributes.get("activations", [])))
    lengths = arrays.get("sequence_lens")
    if lengths is not None:
        found["a length of 0"] = int((lengths == 0).any())
        steps = len(arrays["X"])
        found["a short length"] = int((lengths < steps).any())
        found["all lengths short"] = int(lengths.max() < steps)
    return found


def session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def model_of(drawn, node, arrays):
    kinds = {"sequence_lens": TensorProto.INT32}
    graph = helper.make_graph(
        [node],
        "one node",
        [helper.make_tensor_value_info(n, kinds.get(n, TensorProto.FLOAT), a.shape) for n, a in arrays.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in drawn.outputs if n],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)


def theirs(drawn):
    """onnxruntime's outputs by name; the node runs with ``layout=0``."""
    by_batch = bool(drawn.attributes.get("layout"))
    arrays = drawn.swapped() if by_batch else drawn.arrays
    model = model_of(drawn, drawn.node(layout=0), arrays)
    names = [name for name in drawn.outputs if name]
    made = dict(zip(names, session(model).run(None, arrays), strict=True))
    if by_batch:
        made = {name: np.moveaxis(a, 2, 0) if name == "Y" else a.swapaxes(0, 1) for name, a in made.items()}
    return made


def with_kept_states(drawn, made):
    """`made` with the initial state as the final state of sequences of length 0, where onnxruntime has 0."""
    lengths = drawn.arrays.get("sequence_lens")
    if lengths is None:
        return made
    by_batch = bool(drawn.attributes.get("layout"))
    empty = lengths == 0
    kept = {}
    for name, array in made.items():
        start = drawn.arrays.get({"Y_h": "initial_h", "Y_c": "initial_c"}.get(name, ""))
        if name != "Y":
            rows = array[empty] if by_batch else array[:, empty]
            assert not rows.any()
        if name == "Y" or start is None:
            kept[name] = array
        else:
            kept[name] = np.where(empty[:, None, None] if by_batch else empty[:, None], start, array)
    return kept


def error(ours, expected):
    """The largest difference as a fraction of the largest value."""
    assert ours.shape == expected.shape
    assert ours.dtype == expected.dtype
    assert np.isfinite(ours).all()  # a NaN would be no greater than the worst error so far
    assert np.isfinite(expected).all()
    return np.abs(ours - expected).max() / max(np.abs(expected).max(), 1e-3)


def compare(operator, seeds):
    """The largest error over the nodes of `seeds`, with its seed, and how often each fact was drawn."""
    worst, seen = (0.0, None), Counter()
    for seed in seeds:
        drawn = draw(operator, seed)
        seen += drawn.facts
        expected = with_kept_states(drawn, theirs(drawn))
        calls = CALLS.total()
        ours = run_node(drawn.node(), drawn.arrays)
        seen["on a kernel"] += CALLS.total() - calls
        assert list(ours) == list(expected)
        for name, array in expected.items():
            worst = max(worst, (float(error(ours[name].numpy(), array)), seed, name), key=lambda found: found[0])
    return worst, seen


EXPECTED_FACTS = {
    "RNN": {"Tanh", "Relu", "Sigmoid"},
    "GRU": {"linear_before_reset"},
    "LSTM": {"P", "initial_c", "input_forget", "Affine"},
}
SHARED_FACTS = {
    "forward",
    "reverse",
    "bidirectional",
    "B",
    "initial_h",
    "sequence_lens",
    "clip",
    "layout",
    "a length of 0",
    "a short length",
    "all lengths short",
}


def check(operator, seeds, record_property):
    worst, seen = compare(operator, seeds)
    record_property("worst", str(worst))
    sys.stdout.write(f"{operator}: {len(seeds)} nodes, worst {worst[0]:.2e} (seed {worst[1]}, {worst[2]})\n")
    for fact in EXPECTED_FACTS[operator] | SHARED_FACTS:
        assert 0.02 * len(seeds) < seen[fact], f"{fact} was drawn {seen[fact]} times"
        assert fact == "B" or seen[fact] < 0.9 * len(seeds)
    assert worst[0] < TOLERANCE, worst
    assert library() is None or seen["on a kernel"] > 0.4 * len(seeds)


@pytest.mark.parametrize("operator", OPERATORS)
def test_some_nodes(operator, record_property):
    check(operator, range(QUICK), record_property)


@pytest.mark.slow
@pytest.mark.parametrize("operator", OPERATORS)
def test_many_nodes(operator, record_property):
    check(operator, range(QUICK, QUICK + MANY), record_property)


def spoilt(role, change):
    """The error of the first plain LSTM node that has `role`, with `change` made to it on our side alone."""
    plain = (d for d in (draw("LSTM", seed) for seed in range(200)) if not {"clip", "layout"} & set(d.attributes))
    drawn = next(d for d in plain if role in d.arrays and "Y" in d.outputs and len(d.arrays["X"]) > 2)
    arrays = {**drawn.arrays, role: change(drawn.arrays[role])}
    ours = run_node(drawn.node(), arrays)["Y"].numpy()
    return error(ours, theirs(drawn)["Y"])


def with_swapped_blocks(array):
    """The first two quarters of the rows exchanged: the input and the output gate."""
    first, second, third, fourth = np.split(array, 4, 1)
    return np.concatenate([second, first, third, fourth], 1)


@pytest.mark.parametrize("role", ["W", "R", "B"])
def test_two_swapped_gates_are_noticed(role):
    assert spoilt(role, with_swapped_blocks) > 100 * TOLERANCE


def test_swapped_peepholes_are_noticed():
    assert spoilt("P", lambda array: np.concatenate(np.split(array, 3, 1)[::-1], 1)) > 100 * TOLERANCE


def test_a_dropped_bias_is_noticed():
    assert spoilt("B", lambda array: array * (np.arange(array.shape[1]) < array.shape[1] // 2)) > 100 * TOLERANCE


def test_inputs_one_step_late_are_noticed():
    assert spoilt("X", lambda array: np.roll(array, 1, axis=0)) > 100 * TOLERANCE


def test_a_missing_value_is_noticed():
    with pytest.raises(AssertionError):
        spoilt("X", lambda array: np.full_like(array, np.nan))


@pytest.mark.parametrize("operator", OPERATORS)
def test_onnxruntime_refuses_the_other_layout(operator):
    drawn = next(d for d in (draw(operator, seed) for seed in range(50)) if d.attributes.get("layout"))
    model = model_of(drawn, drawn.node(), drawn.arrays)
    with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.Fail, match="layout"):
        session(model)


def test_clip_leaves_the_cell_state_inside_h():
    rng = np.random.default_rng(5)
    arrays = {
        "X": rng.normal(size=(1, 1, 2)).astype("f4"),
        "W": rng.normal(size=(1, 16, 2)).astype("f4"),
        "R": rng.normal(size=(1, 16, 4)).astype("f4"),
        "initial_c": np.full((1, 1, 4), 5, "f4"),
    }
    drawn = Drawn("LSTM", {"hidden_size": 4, "clip": 0.5}, arrays, ["Y", "Y_h", "Y_c"])
    made = theirs(drawn)
    largest = np.tanh(0.5) / (1 + np.exp(-0.5))  # of h = o * tanh(c), were c cut to 0.5
    assert (made["Y_h"] > largest).any()
    np.testing.assert_allclose(run_node(drawn.node(), arrays)["Y_h"], made["Y_h"], rtol=1e-6)


CELLS = {
    "tanh": Elman(),
    "relu": Elman("relu"),
    "sigmoid-clip": Elman("sigmoid", clip=0.4),
    "gru": Gru(),
    "gru-before": Gru("before", clip=0.7),
    "gru-no-gate-bias": Gru(gate_bias=False),
    "lstm": Lstm(),
    "lstm-peepholes": Lstm(peepholes="full", clip=0.9),
    "lstm-output-peephole": Lstm(peepholes="output", gate_bias=False),
    "lstm-coupled": Lstm(coupled=True, peepholes="full"),
    "lstm-identity": Lstm(input_activation="identity", output_activation="identity"),
}
STACKS = {
    "one": Stack(),
    "reverse": Stack(reverse=True, bias=False),
    "two-both-ways": Stack(2, batch_first=True, bidirectional=True),
    "three-summed": Stack(3, bidirectional=True, merge="sum", residual=True),
    "two-mean-norm": Stack(2, batch_first=True, bidirectional=True, merge="mean", residual=True, layer_norm=True),
}
WRITTEN = 1e-6  # relative to the largest value
NORMALISED = 1e-5  # layer normalisation divides by a deviation that is much smaller than the values


@pytest.mark.parametrize("given", ["plain", "lengths-and-states"])
@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("cell", CELLS)
def test_written_models(cell, stack, given):
    torch.manual_seed(7)
    layer = Recurrent(CELLS[cell], 3, 5, stack=STACKS[stack])
    for name, parameter in layer.named_parameters():
        if name.startswith("norm_"):
            torch.nn.init.normal_(parameter)
    values = torch.randn((4, 6, 3) if layer.batch_first else (6, 4, 3))
    lengths = torch.tensor([6, 2, 0, 4]) if "lengths" in given else None
    n_states = layer.num_layers * (2 if layer.bidirectional else 1)
    starts = tuple(torch.randn(n_states, 4, 5) for _ in layer.cell.states) if "states" in given else None
    fed = {"input": values.numpy()}
    if lengths is not None:
        fed["lengths"] = lengths.int().numpy()
    if starts is not None:
        fed |= {f"initial_{name}": part.numpy() for name, part in zip(layer.cell.states, starts, strict=True)}
    hx = None if starts is None else starts if len(starts) > 1 else starts[0]
    with torch.no_grad():
        outputs, states = layer(values, hx, lengths=lengths)
    states = states if isinstance(states, tuple) else (states,)
    if starts is not None and lengths is not None:  # onnxruntime ends a sequence of length 0 in 0, we in its start
        assert all(torch.equal(state[:, 2], start[:, 2]) for state, start in zip(states, starts, strict=True))
        states = tuple(state.index_fill(1, torch.tensor([2]), 0) for state in states)
    model = to_onnx(layer, lengths=lengths is not None, initial_states=starts is not None)
    onnx.checker.check_model(model, full_check=True)
    made = session(model).run(None, fed)
    assert len(made) == 1 + len(states)
    for ours, expected in zip((outputs, *states), made, strict=True):
        assert error(ours.numpy(), expected) < (NORMALISED if layer.stack.layer_norm else WRITTEN)
    assert from_onnx(model).stack == layer.stack
