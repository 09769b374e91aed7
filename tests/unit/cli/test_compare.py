from tidegate.cli import compare, studying


def test_the_command_runs_the_comparison(monkeypatch):
    monkeypatch.setattr(studying, "run", lambda request: 0 if request == "asked" else 1)
    assert compare.compare("asked") == 0
