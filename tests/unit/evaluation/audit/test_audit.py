import json

import numpy as np
import pytest

import tidegate
from tidegate.errors import DataError, SettingError
from tidegate.evaluation.audit.audit import audit


def test_an_honest_model_passes_and_its_findings_can_be_written(panel):
    said = []
    found = audit("linear", panel(2, length=120), horizon=6, watch=said.append)
    assert found.passed
    assert found.statement == "linear passes the audit."
    assert said == ["the first forecast", "sameness", "blind spots", "past origins", "leaks", "echo and points"]
    document = json.loads(json.dumps(found.to_dict()))
    assert [one["check"] for one in document["findings"]] == ["blind-spots", "leaks", "echo", "points", "sameness"]
    assert document["blind-spots"]["unseen"] == [0] * 6
    assert str(found).splitlines() == found.sentences()


def test_a_failure_is_the_verdict_unless_it_is_allowed(panel, predicting, steps):
    stale = predicting(steps["stale"])
    found = audit(stale, panel(1), horizon=6)
    assert not found.passed
    assert found.statement == "predict fails the audit: step 1 does not see the newest 5 values."
    assert audit(stale, panel(1), horizon=6, allow=["blind-spots"]).passed


def test_an_echo_warns(panel, predicting, steps):
    found = audit(predicting(steps["repeated"]), panel(1), horizon=6)
    assert found.passed
    assert found.statement.startswith("predict passes the audit with 1 warning: the forecast one step ahead is an echo")


def test_a_backtest_that_drops_its_last_rows_fails(panel, backtesting, steps):
    found = audit(backtesting(steps["seasonal"], drop=4), panel(1), horizon=6)
    assert [one.outcome for one in found.findings if one.check == "points"] == ["failed"]
    assert found.points.missing == 4


def test_one_step_forecasts_of_a_backtest_are_made_for_the_echo(panel, backtesting, steps):
    assert audit(backtesting(steps["repeated"]), panel(1), horizon=6).echo.n_steps == 40


def test_a_saved_model_is_audited_as_it_is(panel, tmp_path):
    tidegate.forecaster("linear").fit(panel(1), horizon=6).save(tmp_path / "model")
    found = tidegate.audit(str(tmp_path / "model"), panel(1), horizon=6)
    assert found.kind == "fitted"
    assert found.passed
    assert any("fitted before" in note for note in found.notes)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"horizon": 0}, "horizon is 0"),
        ({"horizon": 6, "allow": ["echo"]}, "allow names 'echo'"),
        ({"horizon": 6, "watch": 3}, "watch is 3; it must be a function"),
    ],
)
def test_settings_outside_their_limits_are_refused(panel, settings, message):
    with pytest.raises(SettingError, match=message):
        audit("naive", panel(1), **settings)


def test_a_function_that_returns_too_little_is_refused(panel, predicting, steps):
    inner = predicting(steps["repeated"])
    with pytest.raises(DataError, match="<lambda> returned 5 rows, but none for this step"):
        audit(lambda history, horizon: inner(history, horizon - 1), panel(1), horizon=6)


def test_steps_and_whole_numbers_work_as_well(steps):
    import pandas as pd

    def predict(history, horizon):
        later = np.arange(1, horizon + 1)
        rows = [
            pd.DataFrame({"unique_id": name, "ds": one["ds"].iloc[-1] + later, "made": one["y"].iloc[-1]})
            for name, one in history.groupby("unique_id", sort=False)
        ]
        return pd.concat(rows)

    values = np.random.default_rng(5).normal(size=80).cumsum()
    frame = pd.DataFrame({"unique_id": 4, "ds": np.arange(80), "y": values})
    assert audit(predict, frame, horizon=3).passed
