"""PyTorch's own samples for its recurrent modules (`ModuleInfo`, in its wheel) hold for ours: inputs and errors.

What is checked of each sample is what PyTorch checks of its own modules, written anew.
"""

import copy
import importlib
import pickle

import pytest
import torch
from torch.nn.utils.rnn import PackedSequence

from tidegate import nn

LAYERS = ("RNN", "LSTM", "GRU")
NAMES = (*LAYERS, *(f"{name}Cell" for name in LAYERS))
DOUBLE, SINGLE = torch.float64, torch.float32
EVERY = 5  # shares no factor with the samples' options, which are powers of two

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


@pytest.fixture(autouse=True)
def seeded():
    """The samples draw from torch's global generator."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        yield


@pytest.fixture(scope="session")
def entries():
    """PyTorch's entries by the name of the module."""
    everything = importlib.import_module("torch.testing._internal.common_modules").module_db
    return {entry.module_cls.__name__: entry for entry in everything if entry.module_cls.__name__ in NAMES}


class Sample:
    """One sample of PyTorch's, for our module or theirs."""

    def __init__(self, entry, drawn):
        self.made, self.called, self.reference = drawn.constructor_input, drawn.forward_input, drawn.reference_fn
        self.theirs, self.ours = entry.module_cls, getattr(nn, entry.module_cls.__name__)

    def module(self, cls, **options):
        return cls(*self.made.args, **{**self.made.kwargs, **options})

    def pair(self, **options):
        """Return our module and theirs with the same weights."""
        theirs = self.module(self.theirs, **options)
        ours = self.module(self.ours, **options)
        ours.load_state_dict(theirs.state_dict(), strict=True)
        return ours, theirs

    @property
    def packed(self):
        return isinstance(self.called.args[0], PackedSequence)

    def leaves(self):
        """Return the tensors of the call."""
        return [leaf for leaf in flat(self.called.args) if leaf.is_floating_point()]

    def run(self, module):
        return module(*self.called.args, **self.called.kwargs)


def flat(values):
    """Return the tensors in nested tuples, those of packed sequences by their data."""
    if isinstance(values, torch.Tensor):
        return [values]
    if isinstance(values, PackedSequence):
        return [values.data]
    return [leaf for part in values for leaf in flat(part)]


def samples(entry, dtype=DOUBLE, *, requires_grad=False, training=True):
    """Return all samples of one module, packed sequences too."""
    options = {} if "Cell" in entry.module_cls.__name__ else {"with_packed_sequence": True}
    drawn = entry.module_inputs_func(
        entry, device="cpu", dtype=dtype, requires_grad=requires_grad, training=training, **options
    )
    assert len(drawn) >= 2
    return [Sample(entry, one) for one in drawn]


@pytest.mark.parametrize("dtype", [DOUBLE, SINGLE], ids=["float64", "float32"])
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("name", NAMES)
def test_forward_equals_the_reference_and_torch(entries, name, training, dtype):
    for sample in samples(entries[name], dtype, training=training):
        ours, theirs = (module.train(training) for module in sample.pair(dtype=dtype))
        made = sample.run(ours)
        torch.testing.assert_close(made, sample.run(theirs))
        if not sample.packed:
            torch.testing.assert_close(made, sample.reference(ours, *sample.called.args, **sample.called.kwargs))


@pytest.mark.parametrize("name", NAMES)
def test_construction_draws_the_same_weights(entries, name):
    for sample in samples(entries[name]):
        drawn = []
        for cls in (sample.ours, sample.theirs):
            torch.manual_seed(29)
            drawn.append(sample.module(cls, dtype=DOUBLE, device="cpu").state_dict())
        ours, theirs = drawn
        assert list(ours) == list(theirs)
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


@pytest.mark.parametrize("name", NAMES)
def test_the_text_is_torchs(entries, name):
    for sample in samples(entries[name]):
        assert repr(sample.module(sample.ours)) == repr(sample.module(sample.theirs))


def pickled(module):
    return pickle.loads(pickle.dumps(module))


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, pickled])
@pytest.mark.parametrize("name", NAMES)
def test_copies_compute_the_same(entries, name, way):
    for sample in samples(entries[name])[::3]:
        ours, _ = sample.pair(dtype=DOUBLE)
        copied = way(ours)
        assert type(copied) is type(ours)
        torch.testing.assert_close(sample.run(copied), sample.run(ours), rtol=0, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_moving_between_dtypes_and_from_meta(entries, name):
    for sample in samples(entries[name])[::EVERY]:
        ours, theirs = sample.pair(dtype=SINGLE)
        torch.testing.assert_close(sample.run(ours.to(DOUBLE)), sample.run(theirs.to(DOUBLE)))
        empty = sample.module(sample.ours, device="meta", dtype=DOUBLE)
        assert all(parameter.is_meta for parameter in empty.parameters())
        empty.to_empty(device="cpu").load_state_dict(theirs.state_dict())
        torch.testing.assert_close(sample.run(empty), sample.run(theirs))


@pytest.mark.parametrize("name", NAMES)
def test_what_need_not_be_contiguous(torch_layers, entries, name):
    """Inputs, parameters and gradients of the outputs: each laid out in memory with gaps gives the same."""
    for sample in samples(entries[name], requires_grad=True)[::EVERY]:
        ours, theirs = sample.pair(dtype=DOUBLE)
        expected = backward(sample, theirs)
        torch.testing.assert_close(backward(sample, ours, torch_layers.strided), expected)
        if not sample.packed:
            sample.called.args = rebuilt(sample.called.args, torch_layers.strided)
            torch.testing.assert_close(backward(sample, ours), expected)
        for parameter in ours.parameters():
            parameter.data = torch_layers.strided(parameter.data)
        torch.testing.assert_close(backward(sample, ours, torch_layers.strided), expected)


def backward(sample, module, layout=lambda values: values):
    """Return the gradients of the inputs and the parameters for random gradients of the outputs."""
    outputs = flat(sample.run(module))
    generator = torch.Generator().manual_seed(23)
    weights = [layout(torch.randn(part.shape, generator=generator, dtype=DOUBLE)) for part in outputs]
    sought = [*sample.leaves(), *module.parameters()]
    return torch.autograd.grad(outputs, sought, weights, materialize_grads=True)


def rebuilt(values, change):
    if isinstance(values, torch.Tensor):
        return change(values.detach()).requires_grad_()
    return tuple(rebuilt(part, change) for part in values)


def checked(check, sample, backend, *, parameters):
    """Run one of autograd's checks over the tensors of the call, or over the parameters alone."""
    options = {"backend": backend} if "Cell" not in sample.ours.__name__ else {}
    module = sample.module(sample.ours, dtype=DOUBLE, **options)
    leaves = list(module.parameters()) if parameters else sample.leaves()
    return check(lambda *_: tuple(flat(sample.run(module))), leaves, check_batched_grad=True, fast_mode=True)


CHECKS = {"gradcheck": torch.autograd.gradcheck, "gradgradcheck": torch.autograd.gradgradcheck}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", NAMES)
def test_gradients_of_a_part_of_the_samples(entries, name, check):
    for index, sample in enumerate(samples(entries[name], requires_grad=True)[:: 2 * EVERY - 1]):
        assert checked(CHECKS[check], sample, "auto", parameters=bool(index % 2))


@pytest.mark.slow
@pytest.mark.parametrize("parameters", [False, True], ids=["inputs", "parameters"])
@pytest.mark.parametrize("backend", ["auto", "reference"])
@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", NAMES)
def test_gradients_of_all_samples(entries, name, check, backend, parameters):
    for sample in samples(entries[name], requires_grad=True):
        assert checked(CHECKS[check], sample, backend, parameters=parameters)


@pytest.mark.parametrize("dtype", [DOUBLE, SINGLE], ids=["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_errors(entries, name, dtype):
    drawn = entries[name].module_error_inputs_func(
        entries[name], device="cpu", dtype=dtype, requires_grad=False, training=True
    )
    assert len(drawn) >= 4
    for wrong in drawn:
        sample = Sample(entries[name], wrong.module_error_input)
        if wrong.error_on.name == "CONSTRUCTION_ERROR":
            with pytest.raises(wrong.error_type, match=wrong.error_regex):
                sample.module(sample.ours)
        else:
            module = sample.module(sample.ours).to(dtype)
            with pytest.raises(wrong.error_type, match=wrong.error_regex):
                sample.run(module)
