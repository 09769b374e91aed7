from tidegate.report.sections import folds


def test_every_fold_of_every_model_can_be_chosen(view, specification):
    made = folds.every_model(view, 0, "")
    columns = made["data"]["folds"]
    assert made["data"]["models"] == list(view.backtest.results)
    assert made["data"]["initial"] == view.verdict.recommended
    assert len(columns["x"]) == 4 * 6 * len(view.backtest.results)
    assert len(made["data"]["rules"]) == 4
    specification(made)


def test_too_much_to_draw_leaves_the_leading_models(view, monkeypatch):
    monkeypatch.setattr(folds, "_MOST_ROWS", 10)
    made = folds.every_model(view, 0, "")
    assert made["data"]["models"] == view.leading
    assert "backtest.csv holds all" in made["caption"]


def test_one_fold_shows_what_came(view, specification):
    made = folds.one_fold(view, 0, 1)
    assert [line["role"] for line in made["data"]["lines"]][-1] == "observed"
    assert len(made["data"]["lines"]) == 1 + len(view.leading)
    assert made["title"].startswith("From ")
    specification(made)


def test_only_the_newest_of_many_folds_are_drawn(view, monkeypatch):
    monkeypatch.setattr(folds, "_MOST_FOLDS", 2)
    made = folds.section(view)
    assert len(made["blocks"][1]["figures"]) == 2


def test_the_shown_series_is_named(view_of_many):
    figure = folds.section(view_of_many)["blocks"][0]
    assert "a typical series. Vertical lines" in figure["caption"]
