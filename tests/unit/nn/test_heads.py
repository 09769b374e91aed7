import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.metrics import mean_pinball_loss

from tidegate.errors import SettingError
from tidegate.nn.heads import HEADS, QUANTILES, head, table

ORIGINS, AHEAD = 40, 3
CHANCES = (0.001, 0.025, 0.06, 0.3, 0.5, 0.62, 0.9, 0.975, 0.9999)
SPREADING = [name for name in HEADS if head(name).spreads]


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(7)


@pytest.fixture
def unit(generator):
    return 0.5 + 4 * torch.rand(ORIGINS, 1, generator=generator)


def drawn(name, generator, spread=2.0):
    return spread * torch.randn(ORIGINS, AHEAD, head(name).width, generator=generator)


def softplus(values):
    return np.log1p(np.exp(-np.abs(values))) + np.maximum(values, 0)


def frozen(name, made, unit):
    """Return the distribution that a head says it is, as scipy has it; in units of the data for counts."""
    numbers = made.double().numpy()
    if name == "negative-binomial":
        mean = softplus(numbers[..., 0]) * unit.double().numpy() + 1e-6
        dispersion = softplus(numbers[..., 1]) + 1e-6
        return stats.nbinom(1 / dispersion, 1 / (1 + mean * dispersion))
    spread = softplus(numbers[..., 1]) + 1e-3
    if name == "normal":
        return stats.norm(numbers[..., 0], spread)
    return stats.t(2 + softplus(numbers[..., 2]), numbers[..., 0], spread)


def torchs(name, made, unit):
    """Return the same as torch has it."""
    made = made.double()
    positive = torch.nn.functional.softplus(made)
    if name == "negative-binomial":
        mean, dispersion = positive[..., 0] * unit.double() + 1e-6, positive[..., 1] + 1e-6
        return torch.distributions.NegativeBinomial(1 / dispersion, logits=(mean * dispersion).log())
    spread = positive[..., 1] + 1e-3
    if name == "normal":
        return torch.distributions.Normal(made[..., 0], spread)
    return torch.distributions.StudentT(2 + positive[..., 2], made[..., 0], spread)


class TestEveryHead:
    @pytest.mark.parametrize("name", HEADS)
    def test_it_reads_as_many_numbers_as_it_says(self, name, generator, unit):
        made, told = drawn(name, generator), head(name)
        actual = torch.rand(ORIGINS, AHEAD, generator=generator).requires_grad_(False)
        leaf = made.requires_grad_()
        told.loss(leaf, actual, unit).sum().backward()
        assert told.name == name
        assert bool((leaf.grad != 0).any(0).any(0).all())
        assert told.loss(leaf, actual, unit).shape == (ORIGINS, AHEAD)
        assert told.loss(leaf, actual, unit).dtype == torch.float32

    @pytest.mark.parametrize("name", [name for name in HEADS if name != "negative-binomial"])
    def test_the_middle_is_the_first_number_and_the_point_forecast(self, name, generator, unit):
        made, told = drawn(name, generator), head(name)
        assert torch.equal(told.middle(made), made[..., 0])
        torch.testing.assert_close(told.at(made, torch.tensor([[0.5]]), unit), made[..., 0], rtol=0, atol=1e-6)

    @pytest.mark.parametrize("name", HEADS)
    def test_quantiles_rise_with_their_probability(self, name, generator, unit):
        made, told = drawn(name, generator, spread=4.0), head(name)
        each = torch.stack([told.at(made, torch.tensor([[chance]]), unit) for chance in CHANCES])
        steps = each.diff(dim=0)
        assert bool((steps >= 0).all())
        assert name == "negative-binomial" or bool((steps > 0).all())
        assert each.dtype == torch.float32

    @pytest.mark.parametrize("name", HEADS)
    def test_every_value_may_have_a_probability_of_its_own(self, name, generator, unit):
        made, told = drawn(name, generator), head(name)
        chances = 0.01 + 0.98 * torch.rand(ORIGINS, AHEAD, generator=generator)
        together = told.at(made, chances, unit)
        assert together.shape == (ORIGINS, AHEAD)
        for row, step in ((0, 0), (5, 2), (39, 1)):
            one = told.at(made[row : row + 1, step : step + 1], chances[row, step].reshape(1, 1), unit[row : row + 1])
            torch.testing.assert_close(together[row, step], one[0, 0])

    @pytest.mark.parametrize("name", HEADS)
    def test_a_table_holds_the_quantiles_without_gradients(self, name, generator, unit):
        made, told = drawn(name, generator).requires_grad_(), head(name)
        found = table(told, made, unit)
        assert found.shape == (ORIGINS, AHEAD, len(QUANTILES))
        assert not found.requires_grad
        for place, chance in enumerate(QUANTILES):
            assert torch.equal(found[..., place], told.at(made, torch.tensor([[chance]]), unit))

    @pytest.mark.parametrize("name", HEADS)
    @pytest.mark.parametrize("size", [1e2, 1e4, 1e8])
    def test_loss_and_gradient_of_great_numbers_are_finite(self, name, size, generator, unit):
        leaf = (size * torch.randn(400, AHEAD, head(name).width, generator=generator)).requires_grad_()
        actual = torch.rand(400, AHEAD, generator=generator).mul(size).round()
        loss = head(name).loss(leaf, actual, unit[:1])
        loss.sum().backward()
        assert bool(loss.isfinite().all())
        assert bool(leaf.grad.isfinite().all())
        assert bool(table(head(name), leaf, unit[:1]).isfinite().all())

    @pytest.mark.parametrize("name", HEADS)
    def test_the_gradient_is_that_of_the_loss(self, name, generator, unit):
        made = drawn(name, generator)[:4].double().requires_grad_()
        actual = torch.randint(0, 9, (4, AHEAD), generator=generator).double() / unit[:4].double()
        assert torch.autograd.gradcheck(lambda numbers: head(name).loss(numbers, actual, unit[:4].double()), made)

    def test_others_are_refused(self):
        with pytest.raises(
            SettingError, match=r"^head is 'cauchy'; it must be one of 'point', 'quantiles', 'normal', "
        ):
            head("cauchy")
        with pytest.raises(SettingError, match=r"^head is \['normal'\]; it must be one of"):
            head(["normal"])


class TestDistributions:
    @pytest.mark.parametrize("name", ["normal", "student-t", "negative-binomial"])
    @pytest.mark.parametrize("other", [frozen, torchs], ids=["scipy", "torch"])
    def test_the_loss_is_the_negative_log_likelihood(self, name, other, generator, unit):
        made = drawn(name, generator)
        counts = torch.randint(0, 30, (ORIGINS, AHEAD), generator=generator)
        actual = counts / unit if name == "negative-binomial" else 3 * torch.randn(ORIGINS, AHEAD, generator=generator)
        value = counts.double() if name == "negative-binomial" else actual.double()
        model = other(name, made, unit)
        if other is torchs:
            expected = -model.log_prob(value)
        else:
            expected = -torch.from_numpy((model.logpmf if name == "negative-binomial" else model.logpdf)(value.numpy()))
        loss = head(name).loss(made, actual, unit)
        torch.testing.assert_close(loss.double(), expected, rtol=1e-5, atol=1e-5)

    @pytest.mark.parametrize("name", ["normal", "student-t"])
    def test_quantiles_invert_the_distribution(self, name, generator, unit):
        made = drawn(name, generator)
        for chance in CHANCES:
            found = head(name).at(made.double(), torch.tensor([[chance]], dtype=torch.float64), unit.double())
            np.testing.assert_allclose(frozen(name, made, unit).cdf(found.numpy()), chance, atol=1e-9)

    def test_a_quantile_of_counts_is_the_smallest_not_exceeded(self, generator, unit):
        made, told = drawn("negative-binomial", generator), head("negative-binomial")
        model = frozen("negative-binomial", made, unit)
        for chance in CHANCES:
            counts = (told.at(made, torch.tensor([[chance]]), unit) * unit).double().numpy()
            np.testing.assert_allclose(counts, counts.round(), atol=1e-3)
            assert (model.cdf(counts.round()) >= chance - 1e-6).all()
            assert (model.cdf(counts.round() - 1) < chance + 1e-6).all()

    def test_the_middle_of_counts_is_their_mean(self, generator, unit):
        made = drawn("negative-binomial", generator)
        mean = (head("negative-binomial").middle(made) * unit).double().numpy()
        np.testing.assert_allclose(mean, frozen("negative-binomial", made, unit).mean(), rtol=1e-5, atol=2e-6)

    def test_counts_vary_as_much_as_they_say(self):
        raw = np.log(np.expm1([6.0, 0.5]))  # softplus undone: mean 6 units of 2, dispersion 0.5
        made, unit = torch.tensor(raw, dtype=torch.float32).reshape(1, 1, 2), torch.tensor([[2.0]])
        chances = (torch.arange(20_000) + 0.5) / 20_000
        counts = 2 * head("negative-binomial").at(made.expand(20_000, 1, 2), chances[:, None], unit)
        assert float(counts.mean()) == pytest.approx(12, rel=0.01)
        assert float(counts.var()) == pytest.approx(12 + 0.5 * 144, rel=0.02)

    @pytest.mark.parametrize("mean", [1e-3, 1.0, 1e3, 1e6])
    def test_near_poisson_counts_keep_their_digits(self, mean):
        """Where the dispersion is small, two log-gammas of 10 million differ by 10: float32 would lose all of it."""
        made = torch.tensor([[[np.log(np.expm1(mean)) if mean < 100 else mean, -30.0]]], dtype=torch.float32)
        counts = np.array([0, 1, round(mean), round(mean + 2 * mean**0.5)])
        expected = -stats.nbinom(1e6, 1 / (1 + 1e-6 * (mean + 1e-6))).logpmf(counts)
        loss = head("negative-binomial").loss(made, torch.tensor(counts)[:, None].float(), torch.ones(1, 1))
        np.testing.assert_allclose(loss[:, 0].numpy(), expected, rtol=1e-4, atol=1e-5)

    def test_near_normal_tails_keep_their_digits(self):
        made = torch.tensor([[[0.3, 0.2, 1e6]]])
        actual = torch.linspace(-3, 3, 9)[:, None]
        spread = float(softplus(np.float64(0.2))) + 1e-3
        loss = head("student-t").loss(made, actual, torch.ones(1, 1))
        expected = -stats.t(1e6 + 2, 0.3, spread).logpdf(actual.double().numpy())
        np.testing.assert_allclose(loss.numpy(), expected, atol=1e-5)

    @pytest.mark.parametrize("name", ["normal", "student-t", "negative-binomial"])
    def test_no_spread_is_nothing(self, name, unit):
        """However sure a network is: a value off by a little is unlikely, not impossible."""
        made = torch.full((ORIGINS, AHEAD, head(name).width), -200.0)
        made[..., 0] = 2.0
        loss = head(name).loss(made, torch.full((ORIGINS, AHEAD), 3.0), unit)
        assert bool((loss.isfinite() & (loss > 1)).all())


class TestPoint:
    def test_the_loss_is_the_absolute_error(self, generator, unit):
        made, actual = drawn("point", generator), torch.randn(ORIGINS, AHEAD, generator=generator)
        assert torch.equal(head("point").loss(made, actual, unit), (made[..., 0] - actual).abs())

    def test_of_the_spread_it_knows_nothing(self, generator, unit):
        made = drawn("point", generator)
        above = head("point").at(made, torch.tensor([[0.9]]), unit) - made[..., 0]
        torch.testing.assert_close(above, torch.full_like(above, float(stats.norm.ppf(0.9))))
        assert [name for name in HEADS if not head(name).spreads] == ["point"]


class TestQuantiles:
    def test_the_loss_is_twice_the_mean_pinball_loss(self, generator, unit):
        made, actual = drawn("quantiles", generator), torch.randn(ORIGINS, AHEAD, generator=generator)
        quantiles = head("quantiles").quantiles(made).numpy()
        each = [mean_pinball_loss(actual, quantiles[..., q], alpha=alpha) for q, alpha in enumerate(QUANTILES)]
        loss = head("quantiles").loss(made, actual, unit)
        assert float(loss.mean()) == pytest.approx(2 * np.mean(each), rel=1e-5)

    def test_of_the_median_alone_it_is_the_absolute_error(self, generator, unit):
        made, actual = drawn("quantiles", generator), torch.randn(ORIGINS, AHEAD, generator=generator)
        made[..., 1:] = -200.0  # all quantiles are the median
        expected = (made[..., 0] - actual).abs()
        torch.testing.assert_close(head("quantiles").loss(made, actual, unit), expected, rtol=1e-6, atol=1e-6)

    def test_the_distances_are_added_outwards_from_the_median(self):
        gaps = torch.tensor([0.1, 0.2, 0.4, 0.8, 1.6, 3.2])
        made = torch.cat([torch.tensor([5.0]), gaps.expm1().log()])[None, None]
        expected = torch.tensor([4.3, 4.7, 4.9, 5.0, 5.8, 7.4, 10.6])
        torch.testing.assert_close(head("quantiles").quantiles(made)[0, 0], expected)

    def test_at_those_learned_it_is_what_was_learned(self, generator, unit):
        made = drawn("quantiles", generator, spread=30.0)
        assert torch.equal(table(head("quantiles"), made, unit), head("quantiles").quantiles(made))

    def test_between_and_beyond_it_is_straight_over_normal_quantiles(self, generator, unit):
        """Quantiles of a normal distribution are thus those of this distribution at every probability."""
        places = torch.from_numpy(stats.norm.ppf(QUANTILES))
        gaps = (1.7 * places).diff()
        made = torch.cat(
            [torch.tensor([0.4], dtype=torch.float64), gaps[:3].flip(0).expm1().log(), gaps[3:].expm1().log()]
        )
        for chance in (1e-5, 0.01, 0.025, 0.2, 0.5, 0.55, 0.96, 0.999):
            found = head("quantiles").at(made[None, None], torch.tensor([[chance]], dtype=torch.float64), unit[:1])
            assert float(found) == pytest.approx(stats.norm.ppf(chance, 0.4, 1.7), abs=1e-9)

    def test_least_loss_is_at_the_quantiles_of_the_data(self, unit):
        sample = torch.from_numpy(np.random.default_rng(3).exponential(size=4_000)).float()[:, None]
        numbers = torch.zeros(1, 1, 7, requires_grad=True)
        optimiser = torch.optim.Adam([numbers], lr=0.05)
        for _ in range(400):
            optimiser.zero_grad()
            head("quantiles").loss(numbers, sample, unit[:1]).mean().backward()
            optimiser.step()
        found = head("quantiles").quantiles(numbers.detach())[0, 0].numpy()
        np.testing.assert_allclose(found, np.quantile(sample.numpy(), QUANTILES), atol=0.08)
