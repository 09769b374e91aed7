import numpy as np

from tidegate.tasks.transcription.heard import Peak, Spikes

TOKENS = np.array(["", "a", "b"])


def test_peaks_are_where_a_token_is_surest():
    probability = [[0.9, 0.1, 0], [0.4, 0.6, 0], [0.1, 0.8, 0.1], [0.3, 0, 0.7], [0.9, 0, 0.1], [0.2, 0.1, 0.7]]
    made = Spikes(TOKENS, np.arange(6) * 0.02, np.array(probability)).peaks()
    assert made == [Peak("a", 0.04, 0.8), Peak("b", 0.06, 0.7), Peak("b", 0.1, 0.7)]


def test_nothing_new_has_no_peak():
    assert Spikes(TOKENS, np.arange(2.0), np.array([[1.0, 0, 0], [0.8, 0.1, 0.1]])).peaks() == []
