import json
import sys
from importlib import metadata

from tidegate.report import provenance


def test_the_facts_of_a_run(one, facts):
    made = facts(one)
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert made["started"] == "2026-01-02 03:04:05+00:00"
    assert made["seed"] == 7
    assert len(made["fingerprint"]) == 16
    assert set(made["models"]) == set(one.backtest.results)
    assert made["models"]["naive"]["fit_seconds"] >= 0


def test_fit_ranges_end_at_the_origins(one):
    ranges = provenance.fit_ranges(one.backtest)
    assert [one["fit"] for one in ranges] == ["fold 1", "fold 2", "fold 3", "fold 4", "final"]
    assert ranges[0] == {"fit": "fold 1", "from": "Jan 2010", "to": "Dec 2014"}
    assert ranges[-1] == {"fit": "final", "from": "Jan 2010", "to": "Dec 2016"}


def test_versions_are_those_installed():
    found = provenance.versions()
    assert found["numpy"] == metadata.version("numpy")
    assert found["Python"].startswith(f"{sys.version_info.major}.{sys.version_info.minor}")


def test_memory_and_machine():
    used = provenance.peak_memory()
    assert used is None or used > 10_000_000
    assert "processors" in provenance.machine()
