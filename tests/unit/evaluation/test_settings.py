import pytest

from tidegate.errors import SettingError
from tidegate.evaluation.settings import Settings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"levels": (80, 100)}, "level 100 is not a whole number of percent from 1 to 99"),
        ({"levels": (True,)}, "level True is not"),
        ({"processes": 0}, "processes is 0; it must be at least 1"),
        ({"budget": 0}, "budget is 0 seconds; it must be above 0"),
        ({"seeds": 0}, "seeds is 0; it must be a whole number, at least 1"),
        ({"seeds": True}, "seeds is True; it must be"),
        ({"intervals": "wide"}, "intervals is 'wide'; it must be 'own', 'split' or 'adaptive'"),
    ],
)
def test_settings_outside_their_limits_are_refused(settings, message):
    with pytest.raises(SettingError, match=message):
        Settings(**settings)


def test_levels_are_sorted_once():
    assert Settings(levels=(95, 80, 95)).levels == (80, 95)
