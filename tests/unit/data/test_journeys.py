import pytest

from tidegate.data.journeys import EXAMPLES, tagged_example
from tidegate.errors import SettingError
from tidegate.tasks.entities import first_broken, forbidden, spans


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_the_same_every_time_and_keep_to_bio(name):
    sentences, y = tagged_example(name)
    assert tagged_example(name) == (sentences, y)
    tags = sorted({tag for one in y for tag in one})
    never = forbidden(tags)
    assert all(first_broken([tags.index(tag) for tag in one], never) is None for one in y)
    assert [len(one) for one in sentences] == [len(one) for one in y]


def test_a_name_alone_says_nothing():
    sentences, y = tagged_example("journeys")
    kinds = {"person": set(), "place": set()}
    for tokens, tags in zip(sentences, y, strict=True):
        for span in spans(tags):
            kinds[span.kind].add(tokens[span.start])
    assert len(kinds["person"] & kinds["place"]) > 40


def test_an_unknown_example_is_named():
    with pytest.raises(SettingError, match=r"no example 'poems'; there are journeys\."):
        tagged_example("poems")
