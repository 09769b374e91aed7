import pytest

from tidegate.errors import SettingError
from tidegate.training.settings import Training, checked, updates


def test_updates_grow_with_the_root_of_the_windows_up_to_a_cap():
    assert [updates(Training(), n) for n in (1, 100, 400, 10_000_000)] == [100, 100, 200, 600]
    assert [updates(Training(), 10_000_000, steps) for steps in (12, 48, 96, 192)] == [600, 600, 1200, 1500]
    assert updates(Training(), 400, 192) == 200


def test_given_updates_are_taken():
    assert updates(Training(n_updates=7), 10_000) == 7


def test_a_plain_tuple_is_taken_too():
    assert checked(tuple(Training(batch_size=8))) == Training(batch_size=8)


def test_a_budget_can_be_divided_and_used_up():
    training = Training(budget=60.0)
    assert training.share(1 / 3).budget == 20
    assert training.after(45).budget == 15
    assert training.after(61).budget == 0
    assert Training().share(0.5) == Training().after(3.0) == Training()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_updates": 0}, "n_updates is 0; it must be a whole number of at least 1"),
        ({"n_updates": 1.5}, "n_updates is 1.5; it must be a whole number"),
        ({"batch_size": True}, "batch_size is True; it must be a whole number of at least 1"),
        ({"learning_rate": -1}, "learning_rate is -1; it must be a number of at least 0"),
        ({"learning_rate": 0}, "learning_rate is 0, so nothing would be learned; try 0.005"),
        ({"clip_norm": 0.0}, "clip_norm is 0, so nothing would be learned; try 1.0"),
        ({"weight_decay": float("nan")}, "weight_decay is nan; it must be a number of at least 0"),
        ({"warmup_fraction": 1}, "warmup_fraction is 1; it must be a number from 0 to 0.99"),
        ({"held_out_fraction": 0.6}, "held_out_fraction is 0.6; it must be a number from 0 to 0.5"),
        ({"n_checks": 0}, "n_checks is 0; it must be a whole number of at least 1"),
        ({"budget": 0}, "budget is 0 seconds; it must be above 0, or None for no limit"),
        ({"budget": -2.5}, "budget is -2.5; it must be a number of at least 0"),
        ({"budget": True}, "budget is True; it must be a number"),
        ({"patience": "5"}, "patience is '5'; it must be a whole number of at least 1"),
    ],
)
def test_limits(settings, message):
    with pytest.raises(SettingError, match=message):
        checked(Training(**settings))
