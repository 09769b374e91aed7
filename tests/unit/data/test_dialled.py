import numpy as np
import pytest

from tidegate.data.dialled import _TONES, EXAMPLES, RATE, dialled, transcribed_example
from tidegate.errors import SettingError


def test_calls_are_of_the_digits_they_say():
    made = dialled(20, seed=3)
    assert len(made.sequences) == len(made.transcripts) == 20
    assert made.rate == RATE
    assert made.notes == []
    for samples, said in zip(made.sequences, made.transcripts, strict=True):
        assert 3 <= len(said) <= 7
        power = np.abs(np.fft.rfft(samples)) ** 2
        hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
        near = {f: power[np.abs(hertz - f) < 12].max() for pair in _TONES.values() for f in pair}
        pressed = {f for digit in said for f in _TONES[digit]}
        assert min(near[f] for f in pressed) > max([near[f] for f in near.keys() - pressed], default=0)


def test_the_seed_decides():
    first, again, other = dialled(3, seed=1), dialled(3, seed=1), dialled(3, seed=2)
    assert first.transcripts == again.transcripts != other.transcripts
    assert all((one == two).all() for one, two in zip(first.sequences, again.sequences, strict=True))


def test_the_example_is_always_the_same():
    (name,) = EXAMPLES
    first, again = transcribed_example(name), transcribed_example(name)
    assert first.transcripts == again.transcripts
    assert len(first.sequences) == 300
    with pytest.raises(SettingError, match="There is no example 'calls'; there are dialled"):
        transcribed_example("calls")
