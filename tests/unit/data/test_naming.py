import pytest

from tidegate.data.naming import named
from tidegate.errors import SettingError


def test_what_stands_under_a_name_or_the_names_there_are():
    assert named("b", {"a": 1, "b": 2}) == 2
    with pytest.raises(SettingError, match=r"There is no example 'c'; there are a, b\."):
        named("c", {"a": 1, "b": 2})
