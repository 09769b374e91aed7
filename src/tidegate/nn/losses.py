"""Losses: what training makes small."""

from __future__ import annotations

import torch

_TURN = 0.5


def huber(forecast: torch.Tensor, actual: torch.Tensor) -> torch.Tensor:
    """Return the mean Huber loss: squares for errors below 0.5 (in units of the series' scale), absolute beyond.

    Between the mean and the median, and one outlier cannot drive a step. Source: Huber (1964), Robust estimation of a
    location parameter, Annals of Mathematical Statistics 35, here divided by the turning point.

    Parameters
    ----------
    forecast, actual
        The same shape.
    """
    return torch.nn.functional.smooth_l1_loss(forecast, actual, beta=_TURN)
