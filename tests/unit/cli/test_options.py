from pathlib import Path

import pytest

from tidegate.cli.options import Coverage, Judging, Source, split, whole_numbers
from tidegate.errors import SettingError


def test_columns_are_split_at_commas():
    columns = Source(known="price, promotion", static="region", target="sales").columns()
    assert (columns.known, columns.past, columns.static) == (("price", "promotion"), (), ("region",))
    assert columns.target == "sales"


def test_options_of_reading():
    options = Source(fill="zero", season="24,168", frequency="h").options()
    assert (options.fill, options.season, options.frequency) == ("zero", (24, 168), "h")
    assert Source().options().season is None


@pytest.mark.parametrize("text", ["weekly", "12;24", "-3", ",", "1.5"])
def test_a_season_of_no_whole_number_is_refused(text):
    with pytest.raises(SettingError, match=r"--season is .* must be whole numbers separated by commas"):
        Source(season=text).options()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (Source(data=Path("folder/sales.csv.gz")), "sales"),
        (Source(data=Path("folder/part")), "part"),
        (Source(example="co2"), "co2"),
        (Source(), "data"),
    ],
)
def test_results_are_called_after_the_data(source, name):
    assert source.name == name


def test_levels_are_sorted_and_single():
    assert Coverage("95,80,95").percent() == (80, 95)


def test_no_levels_mean_no_intervals():
    assert Coverage(" None").percent() == ()


@pytest.mark.parametrize("text", ["0", "80,100"])
def test_a_level_outside_its_limits_is_refused(text):
    with pytest.raises(SettingError, match=r"--levels names (0|100); a level is from 1 to 99 percent"):
        Coverage(text).percent()


@pytest.mark.parametrize(("text", "count"), [("every", 1), ("once", 0), ("3", 3)])
def test_refit_in_words_and_numbers(text, count):
    assert Judging(refit=text).refit_every() == count


@pytest.mark.parametrize("text", ["never", "0", "-1", "1.5"])
def test_refit_of_another_word_is_refused(text):
    with pytest.raises(SettingError, match=r"--refit is .* must be every, once or a whole number from 1"):
        Judging(refit=text).refit_every()


def test_empty_names_are_dropped():
    assert split(" a,, b ,") == ("a", "b")
    assert whole_numbers("levels", "80, 95") == (80, 95)


def test_every_core_that_may_be_used_works_by_default(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert Judging().workers == 3
    assert Judging(processes=1).workers == 1
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    assert Judging().workers == 7


@pytest.mark.parametrize("season", ["-3", "", "year"])
def test_a_season_that_is_no_number_is_answered_with_an_example_of_one(season):
    with pytest.raises(SettingError, match=r"--season is .*such as 24,168"):
        Source(season=season).options()
