"""Categories in networks: a label's column of 0 and 1 before a matrix is its embedding, and an unknown label is 0."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tidegate.forecasters.narn import NARN
from tidegate.forecasters.network.building import DECODERS, Plan, network
from tidegate.forecasters.network.forecaster import Sizes
from tidegate.forecasters.network.layers import LayerPlan
from tidegate.forecasters.recurrent import GRU, RecurrentForecaster
from tidegate.nn.decoders.reading import Reading
from tidegate.nn.initialisation import built
from tidegate.panel import Covariates, Panel
from tidegate.training.settings import Training

SIZES = Sizes(n_inputs=3, n_context=5, n_known=2, window_steps=8, horizon=6, n_series=4)
HIDDEN = 7
N_ORIGINS = 3


def reading_of():
    drawn = torch.Generator().manual_seed(0)
    return Reading(
        window=torch.randn(SIZES.window_steps, N_ORIGINS, SIZES.n_inputs, generator=drawn),
        context=torch.randn(N_ORIGINS, SIZES.n_context, generator=drawn),
        known=torch.randn(N_ORIGINS, SIZES.horizon, SIZES.n_known, generator=drawn),
        base=torch.randn(N_ORIGINS, SIZES.horizon, generator=drawn),
        series=torch.arange(N_ORIGINS),
        steps=torch.full((N_ORIGINS,), SIZES.window_steps),
        unit=torch.ones(N_ORIGINS, 1),
    )


def meeting(decoder):
    """Where the context comes in: weights, how many features come before it there, and what is added to the product."""
    known = SIZES.n_known
    return {
        "direct": [
            ("decoder.hidden.weight", HIDDEN, "decoder.hidden.bias"),
            ("decoder.shared.weight", HIDDEN, "decoder.shared.bias"),
        ],
        "recurrent": [("layers.weight_ih_l0", 2 + known, "layers.bias_ih_l0")],
        "segment": [("of_context.weight", 0, "positions.weight")],
        "attention": [("layers.weight_ih_l0", 1 + known, "layers.bias_ih_l0")],
    }[decoder]


@pytest.mark.parametrize("label", [2, 4])
@pytest.mark.parametrize("decoder", DECODERS)
@torch.no_grad()
def test_a_label_stands_for_the_vector_that_was_learned_for_it(decoder, label):
    generator = torch.Generator().manual_seed(1)
    plan = Plan(LayerPlan("gru", HIDDEN, 1, 0.0), decoder, "quantiles", segment=3, series_width=0, dropout=0.0)
    made = built(lambda: network(plan, SIZES, generator), generator).eval()
    reading = reading_of()
    without, with_label = reading.context.clone(), reading.context.clone()
    without[:, label], with_label[:, label] = 0.0, 1.0
    before, wanted = (made(reading._replace(context=context)) for context in (without, with_label))
    parameters = dict(made.named_parameters())
    for weight, first, bias in meeting(decoder):
        parameters[bias] += parameters[weight][:, first + label]
    torch.testing.assert_close(made(reading._replace(context=without)), wanted, rtol=1e-5, atol=1e-5)
    assert (before - wanted).abs().max() > 1e-4


def shops(n_series=12, length=80, seed=0) -> Panel:
    """Shops whose sales rise on promotions if they are of one kind and fall if they are of the other."""
    rng = np.random.default_rng(seed)
    kinds = np.arange(n_series) % 2
    promotion = (rng.random((n_series, length)) < 0.3).astype(float)
    sales = 40 + rng.normal(size=(n_series, length)) + 8 * promotion * np.where(kinds == 0, 1, -1)[:, None]
    return Panel(
        ids=np.array([f"s{n:02}" for n in range(n_series)], dtype=object),
        offsets=np.arange(n_series + 1) * length,
        times=np.tile(np.arange(length), n_series),
        values=sales.ravel(),
        frequency="1",
        seasons=(1,),
        known=Covariates(("promotion",), promotion.reshape(-1, 1)),
        static=Covariates(("kind",), kinds[:, None].astype(float), {"kind": ("mall", "street")}),
    )


def labelled(panel, labels):
    """The panel with the given labels of its series, None for missing."""
    names = tuple(sorted({label for label in labels if label is not None}))
    codes = [np.nan if label is None else float(names.index(label)) for label in labels]
    return replace(panel, static=Covariates(("kind",), np.array(codes)[:, None], {"kind": names}))


def error(model, panel):
    """Mean absolute error four steps ahead at four origins after training, which ends at 60."""
    model.fit(panel.before(np.full(len(panel), 60), 4), horizon=4)
    errors = []
    for end in (60, 64, 68, 72):
        made = model.forecast(panel.before(np.full(len(panel), end), 4)).mean
        errors.append(np.abs(made - panel.values.reshape(len(panel), -1)[:, end : end + 4]))
    return np.mean(errors)


def test_a_static_category_tells_series_apart():
    panel = shops()
    plain = replace(panel, static=None)
    settings = {"n_members": 1, "training": Training(n_updates=200)}
    assert error(NARN(lags=1, **settings), panel) < 0.6 * error(NARN(lags=1, **settings), plain)


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_label_never_seen_and_a_missing_one_are_no_label(decoder):
    panel = shops(6)
    model = RecurrentForecaster(decoder=decoder, hidden_size=8, n_members=1, training=Training(n_updates=40))
    model.fit(panel.before(np.full(6, 70), 4), horizon=4)
    newer = panel.before(np.full(6, 76), 4)
    never, missing = (model.forecast(labelled(newer, [label] * 6)).mean for label in ("harbour", None))
    assert np.array_equal(never, missing)
    assert (never != model.forecast(newer).mean).any(axis=1).all()


def test_labels_count_and_not_their_order():
    panel = shops(6)
    model = GRU(hidden_size=8, n_members=1, training=Training(n_updates=40)).fit(
        panel.before(np.full(6, 70), 4), horizon=4
    )
    newer = panel.before(np.full(6, 76), 4)
    kinds = ["mall", "street"] * 3
    turned = replace(newer, static=Covariates(("kind",), 1 - newer.static.values, {"kind": ("street", "mall")}))
    assert np.array_equal(model.forecast(turned).mean, model.forecast(labelled(newer, kinds)).mean)
