import copy
import io

import pytest
import torch
from torch.nn.functional import layer_norm
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tidegate.errors import SettingError
from tidegate.nn import operators, stack
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.layers import GRU, LSTM, RNN
from tidegate.nn.options import Stack
from tidegate.nn.relatives import SLSTM, MinGRU
from tidegate.nn.stack import Recurrent

KINDS = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
BACKENDS = ("auto", "reference")
LENGTHS = [2, 5, 1]
DOUBLE = torch.float64


def drawn(*shape, dtype=DOUBLE):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(4), dtype=dtype)


def pair(name, backend="auto", **options):
    """Our layer and torch's with the same weights."""
    torch.manual_seed(6)
    theirs = getattr(torch.nn, name)(3, 4, **{"dtype": DOUBLE, **options})
    ours = KINDS[name](3, 4, **{"dtype": DOUBLE, **options}, backend=backend)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    return ours, theirs


def flat(values):
    return [values] if isinstance(values, torch.Tensor) else [leaf for part in values for leaf in flat(part)]


def close(ours, theirs):
    torch.testing.assert_close(flat(ours), flat(theirs))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("packed", [False, True], ids=["padded", "packed"])
def test_dropout_draws_torchs_masks(name, packed):
    ours, theirs = pair(name, num_layers=3, dropout=0.5, bidirectional=True)
    inputs = drawn(5, 3, 3)
    if packed:
        inputs = pack_padded_sequence(inputs, LENGTHS, enforce_sorted=False)
    made = []
    for layer in (ours, theirs):
        torch.manual_seed(9)
        outputs, state = layer(inputs)
        made.append([outputs.data, *flat(state), torch.rand(3)])
    close(*made)
    assert torch.equal(made[0][-1], made[1][-1])
    assert not torch.equal(ours.eval()(inputs)[0].data, made[0][0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_dropout_draws_from_its_generator(backend):
    made = []
    for seed in (1, 1, 2):
        torch.manual_seed(6)
        layer = GRU(3, 4, 2, dropout=0.5, backend=backend, generator=torch.Generator().manual_seed(seed))
        untouched = torch.get_rng_state()
        made.append(layer(drawn(5, 3, 3, dtype=torch.float32))[0])
        assert torch.equal(torch.get_rng_state(), untouched)
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])


def parts(layer):
    """Single layers of one direction with the weights of `layer`."""
    made = []
    for index in range(layer.num_layers):
        for suffix in ("", "_reverse")[: 1 + layer.bidirectional]:
            names = [name for name in layer.state_dict() if name.endswith(f"_l{index}{suffix}") and "norm" not in name]
            width = layer.get_parameter(names[0]).shape[1]
            one = Recurrent(layer.cell, width, layer.hidden_size, stack=Stack(reverse=bool(suffix)), dtype=DOUBLE)
            one.load_state_dict(
                {name.removesuffix(f"{index}{suffix}") + "0": layer.state_dict()[name] for name in names}
            )
            made.append(one)
    return made


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "lengths"])
@pytest.mark.parametrize("merge", ["concat", "sum", "mean"])
@pytest.mark.parametrize("kind", [GRU, LSTM, MinGRU, SLSTM], ids=lambda kind: kind.__name__)
def test_a_deep_stack_is_its_parts(kind, merge, lengths, backend):
    """Both directions, merged, normalised, and the layer's input added from the second layer on."""
    torch.manual_seed(6)
    options = {"merge": merge, "residual": True, "layer_norm": True, "backend": backend}
    layer = kind(3, 4, 3, bidirectional=True, dtype=DOUBLE, **options)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if name.startswith("norm"):
                parameter.normal_()
    inputs = values = drawn(5, 3, 3)
    valid = torch.arange(5)[:, None, None] < torch.tensor(lengths or [5, 5, 5])[None, :, None]
    finals, singles = [], parts(layer)
    for index in range(3):
        (ahead, first), (back, second) = (one(values, lengths=lengths) for one in singles[2 * index :][:2])
        joined = {"concat": torch.cat([ahead, back], -1), "sum": ahead + back, "mean": (ahead + back) / 2}[merge]
        weights = (layer.get_parameter(f"norm_{part}_l{index}") for part in ("weight", "bias"))
        normed = layer_norm(joined, joined.shape[-1:], *weights)
        values = torch.where(valid, normed, 0) + (values if index else 0)
        finals += [flat(first), flat(second)]
    outputs, state = layer(inputs, lengths=lengths)
    assert outputs.shape[-1] == layer.output_size
    close(outputs, values)
    close(flat(state), [torch.cat(states) for states in zip(*finals, strict=True)])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", KINDS)
def test_reverse_is_the_second_direction_alone(name, backend):
    torch.manual_seed(6)
    both = KINDS[name](3, 4, bidirectional=True, dtype=DOUBLE)
    alone = KINDS[name](3, 4, reverse=True, dtype=DOUBLE, backend=backend)
    weights = both.state_dict()
    alone.load_state_dict({key: weights[f"{key}_reverse"] for key in alone.state_dict()})
    for lengths in (None, LENGTHS):
        outputs, state = both(drawn(5, 3, 3), lengths=lengths)
        mine, final = alone(drawn(5, 3, 3), lengths=lengths)
        close(mine, outputs[..., 4:])
        close(flat(final), [part[1:] for part in flat(state)])


@pytest.mark.parametrize("batch_first", [False, True], ids=["time first", "batch first"])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", KINDS)
def test_lengths_are_packing(name, backend, batch_first):
    ours, theirs = pair(name, backend, num_layers=2, bidirectional=True, batch_first=batch_first)
    inputs = drawn(3, 5, 3) if batch_first else drawn(5, 3, 3)
    packed = pack_padded_sequence(inputs, LENGTHS, enforce_sorted=False, batch_first=batch_first)
    expected, state = theirs(packed)
    padded = pad_packed_sequence(expected, batch_first=batch_first)[0]
    close(ours(inputs, lengths=LENGTHS), (padded, state))
    close(ours(inputs, lengths=torch.tensor(LENGTHS, dtype=torch.int32)), (padded, state))


def test_a_sequence_of_no_steps_keeps_its_state():
    ours, _ = pair("GRU", num_layers=2, bidirectional=True)
    hx = drawn(4, 3, 4)
    outputs, state = ours(drawn(5, 3, 3), hx, lengths=[2, 0, 5])
    assert torch.equal(state[:, 1], hx[:, 1])
    assert not outputs[:, 1].any()


@pytest.mark.parametrize("name", KINDS)
def test_truncation_is_to_carry_a_detached_state(name):
    ours, _ = pair(name, num_layers=2)
    inputs = drawn(6, 3, 3)
    whole = ours(inputs, truncate=2)
    close(whole, ours(inputs))
    pieces, hx = [], None
    for piece in inputs.split(2):
        outputs, hx = ours(piece, hx)
        pieces.append(outputs)
        hx = tuple(part.detach() for part in hx) if name == "LSTM" else hx.detach()
    weights = list(ours.parameters())
    expected = torch.autograd.grad(torch.cat(pieces).square().sum(), weights)
    close(torch.autograd.grad(whole[0].square().sum(), weights), expected)


@pytest.mark.parametrize("batch_first", [False, True], ids=["time first", "batch first"])
def test_traces_are_named_by_layer_and_direction(batch_first):
    layer = LSTM(3, 4, 2, bidirectional=True, batch_first=batch_first, dtype=DOUBLE)
    inputs = drawn(3, 5, 3) if batch_first else drawn(5, 3, 3)
    outputs, (_, cell) = layer(inputs)
    traces = layer.trace(inputs)
    assert [list(trace) for trace in traces] == [["input", "forget", "candidate", "output", "hidden", "cell"]] * 4
    close(torch.cat([traces[2]["hidden"], traces[3]["hidden"]], -1), outputs)
    last = [trace["cell"].select(1 if batch_first else 0, 0 if way % 2 else -1) for way, trace in enumerate(traces)]
    close(torch.stack(last), cell)
    (alone, *_) = layer.trace(inputs[0] if batch_first else inputs[:, 0])
    close(alone["forget"], traces[0]["forget"].select(0 if batch_first else 1, 0))


def test_a_trace_keeps_to_lengths():
    trace = MinGRU(3, 4, dtype=DOUBLE).trace(drawn(5, 3, 3), lengths=LENGTHS)[0]
    assert (trace["update"] != 0).all(-1).sum(0).tolist() == LENGTHS


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", KINDS)
def test_small_types_and_empty_batches(name, backend):
    for dtype in (torch.float16, torch.bfloat16, torch.float32, DOUBLE):
        ours, theirs = pair(name, backend, dtype=dtype)
        made, expected = (layer(drawn(5, 3, 3).to(dtype)) for layer in (ours, theirs))
        torch.testing.assert_close(flat(made), flat(expected), rtol=0.05, atol=0.05)
    made, expected = (layer(torch.zeros(5, 0, 3, dtype=DOUBLE)) for layer in (ours, theirs))
    assert [part.shape for part in flat(made)] == [part.shape for part in flat(expected)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", KINDS)
def test_without_memory_only_shapes_are_made(name, backend):
    layer = KINDS[name](3, 4, 2, bidirectional=True, device="meta", backend=backend)
    outputs, state = layer(torch.zeros(5, 2, 3, device="meta"))
    assert outputs.is_meta
    assert outputs.shape == (5, 2, 8)
    assert all(part.shape == (4, 2, 4) for part in flat(state))
    layer.to_empty(device="cpu").load_state_dict(KINDS[name](3, 4, 2, bidirectional=True).state_dict())
    assert layer(torch.zeros(5, 2, 3))[0].shape == (5, 2, 8)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", KINDS)
def test_inference_needs_no_graph(name, backend):
    ours, _ = pair(name, backend)
    expected = ours(drawn(5, 3, 3))
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            made = ours(drawn(5, 3, 3))
        assert not any(part.requires_grad for part in flat(made))
        close(made, [part.detach() for part in flat(expected)])


@pytest.mark.parametrize("name", KINDS)
def test_weights_of_another_parametrisation(name):
    ours, theirs = pair(name)
    for layer in (ours, theirs):
        weight_norm(layer, "weight_hh_l0")
        with torch.no_grad():
            layer.parametrizations.weight_hh_l0.original0.mul_(1.5)
    close(ours(drawn(5, 3, 3)), theirs(drawn(5, 3, 3)))


def test_copies_and_files_keep_the_options_and_the_generator():
    layer = LSTM(3, 4, 2, peepholes="full", dropout=0.5, residual=True, generator=torch.Generator().manual_seed(3))
    file = io.BytesIO()
    torch.save(layer, file)
    file.seek(0)
    inputs = drawn(5, 3, 3, dtype=torch.float32)
    copied, loaded = copy.deepcopy(layer), torch.load(file, weights_only=False)
    expected = layer(inputs)
    for other in (copied, loaded):
        assert other.cell == layer.cell
        assert all(map(torch.equal, flat(other(inputs)), flat(expected)))


def test_names_that_code_for_torch_reads():
    ours, theirs = pair("LSTM", num_layers=2, bidirectional=True, proj_size=2)
    assert ours._all_weights == theirs._all_weights
    assert ours._flat_weights_names == theirs._flat_weights_names
    assert all(map(torch.equal, ours._flat_weights, theirs._flat_weights))
    assert [len(some) for some in ours.all_weights] == [len(some) for some in theirs.all_weights]
    assert ours.all_weights[0][0] is ours.weight_ih_l0


class Elsewhere(torch.Tensor):
    """A tensor that says it lies on an accelerator."""

    is_cuda = True


@pytest.mark.parametrize(("options", "pieces"), [({}, 1), ({"residual": True}, 2)], ids=["whole", "by layer"])
def test_weights_on_an_accelerator_are_laid_out_as_they_are_used(monkeypatch, options, pieces):
    seen = []
    monkeypatch.setattr(operators, "flatten", lambda plan, sizes: seen.append((plan, sizes)))
    layer = LSTM(3, 4, 2, bidirectional=True, **options)
    layer.flatten_parameters()
    assert not seen
    for name, parameter in list(layer.named_parameters()):
        layer.register_parameter(name, torch.nn.Parameter(parameter.detach().as_subclass(Elsewhere)))
    layer.flatten_parameters()
    given = [weight for plan, _ in seen for weight in plan.weights]
    assert all(one is other for one, other in zip(given, layer._flat_weights, strict=True))
    assert [plan.num_layers for plan, _ in seen] == [2 // pieces] * pieces
    assert [sizes.inputs for _, sizes in seen] == [3, 8][:pieces]
    assert all(plan.bias and plan.bidirectional for plan, _ in seen)


def test_any_cell_can_be_stacked():
    layer = Recurrent(Gru("before"), 3, 4, stack=Stack(num_layers=2, batch_first=True))
    assert layer(torch.zeros(2, 5, 3))[0].shape == (2, 5, 4)
    assert layer.mode == "GRU"
    with pytest.raises(SettingError, match=r"^backend 'torch' cannot run this layer: torch has no operator for Gru"):
        Recurrent(Gru("before"), 3, 4, stack=Stack(backend="torch"))(torch.zeros(5, 2, 3))


def test_every_role_has_its_name_in_torchs_order():
    layer = Recurrent(Lstm(peepholes="full"), 3, 4, stack=Stack(proj_size=2, layer_norm=True))
    assert list(layer.state_dict()) == [
        *(f"{name}_l0" for name in stack.PARAMETERS.values()),
        "norm_weight_l0",
        "norm_bias_l0",
    ]
    assert layer.norm_weight_l0.tolist() == [1, 1]
    assert layer.norm_bias_l0.tolist() == [0, 0]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("name", KINDS)
def test_it_can_be_traced_and_exported(name):
    ours, _ = pair(name, num_layers=2)
    ours.eval()
    inputs = drawn(5, 3, 3)
    close(torch.jit.trace(ours, (inputs,))(inputs), ours(inputs))
    close(torch.export.export(ours, (inputs,)).module()(inputs), ours(inputs))


@pytest.mark.parametrize("training", [True, False], ids=["training", "in use"])
def test_operators_are_told_whether_this_is_training(monkeypatch, training):
    seen = []
    monkeypatch.setattr(
        operators, "stacked", lambda plan, inputs, states, lengths: seen.append(plan) or (inputs, states)
    )
    GRU(3, 4, 2, dropout=0.25, backend="torch").train(training)(drawn(5, 3, 3, dtype=torch.float32))
    assert (seen[0].training, seen[0].dropout, seen[0].num_layers) == (training, 0.25, 2)


@pytest.mark.parametrize("batch_first", [False, True], ids=["time first", "batch first"])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", KINDS)
def test_a_step_is_torchs_next_step(name, backend, batch_first):
    ours, theirs = pair(name, backend, num_layers=2, batch_first=batch_first)
    axis, inputs = int(batch_first), drawn(5, 3, 3)
    outputs, state = theirs(inputs.transpose(0, axis))
    made = hx = None
    for observation in inputs:
        made, hx = ours.step(observation, hx)
    close((made, hx), (outputs.select(axis, -1), state))
    alone, _ = ours.step(inputs[0, 1])
    close(alone, outputs.select(axis, 0)[1])


def test_steps_are_refused_backwards():
    layer = LSTM(3, 4, bidirectional=True)
    with pytest.raises(SettingError, match=r"^LSTM with bidirectional=True reads from the last step to the first, "):
        layer.step(torch.zeros(2, 3))
    with pytest.raises(SettingError, match=r"Leave out reverse=True, or call the layer with all steps$"):
        GRU(3, 4, reverse=True).step(torch.zeros(2, 3))


def test_a_step_takes_one_observation():
    layer = GRU(3, 4)
    packed = pack_padded_sequence(torch.zeros(5, 3, 3), LENGTHS, enforce_sorted=False)
    said = r"^GRU.step takes one observation of each series, shape \(B, I\), or \(I,\) for one series; got "
    for wrong, named in ((torch.zeros(1, 2, 3), "3-D"), (torch.tensor(1.0), "0-D"), (packed, "PackedSequence")):
        with pytest.raises(ValueError, match=rf"{said}{named}\. Call the layer for more steps$"):
            layer.step(wrong)
    with pytest.raises(RuntimeError, match=r"^input.size\(-1\) must be equal to input_size. Expected 3, got 4$"):
        layer.step(torch.zeros(2, 4))
    with pytest.raises(RuntimeError, match=r"^Expected hidden size \(1, 2, 4\), got \[1, 3, 4\]$"):
        layer.step(torch.zeros(2, 3), torch.zeros(1, 3, 4))
    assert layer.step(torch.zeros(0, 3))[0].shape == (0, 4)
