import numpy as np
import pytest

from tidegate.data.strokes import strokes
from tidegate.tasks.transcription.simple import PieceByPiece


def test_recordings_are_cut_where_it_is_quiet(tones):
    X, y = tones(60)
    model = PieceByPiece(rate=8_000, bands=16).fit(X, y)
    others, wanted = tones(30, seed=1)
    assert model.score(others, wanted) > 0.95
    assert [len(one) for one in model.predict(others)] == [len(one) for one in wanted]
    assert model.called == "a support vector machine on pieces cut where it is quiet"


def test_words_alone_are_one_piece(tones):
    X, y = tones(60, most=1)
    model = PieceByPiece(rate=8_000).fit(X, [[one] for one in y])
    others, wanted = tones(30, seed=1, most=1)
    assert model.predict(others) == [[one] for one in wanted]
    assert model.called == "a support vector machine on pooled frames"


def test_other_sequences_are_cut_into_even_parts():
    learned, other = strokes(300, seed=0), strokes(60, seed=1)
    model = PieceByPiece().fit(learned.sequences, learned.transcripts)
    assert 0.2 < model.score(other.sequences, other.transcripts) < 0.9
    assert model.called == "a support vector machine on pieces cut into even parts"


def test_with_nothing_to_tell_apart_it_says_what_it_knows(tones):
    X, _ = tones(6, most=1)
    model = PieceByPiece(rate=8_000).fit(X, ["a"] * 6)
    assert model.predict(X) == ["a"] * 6
    assert model.called == "one token for every piece, since no pieces could be told apart"


def test_silence_says_nothing(tones):
    model = PieceByPiece(rate=8_000, bands=16).fit(*tones(30))
    assert model.predict([np.zeros(900)]) == [""]


@pytest.mark.parametrize("n", [1, 3, 8, 40])
def test_short_pieces_are_pooled_too(n):
    model = PieceByPiece().fit([np.ones((n, 2)), np.zeros((n, 2))] * 4, ["a", "b"] * 4)
    assert model.predict([np.ones((n, 2)), np.zeros((1, 2))]) == ["a", "b"]
