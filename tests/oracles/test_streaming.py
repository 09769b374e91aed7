"""One observation after another: steps equal the call over all of them, whatever the weights went through between."""

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch.nn.utils.parametrizations import weight_norm

from tidegate.kernels import library
from tidegate.kernels.recurrence import CALLS
from tidegate.nn.cells.catalogue import CELLS
from tidegate.nn.cells.elman import Elman
from tidegate.nn.cells.gru import Gru
from tidegate.nn.cells.lstm import Lstm
from tidegate.nn.layers import GRU, LSTM, RNN
from tidegate.nn.options import Stack
from tidegate.nn.relatives import MinLSTM
from tidegate.nn.stack import Recurrent

STEPS, SERIES, INPUTS, HIDDEN = 6, 5, 3, 4
SPECIAL = (Elman("relu"), Gru("before"), Gru("absent", gate_bias=False), Lstm(peepholes="full", coupled=True))
ALL = [*(kind() for kind in CELLS.values()), *SPECIAL, Lstm(squashed=True)]
DOUBLE = torch.float64


def drawn(*shape, seed=4, dtype=DOUBLE):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def made(cell, dtype=DOUBLE, **options):
    torch.manual_seed(6)
    layer = Recurrent(cell, INPUTS, HIDDEN, stack=Stack(**options), dtype=dtype)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if name.startswith("norm"):
                parameter.normal_()
    return layer


def flat(hx):
    return [hx] if isinstance(hx, torch.Tensor) else list(hx)


def walked(layer, inputs, hx=None):
    """Outputs and state of the layer over inputs of shape (T, B, I), step by step."""
    outputs = []
    for observation in inputs:
        output, hx = layer.step(observation, hx)
        outputs.append(output)
    return [torch.stack(outputs), *flat(hx)]


def assert_close(ours, theirs):
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("graph", [False, True], ids=["inference", "gradients"])
@pytest.mark.parametrize("backend", ["auto", "reference"])
@pytest.mark.parametrize("cell", ALL, ids=str)
def test_steps_are_the_whole_sequence(cell, backend, graph):
    options = {"num_layers": 3, "layer_norm": True, "residual": True, "backend": backend}
    layer, inputs = made(cell, **options), drawn(STEPS, SERIES, INPUTS)
    with torch.set_grad_enabled(graph):
        outputs, hx = layer(inputs)
        stepped = walked(layer, inputs)
        assert_close(stepped, [outputs, *flat(hx)])
        _, hx = layer(inputs[:2])
        assert_close(walked(layer, inputs[2:], hx), [outputs[2:], *stepped[1:]])
    assert stepped[0].requires_grad == graph
    if graph:
        weights = list(layer.parameters())
        expected = torch.autograd.grad(outputs.square().sum(), weights)
        assert_close(torch.autograd.grad(stepped[0].square().sum(), weights), expected)


@pytest.mark.parametrize("batch_first", [False, True], ids=["time first", "batch first"])
@pytest.mark.parametrize("cell", ALL, ids=str)
def test_a_step_is_a_call_with_one_step_to_the_last_bit(cell, batch_first):
    layer = made(cell, num_layers=2, batch_first=batch_first, dtype=torch.float32).requires_grad_(False)
    _, hx = layer(drawn(SERIES, 3, INPUTS, dtype=torch.float32).transpose(0, int(not batch_first)))
    for seed in range(3):  # the first is laid out, the others repeat it
        observation = drawn(SERIES, INPUTS, seed=seed, dtype=torch.float32)
        with torch.set_grad_enabled(seed == 2):
            outputs, expected = layer(observation.unsqueeze(int(batch_first)), hx)
            output, hx = layer.step(observation, hx)
            assert torch.equal(output, outputs.squeeze(int(batch_first)))
            assert all(map(torch.equal, flat(hx), flat(expected)))
    alone = [part[:, 1] for part in flat(hx)]
    output, state = layer.step(observation[1], tuple(alone) if len(alone) > 1 else alone[0])
    expected, after = layer.step(observation, hx)
    assert output.shape == (HIDDEN,)
    torch.testing.assert_close([output, *flat(state)], [expected[1], *(part[:, 1] for part in flat(after))])
    assert layer.step(observation[1])[0].shape == (HIDDEN,)


def test_steps_of_a_projection_and_of_dropout():
    projected = made(Lstm(), num_layers=2, proj_size=2)
    inputs = drawn(STEPS, SERIES, INPUTS)
    outputs, hx = projected(inputs)
    assert_close(walked(projected, inputs), [outputs, *hx])
    torch.manual_seed(1)
    dropping = made(Gru(), num_layers=2, dropout=0.5)
    torch.manual_seed(9)
    expected, _ = dropping(inputs[:1])
    torch.manual_seed(9)
    output, _ = dropping.step(inputs[0])
    assert torch.equal(output, expected[0])
    assert not torch.equal(dropping.eval().step(inputs[0])[0], output)


@pytest.mark.skipif(library.library() is None, reason=library.reason())
def test_steps_run_on_the_kernels():
    layer, counted = made(Gru(), num_layers=2), CALLS["gru_after forward"]
    with torch.no_grad():
        walked(layer, drawn(STEPS, SERIES, INPUTS))
    assert CALLS["gru_after forward"] == counted + 2 * STEPS


# How weights change, by name: each takes the layer and returns nothing.


def by_optimizer(layer):
    layer(drawn(STEPS, SERIES, INPUTS))[0].square().sum().backward()
    torch.optim.SGD(layer.parameters(), lr=0.3).step()


def by_copy(layer):
    for parameter in layer.parameters():
        parameter.data.copy_(parameter.data.flip(0))


def by_state(layer):
    layer.load_state_dict({name: 2 * value for name, value in layer.state_dict().items()})


def by_assigned_state(layer):
    layer.load_state_dict({name: 2 * value for name, value in layer.state_dict().items()}, assign=True)


def in_place(layer):
    with torch.no_grad():
        layer.weight_hh_l0.mul_(-1)


def one_number(layer):
    with torch.no_grad():
        layer.bias_hh_l0[-1] += 0.5


def through_numpy(layer):
    layer.bias_ih_l0.detach().numpy()[1] += 0.7


def by_new_data(layer):
    layer.weight_hh_l0.data = 2 * layer.weight_hh_l0.data


def by_turned_data(layer):
    square = layer.weight_hh_l0.data[:HIDDEN].clone()
    layer.weight_hh_l0.data = torch.cat([square, layer.weight_hh_l0.data[HIDDEN:]])
    layer.weight_ih_l0.data = layer.weight_ih_l0.data.t().contiguous().t()
    layer.weight_ih_l0.data.mul_(0.5)


def by_parameter(layer):
    layer.weight_ih_l0 = torch.nn.Parameter(3 * layer.weight_ih_l0.data)


def by_parametrisation(layer):
    weight_norm(layer, "weight_hh_l0")
    with torch.no_grad():
        layer.parametrizations.weight_hh_l0.original0.mul_(1.5)


def by_type(layer):
    layer.half().bias_hh_l0.data.add_(0.5)
    layer.double()


def by_swap(layer):
    torch.utils.swap_tensors(layer.weight_ih_l0, torch.nn.Parameter(2 * layer.weight_ih_l0.data))


ROUTES = (
    by_optimizer,
    by_copy,
    by_state,
    by_assigned_state,
    in_place,
    one_number,
    through_numpy,
    by_new_data,
    by_turned_data,
    by_parameter,
    by_parametrisation,
    by_type,
    by_swap,
)


def expected_of(layer, inputs):
    """Steps of a layer made anew with the weights of `layer`, by the loop over the equations."""
    other = Recurrent(layer.cell, INPUTS, HIDDEN, stack=Stack(backend="reference"), dtype=DOUBLE)
    other.load_state_dict({name: getattr(layer, name).detach().clone() for name in other.state_dict()})
    return walked(other, inputs)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.__name__)
@pytest.mark.parametrize("kind", [RNN, LSTM, GRU], ids=lambda kind: kind.__name__)
def test_changed_weights_count_at_once(kind, route):
    torch.manual_seed(6)
    layer, inputs = kind(INPUTS, HIDDEN, dtype=DOUBLE), drawn(STEPS, SERIES, INPUTS)
    with torch.no_grad():
        before = walked(layer, inputs)
        assert_close(before, expected_of(layer, inputs))
    for _ in range(2):
        route(layer)
        if route is by_parametrisation and "weight_hh_l0" in layer.parametrizations:
            route = in_place_of_a_parametrisation
        with torch.no_grad():
            after = walked(layer, inputs)
            assert_close(after, expected_of(layer, inputs))
        assert not torch.allclose(after[0], before[0], rtol=1e-9)
        before = after


def in_place_of_a_parametrisation(layer):
    with torch.no_grad():
        layer.parametrizations.weight_hh_l0.original1[:HIDDEN].mul_(-1)


def test_layers_of_equal_weights_go_their_own_ways():
    torch.manual_seed(6)
    one, inputs = GRU(INPUTS, HIDDEN, dtype=DOUBLE), drawn(STEPS, SERIES, INPUTS)
    two = GRU(INPUTS, HIDDEN, dtype=DOUBLE)
    two.load_state_dict(one.state_dict())
    with torch.no_grad():
        expected = walked(one, inputs)
        assert_close(walked(two, inputs), expected)
        copied = copy.deepcopy(one)
        one.weight_hh_l0.mul_(2)
        for same in (two, copied):
            assert_close(walked(same, inputs), expected)
        assert_close(walked(one, inputs), expected_of(one, inputs))


def test_layers_that_share_a_weight_keep_their_own_others():
    torch.manual_seed(6)
    one, two = GRU(INPUTS, HIDDEN, dtype=DOUBLE), GRU(INPUTS, HIDDEN, dtype=DOUBLE)
    two.weight_ih_l0 = one.weight_ih_l0
    inputs = drawn(STEPS, SERIES, INPUTS)
    with torch.no_grad():
        for _ in range(2):
            for layer in (one, two):
                assert_close(walked(layer, inputs), expected_of(layer, inputs))


def test_what_surrounds_a_call_counts_at_each_step():
    """Autocast, a gradient that is wanted, a switch to another type: after steps that were laid out without."""
    torch.manual_seed(6)
    layer, observation = GRU(INPUTS, HIDDEN), drawn(SERIES, INPUTS, dtype=torch.float32)
    fresh = copy.deepcopy(layer)
    with torch.no_grad():
        plain = [layer.step(observation)[0] for _ in range(3)][-1]
        with torch.autocast("cpu", torch.bfloat16):
            lowered = layer.step(observation)[0]
            assert torch.equal(lowered, fresh.step(observation)[0])
    assert not torch.equal(lowered, plain)
    assert layer.step(observation)[0].requires_grad
    with torch.inference_mode():
        assert layer.step(observation)[0].is_inference()
    layer.double()
    assert layer.step(observation.double())[0].dtype == DOUBLE
    with pytest.raises(ValueError, match=r"RNN input dtype \(torch.float32\) does not match weight dtype"):
        layer.step(observation)


def test_hooks_run_at_each_step():
    layer, seen = MinLSTM(INPUTS, HIDDEN, dtype=DOUBLE), []
    layer.register_forward_hook(lambda module, given, made: seen.append(given[0].shape))
    walked(layer, drawn(STEPS, SERIES, INPUTS))
    assert seen == [(1, SERIES, INPUTS)] * STEPS


def test_threads_may_share_a_layer():
    torch.manual_seed(6)
    layer = LSTM(INPUTS, HIDDEN, 2, dtype=DOUBLE).requires_grad_(False)
    streams = [drawn(60, 1 + seed % 3, INPUTS, seed=seed) for seed in range(8)]
    expected = [walked(layer, stream) for stream in streams]

    def walk(stream):
        with torch.no_grad():
            return walked(layer, stream)

    for factor in (1, 2):
        with torch.no_grad():
            layer.weight_hh_l1.mul_(factor)
        expected = [walk(stream) for stream in streams]
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(walk, streams))
        assert all(
            torch.equal(ours, theirs)
            for pair in zip(found, expected, strict=True)
            for ours, theirs in zip(*pair, strict=True)
        )
