import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import tidegate
from tidegate.errors import MissingExtraError, ModelError, SettingError, TidegateError
from tidegate.evaluation import backtest as module
from tidegate.evaluation.backtest import Settings, backtest
from tidegate.forecasters.base import Forecaster
from tidegate.forecasters.naive import MovingAverage, Naive, SeasonalNaive
from tidegate.scoring.folds import Folds

CALLS = []
FOLDS = Folds(horizon=12, count=3)


class Stub(Forecaster):
    name = "stub"

    def __init__(self, *, error=None, after=0, kind="stub"):
        self.error, self.after, self.kind = error, after, kind

    def _fit(self, panel, horizon):
        CALLS.append(panel)
        if self.error and panel.lengths[0] > self.after:
            raise self.error

    def _predict(self, panel, levels):
        return np.repeat(panel.values[panel.offsets[1:] - 1][:, None], self.horizon_, axis=1), None

    def _state(self):
        return {}

    def _restore(self, state):
        pass


class Going(Stub):
    """Counts its fits, those that go on from another among them."""

    name = "going"

    def __init__(self, *, warm_start=False):
        super().__init__()
        self.warm_start = warm_start

    def _fit(self, panel, horizon):
        super()._fit(panel, horizon)
        self.fits_ = 1 + (getattr(self, "fits_", 0) if self.warm_start else 0)

    def _predict(self, panel, levels):
        return np.repeat(self.fits_ / self._factors[:, None], self.horizon_, axis=1), None


class Watching:
    def __init__(self, stop=None):
        self.seen, self.stop = [], stop

    def begin(self, models, folds):
        self.seen.append(("begin", list(models), folds))

    def done(self, model, fold, seconds, score):
        self.seen.append((model, fold, score))
        if self.stop and len(self.seen) > self.stop:
            raise KeyboardInterrupt

    def finish(self):
        self.seen.append(("finish",))


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """Workers must be able to import the models of this file."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3]))
    CALLS.clear()


def assert_same(one, other):
    assert list(one.results) == list(other.results)
    for name, result in one.results.items():
        for part in ("mean", "lower", "upper"):
            assert np.array_equal(getattr(result, part), getattr(other.results[name], part), equal_nan=True), (
                name,
                part,
            )


def test_seasonal_naive_is_always_there(monthly):
    assert "seasonal-naive" in backtest(monthly(), ["naive"], folds=FOLDS).results
    assert list(backtest(monthly(), [SeasonalNaive()], folds=FOLDS).results) == ["seasonal-naive"]


def test_a_frame_is_as_good_as_a_panel(monthly):
    panel = monthly()
    import pandas as pd

    frame = pd.DataFrame({"unique_id": "s0", "ds": panel.times.astype("datetime64[ns]"), "y": panel.values})
    assert_same(backtest(frame, ["naive"], folds=FOLDS), backtest(panel, ["naive"], folds=FOLDS))


def test_no_model_is_shown_anything_after_its_origin(monthly):
    made = backtest(monthly(), [Stub()], folds=FOLDS, settings=Settings(levels=()))
    assert [panel.lengths.tolist() for panel in CALLS] == made.ends.tolist()


def test_a_change_after_an_origin_changes_no_bit_of_its_forecast(monthly):
    panel = monthly((96, 96))
    models = ["naive", "drift", "moving-average"]
    made = backtest(panel, models, folds=FOLDS)
    later = panel.values.copy()
    later[72:96] += 100
    later[96 + 72 :] = 0
    changed = backtest(replace(panel, values=later), models, folds=FOLDS)
    for name, result in made.results.items():
        assert np.array_equal(result.mean[:2], changed.results[name].mean[:2]), name
        assert np.array_equal(result.lower[:2], changed.results[name].lower[:2]), name
        assert not np.array_equal(result.mean[2], changed.results[name].mean[2]), name


@pytest.mark.parametrize(("refit", "fits"), [(1, 3), (2, 2), (0, 1)])
def test_refit_counts_the_fits_and_later_folds_still_read_on(monthly, refit, fits):
    made = backtest(monthly(), [Stub()], folds=replace(FOLDS, refit=refit), settings=Settings(levels=()))
    assert len(CALLS) == fits
    assert_same(made, backtest(monthly(), [Stub()], folds=FOLDS, settings=Settings(levels=())))
    assert np.count_nonzero(made.results["stub"].fit_seconds) == fits


def test_warm_fits_go_on_from_the_fold_before(monthly):
    folds, bare = replace(FOLDS, count=4, refit=2), Settings(levels=())
    made = backtest(monthly(), [Going()], folds=folds, settings=replace(bare, warm=True))
    assert [panel.lengths.tolist() for panel in CALLS] == made.ends[[0, 2]].tolist()
    assert made.results["going"].mean[:, 0, 0].tolist() == [1, 1, 2, 2]
    assert np.flatnonzero(made.results["going"].fit_seconds).tolist() == [0, 2]
    assert made.results["going"].model.warm_start is False
    assert_same(made, backtest(monthly(), [Going(warm_start=True)], folds=folds, settings=bare))
    fresh = backtest(monthly(), [Going()], folds=folds, settings=bare)
    assert fresh.results["going"].mean[:, 0, 0].tolist() == [1, 1, 1, 1]


def test_warm_changes_nothing_for_models_that_cannot(monthly):
    models = ["naive", MovingAverage(window=5), Stub()]
    assert_same(
        backtest(monthly(), models, folds=FOLDS), backtest(monthly(), models, folds=FOLDS, settings=Settings(warm=True))
    )


def test_a_warm_run_resumes_to_the_same_bits(monthly, tmp_path):
    settings = Settings(levels=(), warm=True, store=tmp_path)
    whole = backtest(monthly(), [Going()], folds=FOLDS, settings=settings)
    CALLS.clear()
    assert_same(whole, backtest(monthly(), [Going()], folds=FOLDS, settings=settings))
    assert CALLS == []
    cold = backtest(monthly(), [Going()], folds=FOLDS, settings=replace(settings, warm=False))
    assert cold.results["going"].mean[:, 0, 0].tolist() == [1, 1, 1]


def test_any_number_of_processes_gives_the_same_bits(monthly, monkeypatch):
    monkeypatch.setattr(module, "_WORTH_STARTING", 0.0)
    panel = monthly((96, 100, 96))
    models = ["naive", "moving-average", Stub()]
    alone = backtest(panel, models, folds=FOLDS)
    together = backtest(panel, models, folds=FOLDS, settings=Settings(processes=2))
    assert_same(alone, together)
    assert alone.scores().equals(together.scores())


def test_little_work_starts_no_process(monthly, monkeypatch):
    asked = []
    run = module.cluster.run
    monkeypatch.setattr(module.cluster, "run", lambda tasks, processes, until: asked.append(processes) or run(tasks))
    backtest(monthly(), ["naive"], folds=FOLDS, settings=Settings(processes=8))
    assert asked == [1]


def test_a_model_that_fails_in_one_fold_is_named_and_the_others_go_on(monthly):
    stub = Stub(error=ModelError("it diverged."), after=60)
    made = backtest(monthly(), ["naive", stub], folds=FOLDS, settings=Settings(levels=()))
    assert made.failures == {"stub": "it diverged."}
    assert list(made.results) == ["naive", "seasonal-naive"]
    assert len(CALLS) == 2


def test_the_reason_of_a_failure_is_that_of_its_oldest_fold_whichever_ends_first(monthly, monkeypatch):
    def backwards(tasks, processes, until):
        tasks = list(enumerate(tasks))
        yield from ((number, task()) for number, task in tasks[::-1])

    monkeypatch.setattr(module.cluster, "run", backwards)
    stubs = [Stub(error=ModelError("one")), Stub(error=ModelError("two"), kind="other")]
    monkeypatch.setattr(Stub, "_fit", lambda self, panel, horizon: _fail(f"{self.error} {panel.lengths[0]}"))
    made = backtest(monthly(), ["naive", *stubs], folds=FOLDS, settings=Settings(levels=()))
    assert list(made.failures) == ["stub", "stub-2"]
    shortest = int(made.ends[0, 0])
    assert made.failures == {"stub": f"one {shortest}", "stub-2": f"two {shortest}"}


def _fail(message):
    raise ModelError(message)


def test_a_missing_extra_is_left_out_with_its_install_line(monthly):
    made = backtest(monthly(), [Stub(error=MissingExtraError("xgboost", "boost"))], folds=FOLDS)
    assert made.left_out == {"stub": "xgboost is not installed. Install it with: pip install 'tidegate[boost]'"}
    assert made.failures == {}


def test_a_mistake_in_a_model_is_not_swallowed(monthly):
    with pytest.raises(ZeroDivisionError):
        backtest(monthly(), [Stub(error=ZeroDivisionError())], folds=FOLDS)


def test_a_baseline_that_fails_stops_the_comparison(monthly, monkeypatch):
    monkeypatch.setattr(SeasonalNaive, "_predict", lambda self, panel, levels: (np.full((1, 12), np.nan), None))
    with pytest.raises(
        TidegateError, match=r"seasonal-naive, the baseline of every comparison, failed: .*forecast nan"
    ):
        backtest(monthly(), ["naive"], folds=FOLDS, settings=Settings(levels=()))


def test_models_that_would_start_after_the_budget_are_named(monthly):
    made = backtest(monthly(), ["naive", "drift"], folds=FOLDS, settings=Settings(budget=1e-9))
    assert list(made.results) == ["seasonal-naive"]
    assert made.left_out == dict.fromkeys(("naive", "drift"), "not started: the 1e-09 seconds for judging were over")
    assert backtest(monthly(), ["naive"], folds=FOLDS, settings=Settings(budget=600)).left_out == {}


def test_the_seed_goes_to_models_that_are_named(monthly):
    made = backtest(monthly(), ["naive", MovingAverage(window=5)], folds=FOLDS, settings=Settings(seed=9))
    assert made.results["moving-average"].model.window == 5


def test_an_interrupted_run_resumes_to_the_same_bits(monthly, tmp_path):
    models = ["naive", "drift", Stub()]
    whole = backtest(monthly(), models, folds=FOLDS)
    with pytest.raises(KeyboardInterrupt):
        backtest(monthly(), models, folds=FOLDS, settings=Settings(store=tmp_path, watch=Watching(stop=5)))
    kept = len(list(tmp_path.iterdir()))
    assert 0 < kept < 12
    CALLS.clear()
    watch = Watching()
    resumed = backtest(monthly(), models, folds=FOLDS, settings=Settings(store=tmp_path, watch=watch))
    assert_same(whole, resumed)
    assert len([seen for seen in watch.seen if len(seen) == 3 and seen[0] != "begin"]) == 12
    assert len(list(tmp_path.iterdir())) == 12
    CALLS.clear()
    assert_same(whole, backtest(monthly(), models, folds=FOLDS, settings=Settings(store=tmp_path, budget=1e-9)))
    assert CALLS == []


def test_a_damaged_fold_is_computed_again(monthly, tmp_path):
    settings = Settings(store=tmp_path, levels=())
    whole = backtest(monthly(), [Stub()], folds=FOLDS, settings=settings)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    CALLS.clear()
    assert_same(whole, backtest(monthly(), [Stub()], folds=FOLDS, settings=settings))
    assert len(CALLS) == 3


def test_the_watch_hears_of_every_fold_and_of_the_end(monthly):
    watch = Watching()
    made = backtest(monthly(), ["naive", Stub(error=ModelError("no."))], folds=FOLDS, settings=Settings(watch=watch))
    assert watch.seen[0] == ("begin", ["naive", "seasonal-naive", "stub"], 3)
    assert watch.seen[-1] == ("finish",)
    scores = {(model, fold): score for model, fold, score in watch.seen[1:-1]}
    assert scores["naive", 2] == pytest.approx(made.scaled_errors("naive")[2, 0])
    assert np.isnan(scores["stub", 0])


def test_a_constant_series_works_and_says_so(monthly):
    panel = monthly((96, 96))
    values = panel.values.copy()
    values[:96] = 7.0
    made = backtest(replace(panel, values=values), ["naive"], folds=FOLDS)
    assert made.results["naive"].mean[:, 0].tolist() == [[7.0] * 12] * 3
    assert any(note.startswith("1 of 2 series does not change from season to season") for note in made.notes)
    assert np.isfinite(made.scores()["MASE"]).all()


def test_zeros_and_missing_values_to_judge_by_are_counted(monthly):
    panel = monthly((96,), fill="interpolate")
    values = panel.values.copy()
    values[90], values[91:93] = 0.0, np.nan
    notes = backtest(replace(panel, values=values), ["naive"], folds=FOLDS).notes
    assert "1 of 36 values to judge by are 0: MAPE leaves them out." in notes
    assert "2 of 36 values to judge by are missing; no score counts them." in notes


def test_every_field_of_a_result_is_filled(monthly):
    result = backtest(monthly(), ["drift"], folds=FOLDS).results["drift"]
    assert {one.name for one in fields(result)} >= {"mean", "lower", "upper", "fit_seconds", "predict_seconds"}
    assert (result.parameters, result.cost) == (1, 0)
    assert result.peak_memory > 1e6
    assert result.fit_seconds.shape == (3,)


SCRIPT = textwrap.dedent(
    """
    import sys, time
    import numpy as np
    from tidegate.evaluation import backtest as module
    from tidegate.forecasters.naive import Naive
    from tidegate.panel import Panel
    from tidegate.scoring.folds import Folds

    module._WORTH_STARTING = 0.0

    class Slow(Naive):
        name = "slow"
        def _fit(self, panel, horizon):
            if len(panel.times) > 70:
                time.sleep(600)

    class Loud:
        def begin(self, models, folds):
            pass
        def done(self, model, fold, seconds, score):
            print(model, fold, flush=True)
        def finish(self):
            pass

    if __name__ == "__main__":
        panel = Panel(np.array(["a"], dtype=object), np.array([0, 96]), np.arange(96), np.random.rand(96), "1", (12,))
        settings = module.Settings(processes=2, store=sys.argv[1], watch=Loud())
        module.backtest(panel, ["naive", Slow()], folds=Folds(horizon=12, count=3), settings=settings)
    """
)


def test_an_interrupt_stops_at_once_and_keeps_finished_folds(tmp_path):
    script, store = tmp_path / "script.py", tmp_path / "store"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(Path(tidegate.__file__).parents[1])}
    child = subprocess.Popen(
        [sys.executable, script, store],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    seen = [child.stdout.readline().split() for _ in range(7)]
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert ["slow", "0"] in seen
    assert "KeyboardInterrupt" in errors
    assert child.returncode != 0
    assert len(list(store.glob("*.fold"))) == 7


def test_a_number_of_folds_is_no_folds():
    with pytest.raises(SettingError, match=r"folds is 3; it must be a Folds, such as Folds\("):
        backtest(None, ["naive"], folds=3)


def forest(**settings):
    return tidegate.RandomForest(n_trees=3, lags=6, **settings)


def test_each_stochastic_model_runs_with_several_seeds(monthly):
    panel = monthly((96, 96))
    made = backtest(panel, ["naive", forest(seed=4)], folds=FOLDS, settings=Settings(seeds=3, levels=(80,)))
    result = made.results["random-forest"]
    assert [run.model.seed for run in result.runs] == [4, 5, 6]
    assert made.results["naive"].others == ()
    for run in result.runs:
        alone = backtest(panel, [run.model], folds=FOLDS, settings=Settings(levels=(80,))).results["random-forest"]
        assert np.array_equal(run.mean, alone.mean)
        assert np.array_equal(run.lower, alone.lower)
    assert not np.array_equal(result.runs[0].mean, result.runs[1].mean)


def test_scores_are_means_over_the_runs(monthly):
    panel = monthly((96, 96))
    made = backtest(panel, [forest()], folds=FOLDS, settings=Settings(seeds=3))
    single = [backtest(panel, [forest(seed=k)], folds=FOLDS) for k in range(3)]
    for table in ("scores", "scores_by_step", "scores_by_series", "scores_in_detail"):
        found = [getattr(one, table)().query("model == 'random-forest'") for one in (made, *single)]
        numbers = [one.select_dtypes("number").drop(columns="parameters", errors="ignore") for one in found]
        np.testing.assert_allclose(numbers[0], np.mean(numbers[1:], axis=0), rtol=1e-12)
    means = [float(np.mean(one.scaled_errors("random-forest"))) for one in single]
    assert made.scaled_errors("random-forest").mean() == pytest.approx(np.mean(means))
    assert made.absolute_errors("random-forest").shape == (3, 2)
    assert made.luck("random-forest") == pytest.approx((np.var(means, ddof=1) / 3, 2))
    assert made.luck("seasonal-naive") == (0.0, 0)


def test_a_model_that_fails_with_one_seed_fails(monthly):
    class Moody(Stub):
        name = "moody"

        def __init__(self, *, seed=0):
            super().__init__()
            self.seed = seed

        @property
        def traits(self):
            return replace(super().traits, stochastic=True)

        def _fit(self, panel, horizon):
            if self.seed == 2:
                raise ModelError("a bad day")

    made = backtest(monthly(), [Moody()], folds=FOLDS, settings=Settings(seeds=3))
    assert made.failures == {"moody": "with seed 2: a bad day"}
    assert list(made.results) == ["seasonal-naive"]
    assert "moody" in backtest(monthly(), [Moody()], folds=FOLDS, settings=Settings(seeds=2)).results


def test_a_model_under_way_is_given_up_when_the_time_is_over(monthly, monkeypatch):
    now = [100.0]

    class Slow(Naive):
        def _fit(self, panel, horizon):
            now[0] += 0.25
            super()._fit(panel, horizon)

    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    made = backtest(monthly(), ["drift", Slow()], folds=FOLDS, settings=Settings(budget=0.4))
    assert set(made.results) == {"seasonal-naive"}
    over = "the 0.4 seconds for judging were over"
    assert made.left_out == {
        "naive": f"not finished: {over} when 2 of its 3 fits were done",
        "drift": f"not started: {over}",
    }


class Sleeping(MovingAverage):
    """Of little guessed work, and yet never done."""

    name = "sleeping"

    def _fit(self, panel, horizon):
        time.sleep(120)


@pytest.mark.parametrize("processes", [1, 2])
def test_workers_are_stopped_when_the_time_is_over(monthly, processes):
    started = time.monotonic()
    settings = Settings(budget=10.0, processes=processes)
    made = backtest(monthly(), ["naive", Sleeping()], folds=FOLDS, settings=settings)
    assert set(made.results) == {"naive", "seasonal-naive"}
    assert made.left_out == {
        "sleeping": "not finished: the 10 seconds for judging were over when 0 of its 3 fits were done"
    }
    assert time.monotonic() - started < 60


@pytest.fixture
def folds_of_forest(monthly, tmp_path):
    """Return a store with the folds of a forest, and those of the baseline beside it."""
    backtest(monthly(), [], folds=FOLDS, settings=Settings(store=tmp_path / "baseline"))
    backtest(monthly(), [forest()], folds=FOLDS, settings=Settings(store=tmp_path / "both"))
    baseline = {one.name for one in (tmp_path / "baseline").iterdir()}
    return sorted(one for one in (tmp_path / "both").iterdir() if one.name not in baseline)


def test_a_model_of_which_some_folds_are_stored_is_not_called_unstarted(monthly, folds_of_forest):
    folds_of_forest[0].unlink()
    settings = Settings(store=folds_of_forest[0].parent, budget=1e-9)
    made = backtest(monthly(), [tidegate.Linear(), forest()], folds=FOLDS, settings=settings)
    over = "the 1e-09 seconds for judging were over"
    assert made.left_out == {
        "random-forest": f"not finished: {over} when 2 of its 3 fits were done",
        "linear": f"not started: {over}",
    }


def test_a_model_whose_folds_are_all_stored_counts_though_the_time_ends_before_it_is_drawn(
    monthly, folds_of_forest, monkeypatch
):
    store = folds_of_forest[0].parent
    for one in set(store.iterdir()) - set(folds_of_forest):
        one.unlink()

    def given_up(tasks, processes, until):
        """Stop after the baseline, as where every process is busy until the time is over."""
        yield from ((number, next(tasks)()) for number in range(FOLDS.count))

    monkeypatch.setattr(module.cluster, "run", given_up)
    made = backtest(monthly(), [forest()], folds=FOLDS, settings=Settings(store=store, budget=1e-9))
    assert set(made.results) == {"random-forest", "seasonal-naive"}


def test_a_model_that_cannot_be_sent_to_a_process_keeps_everything_here_aloud(monthly):
    class Local(MovingAverage):
        name = "local"

    folds = Folds(horizon=12, count=1)
    made = backtest(monthly(), [Local(), forest()], folds=folds, settings=Settings(budget=600.0))
    assert set(made.results) == {"local", "random-forest", "seasonal-naive"}
    assert made.notes[-1].startswith("local cannot be sent to another process (")
    assert "Define its class or function at the top level of a module." in made.notes[-1]
    assert not any("process" in note for note in backtest(monthly(), [Local()], folds=folds).notes)


def test_long_budgets_are_told_in_whole_seconds(monthly, monkeypatch):
    clock = iter([0.0])
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(clock, 1e6)))
    made = backtest(monthly(), ["naive"], folds=FOLDS, settings=Settings(budget=1800.0))
    assert made.left_out == {"naive": "not started: the 1,800 seconds for judging were over"}


def test_a_model_that_the_budget_did_not_reach_is_named_once(monthly):
    settings = Settings(seeds=2, budget=1e-9)
    made = backtest(monthly(), [forest()], folds=FOLDS, settings=settings)
    assert set(made.left_out) == {"random-forest"}
    assert not any("seeds" in note for note in made.notes)


def test_runs_that_the_budget_did_not_reach_are_counted(monthly, tmp_path):
    """The first run is stored already, so that the budget stops the further ones alone."""
    panel = monthly()
    alone = backtest(panel, [forest()], folds=FOLDS, settings=Settings(store=tmp_path))
    made = backtest(panel, [forest()], folds=FOLDS, settings=Settings(seeds=3, budget=1e-9, store=tmp_path))
    assert made.left_out == {}
    assert made.results["random-forest"].others == ()
    assert np.array_equal(made.results["random-forest"].mean, alone.results["random-forest"].mean)
    said = "random-forest ran with 1 of 3 seeds; the others were not started: the 1e-09 seconds for judging were over."
    assert made.notes[-1] == said


def test_several_seeds_resume_to_the_same_bits(monthly, tmp_path):
    panel = monthly()
    whole = backtest(panel, [forest()], folds=FOLDS, settings=Settings(seeds=2))
    backtest(panel, [forest()], folds=FOLDS, settings=Settings(store=tmp_path))
    again = backtest(panel, [forest()], folds=FOLDS, settings=Settings(seeds=2, store=tmp_path))
    assert np.array_equal(whole.scaled_errors("random-forest"), again.scaled_errors("random-forest"))
