import io
import math

import pytest
from rich.console import Console

from tidegate.cli import progress
from tidegate.cli.progress import Board, LiveWatch, PlainWatch, drawn, span
from tidegate.training.progress import Bar, Silent, current


def shown(board):
    console = Console(width=80, file=io.StringIO())
    console.print(drawn(board))
    return console.file.getvalue()


def test_the_board_counts_folds_scores_and_seconds():
    board = Board()
    board.begin(["naive", "gru"], 4)
    board.done("naive", 0.5, 2.0)
    row = board.done("naive", 0.5, 1.0)
    assert (row.seconds, row.mean) == (1.0, 1.5)
    text = shown(board)
    assert "naive" in text
    assert "2/4" in text
    assert "1.500" in text
    assert "0/4" in text


def test_a_failed_fold_has_no_score():
    board = Board()
    board.begin(["naive"], 2)
    board.done("naive", 0.1, math.nan)
    assert math.isnan(board.rows["naive"].mean)
    assert board.done("naive", 0.1, 3.0).mean == 3.0


def test_time_left_uses_a_models_own_pace_and_the_cost_class_of_the_rest():
    board = Board()
    board.begin(["naive", "ses"], 4)
    assert board.seconds_left() is None
    board.done("naive", 0.002, 1.0)
    assert board.seconds_left() == pytest.approx(3 * 0.002 + 4 * 10 * 0.003)


def test_time_left_of_a_model_over_all_series_does_not_follow_the_others():
    board = Board()
    board.begin(["ets", "gru"], 1)
    board.done("ets", 500.0, 1.0)
    assert board.seconds_left() == pytest.approx(10.0)


def test_the_caption_says_how_long_it_may_take():
    board = Board()
    board.begin(["ets", "gru"], 60)
    assert "left" not in shown(board)
    board.done("ets", 0.1, 1.0)
    assert "about 10 min left" in shown(board)


def test_lines_say_when_a_model_is_done(capsys):
    watch = PlainWatch()
    watch.begin(["naive"], 2)
    watch.done("naive", 0, 0.1, 1.0)
    watch.done("naive", 1, 0.1, 2.0)
    watch.finish()
    out, err = capsys.readouterr()
    assert out == ""
    first, model, last = err.splitlines()
    assert first == "Backtest: 1 models, 2 folds."
    assert model.split() == ["naive", "2", "folds", "MASE", "1.500", "0.2", "s"]
    assert last.startswith("Backtest done in")


def test_the_live_table_leaves_stdout_alone(capsys):
    watch = LiveWatch()
    watch.begin(["naive"], 1)
    watch.done("naive", 0, 0.1, 1.0)
    watch.finish()
    watch.finish()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("terminal", "kind"), [(True, LiveWatch), (False, PlainWatch)])
def test_the_table_is_for_terminals(terminal, kind, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    assert isinstance(progress.watch(quiet=False), kind)
    assert progress.watch(quiet=True) is None


def test_spans_for_people():
    assert [span(s) for s in (0.2, 59.4, 61, 3600)] == ["0 s", "59 s", "1 min 1 s", "60 min 0 s"]


@pytest.mark.parametrize(
    ("terminal", "quiet", "kind"), [(True, False, Bar), (True, True, Silent), (False, False, Silent)]
)
def test_a_bar_is_shown_on_a_terminal_only(monkeypatch, terminal, quiet, kind):
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    with progress.training_bar(quiet=quiet):
        assert isinstance(current(), kind)
