"""Law 6: save and load give bit-equal forecasts, and a model folder holds no code."""

import numpy as np
import pytest

import tidegate
from tidegate.forecasters import registry
from tidegate.forecasters.naive import MovingAverage
from tidegate.forecasters.recurrent import RecurrentForecaster
from tidegate.training.settings import Training


def loses_something(model, panel, folder) -> bool:
    """Whether a saved and loaded model forecasts other bits, from its own history or from newer data."""
    older = panel.before(panel.lengths - 2, 4)
    model.fit(older, horizon=4)
    before = [model.forecast(data, levels=[80]) for data in (None, panel)]
    model.save(folder)
    again = tidegate.load(folder)
    after = [again.forecast(data, levels=[80]) for data in (None, panel)]
    return not all(
        np.array_equal(a.mean, b.mean) and np.array_equal(a.intervals.upper, b.intervals.upper)
        for a, b in zip(before, after, strict=True)
    )


def test_saving_loses_nothing(model_name, panel, tmp_path):
    assert not loses_something(registry.forecaster(model_name), panel, tmp_path / "model")
    assert not [path for path in (tmp_path / "model").rglob("*") if path.suffix in {".pkl", ".pickle", ".pt", ".py"}]


def test_saving_loses_no_gaps(gap_reader, gappy_panel, brief, tmp_path):
    assert not loses_something(brief(gap_reader), gappy_panel, tmp_path / "model")
    assert np.isnan(tidegate.load(tmp_path / "model").history_.values).any()


@pytest.mark.parametrize(
    ("cell", "settings"),
    [
        ("elman", {"start": "identity"}),
        ("elman", {"layer_options": {"nonlinearity": "sigmoid", "clip": 3.0}}),
        ("lstm", {"layer_options": {"peepholes": "full", "layer_norm": True}, "layers": 2, "truncate": 5}),
        ("lstm", {"layer_options": {"without": ("forget", "output")}}),
        ("gru", {"layer_options": {"reset": "before", "bias": False}}),
        ("gru", {"start": "chrono"}),
        ("slstm", {"forget_bias": 3}),
    ],
)
def test_saving_loses_no_form_of_a_cell(cell, settings, panel, tmp_path):
    training = Training(n_updates=10, n_checks=2)
    model = RecurrentForecaster(cell=cell, **settings, hidden_size=6, n_members=1, training=training)
    assert not loses_something(model, panel, tmp_path / "model")
    again = tidegate.load(tmp_path / "model")
    assert again.get_params(deep=False) == model.get_params(deep=False)
    cells = [one._networks[0].encoder.layers.cell for one in (model, again)]
    assert cells[0] == cells[1]


class Forgetful(MovingAverage):
    """The planted offender: its state misses what was learned after rounding."""

    def _predict(self, panel, levels):
        mean, intervals = super()._predict(panel, levels)
        return mean + getattr(self, "learned", 0.0), intervals

    def _fit(self, panel, horizon):
        super()._fit(panel, horizon)
        self.learned = 0.25


def test_a_forgetful_model_is_caught(panel, tmp_path, monkeypatch):
    monkeypatch.setattr("tidegate.forecasters.naive.Forgetful", Forgetful, raising=False)
    monkeypatch.setattr(Forgetful, "__module__", "tidegate.forecasters.naive")
    assert loses_something(Forgetful(), panel, tmp_path / "model")
