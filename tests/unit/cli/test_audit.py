import json
from pathlib import Path

import pytest

from tidegate.cli.app import Invocation
from tidegate.cli.audit import Given, Leniency, Request, Target, audit
from tidegate.cli.options import Ahead, Chance, Folder, Source, Speech
from tidegate.errors import SettingError

STALE = """
import pandas as pd

def predict(history, horizon):
    print("a function may talk")
    parts = []
    for name, one in history.groupby("unique_id", sort=False):
        stamps = pd.date_range(one["ds"].iloc[-1], periods=horizon + 1, freq="MS")[1:]
        parts.append(pd.DataFrame({"unique_id": name, "ds": stamps, "made": one["y"].to_numpy()[-horizon:]}))
    return pd.concat(parts)
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("stale.py").write_text(STALE)


def asked(target, *, allow="", settings=None, folder=None, speech=None):
    source = Source(example="air-passengers")
    given = Given(settings)
    typed = Invocation("audit", (target, "--example", "--horizon", "6"))
    return Request(
        Target(target),
        source,
        Ahead(6),
        Leniency(allow),
        given,
        Chance(),
        folder or Folder(),
        speech or Speech(quiet=True),
        typed,
    )


def test_an_honest_model_exits_with_0(capsys):
    assert audit(asked("drift", speech=Speech())) == 0
    shown = capsys.readouterr()
    assert "drift passes the audit with 1 warning" in shown.out
    assert "On echo" in shown.out
    assert "Audit: blind spots" in shown.err
    folder = Path("tidegate-audit-air-passengers-drift")
    assert sorted(path.name for path in folder.iterdir()) == ["audit.json", "report.html", "run.json"]


def test_a_failure_exits_with_1_unless_it_is_allowed(capsys):
    assert audit(asked("stale.py:predict", speech=Speech(json=True, quiet=True))) == 1
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert document["blind-spots"]["unseen"] == [5, 4, 3, 2, 1, 0]
    assert document["output"] == "tidegate-audit-air-passengers-stale.py-predict"
    assert "a function may talk" in shown.err
    assert audit(asked("stale.py:predict", allow="blind-spots")) == 0


def test_a_finished_audit_is_told_again(capsys):
    folder = Folder(Path("out"), resume=True)
    assert audit(asked("naive", folder=folder)) == 0
    before = Path("out/run.json").read_bytes()
    assert audit(asked("naive", folder=folder)) == 0
    assert Path("out/run.json").read_bytes() == before
    with pytest.raises(SettingError, match="out holds a finished run with audited 'naive', not 'drift'"):
        audit(asked("drift", folder=folder))


def test_settings_go_with_a_name(capsys):
    assert audit(asked("moving-average", settings=["window=3"])) == 0
    with pytest.raises(SettingError, match=r"--set goes with a model's name, and 'stale:predict' is none"):
        audit(asked("stale:predict", settings=["window=3"]))


def test_what_cannot_be_allowed_is_refused_before_any_work():
    with pytest.raises(SettingError, match="allow names 'echoes'"):
        audit(asked("naive", allow="echoes"))
