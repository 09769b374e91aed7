"""What is done with torch.nn's recurrent layers can be done with ours: autocast, compile, files, functional calls."""

import copy
import io

import pytest
import torch
from torch.nn.utils import parametrize
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from tidegate import nn

KINDS = {
    "rnn": {"kind": "rnn"},
    "lstm": {"kind": "lstm"},
    "lstm-projected": {"kind": "lstm", "projection": 2},
    "gru": {"kind": "gru"},
}
BACKENDS = ("auto", "reference")
SINGLE = torch.float32

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


def flat(values):
    """Return the tensors of nested outputs."""
    if isinstance(values, torch.Tensor):
        return [values]
    if isinstance(values, PackedSequence):
        return [values.data]
    return [leaf for part in values for leaf in flat(part)]


def close(torch_layers, ours, theirs, limit=1e-12):
    pairs = list(zip(flat(ours), flat(theirs), strict=True))
    assert max(torch_layers.apart(mine, other) for mine, other in pairs) <= limit


def made(torch_layers, kind, **options):
    """Return the case, both layers, the input and the state of a call."""
    case = torch_layers.case(**KINDS[kind], layers=2, bidirectional=True, **options)
    inputs, states = torch_layers.given(case)
    hx = states if states is None or case.kind == "lstm" else states[0]
    return case, *case.pair(), inputs, hx


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("initial", [False, True], ids=["zeros", "states"])
@pytest.mark.parametrize("lengths", ["none", "packed sorted", "packed unsorted"])
@pytest.mark.parametrize("kind", KINDS)
def test_autocast_returns_torchs_types(torch_layers, kind, lengths, initial, backend):
    case, ours, theirs, inputs, hx = made(
        torch_layers, kind, lengths=lengths, initial=initial, backend=backend, dtype=SINGLE
    )
    found = []
    for layer in (ours, theirs):
        leaf = inputs.clone().requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs, state = torch_layers.called(layer, case, leaf, hx)
        sum(part.float().sum() for part in flat((outputs, state))).backward()
        found.append([outputs, *flat(state), leaf.grad, *[parameter.grad for parameter in layer.parameters()]])
    close(torch_layers, *found, limit=0.05)


def recurrent_model(layer):
    """A model that holds a recurrent layer."""

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer
            self.head = torch.nn.Linear(8, 1, dtype=torch.float64)

        def forward(self, inputs):
            outputs, _ = self.layer(inputs * 2)
            return self.head(torch.tanh(outputs))

    return Model()


def gradients(model, called, inputs):
    model.zero_grad()
    called(inputs).square().sum().backward()
    return [parameter.grad.clone() for parameter in model.parameters()]


def compiled(layer, *, by):
    """Return the model, and the model compiled anew by a backend of torch's."""
    model = recurrent_model(layer)
    torch.compiler.reset()
    return model, torch.compile(model, backend=by)


LOOKED_AT = "ignore:The .grad attribute of a Tensor that is not a leaf"  # by Dynamo, which hides the warning itself


@pytest.mark.filterwarnings(LOOKED_AT)
def test_a_model_is_captured(torch_layers):
    _, ours, _, inputs, _ = made(torch_layers, "gru", backend="auto")
    model, captured = compiled(ours, by="eager")
    close(torch_layers, gradients(model, captured, inputs), gradients(model, model, inputs))


@pytest.mark.slow
@pytest.mark.filterwarnings(LOOKED_AT)
@pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning")  # by Inductor's import
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_a_model_is_compiled(torch_layers, kind, backend):
    _, ours, _, inputs, _ = made(torch_layers, kind, backend=backend)
    model, fast = compiled(ours, by="inductor")
    with torch.no_grad():
        close(torch_layers, fast(inputs), model(inputs))
    close(torch_layers, gradients(model, fast, inputs), gradients(model, model, inputs))
    close(torch_layers, fast(inputs[:3]), model(inputs[:3]))
    torch.compiler.reset()


@pytest.mark.parametrize("kind", KINDS)
def test_weights_go_both_ways(torch_layers, kind):
    """Strictly: the same names, shapes and order."""
    case, ours, theirs, _, _ = made(torch_layers, kind)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.mul_(1.5)
    theirs.load_state_dict(ours.state_dict(), strict=True)
    inputs, _ = torch_layers.given(case)
    close(torch_layers, ours(inputs), theirs(inputs))
    renamed = {f"{name}_": weight for name, weight in ours.state_dict().items()}
    with pytest.raises(RuntimeError, match=r"Missing key\(s\) in state_dict"):
        ours.load_state_dict(renamed, strict=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_list_of_all_weights_is_torchs(torch_layers, kind):
    _, ours, theirs, _, _ = made(torch_layers, kind)
    assert [len(some) for some in ours.all_weights] == [len(some) for some in theirs.all_weights]
    close(torch_layers, ours.all_weights, theirs.all_weights, 0)
    assert ours.flatten_parameters() is None


@pytest.mark.parametrize("kind", KINDS)
def test_attributes_are_torchs(torch_layers, kind):
    _, ours, theirs, _, _ = made(torch_layers, kind)
    names = ["input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional", "proj_size"]
    for name in [*names, *(["nonlinearity"] if kind == "rnn" else [])]:
        assert getattr(ours, name) == getattr(theirs, name)
        assert type(getattr(ours, name)) is type(getattr(theirs, name))


@pytest.mark.parametrize("kind", KINDS)
def test_deepcopy_and_files(torch_layers, kind):
    _, ours, theirs, inputs, _ = made(torch_layers, kind)
    copied = copy.deepcopy(ours)
    file = io.BytesIO()
    torch.save(ours, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    weights = io.BytesIO()
    torch.save(theirs.state_dict(), weights)
    weights.seek(0)
    fresh = torch_layers.case(**KINDS[kind], layers=2, bidirectional=True).pair()[0]
    fresh.reset_parameters()
    fresh.load_state_dict(torch.load(weights, weights_only=True))
    expected = ours(inputs)
    for other in (copied, loaded, fresh):
        close(torch_layers, other(inputs), expected, 0)
    with torch.no_grad():
        copied.weight_hh_l0.zero_()
    close(torch_layers, ours(inputs), expected, 0)
    assert not torch.equal(copied(inputs)[0], expected[0])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", KINDS)
def test_functional_call(torch_layers, kind, backend):
    """Weights of the call, not of the layer, with their gradients."""
    _, ours, theirs, inputs, hx = made(torch_layers, kind, initial=True, backend=backend)
    found = []
    for layer in (ours, theirs):
        other = {name: (1.3 * weight).detach().requires_grad_() for name, weight in layer.named_parameters()}
        outputs = torch.func.functional_call(layer, other, (inputs, hx))
        found.append([*flat(outputs), *torch.autograd.grad(outputs[0].sum(), list(other.values()))])
    close(torch_layers, *found)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_by_assignment_and_parametrisation(torch_layers, kind):
    _, ours, theirs, inputs, _ = made(torch_layers, kind)

    class Halved(torch.nn.Module):
        def forward(self, weight):
            return 0.5 * weight

    for layer in (ours, theirs):
        layer.weight_ih_l0 = torch.nn.Parameter(2 * layer.weight_ih_l0.detach())
        parametrize.register_parametrization(layer, "weight_hh_l1", Halved())
    close(torch_layers, ours(inputs), theirs(inputs))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", KINDS)
def test_weights_replaced_whole(torch_layers, kind, backend):
    """By loading with assign=True, by a copy's own, and by the type: the layer computes with those it shows."""
    _, ours, theirs, inputs, _ = made(torch_layers, kind, backend=backend)
    ours(inputs)
    copied = copy.deepcopy(ours)
    halved = {name: 0.5 * weight for name, weight in theirs.state_dict().items()}
    for layer in (copied, theirs):
        layer.load_state_dict(halved, assign=True)
    close(torch_layers, copied(inputs), theirs(inputs))
    close(torch_layers, copied.float()(inputs.float()), theirs.float()(inputs.float()), 5e-6)
    assert not torch.equal(ours(inputs)[0].float(), copied(inputs.float())[0])


@pytest.mark.parametrize("lengths", ["none", "packed unsorted"])
@pytest.mark.parametrize("kind", KINDS)
def test_dropout_draws_torchs_masks(torch_layers, kind, lengths):
    """With the same seed of the global generator, where torch's operators do the work."""
    case, ours, theirs, inputs, _ = made(torch_layers, kind, lengths=lengths, backend="auto")
    found = []
    for layer in (copy.deepcopy(ours), theirs):
        layer.dropout = 0.5
        with torch.random.fork_rng():
            torch.manual_seed(17)
            found.append(torch_layers.called(layer, case, inputs, None))
    close(torch_layers, *found)
    assert not torch.equal(found[0][0], torch_layers.called(ours, case, inputs, None)[0])


@pytest.mark.parametrize("kind", KINDS)
def test_vmap_over_sequences(torch_layers, kind):
    """Of the reference: mapped over the batch, with gradients of each sequence, it is the batch."""
    _, ours, _, inputs, _ = made(torch_layers, kind, backend="reference")
    mapped = torch.func.vmap(lambda sequence: ours(sequence)[0], in_dims=1, out_dims=1)(inputs)
    close(torch_layers, mapped, ours(inputs)[0])
    weights = {name: weight.detach() for name, weight in ours.named_parameters()}

    def cost(weights, sequence):
        return torch.func.functional_call(ours, weights, (sequence,))[0].square().sum()

    each = torch.func.vmap(torch.func.grad(cost), in_dims=(None, 1))(weights, inputs)
    alone = [torch.func.grad(cost)(weights, inputs[:, row]) for row in range(inputs.shape[1])]
    for name in weights:
        close(torch_layers, each[name], torch.stack([one[name] for one in alone]))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("ordered", [True, False], ids=["sorted", "unsorted"])
@pytest.mark.parametrize("kind", KINDS)
def test_packed_outputs_are_packed_alike(torch_layers, kind, ordered, backend):
    _, ours, theirs, inputs, _ = made(torch_layers, kind, backend=backend)
    lengths = torch.tensor([5, 4, 4, 1] if ordered else [2, 5, 1, 4])
    packed = pack_padded_sequence(inputs, lengths, enforce_sorted=ordered)
    mine, other = ours(packed)[0], theirs(packed)[0]
    assert isinstance(mine, PackedSequence)
    close(torch_layers, mine.data, other.data)
    for part in ("batch_sizes", "sorted_indices", "unsorted_indices"):
        expected = getattr(other, part)
        assert getattr(mine, part) is None if expected is None else torch.equal(getattr(mine, part), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_between_layers(torch_layers, kind):
    """Full dropout leaves the upper layer nothing but zeros, in training alone."""
    options = {"num_layers": 2, "dropout": 1.0, "dtype": torch.float64}
    options |= {"proj_size": 2} if kind == "lstm-projected" else {}
    name = KINDS[kind]["kind"].upper()
    theirs, ours = getattr(torch.nn, name)(3, 4, **options), getattr(nn, name)(3, 4, **options)
    ours.load_state_dict(theirs.state_dict())
    inputs = torch.randn(5, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    close(torch_layers, ours(inputs), theirs(inputs))
    trained = ours(inputs)[0]
    close(torch_layers, ours.eval()(inputs), theirs.eval()(inputs))
    assert not torch.equal(ours(inputs)[0], trained)
