"""Models that hold a layer, compiled as one graph and exported: the results of torch's compilers are the eager ones."""

import subprocess
import sys

import pytest
import torch
from torch.export import Dim

from tidegate import nn

HIDDEN, INPUTS = 5, 3
SIZES = ((6, 7), (9, 8), (4, 11))
"""Steps and sequences; all differ from each other and from any other size, which a compiler could take for the same."""

pytestmark = pytest.mark.filterwarnings(
    "ignore:.isinstance.treespec, LeafSpec.. is deprecated:FutureWarning",  # within torch.export
    "ignore:The .grad attribute of a Tensor that is not a leaf",  # looked at by Dynamo, which hides the warning itself
    "ignore:.torch.jit.script_method. is deprecated:DeprecationWarning",  # by Inductor's import
)


class Model(torch.nn.Module):
    """A layer between others, with all of its results in use."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.head = torch.nn.Linear(layer.output_size, 2, dtype=torch.float64)

    def forward(self, x, hx=None, lengths=None):
        outputs, states = self.layer(2 * x, hx, lengths=lengths)
        states = states if isinstance(states, tuple) else (states,)
        return self.head(torch.tanh(outputs)), *(state + 1 for state in states)


def drawn(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def model(kind="GRU", **options):
    layer = getattr(nn, kind)(INPUTS, HIDDEN, dtype=torch.float64, **options)
    with torch.no_grad():
        for k, parameter in enumerate(layer.parameters()):
            parameter.copy_(0.6 * drawn(*parameter.shape, seed=k))
    return Model(layer)


def given(made, steps, sequences, *, hx=False, lengths=False):
    """Return x, the state and the lengths."""
    layer = made.layer
    count = layer.num_layers * (2 if layer.bidirectional else 1)
    shape = (sequences, steps, INPUTS) if layer.batch_first else (steps, sequences, INPUTS)
    states = tuple(drawn(count, sequences, HIDDEN, seed=k).requires_grad_() for k in range(len(layer.cell.states)))
    rows = torch.randint(0, steps + 1, (sequences,), generator=torch.Generator().manual_seed(steps))
    rows[0] = steps
    return (
        drawn(*shape, seed=steps).requires_grad_(),
        (states if len(states) > 1 else states[0]) if hx else None,
        rows if lengths else None,
    )


def trained(called, made, operands):
    """Return results, and gradients of all that has some."""
    x, hx, _ = operands
    states = hx if isinstance(hx, tuple) else () if hx is None else (hx,)
    torch.manual_seed(3)
    results = called(*operands)
    loss = sum(part.cos().sum() for part in results)
    return [*results, *torch.autograd.grad(loss, [x, *states, *made.parameters()])]


def assert_the_same(fast, made, operands):
    torch.testing.assert_close(trained(fast, made, operands), trained(made, made, operands), rtol=1e-10, atol=1e-10)


@pytest.fixture(autouse=True)
def fresh():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


CASES = {
    "rnn": (lambda: model("RNN", nonlinearity="relu", bias=False), {}),
    "lstm from a state": (lambda: model("LSTM", num_layers=2), {"hx": True}),
    "gru both ways, batch first": (lambda: model(bidirectional=True, batch_first=True, num_layers=2), {"hx": True}),
    "lstm with lengths": (lambda: model("LSTM", bidirectional=True), {"lengths": True}),
    "peepholes": (lambda: model("LSTM", peepholes="full", coupled=True, gate_bias=False), {"lengths": True}),
    "gru before, backwards": (lambda: model(reset="before", reverse=True, recompute=True), {}),
    "min lstm": (lambda: model("MinLSTM", bidirectional=True, merge="mean"), {"lengths": True}),
    "deep": (lambda: model("MinGRU", num_layers=3, layer_norm=True, residual=True), {"lengths": True, "hx": True}),
    "dropout": (lambda: model("LSTM", num_layers=2, dropout=0.4), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_compiled_model_is_the_eager_one(case):
    """One graph serves all sizes."""
    make, options = CASES[case]
    made = make()
    fast = torch.compile(made, backend="aot_eager", fullgraph=True, dynamic=True)
    assert_the_same(fast, made, given(made, *SIZES[0], **options))
    with torch.compiler.set_stance("fail_on_recompile"):
        for steps, sequences in SIZES[1:]:
            assert_the_same(fast, made, given(made, steps, sequences, **options))


def test_a_second_graph_serves_all_further_sizes():
    made = model("LSTM")
    fast = torch.compile(made, backend="aot_eager", fullgraph=True)
    for steps, sequences in SIZES[:2]:
        assert_the_same(fast, made, given(made, steps, sequences, lengths=True))
    with torch.compiler.set_stance("fail_on_recompile"):
        assert_the_same(fast, made, given(made, *SIZES[2], lengths=True))


def test_inference_is_compiled():
    made = model("LSTM", num_layers=2, dropout=0.4).eval()
    fast = torch.compile(made, backend="aot_eager", fullgraph=True)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            operands = given(made, 6, 4, hx=True, lengths=True)
            torch.testing.assert_close(fast(*operands), made(*operands), rtol=1e-12, atol=1e-12)


def test_padding_stays_padding_under_dropout():
    """The mask itself differs from the eager one, which is drawn for what lies within the lengths."""
    made = model(num_layers=2, dropout=0.4)
    x, _, lengths = given(made, 6, 4, lengths=True)
    layer = torch.compile(made.layer, backend="aot_eager", fullgraph=True)
    outputs, _ = layer(x, lengths=lengths)
    valid = torch.arange(6)[:, None] < lengths
    assert bool((outputs[~valid] == 0).all())
    assert bool((outputs[valid] != 0).all())
    again = torch.autograd.grad(outputs.sum(), x)[0]
    assert bool((again[~valid] == 0).all())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU", "MinGRU"])
def test_inductor_takes_a_model(kind):
    made = model(kind, num_layers=2, bidirectional=True)
    fast = torch.compile(made, fullgraph=True)
    for steps, sequences in SIZES:
        operands = given(made, steps, sequences, lengths=True)
        assert_the_same(fast, made, operands)
        with torch.no_grad():
            torch.testing.assert_close(fast(*operands), made(*operands), rtol=1e-12, atol=1e-12)


def test_lengths_that_a_graph_could_not_see_are_refused_when_it_runs():
    made = model()
    fast = torch.compile(made, backend="aot_eager", fullgraph=True)
    x, _, lengths = given(made, 6, 4, lengths=True)
    fast(x, lengths=lengths)
    with pytest.raises(ValueError, match="lengths must lie between 0 and the 6 steps of the input; got 7"):
        fast(x, lengths=lengths + 1)
    with pytest.raises(ValueError, match=r"lengths must hold one whole number per sequence, shape \(3,\)"):
        made(x[:, :3], lengths=lengths)


OUTSIDE = {
    "no kernel": lambda: model(clip=2.0),
    "projection": lambda: model("LSTM", proj_size=2),
    "scalar lstm": lambda: model("SLSTM"),
    "reference": lambda: model(backend="reference"),
    "torch": lambda: model(backend="torch"),
}


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("case", OUTSIDE)
def test_other_layers_stay_outside_of_the_graph(case):
    made = OUTSIDE[case]()
    operands = given(made, 6, 4)
    with pytest.raises(torch._dynamo.exc.Unsupported, match="'Compilers and exporters' in tidegate's docs"):
        torch.compile(made, backend="aot_eager", fullgraph=True)(*operands)
    torch.compiler.reset()
    fast = torch.compile(made, backend="aot_eager")
    assert_the_same(fast, made, operands)


def axes(operands):
    steps, sequences = Dim("steps"), Dim("sequences")
    lengths = operands[2]
    return {"x": {0: steps, 1: sequences}, "hx": None, "lengths": None if lengths is None else {0: sequences}}


@pytest.mark.parametrize("dynamic", [False, True], ids=["fixed", "dynamic"])
@pytest.mark.parametrize("strict", [False, True], ids=["loose", "strict"])
@pytest.mark.parametrize("kind", ["LSTM", "MinGRU"])
def test_an_exported_model_is_the_eager_one(kind, strict, dynamic):
    """Its gradient is there as well, and what torch makes of it by decomposing its operators."""
    made = model(kind, num_layers=2, bidirectional=True)
    operands = given(made, 4, 2, lengths=True)
    program = torch.export.export(made, operands, dynamic_shapes=axes(operands) if dynamic else None, strict=strict)
    assert [str(node.target) for node in program.graph.nodes].count("tidegate.recurrence.default") == 2
    for other in (program.module(), program.run_decompositions().module()):
        for steps, sequences in ((4, 2), (7, 6), (1, 1))[: 3 if dynamic else 1]:
            operands = given(made, steps, sequences, lengths=True)
            torch.testing.assert_close(other(*operands), made(*operands), rtol=1e-12, atol=1e-12)
        named = [dict(module.named_parameters()) for module in (other, made)]
        found = [
            torch.autograd.grad(module(*operands)[0].cos().sum(), [own[name] for name in sorted(own)])
            for module, own in zip((other, made), named, strict=True)
        ]
        torch.testing.assert_close(*found, rtol=1e-10, atol=1e-10)


PROGRAM = """
import sys, torch
import tidegate.nn
program = torch.export.load(sys.argv[1])
operands, expected = torch.load(sys.argv[2])
torch.testing.assert_close(program.module()(*operands), tuple(expected), rtol=1e-12, atol=1e-12)
print("the same")
"""


@pytest.mark.parametrize("kernels", ["as here", "none"])
def test_an_exported_model_runs_elsewhere(tmp_path, monkeypatch, kernels):
    """Also where there are no kernels: all it takes is the package."""
    made = model("LSTM", num_layers=2)
    operands = tuple(None if one is None else one.detach() for one in given(made, 4, 2, lengths=True))
    torch.export.save(torch.export.export(made, operands, dynamic_shapes=axes(operands)), tmp_path / "model.pt2")
    x, _, lengths = given(made, 7, 5, lengths=True)
    with torch.no_grad():
        torch.save(((x.detach(), None, lengths), made(x, None, lengths)), tmp_path / "expected.pt")
    if kernels == "none":
        monkeypatch.setenv("TIDEGATE_KERNELS", "none")
    line = [sys.executable, "-W", "ignore", "-c", PROGRAM, tmp_path / "model.pt2", tmp_path / "expected.pt"]
    shown = subprocess.run(line, capture_output=True, text=True, check=False)
    assert shown.stdout.strip() == "the same", shown.stderr


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("case", ["no kernel", "projection", "scalar lstm", "reference"])
def test_other_layers_are_exported_step_by_step(case):
    """For the number of steps in the example; a strict export refuses them."""
    made = OUTSIDE[case]()
    operands = given(made, 4, 2, lengths=True)
    with pytest.raises(torch._dynamo.exc.Unsupported, match="Compilers and exporters"):
        torch.export.export(made, operands, strict=True)
    program = torch.export.export(made, operands, strict=False)
    operands = (drawn(4, 2, INPUTS, seed=9), None, torch.tensor([2, 0]))
    torch.testing.assert_close(program.module()(*operands), made(*operands), rtol=1e-12, atol=1e-12)
