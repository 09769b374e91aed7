"""Law 7: scaling a series scales its forecast bit by bit; shifting shifts it, where the registry says so."""

import numpy as np
import pytest

from tidegate.forecasters import registry
from tidegate.forecasters.naive import Naive

SHIFT = 512.0


def scale_is_exact(model, panel, with_values, factor: float) -> bool:
    """Whether the forecast of ``factor * y`` is ``factor`` times the forecast of y, bit by bit."""
    plain = model.fit(panel, horizon=4).forecast(levels=[80])
    scaled = model.fit(with_values(panel, panel.values * factor), horizon=4).forecast(levels=[80])
    return bool(
        np.array_equal(plain.mean * factor, scaled.mean)
        and np.array_equal(plain.intervals.lower * factor, scaled.intervals.lower)
    )


def shift_error(model, panel, with_values) -> float:
    """Largest departure from shift equivariance after refitting, in training standard deviations."""
    plain = model.fit(panel, horizon=4).forecast().mean
    moved = model.fit(with_values(panel, panel.values + SHIFT), horizon=4).forecast().mean
    spread = np.array([panel.series(n).std() for n in range(len(panel))])
    return float(np.max(np.abs(moved - plain - SHIFT) / spread[:, None]))


@pytest.mark.parametrize("factor", [4.0, 0.125])
def test_scale(model_name, panel, with_values, factor):
    assert "scale" in registry.traits(model_name).equivariant
    assert scale_is_exact(registry.forecaster(model_name), panel, with_values, factor)


def test_scale_with_gaps(gap_reader, gappy_panel, with_values, brief):
    assert scale_is_exact(brief(gap_reader), gappy_panel, with_values, 0.125)


def test_shift(model_name, panel, with_values):
    if "shift" in registry.traits(model_name).equivariant:
        assert shift_error(registry.forecaster(model_name), panel, with_values) < 1e-2


class Rounding(Naive):
    """The planted offender: it rounds in the user's unit, so a unit of its own breaks it."""

    def _predict(self, panel, levels):
        mean, intervals = super()._predict(panel, levels)
        return np.round(mean * self._factors[:, None], 1) / self._factors[:, None], intervals


class Shrinking(Naive):
    """The planted offender: it shrinks towards zero, so a shift changes more than the level."""

    def _predict(self, panel, levels):
        mean, intervals = super()._predict(panel, levels)
        return 0.9 * mean, intervals


def test_a_rounding_model_is_caught(panel, with_values):
    assert not scale_is_exact(Rounding(), panel, with_values, 0.125)


def test_a_shrinking_model_is_caught(panel, with_values):
    assert shift_error(Shrinking(), panel, with_values) > 1e-2
