from tidegate.cli import forecast, studying


def test_the_command_runs_the_study(monkeypatch):
    monkeypatch.setattr(studying, "run", lambda request: 0 if request == "asked" else 1)
    assert forecast.forecast("asked") == 0
