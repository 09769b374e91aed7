"""Layers on a CUDA device equal the same layers on the CPU, values and gradients, to 1e-5 of the greatest entry.

What cuDNN computes is further off, `CUDNN`, and off by as much in `torch.nn`: without cuDNN the same layers are as near
as the others.

Float32 without TF32, where nothing else is said. There cuDNN computes the standard cells and torch's plain operations
the others; on the CPU the compiled kernels do, where there are some.
"""

import copy
from functools import partial

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tidegate import nn
from tidegate.errors import SettingError

DEVICE = "cuda"
pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
    pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN"),  # torch's, on the CPU
]

# torch lays no weights out in bfloat16, or of an operator's operands
UNFLATTENED = pytest.mark.filterwarnings("ignore:RNN module weights are not part of single contiguous chunk of memory")

STEPS, SEQUENCES, INPUTS, HIDDEN = 12, 5, 6, 16
LENGTHS = [7, 12, 1, 3, 12]
LIMIT = 1e-5
CUDNN = 5e-5  # 2.3e-5 seen on an H200 with cuDNN 9.19
LOWERED = {torch.float16: 2e-2, torch.bfloat16: 5e-2}
KINKED = 5  # times as far: the gradient of a relu jumps where rounding moves it across 0
STANDARD = {
    "rnn-tanh": nn.RNN,
    "rnn-relu": partial(nn.RNN, nonlinearity="relu"),
    "lstm": nn.LSTM,
    "lstm-projected": partial(nn.LSTM, proj_size=4),
    "gru": nn.GRU,
}
ARRANGED = {
    "lstm-residual": partial(nn.LSTM, residual=True),
    "gru-normalised": partial(nn.GRU, layer_norm=True),
    "gru-merged": partial(nn.GRU, merge="mean"),
}
SCANNED = {
    "min-gru": nn.MinGRU,
    "min-gru-positive": partial(nn.MinGRU, candidate="positive"),
    "min-lstm": nn.MinLSTM,
    "min-lstm-positive": partial(nn.MinLSTM, candidate="positive", normalised=False),
}
LOOPED = {
    "rnn-sigmoid": partial(nn.RNN, nonlinearity="sigmoid"),
    "lstm-peephole": partial(nn.LSTM, peepholes="full"),
    "lstm-coupled": partial(nn.LSTM, coupled=True),
    "lstm-clipped": partial(nn.LSTM, clip=0.5),
    "gru-before": partial(nn.GRU, reset="before"),
    "gru-absent": partial(nn.GRU, reset="absent"),
    "slstm": nn.SLSTM,
}
OTHERS = {**ARRANGED, **SCANNED, **LOOPED}
KINDS = {**STANDARD, **OTHERS}
OPTIONS = {
    "one layer": {},
    "two layers, batch first": {"num_layers": 2, "batch_first": True},
    "both ways": {"num_layers": 2, "bidirectional": True, "dropout": 0.0},
    "both ways, batch first, without biases": {"bidirectional": True, "batch_first": True, "bias": False},
}


@pytest.fixture(autouse=True)
def full_precision():
    switches = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = [switch.allow_tf32 for switch in switches]
    for switch in switches:
        switch.allow_tf32 = False
    yield
    for switch, was in zip(switches, before, strict=True):
        switch.allow_tf32 = was


def drawn(*shape, seed=3):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def series(module, seed=3):
    return drawn(*((SEQUENCES, STEPS) if module.batch_first else (STEPS, SEQUENCES)), INPUTS, seed=seed)


def filled(module):
    """Return `module` with random weights."""
    with torch.no_grad():
        for k, parameter in enumerate(module.parameters()):
            parameter.copy_(0.25 * drawn(*parameter.shape, seed=100 + k))
    return module


def layer(kind, **options):
    return filled(KINDS[kind](INPUTS, HIDDEN, **options))


def both(kind, **options):
    """Return the same layer on the CPU and on the device."""
    here = layer(kind, **options)
    return here, copy.deepcopy(here).to(DEVICE)


def apart(found, expected):
    """Return the greatest difference, relative to the greatest value."""
    assert found.shape == expected.shape, (found.shape, expected.shape)
    found, expected = (part.detach().cpu().double() for part in (found, expected))
    return float((found - expected).abs().max() / expected.abs().max().clamp(min=1e-30))


def limit_of(kind):
    return LIMIT if kind in SCANNED or kind in LOOPED else CUDNN


def beyond(found, expected, limit=CUDNN):
    """Return the names of what differs by more than `limit`, and how much."""
    assert list(found) == list(expected)
    return {name: gap for name in expected if not (gap := apart(found[name], expected[name])) <= limit}


def states_of(hx):
    return hx if isinstance(hx, tuple) else (hx,)


def named(outputs, final):
    return {"outputs": outputs, **{f"final {k}": part for k, part in enumerate(states_of(final))}}


def slopes(values, leaves):
    """Return the gradients of `leaves`, by name, of a random sum of all `values`."""
    pulls = [drawn(*value.shape, seed=50 + k).to(value) for k, value in enumerate(values.values())]
    found = torch.autograd.grad(list(values.values()), list(leaves.values()), pulls, allow_unused=True)
    made = zip(leaves.items(), found, strict=True)
    return {f"gradient of {name}": torch.zeros_like(leaf) if grown is None else grown for (name, leaf), grown in made}


def outcome(module, call, start):
    """Return values and gradients by name, of one call from the states `start`, on the module's device."""
    device = module.weight_ih_l0.device
    inputs = series(module)
    if call == "one sequence":
        inputs, start = inputs.select(0 if module.batch_first else 1, 0), tuple(part[:, 0] for part in start)
    leaves = {"input": inputs.to(device).requires_grad_()}
    if call != "from zero":
        leaves |= {f"state {k}": part.to(device, copy=True).requires_grad_() for k, part in enumerate(start)}
    states = tuple(leaves[name] for name in leaves if name.startswith("state"))
    hx = None if not states else states if len(states) > 1 else states[0]
    outputs, final = called(module, call, leaves["input"], hx)
    values = named(outputs, final)
    assert {value.device for value in values.values()} == {device}
    return {**values, **slopes(values, leaves | dict(module.named_parameters()))}


def called(module, call, inputs, hx):
    if call.startswith("lengths"):
        lengths = [12, 0, 1, 3, 12] if call.endswith("0") else LENGTHS
        return module(inputs, hx, lengths=lengths)
    if not call.startswith("packed"):
        return module(inputs, hx, truncate=5 if call == "truncated" else None)
    ordered = call == "packed, longest first"
    lengths = torch.tensor(sorted(LENGTHS)[::-1] if ordered else LENGTHS)
    packed = pack_padded_sequence(inputs, lengths, batch_first=module.batch_first, enforce_sorted=ordered)
    outputs, final = module(packed, hx)
    return pad_packed_sequence(outputs, batch_first=module.batch_first, total_length=STEPS)[0], final


def offenders(kind, options, calls):
    """Return what differs between the devices beyond the limit, by call."""
    here, there = both(kind, **options)
    start = tuple(state.detach() for state in states_of(here(series(here, seed=4))[1]))
    limit = LIMIT if not torch.backends.cudnn.enabled else limit_of(kind)
    found = {call: beyond(outcome(there, call, start), outcome(here, call, start), limit) for call in calls}
    return {call: gaps for call, gaps in found.items() if gaps}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", STANDARD)
def test_standard_layers_equal_those_on_the_cpu(kind, options):
    assert not offenders(
        kind,
        OPTIONS[options],
        ("from zero", "from states", "one sequence", "lengths", "packed", "packed, longest first"),
    )


@pytest.mark.parametrize("kind", STANDARD)
def test_without_cudnn_they_are_nearer(kind):
    with torch.backends.cudnn.flags(enabled=False, allow_tf32=False):
        assert not offenders(kind, OPTIONS["both ways"], ("from states", "lengths"))


@pytest.mark.parametrize("options", ["two layers, batch first", "both ways"])
@pytest.mark.parametrize("kind", OTHERS)
def test_other_layers_equal_those_on_the_cpu(kind, options):
    assert not offenders(kind, OPTIONS[options], ("from zero", "from states", "lengths", "packed"))


@pytest.mark.parametrize("kind", ["rnn-tanh", "lstm", "gru", "min-gru", "lstm-coupled"])
def test_what_cudnn_does_not_do_equals_the_cpu(kind):
    assert not offenders(kind, {"num_layers": 2}, ("lengths down to 0", "truncated"))
    assert not offenders(kind, {"reverse": True}, ("from states", "lengths", "packed"))
    assert not offenders(kind, {"backend": "reference", "bidirectional": True}, ("from states", "lengths"))


@pytest.mark.parametrize("kind", ["lstm", "gru", "lstm-peephole", "min-lstm"])
def test_lengths_may_be_anywhere(kind):
    here, there = both(kind)
    expected = here(series(here), lengths=LENGTHS)[0]
    for lengths in (LENGTHS, torch.tensor(LENGTHS), torch.tensor(LENGTHS, dtype=torch.int32, device=DEVICE)):
        assert apart(there(series(there).to(DEVICE), lengths=lengths)[0], expected) <= limit_of(kind)


@pytest.mark.parametrize("kind", [*STANDARD, "min-gru", "gru-before"])
def test_gaps_in_memory_do_not_matter(kind, torch_layers):
    here, there = both(kind, num_layers=2)
    final = here(series(here, seed=4))[1]
    expected = here(series(here), final)[0]
    parts = tuple(torch_layers.strided(part.detach().to(DEVICE)) for part in states_of(final))
    found = there(torch_layers.strided(series(there).to(DEVICE)), parts if len(parts) > 1 else parts[0])[0]
    assert apart(found, expected) <= limit_of(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_cudnn_computes_the_standard_cells(kind):
    found = nn.backend(layer(kind, num_layers=2).to(DEVICE))
    assert found.name == ("scan" if kind in SCANNED else "reference" if kind in LOOPED else "torch")
    assert found.reason.startswith("torch's own operators (cuDNN); ") == (found.name == "torch")


@pytest.mark.parametrize("kind", ["rnn-tanh", "lstm", "gru", "min-gru"])
def test_kernels_are_refused(kind):
    there = layer(kind, backend="kernels").to(DEVICE)
    for work in (lambda: nn.backend(there), lambda: there(series(there).to(DEVICE))):
        with pytest.raises(SettingError, match="backend 'kernels' cannot run this layer"):
            work()


@pytest.mark.parametrize("options", ["one layer", "both ways"])
@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back(kind, options):
    module = layer(kind, **OPTIONS[options]).eval()
    parameters, x = list(module.parameters()), series(module)
    with torch.no_grad():
        before = [module(x)[0] for _ in range(2)][-1]  # from weights that are packed by now
        there = module.to(DEVICE)(x.to(DEVICE))[0]
        for parameter in parameters:
            parameter.mul_(0.5)
        changed = module(x.to(DEVICE))[0]
        after = module.to("cpu")(x)[0]
    assert apart(there, before) <= limit_of(kind)
    assert apart(changed, after) <= limit_of(kind)
    assert apart(after, before) > 1e-2
    assert all(one is two for one, two in zip(module.parameters(), parameters, strict=True))


@pytest.mark.parametrize("kind", [*STANDARD, *ARRANGED])
def test_weights_lie_as_cudnn_reads_them(kind):
    """cuDNN copies and warns in every call otherwise, and warnings are errors here."""
    wanted, options = 2 if kind in ARRANGED else 1, {"num_layers": 2, "bidirectional": True}
    module = layer(kind, **options).to(DEVICE)
    made = KINDS[kind](INPUTS, HIDDEN, **options, device=DEVICE)
    made.load_state_dict(module.state_dict())
    turned = copy.deepcopy(module).half().float()
    copied = copy.deepcopy(module)
    copied.flatten_parameters()
    x = series(module).to(DEVICE)
    expected = module(x)[0]
    for other, limit in ((made, CUDNN), (turned, LOWERED[torch.float16]), (copied, CUDNN)):
        weights = [weight for group in other.all_weights for weight in group]
        assert len({weight.untyped_storage().data_ptr() for weight in weights}) == wanted
        assert apart(other(x)[0], expected) <= limit


def beside_torchs(kind, x, *, dtype=None, lowered=None, backend="auto"):
    """Return values and gradients of our layer and of torch's own, both on the device."""
    options = {"num_layers": 2, "bidirectional": True}
    ours = layer(kind, **options, backend=backend).to(DEVICE, dtype)
    theirs = nn.to_torch(ours)
    found = []
    for module in (ours, theirs):
        with torch.autocast(DEVICE, lowered or torch.float16, enabled=lowered is not None):
            values = named(*module(x))
        found.append({**values, **slopes(values, dict(module.named_parameters()))})
    types = [{name: value.dtype for name, value in one.items()} for one in found]
    assert types[0] == types[1]
    return found


@pytest.mark.parametrize("kind", STANDARD)
def test_they_are_torchs_bit_by_bit(kind):
    assert not beyond(*beside_torchs(kind, drawn(STEPS, SEQUENCES, INPUTS).to(DEVICE)), 0.0)


@UNFLATTENED
@pytest.mark.parametrize("dtype", [torch.float64, *LOWERED], ids=str)
@pytest.mark.parametrize("kind", STANDARD)
def test_other_types_are_torchs(kind, dtype):
    x = drawn(STEPS, SEQUENCES, INPUTS).to(DEVICE, dtype)
    assert not beyond(*beside_torchs(kind, x, dtype=dtype), LOWERED.get(dtype, 1e-12))


@pytest.mark.parametrize("backend", ["auto", "reference"])
@pytest.mark.parametrize("dtype", LOWERED, ids=str)
@pytest.mark.parametrize("kind", STANDARD)
def test_autocast_is_torchs(kind, dtype, backend):
    x = drawn(STEPS, SEQUENCES, INPUTS).to(DEVICE)
    found = beside_torchs(kind, x, lowered=dtype, backend=backend)
    assert not beyond(*found, LOWERED[dtype] * (KINKED if kind == "rnn-relu" else 1))


@UNFLATTENED
@pytest.mark.parametrize("autocast", [True, False])
@pytest.mark.parametrize("dtype", LOWERED, ids=str)
@pytest.mark.parametrize("kind", [kind for kind in OTHERS if kind != "lstm-clipped"])
def test_lower_precision_stays_near_the_full_one(kind, dtype, autocast):
    found = []
    for lowered in (True, False):
        module = layer(kind, num_layers=2).to(DEVICE, dtype if lowered and not autocast else None)
        with torch.autocast(DEVICE, dtype, enabled=autocast and lowered):
            made = module(series(module).to(module.weight_ih_l0), lengths=LENGTHS)[0]
        values = {"outputs": made.float()}
        found.append({**values, **slopes(values, dict(module.named_parameters()))})
    assert not beyond(*found, LOWERED[dtype])


@pytest.mark.parametrize("kind", KINDS)
def test_steps_are_the_call(kind):
    module = layer(kind, num_layers=2).to(DEVICE).eval()
    x, hx, made = series(module).to(DEVICE), None, []
    with torch.no_grad():
        for observation in x:
            output, hx = module.step(observation, hx)
            made.append(output)
        outputs, final = module(x)
    assert apart(torch.stack(made), outputs) <= LIMIT
    assert max(map(apart, states_of(hx), states_of(final))) <= LIMIT


@pytest.mark.parametrize("kind", KINDS)
def test_traces_are_the_same(kind):
    here, there = both(kind, num_layers=2, bidirectional=True)
    traces = here.trace(series(here), lengths=LENGTHS)
    found = there.trace(series(there).to(DEVICE), lengths=LENGTHS)
    assert len(found) == len(traces) == 4
    assert not [gaps for one, two in zip(found, traces, strict=True) if (gaps := beyond(one, two))]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_watched_is_the_same(kind):
    told = []
    for module in both(kind, num_layers=2, bidirectional=True):
        x = series(module).to(module.weight_ih_l0.device)
        with nn.watch(module, margin=0.2) as records:
            outputs = module(x, lengths=LENGTHS)[0]
            (outputs * drawn(*outputs.shape, seed=9).to(outputs)).sum().backward()
        told.append(records[""])
    expected, found = told
    assert [flow.place for flow in found] == [flow.place for flow in expected]
    for one, two in zip(found, expected, strict=True):
        assert apart(*(torch.from_numpy(flow.hidden) for flow in (one, two))) <= LIMIT
        assert (one.cell is None) == (two.cell is None)
        assert one.cell is None or apart(torch.from_numpy(one.cell), torch.from_numpy(two.cell)) <= LIMIT
        assert one.saturated.keys() == two.saturated.keys()
        for gate, fractions in two.saturated.items():
            assert sum((a != b).sum() for a, b in zip(one.saturated[gate], fractions, strict=True)) <= 1  # rounding


NOUNS = {"elman_tanh": "rnn-tanh", "lstm": "lstm", "gru_after": "gru", "gru_before": "gru-before", "min_gru": "min-gru"}
NAMES = [f"{name}_l0{end}" for end in ("", "_reverse") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


@UNFLATTENED
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
@pytest.mark.parametrize("noun", NOUNS)
def test_the_operator_takes_tensors_of_the_device(noun, lengths):
    found = []
    for module in both(NOUNS[noun], bidirectional=True):
        x = series(module).to(module.weight_ih_l0.device).requires_grad_()
        drawn_states = [drawn(2, SEQUENCES, HIDDEN, seed=k) for k in range(len(module.cell.states))]
        states = [state.to(x.device).requires_grad_() for state in drawn_states]
        weights = [getattr(module, name, None) for name in NAMES]
        roles = [*weights[:4], None, *weights[4:], None]  # without peepholes
        ends = None if lengths is None else torch.tensor(lengths, device=x.device)
        outputs, *final = torch.ops.tidegate.recurrence(noun, x, states, roles, ends, False, False)
        values, leaves = named(outputs, tuple(final)), enumerate([x, *states, *weights])
        found.append({**values, **slopes(values, {k: leaf for k, leaf in leaves if leaf is not None})})
    assert not beyond(*reversed(found))


@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
def test_single_cells_equal_those_on_the_cpu(kind):
    here, found = filled(getattr(nn, kind)(INPUTS, HIDDEN)), []
    for module in (copy.deepcopy(here).to(DEVICE), here):
        x = drawn(SEQUENCES, INPUTS).to(module.weight_ih.device)
        values = named(x, module(x, module(x)))
        del values["outputs"]
        found.append({**values, **slopes(values, dict(module.named_parameters()))})
    assert not beyond(*found)
