import pytest

from tidegate.scoring.tails import Threshold
from tidegate.tasks.anomalies.notes import Found, notes

COUNTED = Threshold(3.0, "counted", 0.01, 0.005, 0.02, 5_000)


def test_where_all_is_well_nothing_is_said():
    assert notes(Found([], [], stopped=True, threshold=COUNTED)) == ()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Found(["a", "b"], [], stopped=True, threshold=COUNTED), "any move of it is odd: a, b."),
        (Found(list("abcdefg"), [], stopped=True, threshold=COUNTED), "is odd: a, b, c, d, e and 2 more."),
        (Found([], ["heat"], stopped=True, threshold=COUNTED), "so that it is read but not judged: heat."),
        (Found([], [], stopped=False, threshold=COUNTED), "Nothing was left to stop training by"),
        (
            Found([], [], stopped=True, threshold=COUNTED._replace(method="fitted", n_normal=1_200)),
            "1,200 normal steps are too few to count alarms at a rate of 0.01 per step",
        ),
    ],
)
def test_each_thing_has_its_sentence(found, said):
    (one,) = notes(found)
    assert said in one
