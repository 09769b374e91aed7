import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tidegate.evaluation.backtest import Settings, backtest
from tidegate.evaluation.outside import OutsideFunction
from tidegate.evaluation.study import compare
from tidegate.evaluation.twice import NOT_TWICE, asked_twice, twice
from tidegate.forecasters.naive import Naive
from tidegate.scoring.folds import Folds

FOLDS = Folds(horizon=4, count=2)


def drawing(rng, size=1.0):
    """A function that adds what it draws to the newest value."""

    def draws(history, horizon):
        stamps = pd.date_range(history["ds"].iloc[-1], periods=horizon + 1, freq="MS")[1:]
        made = history["y"].iloc[-1] + size * rng().normal(size=horizon)
        return pd.DataFrame({"unique_id": history["unique_id"].iloc[-1], "ds": stamps, "f": made})

    return OutsideFunction(function=draws)


@pytest.mark.parametrize("refit", [0, 1])
def test_a_function_that_draws_is_not_the_same_twice_and_the_verdict_says_so(monthly, refit):
    rng = np.random.default_rng(4)
    folds = replace(FOLDS, refit=refit)
    found = compare(monthly((72,)), horizon=4, models=["naive", drawing(lambda: rng)], folds=folds)
    note = found.backtest.results["draws"].note
    assert note.startswith(f"{NOT_TWICE}: asked again for the newest fold its forecast departs by up to ")
    assert f"draws: {note}" in found.verdict.sentences
    assert found.backtest.results["naive"].note == ""


@pytest.mark.parametrize("refit", [0, 1])
def test_one_with_a_seed_is_the_same_twice(monthly, refit):
    seeded = drawing(lambda: np.random.default_rng(4))
    folds = replace(FOLDS, refit=refit, gap=1, window=48)
    found = compare(monthly((72,)), horizon=4, models=[seeded], folds=folds)
    assert found.backtest.results["draws"].note == ""


def test_rounding_is_no_draw(monthly):
    rng = np.random.default_rng(4)
    found = backtest(monthly((72,)), [drawing(lambda: rng, 1e-9)], folds=FOLDS)
    assert found.results["draws"].note == ""


def test_one_that_fails_the_second_time_says_so(monthly):
    calls = []

    def fragile(history, horizon):
        calls.append(1)
        if len(calls) > FOLDS.count:
            raise ValueError("once only")
        stamps = pd.date_range(history["ds"].iloc[-1], periods=horizon + 1, freq="MS")[1:]
        return pd.DataFrame({"unique_id": history["unique_id"].iloc[-1], "ds": stamps, "f": 1.0})

    found = backtest(monthly((72,)), [OutsideFunction(function=fragile)], folds=FOLDS)
    assert re.match(
        rf"{NOT_TWICE}: asked again for the newest fold it failed\..*once only", found.results["fragile"].note
    )


def counted(calls):
    """A function that says 1 and counts how often it was asked."""

    def counts(history, horizon):
        calls.append(1)
        stamps = pd.date_range(history["ds"].iloc[-1], periods=horizon + 1, freq="MS")[1:]
        return pd.DataFrame({"unique_id": history["unique_id"].iloc[-1], "ds": stamps, "f": 1.0})

    return OutsideFunction(function=counts, version="1")


def test_the_second_answer_is_stored_and_not_asked_for_a_third_time(monthly, tmp_path):
    calls = []
    model, kept = counted(calls), Settings(store=tmp_path)
    for _ in range(2):
        compare(monthly((72,)), horizon=4, models=[model], folds=FOLDS, settings=kept)
        assert len(calls) == FOLDS.count + 1


def test_without_time_it_is_not_asked_again_and_that_is_said(monthly, tmp_path):
    """Its folds are stored already, so that it is judged though the time is over."""
    calls, panel = [], monthly((72,))
    model = counted(calls)
    backtest(panel, [model], folds=FOLDS, settings=Settings(store=tmp_path))
    next(tmp_path.glob("*-again.fold")).unlink()
    found = backtest(panel, [model], folds=FOLDS, settings=Settings(store=tmp_path, budget=1e-9))
    assert len(calls) == FOLDS.count + 1
    assert found.results["counts"].note.startswith("asked only once, since the time for judging was over")


def test_only_functions_are_asked_twice(monthly):
    assert asked_twice(counted([]))
    assert not asked_twice(Naive())
    assert twice(None, np.zeros((1, 4)), monthly((72,))).startswith("asked only once")
