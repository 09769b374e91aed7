import pickle

import pytest

from tidegate.errors import DataError, InputError, MissingExtraError, ModelError, Place, SettingError, TidegateError


def test_a_place_says_what_is_known():
    assert str(Place(row=3, column="y")) == "row 3, column 'y'"
    assert str(Place(series="a", time="2020-01-01")) == "series 'a', time '2020-01-01'"
    assert str(Place()) == ""


def test_a_data_error_reads_as_place_problem_repair():
    error = DataError("it is odd", place=Place(row=0, column="y"), repair="Correct it.")
    assert str(error) == "row 0, column 'y': it is odd. Correct it."
    assert str(DataError("it is odd")) == "it is odd"


@pytest.mark.parametrize(
    "error",
    [DataError("odd", place=Place(row=2), repair="Do."), MissingExtraError("xgboost", "boost"), ModelError("no")],
)
def test_errors_travel_between_processes(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)


def test_bad_input_has_its_own_exit_code():
    assert issubclass(DataError, InputError)
    assert DataError("x").exit_code == SettingError("x").exit_code == 2
    assert ModelError("x").exit_code == TidegateError("x").exit_code == 1


def test_a_missing_extra_names_its_install_line():
    error = MissingExtraError("xgboost", "boost")
    assert isinstance(error, ImportError)
    assert "pip install 'tidegate[boost]'" in str(error)
