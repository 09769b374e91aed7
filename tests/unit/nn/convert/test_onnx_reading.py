"""Which nodes of a graph make a stack: ours, PyTorch's, and those within a larger network."""

import io
import warnings

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper

from tidegate.errors import SettingError
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.convert.onnx import from_onnx, to_onnx
from tidegate.nn.convert.onnx_reading import read_chain
from tidegate.nn.stack import Recurrent, Stack


def exported(module, *inputs):
    written = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's advice
        torch.onnx.export(module, inputs, written, dynamo=False)
    return onnx.load_from_string(written.getvalue())


@pytest.mark.parametrize("given", [False, True], ids=["zeros", "states"])
@pytest.mark.parametrize("both", [False, True], ids=["forward", "both-ways"])
@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_what_pytorch_writes(name, both, given):
    torch.manual_seed(0)
    module = getattr(torch.nn, name)(3, 4, 2, bidirectional=both, batch_first=given).eval()
    values, start = torch.randn(5, 5, 3), torch.randn(4 if both else 2, 5, 4)
    start = (start, start * 2) if name == "LSTM" else start
    layer = from_onnx(exported(module, values, *((start,) if given else ())))
    assert layer.stack == Stack(2, bidirectional=both, batch_first=given)
    assert all(torch.equal(layer.state_dict()[key], weights) for key, weights in module.state_dict().items())
    torch.testing.assert_close(layer(values, start)[0], module(values, start)[0])


class Network(torch.nn.Module):
    """Embedded tokens, a recurrent layer and a head on its last state."""

    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(10, 3)
        self.layer = torch.nn.GRU(3, 4, batch_first=True, bidirectional=True)
        self.head = torch.nn.Linear(8, 2)

    def forward(self, tokens):
        return self.head(self.layer(self.embedding(tokens))[0]).softmax(-1)


def test_layers_within_a_network():
    torch.manual_seed(0)
    network = Network().eval()
    layer = from_onnx(exported(network, torch.tensor([[1, 2, 3], [4, 5, 6]])))
    assert layer.stack == Stack(batch_first=True, bidirectional=True)
    assert all(torch.equal(layer.state_dict()[key], weights) for key, weights in network.layer.state_dict().items())


@pytest.fixture
def model():
    torch.manual_seed(0)
    stack = Stack(3, batch_first=True, bidirectional=True, merge="sum", residual=True, layer_norm=True)
    return to_onnx(Recurrent(Gru(), 3, 4, stack=stack), lengths=True, initial_states=True)


def by_output(model, name):
    (node,) = [node for node in model.graph.node if name in node.output]
    return node


def test_the_links_of_our_own(model):
    chain = read_chain(model.graph)
    assert [node.name for node in chain.nodes] == ["Y_l0", "Y_l1", "Y_l2"]
    assert [link.merge for link in chain.links] == ["sum"] * 3
    assert [link.residual for link in chain.links] == [False, True, True]
    assert all(link.norm is not None for link in chain.links)
    assert chain.swapped


def test_the_order_of_a_sum_does_not_matter(model):
    node = by_output(model, "summed_l1")
    node.input[:] = list(node.input)[::-1]
    assert read_chain(model.graph).links[1].residual


def test_no_recurrent_node():
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "shallow", [], [])
    with pytest.raises(SettingError, match=r"graph 'shallow' has no recurrent node \(RNN, GRU, LSTM\)"):
        read_chain(graph)


def unknown_operator(model):
    by_output(model, "normalised_l0").op_type = "Softmax"


def from_the_input(model):
    by_output(model, "Y_l1").input[0] = "input_by_time"


def from_the_final_state(model):
    by_output(model, "merged_l0").input[0] = by_output(model, "Y_l0").output[1]


def another_axis(model):
    (entry,) = [entry for entry in model.graph.initializer if entry.name == "directions"]
    entry.CopyFrom(numpy_helper.from_array(np.array([2]), "directions"))


def another_epsilon(model):
    for entry in by_output(model, "normalised_l0").attribute:
        if entry.name == "epsilon":
            entry.f = 1e-3


def computed_norm(model):
    by_output(model, "normalised_l0").input[1] = "elsewhere"


def filled_with_ones(model):
    (entry,) = [entry for entry in model.graph.initializer if entry.name == "nothing"]
    entry.CopyFrom(numpy_helper.from_array(np.ones((), "f4"), "nothing"))


def swapped_between(model):
    node = by_output(model, "kept_l0")
    model.graph.node.insert(
        list(model.graph.node).index(node) + 1, helper.make_node("Transpose", ["kept_l0"], ["turned"], perm=[1, 0, 2])
    )
    by_output(model, "Y_l1").input[0] = "turned"


def mixed_features(model):
    node = by_output(model, "kept_l0")
    model.graph.node.insert(
        list(model.graph.node).index(node) + 1, helper.make_node("Transpose", ["kept_l0"], ["turned"], perm=[0, 2, 1])
    )
    by_output(model, "Y_l1").input[0] = "turned"


def sum_of_others(model):
    by_output(model, "Y_l2").input[0] = "summed_l1"
    by_output(model, "summed_l1").input[1] = "kept_l2"


@pytest.mark.parametrize(
    "change",
    [
        unknown_operator,
        from_the_input,
        from_the_final_state,
        another_axis,
        another_epsilon,
        computed_norm,
        filled_with_ones,
        swapped_between,
        mixed_features,
        sum_of_others,
    ],
)
def test_nodes_that_make_no_stack(model, change):
    read_chain(model.graph)
    change(model)
    with pytest.raises(SettingError, match=r"does not read from GRU node .* Read each with from_node"):
        read_chain(model.graph)


def constant(model, name, values):
    model.graph.initializer.append(numpy_helper.from_array(values, name))
    return model.graph


def test_a_constant_start(model):
    by_output(model, "Y_l1").input[5] = "learned"
    graph = constant(model, "learned", np.zeros((2, 4, 4), "f4"))
    read_chain(graph)
    by_output(model, "Y_l1").input[5] = "other"
    constant(model, "other", np.ones((2, 4, 4), "f4"))
    with pytest.raises(SettingError, match=r"initial_h of GRU node 'Y_l1' is a constant in the model, .* in the call"):
        read_chain(graph)


def test_a_constant_start_that_is_moved(model):
    by_output(model, "initial_hidden_l0").input[0] = "learned"
    graph = constant(model, "learned", np.ones((6, 4, 4), "f4"))
    with pytest.raises(SettingError, match=r"initial_h of GRU node 'Y_l0' is a constant in the model"):
        read_chain(graph)


def test_constant_lengths():
    model = to_onnx(Recurrent(Elman(), 3, 4), lengths=True)
    graph = constant(model, "lengths", np.array([3, 2], "i4"))
    with pytest.raises(SettingError, match=r"sequence_lens of RNN node 'Y_l0' is a constant in the model"):
        read_chain(graph)


def test_constants_as_nodes():
    layer = Recurrent(Elman(), 3, 4)
    model = to_onnx(layer)
    for entry in list(model.graph.initializer):
        model.graph.node.insert(0, helper.make_node("Constant", [], [entry.name], value=entry))
    del model.graph.initializer[:]
    assert torch.equal(from_onnx(model).weight_ih_l0, layer.weight_ih_l0)


def test_the_other_layout():
    layer = Recurrent(Elman(), 3, 4)
    model = to_onnx(layer)
    by_output(model, "Y_l0").attribute.append(helper.make_attribute("layout", 1))
    assert from_onnx(model).batch_first
