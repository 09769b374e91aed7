"""What cannot be used is refused with one message that names the place and the repair; nothing is written."""

from pathlib import Path

import pytest

REFUSALS = {}


def refusal(said, line="forecast {} --horizon 3 --models naive,ets --folds 2"):
    """Register a way to make a file and what is said about it."""

    def register(make):
        REFUSALS[make.__name__] = (make, said, line)
        return make

    return register


def months(n, first=2015):
    return [f"{first + k // 12}-{k % 12 + 1:02}-01" for k in range(n)]


def changed(position, cell):
    values = [str(100 + k % 12) for k in range(72)]
    values[position] = cell
    return values


@refusal("nowhere.csv")
def missing_file(make, table):
    return "nowhere.csv"


@refusal("empty")
def empty_file(make, table):
    Path("empty.csv").write_text("")
    return "empty.csv"


@refusal("no column holds numbers")
def no_numeric_column(make, table):
    return table("month,note", *(f"{month},fine" for month in months(30)))


@refusal("several columns could be the target: 'a', 'b'")
def several_candidates(make, table):
    return table("month,a,b", *(f"{month},1,2" for month in months(30)))


@refusal("row 42", "forecast {} --horizon 3 --models naive --target sold")
def text_in_the_target(make, table):
    return make(changed(40, "n/a?"))


@refusal("row 42")
def infinite_target(make, table):
    return make(changed(40, "inf"))


@refusal("--fill interpolate")
def missing_target(make, table):
    return make(changed(40, ""))


@refusal("row 12")
def unparsable_stamp(make, table):
    stamps = months(72)
    stamps[10] = "soon"
    return make(stamps=stamps)


@refusal("row 12")
def mixed_stamps(make, table):
    stamps = months(72)
    stamps[10] = "13/45/2015"
    return make(stamps=stamps)


@refusal("--duplicates")
def duplicate_stamps(make, table):
    stamps = months(72)
    stamps[11] = stamps[10]
    return make(stamps=stamps)


@refusal("--fill")
def irregular_spacing(make, table):
    return make(stamps=months(40) + months(32, first=2019))


@refusal("observations")
def horizon_longer_than_the_series(make, table):
    return table("month,sold", *(f"{month},{k}" for k, month in enumerate(months(6))))


@refusal("observations", "forecast {} --horizon 3 --models naive")
def fewer_than_a_season_and_the_folds(make, table):
    return table("month,sold", *(f"{month},{k % 12}" for k, month in enumerate(months(14))))


@refusal("price", "forecast {} --horizon 3 --models linear --folds 2 --known price --target sold")
def known_covariates_that_end_too_soon(make, table):
    return make(extra={"price": [k % 5 for k in range(72)]})


@refusal("no column 'sol'", "forecast {} --horizon 3 --models naive --target sol")
def mistyped_column(make, table):
    return make()


@refusal("Did you mean 'sarima'?", "forecast {} --horizon 3 --models naive,sarma")
def mistyped_model(make, table):
    return make()


@refusal("--horizon", "forecast {} --horizon twelve")
def horizon_in_words(make, table):
    return make()


@refusal("horizon is 0", "forecast {} --horizon 0 --models naive")
def no_horizon(make, table):
    return make()


@refusal("from 1 to 99 percent", "forecast {} --horizon 3 --models naive --levels 80,120")
def impossible_level(make, table):
    return make()


@refusal("--season is 'year'", "forecast {} --horizon 3 --models naive --season year")
def season_in_words(make, table):
    return make()


@refusal("Did you mean", "analyse --example air-pasengers")
def mistyped_example(make, table):
    return ""


@refusal("no config.json", "predict {}")
def not_a_model(make, table):
    Path("folder").mkdir()
    return "folder"


@pytest.mark.parametrize("case", REFUSALS)
def test_bad_input_is_refused(case, tidegate, monthly, table):
    make, said, line = REFUSALS[case]
    name = make(monthly, table)
    before = sorted(path.name for path in Path().iterdir())
    refused = tidegate(line.format(name))
    assert refused.exit_code in (1, 2) if case == "not_a_model" else refused.exit_code == 2, refused.stderr
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""
    assert sorted(path.name for path in Path().iterdir()) == before


@pytest.mark.parametrize(
    "values",
    [["0"] * 72, ["0" if k % 5 else "3" for k in range(72)], [str(k % 12 - 6) for k in range(72)]],
    ids=["all zero", "intermittent", "negative"],
)
def test_unusual_values_work(values, tidegate, monthly):
    done = tidegate(f"forecast {monthly(values)} --horizon 3 --models naive,ses,ets,croston --folds 2 --quiet")
    assert done.exit_code == 0, done.stderr
