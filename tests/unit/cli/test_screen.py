import pytest

from tidegate.cli import screen
from tidegate.cli.tasks.task import Listing
from tidegate.forecasters.catalogue import models

SCORE = {"MAE": 10.0, "RMSE": 12.0, "MAPE": 3.0, "sMAPE": 2.9, "RMSSE": 0.9, "coverage-80": 0.75, "coverage-95": None}


def document():
    row = {"unique_id": "a", "ds": "2024-01-01 00:00:00", "ets": 417.04}
    bounds = {"ets-lo-80": 400.0, "ets-hi-80": 430.0}
    return {
        "output": "tidegate-forecast-sales",
        "files": ["forecast.csv", "report.html"],
        "run": {
            "name": "sales",
            "notes": ["Frequency monthly."],
            "profile": ["The trend is rising."],
            "settings": {"folds": 5},
            "left_out": {"xgboost": "the budget was spent"},
            "failures": {"arima": "too short"},
        },
        "verdict": {"baseline": "seasonal-naive", "recommended": "ets", "sentences": ["Use ets.", "It is cheap."]},
        "scores": [
            {"model": "seasonal-naive", "MASE": 1.0, **SCORE},
            {"model": "ets", "MASE": 0.5, **SCORE},
            {"model": "croston", "MASE": None, **SCORE},
        ],
        "forecast": [{**row, **bounds}] * 15,
    }


@pytest.fixture
def shown(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    return lambda: capsys.readouterr().out


def test_a_study_says_everything_in_80_columns(shown):
    screen.show_study(document())
    text = shown()
    assert max(map(len, text.splitlines())) <= 80
    for part in (
        "Frequency monthly.",
        "The trend is rising.",
        "Scores, 5 folds",
        "Use ets.",
        "report.html",
        "xgboost",
        "arima",
    ):
        assert part in text


def test_scores_are_sorted_and_the_recommended_one_is_marked(shown):
    screen.show_study(document())
    lines = [line.split() for line in shown().splitlines()]
    table = [line for line in lines if line and line[0] in ("ets", "seasonal-naive", "croston")][:3]
    assert [line[0] for line in table] == ["ets", "seasonal-naive", "croston"]
    assert table[0][1:5] == ["*", "0.500", "-50", "%"]
    assert table[1][1:4] == ["1.000", "+0", "%"]
    assert table[2][1:3] == ["-", "-"]


def with_costs():
    made = document()
    cost = {"fit_seconds": 2.0, "predict_seconds": 0.5, "peak_memory_bytes": 300 * 2**20}
    made["run"]["models"] = {row["model"]: dict(cost) for row in made["scores"]}
    made["run"]["models"]["ets"] |= {"fit_seconds": 0.001, "predict_seconds": 0.001, "peak_memory_bytes": None}
    made["scores"] = [{**row, "parameters": 53434, "coverage-95": 0.94} for row in made["scores"]]
    return made


def shown_columns(text):
    return next(line for line in text.splitlines() if line.split()[:1] == ["model"]).split()


@pytest.mark.parametrize(
    ("width", "expected", "absent"),
    [
        (120, "seconds parameters memory", ""),
        (92, "% seconds parameters", "memory"),
        (80, "sMAPE in 80 % in 95 %", "parameters"),
        (60, "RMSE sMAPE", "in"),
        (40, "MASE against MAE", "RMSE"),
        (24, "model MASE", "against"),
    ],
)
def test_costs_stand_in_the_table_as_far_as_it_is_wide(shown, monkeypatch, width, expected, absent):
    monkeypatch.setenv("COLUMNS", str(width))
    screen.show_study(with_costs())
    text = shown()
    columns = shown_columns(text)
    assert expected in " ".join(columns)
    assert absent not in columns
    lines = text.splitlines()
    first = next(k for k, line in enumerate(lines) if line.split()[:1] == ["model"])
    assert max(map(len, lines[first : first + 4])) <= max(width, 24)
    assert all("0.500" in line for line in lines[first + 1 : first + 2])


def test_what_models_cost_is_in_words(shown, monkeypatch):
    monkeypatch.setenv("COLUMNS", "130")
    screen.show_study(with_costs())
    text = shown()
    lines = text.splitlines()
    (ets,) = (line for line in lines if line.startswith("  ets *"))
    assert ets.split()[-4:] == ["<", "0.1", "53,434", "-"]
    (baseline,) = (line for line in lines if line.startswith("  seasonal-naive "))
    assert baseline.split()[-4:] == ["2.5", "53,434", "300", "MB"]
    assert "seconds: of all folds; memory: the most that the process held" in " ".join(text.split())


def test_what_is_not_the_same_twice_has_a_question_mark(shown):
    made = document()
    made["run"]["not_the_same_twice"] = ["croston"]
    screen.show_study(made)
    text = shown()
    assert "  croston ? " in text
    assert "? croston is not the same twice: asked again it forecasts otherwise" in text


def test_a_long_forecast_is_cut_with_a_word(shown):
    screen.show_study(document())
    text = shown()
    assert "and 3 more rows in forecast.csv" in text
    assert "2024-01-01 " in text
    assert "400.0 to 430.0" in text


def test_series_are_named_where_there_are_several(shown):
    rows = [{"unique_id": name, "ds": "1", "naive": 2.0} for name in ("a", "b")]
    screen.show_prediction({"run": {"model": "naive"}, "forecast": rows, "output": "out", "files": ["forecast.csv"]})
    assert "series" in shown()


def test_the_models_fit_80_columns(shown):
    screen.show_models(models())
    text = shown()
    assert max(map(len, text.splitlines())) <= 80
    assert "seasonal-naive *" in text
    assert "k known, p past, s static" in text


def test_a_missing_extra_is_named_with_its_installation(shown):
    model = {**models()[0], "installed": False, "needs": "boost"}
    screen.show_models([model])
    assert "pip install 'tidegate[boost]'" in " ".join(shown().split())


def test_the_command_to_type_next_is_not_broken(shown):
    command = f"tidegate forecast sales.csv --models {','.join(f'model-{n}' for n in range(20))}"
    screen.show_advice("sales", {"Data": ["Few."], "Why": [], "Next": [command, "Quick. " * 20]})
    text = shown()
    assert f"\n  {command}\n" in text
    assert "Data: sales\n  Few." in text
    assert "Why" not in text
    assert max(len(line) for line in text.splitlines() if command not in line) <= 80


def test_a_profile_is_its_sentences(shown):
    screen.show_profile({"name": "sales", "notes": [], "sentences": ["Rising."], "files": ["profile.json"]}, "out")
    text = shown()
    assert "Rising." in text
    assert "Data" not in text
    assert "profile.json" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (417.0412, "417.0"),
        (0.000123456, "0.0001235"),
        (1234567.8, "1,234,568"),
        (None, "-"),
        (0, "0.000"),
        (-12.5, "-12.50"),
        (3000, "3,000"),
    ],
)
def test_numbers_keep_the_digits_that_matter(value, text):
    assert screen.number(value) == text


def test_the_key_names_a_level_that_was_asked_for(shown):
    made = document()
    made["scores"] = [{key.replace("-80", "-99"): value for key, value in row.items()} for row in made["scores"]]
    screen.show_study(made)
    assert "in 99 %: share inside" in " ".join(shown().split())


def test_a_long_name_of_a_series_leaves_room_for_the_numbers(shown):
    made = document()
    made["forecast"] = [{**row, "unique_id": name * 500} for row, name in zip(made["forecast"], "xyxy", strict=False)]
    screen.show_study(made)
    text = shown()
    assert "400.0 to 430.0" in text
    assert f"{'x' * 19}…  2024-01-01  417.0" in text


def test_huge_numbers_are_written_with_an_exponent():
    assert (screen.number(1.68e20), screen.number(-2.5e12), screen.number(1234567.8)) == (
        "1.680e+20",
        "-2.500e+12",
        "1,234,568",
    )


def test_the_name_of_a_model_is_cut_only_where_there_is_no_room(shown):
    name = "5-gram model of characters"
    run = {"name": "tales", "notes": []}
    for listed, found in ((name, name), ("x" * 500, "\u2026  ")):
        listing = Listing("Models", ("model", "bits"), [[listed, "0.113"]], "models")
        screen.show_trial(listing, ["Good."], run, ("made", ["report.html"]))
        assert found in shown()
