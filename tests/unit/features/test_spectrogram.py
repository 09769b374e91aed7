import numpy as np
import pytest
from scipy import signal

from tidegate.features.spectrogram import QUIETEST, Spectrogram, _filters


@pytest.fixture
def noise():
    return np.random.default_rng(0).normal(size=4_000)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000])
def test_power_is_that_of_scipy(noise, rate):
    made = Spectrogram(rate)
    wide, hop = made.window_steps, made.hop_steps
    n_points = 2 * (made.power(noise).shape[1] - 1)
    n_whole = 1 + (len(noise) - wide) // hop
    window = signal.get_window("hann", wide)
    transform = signal.ShortTimeFFT(window, hop, rate, mfft=n_points)
    frames = [transform.stft(noise[k * hop : k * hop + wide], p0=0, p1=1, k_offset=wide // 2) for k in range(n_whole)]
    wanted = np.abs(np.concatenate(frames, axis=1).T) ** 2
    np.testing.assert_allclose(made.power(noise)[:n_whole], wanted, rtol=1e-9, atol=1e-9)


def test_every_sample_is_heard_in_a_frame_of_25_milliseconds_every_10():
    made = Spectrogram(8_000)
    assert (made.window_steps, made.hop_steps) == (200, 80)
    for n_samples, n_frames in ((1, 1), (200, 1), (201, 2), (280, 2), (281, 3)):
        assert made.log_mel(np.ones(n_samples)).shape == (n_frames, 40)
    late = np.zeros(281)
    late[-1] = 1
    assert made.power(late)[-1].sum() > 0


def test_a_tone_is_loudest_in_the_band_around_it():
    steps = np.arange(8_000) / 8_000
    middles = [
        Spectrogram(8_000, 24).log_mel(np.sin(2 * np.pi * f * steps)).mean(0).argmax() for f in (200, 800, 3_000)
    ]
    weights = _filters(8_000, 24, 512)
    heard = [(np.arange(257) * 8_000 / 512)[weights[:, band] > 0] for band in middles]
    assert all(band.min() < f < band.max() for band, f in zip(heard, (200, 800, 3_000), strict=True))
    assert middles == sorted(middles)


def test_bands_share_the_frequencies_and_none_is_empty():
    weights = _filters(8_000, 40, 512)
    assert (weights.max(axis=0) > 0).all()
    assert (_filters(8_000, 200, 512).max(axis=0) > 0).all()
    between = weights[20:200].sum(axis=1)
    np.testing.assert_allclose(between, 1, atol=1e-12)  # the fall of one is the rise of the next


def test_how_loud_a_recording_is_does_not_matter(noise):
    made = Spectrogram(8_000)
    np.testing.assert_allclose(made.log_mel(noise), made.log_mel(1_000 * noise), atol=1e-9)
    assert made.log_mel(noise).max() == 0
    assert made.log_mel(noise).min() >= QUIETEST
    half = made.log_mel(np.concatenate([noise, noise / 10]))
    np.testing.assert_allclose(half[:40].mean() - half[60:90].mean(), 20, atol=1.5)


def test_silence_is_silent_everywhere():
    assert (Spectrogram(8_000).log_mel(np.zeros(500)) == QUIETEST).all()
