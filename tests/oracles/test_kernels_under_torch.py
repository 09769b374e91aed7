"""What autograd and torch's other machinery may ask of a layer that runs on the compiled kernels."""

import copy
import io
import pickle
from collections import Counter

import pytest
import torch
from torch.autograd import forward_ad
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, Dataset

from tidegate import nn
from tidegate.kernels import library, recurrence
from tidegate.kernels.buffers import BUFFERS

if library.library() is None:
    pytest.skip(library.reason(), allow_module_level=True)

STEPS, SEQUENCES, INPUTS, HIDDEN = 5, 4, 3, 6


def drawn(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


KINDS = ("RNN", "LSTM", "GRU")


def layer(kind="GRU", backend="auto", **options):
    """The same random weights for each backend."""
    made = getattr(nn, kind)(INPUTS, HIDDEN, dtype=torch.float64, backend=backend, **options)
    with torch.no_grad():
        for k, parameter in enumerate(made.parameters()):
            parameter.copy_(0.6 * drawn(*parameter.shape, seed=30 + k))
    return made


def inputs(seed=2):
    return drawn(STEPS, SEQUENCES, INPUTS, seed=seed).requires_grad_()


def slopes(module, x, outputs=None):
    """Return the gradients of a number that depends on every output, by input and parameters."""
    outputs = module(x)[0] if outputs is None else outputs
    return torch.autograd.grad((outputs * drawn(*outputs.shape, seed=4)).sum(), [x, *module.parameters()])


def assert_close(made, expected, limit=1e-10):
    for ours, theirs in zip(made, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=limit, atol=limit)
        assert bool(theirs.any())


@pytest.fixture
def fused_calls():
    """A function that returns how often kernels have run since the test began."""
    before = Counter(recurrence.CALLS)
    return lambda: (Counter(recurrence.CALLS) - before).total()


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_backward_pass_is_the_first(kind):
    module, x = layer(kind, "kernels"), inputs()
    outputs, _ = module(x)
    made = [
        torch.autograd.grad(outputs.sum(), [x, *module.parameters()], retain_graph=again) for again in (True, False)
    ]
    assert all(torch.equal(one, two) for one, two in zip(*made, strict=True))
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        outputs.sum().backward()


CHANGED = {
    "the input": lambda module, x, h, outputs: x,
    "the start": lambda module, x, h, outputs: h,
    "a weight": lambda module, x, h, outputs: module.weight_hh_l0,
    "a bias": lambda module, x, h, outputs: module.bias_ih_l0,
    "the output": lambda module, x, h, outputs: outputs,
}


@pytest.mark.parametrize("what", CHANGED)
def test_what_is_changed_between_the_passes_is_refused(what):
    module, x, h = layer(backend="kernels"), inputs().detach(), drawn(1, SEQUENCES, HIDDEN)
    outputs, final = module(x, h)
    with torch.no_grad():
        CHANGED[what](module, x, h, outputs).mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        (outputs.sum() + final.sum()).backward()


def test_lengths_changed_between_the_passes_change_nothing():
    found = []
    for change in (False, True):
        module, x, lengths = layer(backend="kernels"), inputs(), torch.tensor([2, 5, 0, 3])
        outputs, _ = module(x, lengths=lengths)
        if change:
            lengths.fill_(5)
        found.append(slopes(module, x, outputs))
    assert all(torch.equal(one, two) for one, two in zip(*found, strict=True))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shared", [False, True], ids=["apart", "shared"])
def test_the_gradient_of_the_gradient(kind, shared):
    """Also where the start is computed from the input, which the layer then sees twice."""
    found = []
    for backend in ("kernels", "reference"):
        module, x = layer(kind, backend, bidirectional=True), inputs()
        h = x[:2, :, :1].expand(2, SEQUENCES, HIDDEN) if shared else torch.zeros(2, SEQUENCES, HIDDEN).double()
        outputs, _ = module(x, (h, 2 * h) if kind == "LSTM" else h)
        leaves = [x, *module.parameters()]
        first = torch.autograd.grad(outputs.pow(2).sum(), leaves, create_graph=True)
        second = torch.autograd.grad(sum(slope.pow(2).sum() for slope in first), leaves)
        found.append([*first, *second])
    assert_close(*found)


def test_the_gradient_of_the_gradient_keeps_its_precision_under_autocast():
    """The layer ran before autocast was on."""
    found = []
    for backend in ("kernels", "reference"):
        module, x = layer(backend=backend), inputs()
        outputs, _ = module(x)
        with torch.autocast("cpu", enabled=backend == "kernels"):
            found.append(torch.autograd.grad(outputs.sum(), [x, *module.parameters()], create_graph=True))
    assert_close(*found)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_kept_for_the_backward_pass_is_let_go_by_it(kind):
    """Although the outputs, and the graph behind them, are still there."""
    module, x = layer(kind, "kernels"), drawn(60, 90, INPUTS).requires_grad_()
    BUFFERS.clear()
    outputs, _ = module(x)
    before = BUFFERS.idle_bytes
    (slope,) = torch.autograd.grad(outputs.sum(), x, retain_graph=True)
    held = BUFFERS.idle_bytes
    assert torch.equal(torch.autograd.grad(outputs.sum(), x)[0], slope)
    assert before <= held
    assert BUFFERS.idle_bytes > held or kind == "RNN"  # whose outputs alone are read again
    BUFFERS.clear()


def test_an_empty_batch_is_torchs():
    found = []
    for module in (layer(backend="kernels"), torch.nn.GRU(INPUTS, HIDDEN).double()):
        x = torch.zeros(STEPS, 0, INPUTS).double().requires_grad_()
        outputs, final = module(x)
        found.append([outputs, final, *torch.autograd.grad(outputs.sum() + final.sum(), [x, *module.parameters()])])
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(*found, strict=True))


class NoGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values):
        return values.clone()

    @staticmethod
    def backward(ctx, flow):
        return None


@pytest.mark.parametrize("again", [False, True])
def test_no_gradient_at_all_is_none(again):
    x = inputs()
    outputs, _ = layer(backend="kernels")(x)
    (found,) = torch.autograd.grad(NoGradient.apply(outputs).sum() + x.sum(), x, create_graph=again)
    assert torch.equal(found, torch.ones_like(x))


@pytest.mark.parametrize("kind", KINDS)
def test_many_gradients_at_once(kind):
    """As one batch, which hides the memory of each from a kernel."""
    module, x = layer(kind, "kernels"), inputs()
    outputs, _ = module(x)
    flows = drawn(3, *outputs.shape)
    (batched,) = torch.autograd.grad(outputs, x, flows, is_grads_batched=True, retain_graph=True)
    mapped = torch.func.vmap(lambda flow: torch.autograd.grad(outputs, x, flow, retain_graph=True)[0])(flows)
    alone = torch.stack([torch.autograd.grad(outputs, x, flow, retain_graph=True)[0] for flow in flows])
    assert_close([batched, mapped], [alone, alone])


def unpacked_once():
    seen = set()

    def unpack(entry):
        key, values = entry
        assert key not in seen
        seen.add(key)
        return values.clone()

    return torch.autograd.graph.saved_tensors_hooks(lambda values: (object(), values.clone()), unpack)


SAVERS = {"save on cpu": torch.autograd.graph.save_on_cpu, "hooks": unpacked_once}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("saver", SAVERS)
def test_what_is_saved_may_be_kept_elsewhere(kind, saver):
    module, x = layer(kind, "kernels", num_layers=2, bidirectional=True), inputs()
    expected = slopes(module, x)
    with SAVERS[saver]():
        outputs, _ = module(x)
    made = slopes(module, x, outputs)
    assert all(torch.equal(one, two) for one, two in zip(made, expected, strict=True))


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointing(reentrant, fused_calls):
    module, x = layer("LSTM", "kernels", num_layers=2), inputs()
    expected, before = slopes(module, x), fused_calls()
    module.zero_grad()
    outputs = checkpoint(lambda values: module(values)[0], x, use_reentrant=reentrant)
    (outputs * drawn(*outputs.shape, seed=4)).sum().backward()
    made = [x.grad, *(parameter.grad for parameter in module.parameters())]
    assert all(torch.equal(one, two) for one, two in zip(made, expected, strict=True))
    assert fused_calls() == before + 6  # forward twice and backward once in each layer


@pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled", "ignore:Error detected in")
def test_anomaly_detection_goes_through_a_layer():
    module, x = layer(backend="kernels"), inputs()
    with torch.autograd.detect_anomaly():
        outputs, _ = module(x)
        bad = outputs * torch.tensor(float("nan"))
        with pytest.raises(RuntimeError, match="returned nan values"):
            bad.sum().backward()


# What torch's other machinery looks at: kernels step aside, and the results are the same


COMPILING = pytest.mark.filterwarnings("ignore:.*torch.jit.* is deprecated:DeprecationWarning")
BEFORE = {"reset": "before"}  # torch has no operator for it


def same_from(function, fused_calls, instead="reference", **options):
    """Assert that `function` of a layer gives the results of another backend without a kernel."""
    made = function(layer(backend="auto", **options))
    assert fused_calls() == 0
    assert_close(made, function(layer(backend=instead, **options)))


@COMPILING
def test_they_step_aside_for_transforms(fused_calls):
    x = inputs().detach()
    parameters = dict(layer().named_parameters())

    def loss(module, named, values):
        return torch.func.functional_call(module, named, (values,))[0].pow(2).sum()

    same_from(lambda module: [torch.func.jacrev(lambda v: module(v)[0])(x)], fused_calls)
    same_from(lambda module: [torch.func.grad(lambda v: loss(module, parameters, v))(x)], fused_calls)
    same_from(lambda module: [torch.func.vmap(lambda v: module(v)[0])(torch.stack([x, 2 * x]))], fused_calls, **BEFORE)
    same_from(lambda module: torch.func.jvp(lambda v: module(v)[0], (x,), (x,)), fused_calls, **BEFORE)


@COMPILING
def test_they_step_aside_for_forward_differentiation(fused_calls):
    x, tangent = inputs().detach(), drawn(STEPS, SEQUENCES, INPUTS, seed=9)

    def pushed(module):
        with forward_ad.dual_level():
            return [forward_ad.unpack_dual(module(forward_ad.make_dual(x, tangent))[0]).tangent]

    same_from(pushed, fused_calls, **BEFORE)


@COMPILING
def test_a_gradient_can_be_differentiated_forwards():
    """The layer ran on a kernel; the tangent of its gradient needs the reference."""
    found = []
    for backend in ("kernels", "reference"):
        x = inputs()
        outputs, _ = layer(backend=backend)(x)
        with forward_ad.dual_level():
            flow = forward_ad.make_dual(drawn(*outputs.shape), drawn(*outputs.shape, seed=8))
            (slope,) = torch.autograd.grad(outputs, x, flow)
            found.append(list(forward_ad.unpack_dual(slope)))
    assert_close(*found)


def test_they_step_aside_for_autocast(fused_calls):
    x = inputs().detach().float()

    def lowered(module):
        with torch.autocast("cpu"):
            return [module.float()(x)[0].float()]

    same_from(lowered, fused_calls, "torch")


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@COMPILING
def test_they_step_aside_for_a_trace(fused_calls):
    x = inputs().detach()

    module = layer()
    made = torch.jit.trace(module, x, check_trace=False)
    assert fused_calls() == 0
    assert_close(made(2 * x), module(2 * x))


class Seen(TorchDispatchMode):
    """Names of the operators that run."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.append(function.name())
        return function(*args, **(kwargs or {}))


def test_what_looks_at_every_operator_sees_the_layer():
    with Seen() as seen, torch.no_grad():
        layer()(inputs())
    assert {"tidegate::recurrence", "aten::gru.input"} & set(seen.names)


# Modules as values


@pytest.mark.parametrize("kind", KINDS)
def test_copies_and_pickles_compute_the_same(kind):
    module, x = layer(kind, "kernels"), inputs()
    expected = slopes(module, x)
    stream = io.BytesIO()
    torch.save(module, stream)
    stream.seek(0)
    copies = copy.deepcopy(module), pickle.loads(pickle.dumps(module)), torch.load(stream, weights_only=False)
    for other in copies:
        assert all(torch.equal(one, two) for one, two in zip(slopes(other, x), expected, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_the_default_device_does_not_matter(kind):
    module, x = layer(kind, "kernels"), drawn(STEPS, 100, INPUTS).requires_grad_()
    expected = [*slopes(module, x), module(x.detach())[0].detach()]
    with torch.device("meta"):
        outputs, _ = module(x)
        with torch.no_grad():
            inferred, _ = module(x)
        flow = torch.ones(outputs.shape, dtype=outputs.dtype, device="cpu")
        made = [*torch.autograd.grad(outputs, [x, *module.parameters()], flow), inferred]
    again = torch.autograd.grad(module(x)[0].sum(), [x, *module.parameters()])
    assert all(torch.equal(one, two) for one, two in zip(made, [*again, expected[-1]], strict=True))


def test_weights_of_another_shape_raise_torchs_error():
    module = layer()
    module.weight_ih_l0 = torch.nn.Parameter(drawn(3 * HIDDEN, INPUTS + 1))
    with pytest.raises(RuntimeError, match="shape"):
        module(inputs())


class Series(Dataset):
    """Runs and trains a layer on each item, as a worker that augments its data may."""

    def __init__(self, module):
        self.module = module

    def __len__(self):
        return 4

    def __getitem__(self, index):
        x = drawn(40, 64, INPUTS, seed=index).requires_grad_()
        return torch.autograd.grad(self.module(x)[0].sum(), x)[0].detach()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_workers_of_a_data_loader_run_layers():
    """They are forked from a process that has used several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        data = Series(layer("LSTM", "kernels"))
        expected = [data[index] for index in range(len(data))]
        loader = DataLoader(data, num_workers=2, batch_size=None, timeout=60, multiprocessing_context="fork")
        assert all(torch.equal(one, two) for one, two in zip(loader, expected, strict=True))
    finally:
        torch.set_num_threads(before)
