import numpy as np
import pytest

from tidegate.checks import check_choice, check_fraction, check_least, check_named, check_switch, check_whole
from tidegate.errors import SettingError


@pytest.mark.parametrize("value", [0, -2, 1.0, True, "3", None, np.float64(2)])
def test_what_is_no_whole_number_or_too_small_is_refused(value):
    with pytest.raises(SettingError, match=r"^layers is .*; it must be a whole number, at least 1\.$"):
        check_whole("layers", value, least=1)


@pytest.mark.parametrize("value", [-0.1, 1, 1.0, True, "0.5", None, float("nan")])
def test_what_is_no_fraction_is_refused(value):
    with pytest.raises(SettingError, match=r"^dropout is .*; it must be a number from 0 to below 1\.$"):
        check_fraction("dropout", value)


@pytest.mark.parametrize("value", [-0.1, True, "0.5", None, float("nan"), float("inf")])
def test_what_is_less_than_the_least_number_is_refused(value):
    with pytest.raises(SettingError, match=r"^handicap is .*; it must be a number, at least 0\.$"):
        check_least("handicap", value)
    check_least("handicap", np.float64(0))


def test_a_choice_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(SettingError, match=r"^reset is 'befor'; it must be one of 'after', 'before'\.$"):
        check_choice("reset", "befor", ("after", "before"))


@pytest.mark.parametrize("value", ["no", 0, None])
def test_what_is_no_switch_is_refused(value):
    with pytest.raises(SettingError, match=r"^balanced is .*; it must be True or False\.$"):
        check_switch("balanced", value)


def test_what_lies_within_the_limits_passes():
    for value in (1, np.int64(3)):
        check_whole("layers", value, least=1)
    for value in (0, 0.5, np.float32(0.9)):
        check_fraction("dropout", value)
    for value in (True, np.False_):
        check_switch("balanced", value)
    check_choice("reset", "after", ("after", "before"))


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        (
            "hiden_size",
            ["hidden_size", "layers"],
            r"gru has no setting 'hiden_size'\. Did you mean 'hidden_size'\? Its set",
        ),
        ("zebra", ["layers"], r"gru has no setting 'zebra'\. Its settings are: layers\."),
        (5, ["layers"], r"gru has no setting 5\. Its settings are: layers\."),
        ("layers", [], r"gru has no settings\."),
    ],
)
def test_a_setting_that_there_is_not_is_named_with_the_nearest(name, known, said):
    with pytest.raises(SettingError, match=said):
        check_named(name, known, "gru")
    check_named("layers", ["layers"], "gru")
