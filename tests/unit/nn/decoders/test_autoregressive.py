import pytest
import torch
from scipy import stats

from tidegate import nn
from tidegate.nn.decoders.autoregressive import AutoregressiveNetwork
from tidegate.nn.decoders.reading import Reading, SeriesContext
from tidegate.nn.dropout import Dropout
from tidegate.nn.encoder import RecurrentEncoder
from tidegate.nn.heads import HEADS, QUANTILES, head

EXACT = {"rtol": 0, "atol": 1e-12}
LATER = 1e-9


@pytest.fixture
def future():
    return torch.randn(4, 5, generator=torch.Generator().manual_seed(6), dtype=torch.float64)


def by_hand(network, reading, values):
    """Return the corrections of all steps; `values(k, made)` is what step k + 1 reads as the value before it."""
    _, hx = network.encoder.layers(reading.window)
    before, each = reading.window[-1, :, 0], []
    for k in range(reading.base.shape[1]):
        steady = [reading.base[:, k : k + 1], reading.known[:, k], network.context(reading)]
        states, hx = network.layers.step(torch.cat([before[:, None], *steady], dim=1), hx)
        each.append(states @ network.output.weight.T + network.output.bias)
        before = values(k, each[-1])
    return torch.stack(each, dim=1)


@pytest.mark.parametrize("told", ["point", "student-t"])
def test_taught_it_reads_the_true_value_before_each_step(told, making, read, future):
    network, reading = making.network("autoregressive", told, embedded=True), read()
    expected = by_hand(network, reading, lambda k, made: future[:, k])
    torch.testing.assert_close(network.corrections(reading, future), expected, **EXACT)


@pytest.mark.parametrize("told", HEADS)
def test_alone_it_reads_its_own_middle(told, making, read):
    network, reading = making.network("autoregressive", told), read()

    def middle(k, made):
        first = made[:, 0] + reading.base[:, k]
        return torch.nn.functional.softplus(first) if told == "negative-binomial" else first

    torch.testing.assert_close(network.corrections(reading, None), by_hand(network, reading, middle), **EXACT)


def test_no_step_sees_its_own_true_value_or_later_ones(making, read, future):
    leaf = future.requires_grad_()
    made = making.network("autoregressive", "normal")(read(), leaf)
    for k in range(5):
        (gradient,) = torch.autograd.grad(made[:, k].sum(), leaf, retain_graph=True)
        assert gradient.any(0).nonzero()[:, 0].tolist() == list(range(k))


def test_fed_its_own_values_it_says_the_same_taught_as_alone(making, read):
    network, reading = making.network("autoregressive"), read()
    alone = network(reading)
    torch.testing.assert_close(network(reading, alone[..., 0]), alone, **EXACT)


def test_alone_a_step_sees_those_before_it(making, read):
    base = read().base.requires_grad_()
    made = making.network("autoregressive").corrections(read()._replace(base=base), None)
    for k in range(5):
        (gradient,) = torch.autograd.grad(made[:, k].sum(), base, retain_graph=True)
        assert gradient.any(0).nonzero()[:, 0].tolist() == list(range(k + 1))


def hearing(made, window):
    """Return whether each step's correction changes with the window where the value before it is given."""
    found = []
    for k in range(1, made.shape[1]):
        (gradient,) = torch.autograd.grad(made[:, k].sum(), window, retain_graph=True, allow_unused=True)
        found.append(gradient is not None and bool(gradient.any()))
    return found


def test_a_state_is_handed_on_and_not_one_number_alone(making, read, future):
    """The planted offender recurs through the last value: told that, it knows nothing else of the past."""
    network, window = making.network("autoregressive"), read().window.requires_grad_()
    reading = read()._replace(window=window)
    assert all(hearing(network.corrections(reading, future), window))
    before, each = window[-1, :, 0], []
    for k in range(reading.base.shape[1]):
        steady = [reading.base[:, k : k + 1], reading.known[:, k], network.context(reading)]
        states, _ = network.layers.step(torch.cat([before[:, None], *steady], dim=1), None)
        each.append(states @ network.output.weight.T + network.output.bias)
        before = future[:, k]
    assert not any(hearing(torch.stack(each, dim=1), window))


class TestScheduledSampling:
    @pytest.mark.parametrize("told", ["point", "negative-binomial"])
    def test_at_one_it_reads_its_own_values_of_a_first_pass(self, told, making, read, future):
        network, reading = making.network("autoregressive", told), read()
        own = network.head.middle(network(reading, future))
        expected = network(reading, own)
        network.own_fraction = 1.0
        torch.testing.assert_close(network.train()(reading, future), expected, **EXACT)

    def test_between_the_generator_chooses(self, plain, read, future):
        network, reading = plain.network("autoregressive"), read()
        own = network.head.middle(network(reading, future))
        chosen = torch.empty(4, 5, dtype=torch.float64).bernoulli_(0.5, generator=torch.Generator().manual_seed(8)) > 0
        assert 0 < int(chosen[:, :-1].sum()) < 16
        expected = network(reading, torch.where(chosen, own, future))
        network.own_fraction = 0.5
        torch.testing.assert_close(network.train()(reading, future), expected, **EXACT)
        assert not torch.equal(network(reading, future), expected)

    def test_in_use_and_at_zero_the_true_values_are_read(self, plain, read, future):
        network, reading = plain.network("autoregressive"), read()
        expected = network(reading, future)
        assert torch.equal(network.train()(reading, future), expected)
        network.own_fraction = 1.0
        assert torch.equal(network.eval()(reading, future), expected)

    def test_no_gradient_goes_through_the_first_pass(self, plain, read, future):
        network, leaf = plain.network("autoregressive").train(), future.requires_grad_()
        network.own_fraction = 1.0
        network(read(), leaf).sum().backward()
        assert not leaf.grad.any()


class TestPaths:
    @pytest.mark.parametrize("told", HEADS)
    def test_a_path_is_drawn_step_by_step(self, told, making, read):
        network, reading = making.network("autoregressive", told), read()
        chances = 0.02 + 0.96 * torch.rand(3, 4, 5, generator=torch.Generator().manual_seed(2)).double()
        drawn = network.paths(reading, chances)
        assert drawn.shape == (3, 4, 5)
        for path in range(3):

            def value(k, made, path=path):
                numbers = torch.cat([made[:, :1] + reading.base[:, k : k + 1], made[:, 1:]], dim=1)[:, None]
                return network.head.at(numbers.detach(), chances[path, :, k : k + 1], reading.unit)[:, 0]

            each = [value(k, made) for k, made in enumerate(by_hand(network, reading, value).unbind(1))]
            torch.testing.assert_close(drawn[path], torch.stack(each, dim=1), rtol=1e-9, atol=1e-9)

    def test_the_same_chances_make_the_same_paths(self, plain, read):
        network, reading = plain.network("autoregressive", "normal"), read()
        chances = torch.rand(3, 4, 5, generator=torch.Generator().manual_seed(2))
        assert torch.equal(network.paths(reading, chances), network.paths(reading, chances))
        assert torch.equal(network.told(reading), network.told(reading))
        moved = chances.clone()
        moved[1, 2, 3] = 1 - moved[1, 2, 3]
        differs = (network.paths(reading, moved) - network.paths(reading, chances)).abs() > LATER
        assert differs.nonzero().tolist() == [[1, 2, 3], [1, 2, 4]]

    def test_even_chances_are_the_middle(self, plain, read):
        network, reading = plain.network("autoregressive", "quantiles"), read()
        drawn = network.paths(reading, torch.full((2, 4, 5), 0.5))
        torch.testing.assert_close(drawn, network(reading)[..., 0].expand(2, 4, 5), rtol=0, atol=1e-9)


class TestTold:
    def test_without_a_spread_no_path_is_drawn(self, plain, read):
        network, reading = plain.network("autoregressive", "point"), read()
        torch.testing.assert_close(network.told(reading)[..., 3], network(reading)[..., 0], **EXACT)

    def test_the_first_step_is_the_heads_own_table(self, making, read):
        """Its chances are spread evenly, so that a hundred paths tell its quantiles."""
        network, reading = making.network("autoregressive", "normal"), read()
        made = network(reading)[:, 0]
        spread = torch.nn.functional.softplus(made[:, 1]) + 1e-3
        places = torch.from_numpy(stats.norm.ppf(QUANTILES))
        found = (network.told(reading)[:, 0] - made[:, :1]) / spread[:, None]
        torch.testing.assert_close(found, places.expand(4, 7), rtol=0, atol=0.12)

    @pytest.mark.parametrize("n_paths", [100, 4_000])
    def test_of_a_random_walk_the_spread_grows_with_the_root_of_the_steps(self, n_paths):
        """A decoder made by hand: y_k is y_{k-1}, and a normal distribution of spread 0.7 lies around it."""
        network, reading = walk(0.7, n_paths), walk_reading(16)
        found = network.told(reading)[0]
        roots = torch.arange(1, 17).sqrt()[:, None]
        places = torch.from_numpy(stats.norm.ppf(QUANTILES))
        expected = 2.0 + 0.7 * roots * places
        error = (found - expected).abs() / (0.7 * roots)
        assert float(error.max()) < (0.75 if n_paths == 100 else 0.15)
        assert float(error.mean()) < (0.2 if n_paths == 100 else 0.03)

    def test_one_path_and_far_ahead_of_many_origins(self, plain, read):
        network, reading = plain.network("autoregressive", "normal"), read(horizon=330)
        network.n_paths = 1
        torch.testing.assert_close(network.told(reading)[..., 0], network.told(reading)[..., 6], **EXACT)
        network.paths = lambda reading, chances: torch.arange(100.0)[:, None, None].expand(100, 512, 330)
        network.n_paths = 100  # of more values than torch.quantile takes at once
        assert network.told(reading)[7, 11].tolist() == pytest.approx([2, 9.5, 24.5, 49.5, 74.5, 89.5, 97])


def walk(spread, n_paths):
    """Return a network that makes the value before each step its middle: tanh is straight near 0."""
    generator = torch.Generator()
    encoder = RecurrentEncoder(nn.RNN(1, 1), Dropout(0.0, generator))
    network = AutoregressiveNetwork(
        encoder, SeriesContext(0), nn.RNN(3, 1), head=head("normal"), generator=generator, n_paths=n_paths
    ).double()
    small = 1e-4
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network.layers.weight_ih_l0[0, 0] = small
        network.output.weight[0, 0] = 1 / small
        network.output.bias[1] = torch.tensor(spread - 1e-3, dtype=torch.float64).expm1().log()
    return network.eval()


def walk_reading(horizon):
    nothing = torch.zeros(1, horizon, dtype=torch.float64)
    window = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64).reshape(3, 1, 1)
    one = torch.ones(1, 1, dtype=torch.float64)
    return Reading(window, one[:, :0], nothing[..., None], nothing, torch.ones(1).long(), torch.tensor([3]), one)
