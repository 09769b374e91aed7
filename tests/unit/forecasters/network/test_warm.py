from dataclasses import replace

import numpy as np
import pytest
import torch

from tidegate.evaluation.backtest import Settings, backtest
from tidegate.forecasters import storage
from tidegate.forecasters.narn import NARN
from tidegate.forecasters.network.course import course
from tidegate.forecasters.network.warm import ALWAYS, NEVER, Start, Stretches, eased, hindrance, stretches, weights_of
from tidegate.forecasters.recurrent import GRU
from tidegate.panel import Panel
from tidegate.scoring.folds import Folds
from tidegate.training import checkpoints
from tidegate.training.settings import Training

TRAINING = Training(n_updates=80, n_checks=4)


def panel_of(length=150, n_series=3, **columns) -> Panel:
    rng = np.random.default_rng(3)
    steps = np.tile(np.arange(200), (n_series, 1))
    values = 20 + 0.1 * steps + 3 * np.sin(2 * np.pi * steps / 6) + 0.4 * rng.normal(size=steps.shape)
    return Panel(
        ids=np.array([f"s{n}" for n in range(n_series)], dtype=object),
        offsets=np.arange(n_series + 1) * length,
        times=steps[:, :length].ravel(),
        values=values[:, :length].ravel(),
        frequency="1",
        seasons=(6,),
        **columns,
    )


def gru(**settings):
    return GRU(**{"hidden_size": 8, "window": 12, "n_members": 1, "training": TRAINING, **settings})


def bits(model):
    made = model.forecast(levels=[80])
    return np.concatenate([made.mean[..., None], *made.intervals[1:]], axis=-1)


def start(*, weights=1.0, meaning="same", newest=10, ids=("a", "b"), learned=(4, 6), held=(5, 7), size=3):
    known = Stretches(np.array(ids, dtype=object), np.array(learned), np.array(held))
    return Start(({"weight": torch.full((size, 2), weights)},), meaning, newest, known)


def test_a_warm_fit_goes_on_where_the_one_before_was():
    older, newer = panel_of(140), panel_of(150)
    warm = gru(warm_start=True).fit(older, horizon=4).fit(newer, horizon=4)
    fresh = gru().fit(newer, horizon=4)
    began, drawn = (one.losses_["network 1"].held_out[0] for one in (warm, fresh))
    assert began < 0.8 * drawn
    assert "The networks start from those of the fit before." in warm.notes_
    assert "trained with up to 20 updates" in warm.notes_[0]
    assert warm.losses_["network 1"].updates[-1] <= 20 < fresh.losses_["network 1"].updates[-1]


def test_by_default_every_fit_starts_afresh():
    older, newer = panel_of(140), panel_of(150)
    again = gru().fit(older, horizon=4).fit(newer, horizon=4)
    assert np.array_equal(bits(again), bits(gru().fit(newer, horizon=4)))
    first = gru(warm_start=True).fit(newer, horizon=4)
    assert np.array_equal(bits(first), bits(again))
    assert not [note for note in first.notes_ if "start" in note]


def test_the_same_fits_in_turn_give_the_same_bits_saved_or_not(tmp_path):
    older, newer = panel_of(140), panel_of(150)
    one, other = (gru(warm_start=True, n_members=2).fit(older, horizon=4) for _ in range(2))
    other.save(tmp_path / "model")
    other = storage.load(tmp_path / "model")
    assert np.array_equal(bits(one.fit(newer, horizon=4)), bits(other.fit(newer, horizon=4)))
    assert not np.array_equal(bits(one), bits(gru(n_members=2).fit(newer, horizon=4)))


def test_what_is_held_out_was_never_seen():
    model = gru(warm_start=True).fit(panel_of(), horizon=4)
    left = model._start.weights[0]
    assert any(not torch.equal(left[name], value) for name, value in model._networks[0].state_dict().items())
    alone = gru(training=TRAINING._replace(held_out_fraction=0.0)).fit(panel_of(), horizon=4)
    for name, value in alone._networks[0].state_dict().items():
        assert torch.equal(alone._start.weights[0][name], value)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"seasons": (4,)}, "would read other inputs or be made otherwise"),
        ({"offsets": np.array([0, 130]), "times": np.arange(130), "values": panel_of(130, 1).values}, "later obs"),
    ],
)
def test_other_data_start_afresh_and_say_why(change, why):
    model = gru(warm_start=True).fit(panel_of(140, 1), horizon=4)
    other = replace(panel_of(150, 1), **change)
    model.fit(other, horizon=4)
    assert np.array_equal(bits(model), bits(gru().fit(other, horizon=4)))
    assert any(note.startswith("The networks start afresh: ") and why in note for note in model.notes_)


def test_other_settings_start_afresh_but_another_way_of_training_does_not():
    model = gru(warm_start=True).fit(panel_of(140), horizon=4)
    model.set_params(training=TRAINING._replace(n_updates=40), seed=5).fit(panel_of(150), horizon=4)
    assert "trained with up to 10 updates" in model.notes_[0]
    assert "start afresh" in model.set_params(dropout=0.1).fit(panel_of(150), horizon=4).notes_[-1]


def test_a_further_member_is_drawn():
    model = gru(warm_start=True).fit(panel_of(140), horizon=4).set_params(n_members=2).fit(panel_of(150), horizon=4)
    first, second = (model.losses_[f"network {m}"].held_out[0] for m in (1, 2))
    assert first < second


def test_checkpoints_of_another_start_are_not_taken_up(tmp_path):
    panel = panel_of()
    straight = bits(gru(warm_start=True).fit(panel, horizon=4).fit(panel, horizon=4))
    with checkpoints.kept_in(tmp_path):
        model = gru(warm_start=True).fit(panel, horizon=4)
        once = bits(model)
        assert np.array_equal(straight, bits(model.fit(panel, horizon=4)))
    assert not np.array_equal(once, straight)


def test_a_warm_backtest_sees_nothing_after_an_origin():
    panel, folds = panel_of(), Folds(horizon=4, count=3)
    step = np.tile(np.arange(150), 3)
    changed = replace(panel, values=np.where(step >= 150 - 8, 500.0 - panel.values, panel.values))
    seen = [
        backtest(one, [NARN(training=TRAINING)], folds=folds, settings=Settings(warm=True)) for one in (panel, changed)
    ]
    made = [one.results["narn"] for one in seen]
    assert np.array_equal(made[0].mean[:2], made[1].mean[:2])
    assert np.array_equal(made[0].lower[:2], made[1].lower[:2])
    assert not np.array_equal(made[0].mean[2], made[1].mean[2])


def test_hindrances():
    assert hindrance(start(), start(weights=2.0, newest=11)) == ""
    assert "made otherwise" in hindrance(start(), start(meaning="other"))
    assert "made otherwise" in hindrance(start(), start(size=4))
    assert hindrance(start(newest=11), start()) == "the fit before has seen later observations"
    seen = "the fit before has seen what is held out now"
    assert hindrance(start(), start(held=(5, 6))) == seen
    assert hindrance(start(learned=(7, NEVER)), start(held=(5, 7))) == seen
    assert hindrance(start(learned=(4, NEVER)), start(held=(5, ALWAYS))) == ""
    assert hindrance(start(ids=("b", "a"), learned=(6, 4)), start()) == ""
    assert hindrance(start(ids=("a", "c"), learned=(4, 99)), start()) == ""


def test_stretches_are_the_newest_target_learned_and_the_oldest_held_out():
    panel, horizon = panel_of(150, 2), 4
    plan = course(panel.lengths, past_steps=np.array([12, 12]), horizon=horizon, training=TRAINING)
    found = stretches(panel, plan, horizon)
    older, newer = plan.older.all(), plan.newer.all()
    assert found.learned.tolist() == [max(older.ends[older.series == n]) + horizon - 1 for n in range(2)]
    assert found.held.tolist() == [min(newer.ends[newer.series == n]) for n in range(2)]
    alone = course(
        panel.lengths, past_steps=np.array([12, 12]), horizon=horizon, training=Training(held_out_fraction=0.0)
    )
    nothing = stretches(panel, alone, horizon)
    assert nothing.learned.tolist() == [149, 149]
    assert nothing.held.tolist() == [ALWAYS, ALWAYS]


def test_more_held_out_than_before_starts_afresh():
    panel = panel_of()
    model = gru(warm_start=True, training=TRAINING._replace(held_out_fraction=0.05)).fit(panel, horizon=4)
    model.set_params(training=TRAINING._replace(held_out_fraction=0.4)).fit(panel, horizon=4)
    assert "has seen what is held out now" in model.notes_[-1]


def test_a_warm_start_with_embedded_series_needs_the_same_ones():
    panel = panel_of(140)
    model = gru(warm_start=True, series_width=2).fit(panel, horizon=4)
    others = replace(panel_of(150), ids=np.array(["s0", "s1", "t"], dtype=object))
    assert "start afresh" in model.fit(others, horizon=4).notes_[-1]


def test_a_start_comes_back_from_its_state_and_its_digest_stands_for_the_weights():
    again = Start.from_state(start().state())
    assert again[1:3] == start()[1:3]
    assert all(np.array_equal(*pair) for pair in zip(again.stretches, start().stretches, strict=True))
    assert torch.equal(again.weights[0]["weight"], start().weights[0]["weight"])
    assert again.digest == start().digest != start(weights=1.5).digest


def test_a_quarter_of_the_updates():
    plan = course(np.array([50]), past_steps=np.array([5]), horizon=2, training=Training(n_updates=10))
    assert eased(plan).n_updates == 3
    assert eased(plan)[:-1] == plan[:-1]


def test_weights_are_a_copy():
    layer = torch.nn.Linear(2, 3)
    kept = weights_of(layer)
    before = kept["weight"].clone()
    with torch.no_grad():
        layer.weight.add_(1)
    assert torch.equal(kept["weight"], before)
    assert not kept["weight"].requires_grad
