import pandas as pd
import pytest

from tidegate.data.watched import EXAMPLES, LABEL, watched_example
from tidegate.errors import SettingError
from tidegate.scoring.alarms import events


@pytest.mark.parametrize(("name", "n_events"), [("pump", 5), ("payments", 4), ("logins", 3)])
def test_examples_hold_what_they_say(name, n_events):
    table = watched_example(name)
    assert len(events(table[LABEL].to_numpy())) == n_events
    pd.testing.assert_frame_equal(table, watched_example(name))
    assert table.notna().all(axis=None)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_first_half_is_normal(name):
    table = watched_example(name)
    for _, rows in table.groupby("card") if "card" in table else [("", table)]:
        assert not rows[LABEL].to_numpy()[: len(rows) // 2].any()


def test_an_unknown_example_names_those_there_are():
    with pytest.raises(SettingError, match="no example 'pumps'; there are pump, payments, logins"):
        watched_example("pumps")
