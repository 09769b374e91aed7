from pathlib import Path

import pytest

from tidegate.cli.observations import observations
from tidegate.cli.options import Source
from tidegate.errors import SettingError


def test_data_or_an_example_is_needed():
    with pytest.raises(SettingError, match=r"No data: name a CSV or Parquet file, or give --example"):
        observations(Source())


def test_data_and_an_example_exclude_each_other():
    with pytest.raises(SettingError, match=r"Both sales.csv and --example co2 are given: give one of them"):
        observations(Source(data=Path("sales.csv"), example="co2"))


def test_the_example_brings_its_own_columns():
    panel = observations(Source(example="retail"))
    assert panel.known.names
    assert len(panel) > 1


def test_columns_that_are_named_come_before_the_examples_own():
    usual = observations(Source(example="retail"))
    chosen = observations(Source(example="retail", known=usual.known.names[0]))
    assert chosen.known.names == usual.known.names[:1]


def test_an_example_has_no_future_file():
    with pytest.raises(SettingError, match=r"--future goes with a file of your own"):
        observations(Source(example="co2", future=Path("future.csv")))


def test_a_file_is_read_with_its_options(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("day,sold\n" + "".join(f"2024-01-{d:02},{d}\n" for d in range(1, 21)))
    panel = observations(Source(data=path, season="7"))
    assert panel.frequency == "D"
    assert panel.seasons == (7,)


def test_an_unknown_example_is_refused_with_the_nearest():
    with pytest.raises(SettingError, match=r"no example 'retial'. Did you mean 'retail'\? The examples are: air-"):
        observations(Source(example="retial"))
