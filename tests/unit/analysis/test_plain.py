"""Results become dictionaries that JSON can hold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidegate.analysis.plain import plain


@dataclass(frozen=True)
class Part:
    value: Any
    curve: Any = None


def test_everything_becomes_plain():
    made = plain({
        1: Part(np.float64(0.5), np.array([1.0, np.nan, np.inf])),
        "counts": (np.int64(3), [True, None, "text"]),
        "table": np.arange(4).reshape(2, 2),
        "nothing": float("nan"),
    })  # fmt: skip
    assert made == {
        "1": {"value": 0.5, "curve": [1.0, None, None]},
        "counts": [3, [True, None, "text"]],
        "table": [[0, 1], [2, 3]],
        "nothing": None,
    }
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert [type(one) for one in (made["1"]["value"], made["counts"][0])] == [float, int]


def test_arrays_can_be_left_out_at_any_depth():
    assert plain([Part(1, np.zeros(3)), {"a": np.zeros(2), "b": Part(2, np.zeros(1))}], arrays=False) == [
        {"value": 1},
        {"b": {"value": 2}},
    ]


def test_a_class_is_no_result():
    assert plain(Part) is Part
