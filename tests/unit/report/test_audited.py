import json
from dataclasses import replace

import numpy as np
import pytest

from tidegate.evaluation.audit.leaks import Source
from tidegate.report.audited import page, summarise

RUN = {
    "name": "sales.csv",
    "command": "tidegate audit linear sales.csv --horizon 6",
    "started": "2026-01-02 03:04:05",
    "seconds": 1.2,
    "versions": {"tidegate": "0.1.0"},
}


@pytest.mark.parametrize("which", ["passed", "failed"])
def test_the_summary_is_plain_and_says_what_was_found(audits, which):
    summary = json.loads(json.dumps(summarise(audits[which], RUN), allow_nan=False))
    assert [one["name"] for one in summary["sections"]] == [
        "blind-spots",
        "leaks",
        "echo",
        "points",
        "sameness",
        "reproduce",
    ]
    assert summary["verdict"]["statement"] == audits[which].statement
    assert [tile["label"] for tile in summary["verdict"]["tiles"]] == [
        "Blind spots",
        "Leaks",
        "Echo",
        "Points",
        "Sameness",
    ]


def test_tiles_name_the_worst(audits):
    tiles = {tile["label"]: tile for tile in summarise(audits["failed"], RUN)["verdict"]["tiles"]}
    assert tiles["Blind spots"]["value"] == "Failed"
    assert tiles["Blind spots"]["note"] == "newest values unseen: 5"
    found = audits["failed"]
    leaking = replace(found.leaks, source=Source("own values", "b", "2016-01-01", 1, "b"), largest=np.inf)
    tiles = summarise(replace(found, leaks=leaking), RUN)["verdict"]["tiles"]
    assert tiles[1]["note"] == "own values, from 2016-01-01"


def test_the_page_holds_everything_and_runs_nothing_of_the_users(audits):
    html = page(audits["failed"], RUN)
    assert "tidegate <span>audit</span>" in html
    assert 'href="#blind-spots">Skip to the findings' in html
    assert "<script>alert" not in html
    assert "tidegate audit linear sales.csv" in html
