import pytest

from tidegate.data.paired import EXAMPLES, parallel_example
from tidegate.errors import SettingError


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_the_same_on_every_call(name):
    made = parallel_example(name)
    assert made == parallel_example(name)
    assert len(made.sources) == len(made.targets) == 2_000


def test_an_example_that_is_not_there():
    with pytest.raises(SettingError, match="no example 'dato'; there are dates, questions, matches"):
        parallel_example("dato")
