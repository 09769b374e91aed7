import numpy as np
import pytest

from tidegate.features.vocabulary import Vocabulary
from tidegate.tasks.entities import forbidden
from tidegate.tasks.reading import Reader
from tidegate.tasks.sequences import taken
from tidegate.tasks.spelling import Spelling
from tidegate.tasks.tag_data import Read

SENTENCES = [["Ada", "sleeps"], ["Bo", "sees", "Ada"]]


@pytest.mark.parametrize("spelled", [True, False])
def test_what_was_learned_comes_back_but_for_what_only_training_needs(spelled):
    reader = Reader.learn(taken(SENTENCES, "words"), Vocabulary())
    spelling = Spelling.learn(SENTENCES) if spelled else None
    never = forbidden(["B-x", "I-x", "O"])
    one = Read(reader, spelling, np.array(["B-x", "I-x", "O"]), never, np.ones(6, dtype=bool), handicap=0.75)
    again = Read.from_state(one.state())
    assert again.reader.vocabulary.tokens_ == reader.vocabulary.tokens_
    assert (again.spelling is not None) == spelled
    assert again.classes.tolist() == ["B-x", "I-x", "O"]
    assert np.array_equal(again.never, never)
    assert (again.rare, again.handicap) == (None, 0.75)


def test_who_was_saved_before_there_was_a_handicap_has_none():
    one = Read(Reader.learn(taken(SENTENCES, "words"), Vocabulary()), None, np.array(["O", "x"]), None)
    state = {name: value for name, value in one.state().items() if name != "handicap"}
    assert Read.from_state(state).handicap == 0
