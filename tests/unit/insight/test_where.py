import pytest

from tidegate.errors import SettingError
from tidegate.insight.where import ROWS, Where, chosen, spaced


@pytest.mark.parametrize("member", [0, 3])
def test_a_network_that_is_not_there_is_refused(member):
    Where(member=2).check(2)
    with pytest.raises(SettingError, match=rf"member is {member}; the model has 2 networks, from 1 on"):
        Where(member=member).check(2)


def test_at_least_one_origin_is_needed():
    with pytest.raises(SettingError, match=r"origins is 0; it must be a whole number, at least 1"):
        Where(origins=0).check(1)
    with pytest.raises(SettingError, match=r"origins is 2.5; it must be a whole number"):
        Where(origins=2.5).check(1)
    assert Where(origins=7).origins_of(12) == 7
    assert Where().origins_of(4) == ROWS // 4
    assert Where().origins_of(10 * ROWS) == 8


def test_windows_are_spread_evenly_and_one_alone_is_the_newest():
    assert spaced(10, 20, 3).tolist() == [10, 15, 20]
    assert spaced(10, 12, 9).tolist() == [10, 11, 12]
    assert spaced(10, 20, 1).tolist() == [20]


def test_steps_ahead_are_a_few_all_or_those_that_are_named():
    assert len(Where().steps_of(48)) == 24
    assert Where(steps="all").steps_of(48) == tuple(range(1, 49))
    assert Where(steps=[12, 1, 12]).steps_of(48) == (1, 12)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((1, 13), r"13 is not among them; the model forecasts the steps 1 to 12\. Name some of them, or 'all'"),
        ((0,), "steps is 0; it must be a whole number, at least 1"),
        ((1.5,), r"steps is 1\.5; it must be a whole number"),
        (("1",), "steps is '1'; it must be a whole number"),
        ((), "none is named"),
        ("every", "steps is 'every'; it must be 'all', or steps ahead such as 1, 6, 12"),
    ],
)
def test_other_steps_are_refused(steps, said):
    with pytest.raises(SettingError, match=said):
        Where(steps=steps).steps_of(12)


def test_the_series_that_is_named_is_chosen_else_a_typical_one(gru, make, shops):
    assert chosen(gru.history_, None) == 0
    panel = make(data=shops).history_
    assert chosen(panel, "shop 3") == 3
    assert 0 <= chosen(panel, None) < 4
    with pytest.raises(SettingError, match="series 'shop 9' is not in the data"):
        chosen(panel, "shop 9")
