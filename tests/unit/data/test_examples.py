import numpy as np
import pytest

from tidegate.data.examples import AIR_PASSENGERS, EXAMPLE_COLUMNS, EXAMPLES, example
from tidegate.data.frames import from_frame
from tidegate.data.future import check_future
from tidegate.errors import SettingError


@pytest.mark.parametrize(
    ("name", "frequency", "shape"),
    [
        ("air-passengers", "MS", (1, 144)),
        ("sunspots", "YS-JAN", (1, 309)),
        ("co2", "MS", (1, 526)),
        ("retail", "D", (50, 54_600)),
    ],
)
def test_every_example_reads_as_it_is(name, frequency, shape):
    panel = from_frame(example(name), EXAMPLE_COLUMNS[name])
    assert panel.frequency == frequency
    assert (len(panel), len(panel.times)) == shape
    assert not np.isnan(panel.values).any()
    check_future(panel, 56)


def test_every_example_is_described():
    assert set(EXAMPLES) == set(EXAMPLE_COLUMNS)


def test_the_airline_figures():
    assert len(AIR_PASSENGERS) == 144
    assert AIR_PASSENGERS[0] == 112
    assert sum(AIR_PASSENGERS[:12]) == 1520
    assert sum(AIR_PASSENGERS[-12:]) == 5714
    assert max(AIR_PASSENGERS) == 622


def test_the_airline_figures_equal_the_published_file(data_folder):
    published = np.loadtxt(data_folder / "air_passengers.csv", delimiter=",", skiprows=1, usecols=2)
    np.testing.assert_array_equal(example()["y"], published)


def test_an_unknown_example_is_refused():
    with pytest.raises(SettingError, match="there is no example 'iris'; choose one of air-passengers, sunspots"):
        example("iris")
