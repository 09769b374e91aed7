import io

from rich.console import Console

from tidegate.training.progress import Bar, Silent, current, shown


def test_silent_by_default():
    assert isinstance(current(), Silent)
    assert current().begin("run", 3) is current().advance(1, 0.5) is current().finish() is None


def test_shown_holds_inside_the_body_only():
    watcher = Silent()
    with shown(watcher):
        assert current() is watcher
    assert current() is not watcher


def test_bar_shows_label_loss_and_count():
    page = io.StringIO()
    bar = Bar(Console(file=page, force_terminal=True, width=100))
    bar.begin("network 1", 20)
    bar.advance(5, 0.25)
    bar.finish()
    for part in ("network 1", "5/20", "loss 0.2500"):
        assert part in page.getvalue()


def test_bar_without_a_run_is_quiet():
    page = io.StringIO()
    bar = Bar(Console(file=page))
    bar.advance(1, 0.1)
    bar.finish()
    assert page.getvalue() == ""
