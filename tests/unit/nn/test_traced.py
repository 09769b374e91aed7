import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import make_fx

from tidegate import nn
from tidegate.nn import traced
from tidegate.nn.cells.cell import Sizes
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.slstm import Slstm
from tidegate.nn.reference import reference
from tidegate.nn.unroll import Call, Course

STEPS, SEQUENCES, INPUTS, HIDDEN = 5, 4, 3, 6
LENGTHS = torch.tensor([5, 1, 0, 3], dtype=torch.int32)


def drawn(*shape, seed=1):
    return 0.6 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def call(cell, ways=1, projected=0, **options):
    shapes = cell.shapes(Sizes(INPUTS, HIDDEN, projected))
    weights = tuple(
        {role: drawn(*shape, seed=10 * way + k) for k, (role, shape) in enumerate(shapes.items())}
        for way in range(ways)
    )
    widths = [projected or HIDDEN, HIDDEN][: len(cell.states)]
    states = tuple(drawn(ways, SEQUENCES, width) for width in widths)
    return Call(cell, weights, drawn(STEPS, SEQUENCES, INPUTS), states, **options)


CALLS = {
    "both ways": lambda: call(Lstm(peepholes="full"), 2, lengths=LENGTHS),
    "back": lambda: call(Gru("before"), course=Course(reverse=True)),
    "biases of the candidate alone": lambda: call(Gru(gate_bias=False), lengths=LENGTHS, recompute=True),
}


@pytest.mark.parametrize("case", CALLS)
def test_the_operator_yields_what_the_loop_does(case):
    given = CALLS[case]()
    assert traced.obstacle(given) is None
    made, right = traced.run(given), reference(given)
    torch.testing.assert_close(made[:2], right[:2], rtol=1e-12, atol=1e-12)


OBSTACLES = {
    "there is no operator for Slstm": lambda: call(Slstm()),
    "there is no operator for Lstm": lambda: call(Lstm(), projected=2),
    "there is no operator for Gru": lambda: call(Gru(clip=2.0)),
    "shows and cuts nothing": lambda: call(Gru(), course=Course(trace=True)),
    "an operator shows and cuts": lambda: call(Gru(), course=Course(truncate=2)),
}


@pytest.mark.parametrize("reason", OBSTACLES)
def test_what_no_operator_does(reason):
    assert reason in traced.obstacle(OBSTACLES[reason]())


def test_what_no_operator_takes_part_in():
    given, found = call(Gru()), []
    with torch.autocast("cpu"):
        found.append(traced.obstacle(given))
    torch.func.vmap(lambda values: found.append(traced.obstacle(given._replace(inputs=values))) or values)(given.inputs)
    with forward_ad.dual_level():
        found.append(traced.obstacle(given))
    assert [reason.split()[0] for reason in found] == ["autocast", "a", "forward-mode"]


def test_kernels_are_asked_for_where_there_are_some():
    given = call(Gru())
    lowered = given._replace(inputs=given.inputs.bfloat16())
    assert traced.obstacle(given, by_kernels=True) is None
    assert traced.obstacle(lowered) is None
    assert "not torch.bfloat16" in traced.obstacle(lowered, by_kernels=True)
    with FakeTensorMode():
        elsewhere = given._replace(inputs=torch.empty(STEPS, SEQUENCES, INPUTS, device="cuda"))
        assert traced.obstacle(elsewhere) is None
        assert "by torch's own" in traced.obstacle(elsewhere, by_kernels=True)


def layer(kind="LSTM", **options):
    made = getattr(nn, kind)(INPUTS, HIDDEN, dtype=torch.float64, **options)
    with torch.no_grad():
        for k, parameter in enumerate(made.parameters()):
            parameter.copy_(drawn(*parameter.shape, seed=k))
    return made


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU", "MinLSTM"])
def test_shapes_alone_go_through_a_layer(kind):
    with FakeTensorMode():
        module = layer(kind, num_layers=2, bidirectional=True, batch_first=True)
        lengths = torch.tensor([5, 1, 0, 3])
        outputs, _ = module(torch.empty(SEQUENCES, STEPS, INPUTS, dtype=torch.float64), lengths=lengths)
        outputs.sum().backward()
    assert outputs.shape == (SEQUENCES, STEPS, 2 * HIDDEN)
    assert module.weight_ih_l1.grad.shape == module.weight_ih_l1.shape
    without = layer(kind, num_layers=2, bidirectional=True, batch_first=True).to("meta")
    given = torch.empty(SEQUENCES, STEPS, INPUTS, dtype=torch.float64, device="meta")
    outputs, _ = without(given, lengths=torch.tensor([5, 1, 0, 3]))
    assert outputs.shape == (SEQUENCES, STEPS, 2 * HIDDEN)
    assert outputs.is_meta


@pytest.mark.parametrize("options", [{"clip": 2.0}, {"backend": "reference"}], ids=["no kernel", "reference"])
def test_shapes_alone_go_through_the_loop(options):
    with FakeTensorMode():
        module = layer("GRU", **options)
        lengths = torch.tensor([5, 1, 0, 3])
        outputs, _ = module(torch.empty(STEPS, SEQUENCES, INPUTS, dtype=torch.float64), lengths=lengths)
    assert outputs.shape == (STEPS, SEQUENCES, HIDDEN)


@pytest.mark.parametrize("before_dispatch", [False, True])
@pytest.mark.parametrize("mode", ["real", "fake", "symbolic"])
def test_a_graph_holds_the_operator(mode, before_dispatch):
    module = layer(num_layers=2)
    weights, x = dict(module.named_parameters()), drawn(STEPS, SEQUENCES, INPUTS, seed=8)

    def run(weights, x):
        return torch.func.functional_call(module, weights, (x,))[0]

    with torch.no_grad():
        module(x)  # what was done once must not be taken for what is asked now
        graph = make_fx(run, tracing_mode=mode, pre_dispatch=before_dispatch)(weights, x)
        names = [str(node.target) for node in graph.graph.nodes]
        assert names.count("tidegate.recurrence.default") == 2
        torch.testing.assert_close(graph(weights, 2 * x), module(2 * x)[0], rtol=1e-12, atol=1e-12)


def test_a_graph_holds_the_gradient():
    module = layer(num_layers=2)
    weights = {name: weight.detach().requires_grad_() for name, weight in module.named_parameters()}

    def slopes(weights, x):
        outputs = torch.func.functional_call(module, weights, (x,))[0]
        return torch.autograd.grad(outputs.square().sum(), list(weights.values()))

    x = drawn(STEPS, SEQUENCES, INPUTS, seed=8)
    graph = make_fx(slopes, tracing_mode="fake")(weights, x)
    names = [str(node.target) for node in graph.graph.nodes]
    assert names.count("tidegate.recurrence_backward.default") == 2
    torch.testing.assert_close(graph(weights, 2 * x), slopes(weights, 2 * x), rtol=1e-10, atol=1e-10)
