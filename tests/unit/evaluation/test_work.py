import numpy as np
import pytest

from tidegate.errors import MissingExtraError, ModelError
from tidegate.evaluation.work import Job, judge
from tidegate.forecasters.base import Forecaster
from tidegate.forecasters.naive import MovingAverage, Naive

FITS, PASSES = [], []


class Stub(Forecaster):
    name = "stub"

    def __init__(self, *, behaviour="fine", warm_start=False):
        self.behaviour, self.warm_start = behaviour, warm_start

    def _fit(self, panel, horizon):
        FITS.append(panel.lengths.tolist())
        if self.behaviour == "refuses":
            raise ModelError("stub does not like these data.")
        if self.behaviour == "lacks":
            raise MissingExtraError("xgboost", "boost")
        if self.behaviour == "breaks":
            raise ZeroDivisionError

    def _predict(self, panel, levels):
        steps = np.arange(1.0, self.horizon_ + 1)
        mean = panel.values[panel.offsets[1:] - 1][:, None] + 0 * steps
        return (np.where(steps == 2, np.inf, mean) if self.behaviour == "explodes" else mean), None

    def _predict_at(self, panel, origins, levels):
        PASSES.append(origins.ends.tolist())
        if self.behaviour != "passes":
            return None
        newest = panel.values[panel.offsets[origins.series] + origins.ends - 1]
        return np.repeat(newest[:, None], self.horizon_, axis=1), None

    def _state(self):
        return {}

    def _restore(self, state):
        pass


@pytest.fixture
def job(monthly):
    def make(model, ends=((60,), (72,)), *, length=96, gap=0, window=None, levels=(80,), fits=(0,)):
        FITS.clear()
        PASSES.clear()
        return Job(model, monthly((length,), seasons=(12,)), np.array(ends), 12, gap, window, levels, fits)

    return make


def test_one_fit_serves_every_origin_of_the_job(job):
    made = judge(job(Stub(), levels=()))
    assert FITS == [[60]]
    panel = job(Stub()).panel
    assert made.mean[:, 0, 0] == pytest.approx(panel.values[[59, 71]])
    assert made.fit_seconds[0] > 0
    assert made.fit_seconds[1] == 0
    assert made.peak_memory > 0


def test_one_pass_makes_the_forecasts_of_all_later_origins(job):
    ends = ((60,), (66,), (72,), (78,))
    made = judge(job(Stub(behaviour="passes"), ends, levels=()))
    assert PASSES == [[66, 72, 78]]
    one_by_one = judge(job(Stub(), ends, levels=()))
    assert np.array_equal(made.mean, one_by_one.mean)
    assert (made.predict_seconds[1:] == made.predict_seconds[1]).all()
    assert (made.predict_seconds > 0).all()


def test_a_job_may_fit_again_and_go_on(job):
    ends = ((60,), (66,), (72,), (78,), (84,))
    made = judge(job(Stub(behaviour="passes", warm_start=True), ends, levels=(), fits=(0, 2, 4)))
    assert FITS == [[60], [72], [84]]
    assert PASSES == [[66], [78]]
    assert np.flatnonzero(made.fit_seconds).tolist() == [0, 2, 4]
    panel = job(Stub()).panel
    assert made.mean[:, 0, 0] == pytest.approx(panel.values[np.array(ends)[:, 0] - 1])


def test_stretches_cover_every_origin(job):
    ends = tuple((end,) for end in range(60, 67))
    assert job(Stub(), ends, fits=(0, 3, 6)).stretches == ((0, 3), (3, 6), (6, 7))
    assert job(Stub(), ends).stretches == ((0, 7),)


def test_a_gap_is_forecast_but_not_judged(job):
    made = judge(job(Naive(), gap=3, levels=(80,)))
    assert made.mean.shape == (2, 1, 12)
    assert made.lower.shape == (2, 1, 12, 1)
    plain = judge(job(Naive(), levels=(80,)))
    assert (made.upper[0, 0, :9, 0] == plain.upper[0, 0, 3:, 0]).all()


def test_a_window_shortens_the_training_part(job):
    judge(job(Stub(), window=30, levels=()))
    assert FITS == [[30]]


@pytest.mark.parametrize(
    ("behaviour", "field", "message"),
    [
        ("refuses", "failure", "stub does not like these data."),
        ("lacks", "missing", "pip install 'tidegate[boost]'"),
        ("explodes", "failure", "stub forecast inf for series 's0', 2 steps ahead."),
    ],
)
def test_a_model_that_cannot_forecast_says_why(job, behaviour, field, message):
    made = judge(job(Stub(behaviour=behaviour), levels=()))
    assert message in getattr(made, field)
    assert np.isnan(made.mean).all()


def test_a_mistake_in_the_program_is_not_swallowed(job):
    with pytest.raises(ZeroDivisionError):
        judge(job(Stub(behaviour="breaks")))


def test_too_short_for_intervals_gives_the_forecast_alone_and_says_so(job):
    made = judge(job(MovingAverage(), ends=((12,),)))
    assert np.isfinite(made.mean).all()
    assert np.isnan(made.lower).all()
    assert made.note.startswith("No intervals: series 's0': 12 observations leave none to calibrate")


def test_bad_data_without_levels_is_a_failure(job):
    made = judge(job(Naive(), ends=((1,),), levels=()))
    assert "needs at least 2" in made.failure


def test_the_model_given_stays_unfitted(job):
    model = Naive()
    judge(job(model))
    assert not hasattr(model, "history_")
