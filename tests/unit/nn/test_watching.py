import gc
import threading
import weakref

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_sequence

from tidegate import nn
from tidegate.errors import SettingError
from tidegate.kernels import library
from tidegate.nn import fused
from tidegate.nn.cells.cell import project, spread
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.cells.min_gru import MinGru
from tidegate.nn.cells.min_lstm import MinLstm
from tidegate.nn.cells.slstm import Slstm
from tidegate.nn.flows import limits
from tidegate.nn.unroll import within

STEPS, SEQUENCES, INPUTS, HIDDEN, MARGIN = 9, 11, 3, 21, 0.15
LENGTHS = [7, 0, 8, 3, 8, 5, 1, 2, 8, 4, 6]
FUSED = [
    *(Elman(nonlinearity) for nonlinearity in ("tanh", "relu", "sigmoid")),
    *(Lstm(peepholes=peepholes, coupled=coupled) for peepholes in ("none", "full") for coupled in (False, True)),
    *(Gru(reset) for reset in ("after", "before", "absent")),
    *(MinGru(candidate) for candidate in ("linear", "positive")),
    *(MinLstm(candidate, normalised) for candidate in ("linear", "positive") for normalised in (False, True)),
]
LOOPED = [Slstm(), Elman(clip=1.5), Lstm("output", without=("forget",)), Lstm(squashed=True), Gru(gate_bias=False)]
BACKENDS = [
    pytest.param("kernels", marks=pytest.mark.skipif(library.library() is None, reason=library.reason())),
    "reference",
]


def named(cell):
    return cell.card().title


def drawn(*shape, seed=5):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def made(cell, backend="reference", *, num_layers=1, hidden=HIDDEN, **options):
    """Return a layer with weights so large that some gates are saturated."""
    stack = nn.Stack(num_layers, backend=backend, **options)
    layer = nn.Recurrent(cell, INPUTS, hidden, stack=stack, dtype=torch.float64)
    for seed, weight in enumerate(layer.parameters()):
        weight.data = drawn(*weight.shape, seed=seed) / weight.shape[-1] ** 0.5 * 1.5
    return layer


def loss_of(layer, inputs, lengths=None):
    outputs, states = layer(inputs, lengths=lengths)
    states = states if isinstance(states, tuple) else (states,)
    return sum((part * drawn(*part.shape, seed=9)).sum() for part in (outputs, *states))


def flows_of(layer, lengths=None, margin=MARGIN):
    with nn.watch(layer, margin=margin) as records:
        loss_of(layer, drawn(STEPS, SEQUENCES, INPUTS), lengths).backward()
    return records[""]


def same(flow, other):
    """Norms agree to rounding and counts exactly."""
    assert flow.place == other.place
    np.testing.assert_allclose(flow.hidden, other.hidden, rtol=1e-10)
    assert (flow.cell is None) == (other.cell is None)
    if flow.cell is not None:
        np.testing.assert_allclose(flow.cell, other.cell, rtol=1e-10)
    assert flow.saturated.keys() == other.saturated.keys()
    for gate, sides in flow.saturated.items():
        np.testing.assert_array_equal(sides, other.saturated[gate])


@pytest.mark.skipif(library.library() is None, reason=library.reason())
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
@pytest.mark.parametrize(
    "options", [{}, {"reverse": True}, {"bidirectional": True, "num_layers": 2, "recompute": True}]
)
@pytest.mark.parametrize("cell", FUSED, ids=named)
def test_kernels_tell_what_hooks_on_the_reference_tell(cell, options, lengths):
    ours, reference = (flows_of(made(cell, backend, **options), lengths) for backend in ("kernels", "reference"))
    n_flows = 4 if options.get("bidirectional") else 1
    assert len(ours) == len(reference) == n_flows
    for flow, other in zip(ours, reference, strict=True):
        same(flow, other)
        assert flow.hidden[: max(lengths or [STEPS])].min() > 0
        assert not flow.hidden[max(lengths or [STEPS]) :].any()


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
@pytest.mark.parametrize("cell", [*FUSED, *LOOPED], ids=named)
def test_norms_are_those_of_the_gradients_that_autograd_keeps(cell, lengths):
    layer, inputs = made(cell), drawn(STEPS, SEQUENCES, INPUTS)
    (flow,) = flows_of(layer, lengths)
    weights = spread({role: getattr(layer, f"{nn.stack.PARAMETERS[role]}_l0") for role in layer._roles}, cell)
    valid = within(torch.tensor(lengths or [STEPS] * SEQUENCES), STEPS)
    state, kept, outputs = tuple(drawn(SEQUENCES, HIDDEN) * 0 for _ in cell.states), [], []
    for t in range(STEPS):
        new = cell.step(project(inputs[t], weights), state, weights).state
        for part in new:
            part.retain_grad()
        kept.append(new)
        outputs.append(torch.where(valid[t], new[0], 0))
        state = tuple(torch.where(valid[t], one, other) for one, other in zip(new, state, strict=True))
    parts = (torch.stack(outputs), *(part[None] for part in state))
    sum((part * drawn(*part.shape, seed=9)).sum() for part in parts).backward()
    for index, norms in enumerate((flow.hidden, flow.cell)[: 1 + ("cell" in cell.states)]):
        expected = [torch.where(valid[t], kept[t][index].grad, 0).norm().item() for t in range(STEPS)]
        np.testing.assert_allclose(norms, expected, rtol=1e-10)


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "lengths"])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("cell", [*FUSED, *LOOPED], ids=named)
def test_fractions_are_those_of_the_trace(cell, backend, lengths):
    if cell in LOOPED:
        backend = "auto"
    layer = made(cell, backend, bidirectional=True)
    flows = flows_of(layer, lengths)
    traces = made(cell, bidirectional=True).trace(drawn(STEPS, SEQUENCES, INPUTS), lengths=lengths)
    valid = within(torch.tensor(lengths or [STEPS] * SEQUENCES), STEPS)
    n_entries = valid.sum((1, 2)).clamp(min=1) * HIDDEN
    for flow, trace in zip(flows, traces, strict=True):
        assert set(flow.saturated) == set(limits(cell))
        for gate, (low, high) in limits(cell).items():
            for side, near in zip(
                flow.saturated[gate],
                ((trace[gate] <= low + MARGIN) & valid, (trace[gate] >= high - MARGIN) & valid),
                strict=True,
            ):
                assert side.tolist() == (near.sum((1, 2)) / n_entries.double()).tolist()
                assert side.any()


@pytest.mark.parametrize("backend", BACKENDS)
def test_single_precision_keeps_gradients_that_vanish(backend):
    layer = made(Elman("sigmoid"), backend).float()
    for weight in layer.parameters():
        weight.data *= 1e-6
    with nn.watch(layer) as records:
        layer(drawn(STEPS, SEQUENCES, INPUTS).float())[1].sum().backward()
    hidden = records[""][0].hidden
    assert 0 < hidden[-5] < 1e-24
    assert hidden[-1] == pytest.approx((SEQUENCES * HIDDEN) ** 0.5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_margin_is_inclusive(backend):
    layer = made(Lstm(), backend)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.zero_()
        layer.bias_ih_l0[HIDDEN : 2 * HIDDEN] = 800.0  # the forget gate is exactly 1, candidates exactly 0
    (flow,) = flows_of(layer, margin=0)
    assert [side.tolist() for side in flow.saturated["forget"]] == [[0.0] * STEPS, [1.0] * STEPS]
    assert [side.tolist() for side in flow.saturated["candidate"]] == [[0.0] * STEPS, [0.0] * STEPS]
    (flow,) = flows_of(layer, margin=0.49)
    assert [float(side.sum()) for side in flow.saturated["input"]] == [0, 0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_call_and_each_pass_has_its_own_flow(backend):
    layer = made(Gru(), backend, num_layers=2)
    short, long = drawn(2, 4, INPUTS), drawn(5, 4, INPUTS)
    with nn.watch(layer) as records:
        losses = [loss_of(layer, inputs) for inputs in (short, long)]
        assert records == {"": []}
        losses[1].backward(retain_graph=True)
        losses[0].backward()
        (losses[1] * 2).backward()
    flows = records[""]
    assert [flow.place for flow in flows] == [(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 0)]
    assert [len(flow.hidden) for flow in flows] == [2, 2, 5, 5, 5, 5]
    np.testing.assert_allclose(flows[3].hidden, 2 * flows[2].hidden, rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_layers_are_found_by_name_wherever_they_are(backend):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.reader, self.writer = made(Gru(), backend), made(Lstm(), backend, hidden=INPUTS, batch_first=True)
            self.head = torch.nn.Linear(HIDDEN, INPUTS, dtype=torch.float64)

        def forward(self, inputs):
            return self.writer(self.head(self.reader(inputs)[0]))[0]

    model = Model()
    with nn.watch(model) as records:
        model(drawn(STEPS, SEQUENCES, INPUTS)).sum().backward()
    assert list(records) == ["reader", "writer"]
    assert records["reader"][0].cell is None
    assert len(records["writer"][0].cell) == SEQUENCES  # its time axis
    assert records["reader"][0].hidden.dtype == np.float64


@pytest.mark.parametrize("backend", BACKENDS)
def test_packed_sequences_are_watched_as_padded_ones(backend):
    layer, rows = made(Lstm(), backend), [drawn(n, INPUTS, seed=n) for n in (2, 5, 3)]
    with nn.watch(layer) as records:
        layer(pack_sequence(rows, enforce_sorted=False))[0].data.sum().backward()
        layer(torch.nn.utils.rnn.pad_sequence(rows), lengths=[2, 5, 3])[0].sum().backward()
    packed, padded = records[""]
    np.testing.assert_allclose(packed.hidden, padded.hidden, rtol=1e-12)
    np.testing.assert_array_equal(packed.saturated["forget"], padded.saturated["forget"])


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_is_recorded_without_a_backward_pass_or_outside(backend):
    layer, inputs = made(Lstm(), backend), drawn(STEPS, SEQUENCES, INPUTS)
    before = loss_of(layer, inputs)
    with nn.watch(layer) as records:
        before.backward()
        with torch.no_grad():
            loss_of(layer, inputs)
        late = loss_of(layer, inputs)
    torch.autograd.grad(late, tuple(layer.parameters()), create_graph=True)
    loss_of(layer, inputs).backward()
    assert records == {"": []}


@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_and_values_are_those_without_a_watch(backend):
    layer, inputs = made(Lstm(peepholes="full"), backend, bidirectional=True), drawn(STEPS, SEQUENCES, INPUTS)
    weights = tuple(layer.parameters())
    alone = torch.autograd.grad(loss_of(layer, inputs, LENGTHS), weights)
    with nn.watch(layer):
        watched = torch.autograd.grad(loss_of(layer, inputs, LENGTHS), weights)
    assert all(torch.equal(one, other) for one, other in zip(alone, watched, strict=True))


@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_to_be_differentiated_again_are_refused(backend):
    layer = made(Gru(), backend)
    with nn.watch(layer):
        loss = loss_of(layer, drawn(STEPS, SEQUENCES, INPUTS))
        with pytest.raises(ValueError, match=r"watched layer got backward\(create_graph=True\).*Leave the watch first"):
            torch.autograd.grad(loss, tuple(layer.parameters()), create_graph=True)


@pytest.mark.parametrize("backend", BACKENDS)
def test_mapped_and_transformed_gradients_leave_no_record(backend):
    layer, inputs = made(Gru(), "auto" if backend == "kernels" else backend), drawn(STEPS, SEQUENCES, INPUTS)
    with nn.watch(layer) as records:
        outputs = layer(inputs.requires_grad_())[0]
        torch.autograd.grad(outputs, inputs, torch.stack([outputs, outputs]).detach(), is_grads_batched=True)
        torch.func.grad(lambda values: layer(values)[0].sum())(inputs.detach())
    assert records == {"": []}


def test_torch_operators_and_scans_make_way(monkeypatch):
    monkeypatch.setattr(fused, "obstacle", lambda _: "no kernels: switched off")
    for cell in (Gru(), MinGru()):
        (flow,) = flows_of(made(cell, "auto"))
        same(flow, flows_of(made(cell))[0])


def test_torch_operators_that_are_asked_for_are_refused():
    layer = made(Gru(), "torch", num_layers=2)
    with nn.watch(layer), pytest.raises(SettingError, match="torch does not show the gradients of its states"):
        layer(drawn(STEPS, SEQUENCES, INPUTS))


def test_the_watch_is_of_one_thread():
    layer, inputs = made(Gru(), "auto"), drawn(STEPS, SEQUENCES, INPUTS)

    def work():
        loss_of(layer, inputs).backward()
        with nn.watch(layer) as own:
            loss_of(layer, inputs).backward()
        found.append(own)

    found = []
    with nn.watch(layer) as records:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert records == {"": []}
    assert len(found[0][""]) == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_records_keep_neither_the_model_nor_its_graph(backend):
    layer, inputs = made(Lstm(), backend), drawn(STEPS, SEQUENCES, INPUTS).requires_grad_()
    with nn.watch(layer) as records:
        loss = loss_of(layer, inputs)
        loss.backward()
        late = loss_of(layer, inputs)
    gone = [weakref.ref(one) for one in (layer, loss, late, inputs, *layer.parameters())]
    del layer, loss, late, inputs
    gc.collect()
    assert [one() for one in gone] == [None] * len(gone)
    assert records[""][0].hidden.all()


@pytest.mark.parametrize("margin", [-0.01, 0.5, float("nan"), "much", True, None])
def test_margins_are_checked(margin):
    with (
        pytest.raises(SettingError, match=r"margin is .*; it must be a number from 0 up to but not 0\.5"),
        nn.watch(made(Gru()), margin=margin),
    ):
        pass


def test_models_that_cannot_be_watched_are_refused():
    with (
        pytest.raises(ValueError, match=r"Linear holds no recurrent layer of tidegate\.nn"),
        nn.watch(torch.nn.Linear(2, 3)),
    ):
        pass
    layer = made(Gru())
    compiled = torch.compile(torch.nn.Sequential(layer), backend="eager")
    for model in (compiled, torch.nn.ModuleList([compiled])):
        with pytest.raises(ValueError, match=r"is compiled, .* that torch\.compile took"), nn.watch(model):
            pass
    with nn.watch(layer), pytest.raises(ValueError, match="is being watched already"), nn.watch(layer):
        pass
    layer.compile(backend="eager")
    with pytest.raises(ValueError, match=r"is compiled, .* that torch\.compile took"), nn.watch(layer):
        pass


@pytest.mark.parametrize("backend", ["auto", "reference"])
def test_another_default_device_changes_nothing(backend):
    layer, inputs = nn.GRU(3, 4, backend=backend), torch.randn(5, 2, 3)
    found = []
    for device in ("cpu", "meta"):
        with torch.device(device), nn.watch(layer) as records:
            outputs, _ = layer(inputs, lengths=torch.tensor([5, 3], device="cpu"))
            outputs.square().mean().backward()
        (flow,) = records[""]
        found.append(flow)
    for gate, fractions in found[0].saturated.items():
        np.testing.assert_array_equal(fractions, found[1].saturated[gate])
    np.testing.assert_array_equal(found[0].hidden, found[1].hidden)
    assert found[0].hidden.min() > 0
