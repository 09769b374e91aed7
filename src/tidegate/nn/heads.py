"""Heads: what the numbers that a decoder makes for a step say of the value there, and how wrong that was.

A head reads P numbers for each step of each forecast and turns them into a point, quantiles or a distribution. The
first of them says where the middle lies, in units of the window that the network reads: as it is, or, for counts, which
are not negative, by its softplus.

Axis letters: B batch, F future steps, P numbers per step, Q quantiles.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, Protocol, get_args

import numpy as np
import torch
from scipy.special import stdtrit
from scipy.stats import nbinom

from tidegate.checks import check_choice

if TYPE_CHECKING:
    from collections.abc import Mapping

HeadName = Literal["point", "quantiles", "normal", "student-t", "negative-binomial"]
HEADS: tuple[HeadName, ...] = get_args(HeadName)

QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
"""The probabilities at which every forecast is told, and those that a quantile head learns."""

_MIDDLE = QUANTILES.index(0.5)
_LEAST_SPREAD = 1e-3
_LEAST_FREEDOM = 2.0
_LEAST_MEAN = 1e-6
_LEAST_DISPERSION = 1e-6


class Head(Protocol):
    """The face of every head.

    Attributes
    ----------
    name
        As users write it.
    width
        Numbers per step, P.
    spreads
        Whether it says how far a value may lie from the middle; without, there is nothing but a point.
    """

    name: HeadName
    width: int
    spreads: bool

    def middle(self, made: torch.Tensor) -> torch.Tensor:
        """Return the value that a step stands for, shape (B, F): the median, or, for counts, the mean."""

    def loss(self, made: torch.Tensor, actual: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:
        """Return the loss of every step, shape (B, F).

        Parameters
        ----------
        made
            Shape (B, F, P).
        actual
            Shape (B, F), in units of the window.
        unit
            Shape (B, 1): what one such unit is of the data; only counts depend on it.
        """

    def at(self, made: torch.Tensor, probability: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:
        """Return the quantiles at `probability`, shape (B, F), without gradients; that at 0.5 is the point forecast.

        Parameters
        ----------
        made, unit
            As in `loss`.
        probability
            In (0, 1), of any shape that goes with (B, F).
        """


class PointHead:
    """One number: the median, by absolute errors. Of the spread it knows nothing and says one unit."""

    name: HeadName = "point"
    width = 1
    spreads = False

    def middle(self, made: torch.Tensor) -> torch.Tensor:
        """Return the first number, shape (B, F)."""
        return made[..., 0]

    def loss(self, made: torch.Tensor, actual: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return |y - m|, shape (B, F)."""
        missed: torch.Tensor = made[..., 0] - actual
        return missed.abs()

    def at(self, made: torch.Tensor, probability: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return the point + z(probability), in want of better."""
        return made[..., 0].detach() + _place(probability, made)


class QuantileHead:
    """The quantiles at `QUANTILES`, which cannot cross: the median, and a positive distance from each to the next one.

    The loss is the pinball loss of Koenker & Bassett (1978), Regression quantiles, Econometrica 46, doubled so that of
    the median it is the absolute error, and averaged over the quantiles. Between two quantiles, and beyond the
    outermost, the forecast is a straight line over the normal quantiles of the probability.
    """

    name: HeadName = "quantiles"
    width = len(QUANTILES)
    spreads = True

    def quantiles(self, made: torch.Tensor) -> torch.Tensor:
        """Return the quantiles in their order, shape (B, F, Q)."""
        middle = made[..., :1]
        gaps = torch.nn.functional.softplus(made[..., 1:])
        below = middle - gaps[..., :_MIDDLE].cumsum(-1)
        above = middle + gaps[..., _MIDDLE:].cumsum(-1)
        return torch.cat([below.flip(-1), middle, above], dim=-1)

    def middle(self, made: torch.Tensor) -> torch.Tensor:
        """Return the first number, shape (B, F)."""
        return made[..., 0]

    def loss(self, made: torch.Tensor, actual: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return twice the mean pinball loss, shape (B, F)."""
        missed = actual[..., None] - self.quantiles(made)
        wanted = missed.new_tensor(QUANTILES)
        return 2 * torch.maximum(wanted * missed, (wanted - 1) * missed).mean(-1)

    @torch.no_grad()
    def at(self, made: torch.Tensor, probability: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return the quantile at `probability`, on straight lines between those that were learned."""
        known = self.quantiles(made)
        places = torch.special.ndtri(known.new_tensor(QUANTILES))
        wanted = _place(probability, known).expand(known.shape[:-1]).contiguous()
        right = torch.searchsorted(places, wanted).clamp(1, self.width - 1)
        low, high = (known.gather(-1, side[..., None])[..., 0] for side in (right - 1, right))
        share = (wanted - places[right - 1]) / (places[right] - places[right - 1])
        return torch.lerp(low, high, share)


class NormalHead:
    """A normal distribution, by its negative log-likelihood: mean, and spread = softplus(.) + 0.001."""

    name: HeadName = "normal"
    width = 2
    spreads = True

    def middle(self, made: torch.Tensor) -> torch.Tensor:
        """Return the first number, shape (B, F)."""
        return made[..., 0]

    def loss(self, made: torch.Tensor, actual: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return -log p(y), shape (B, F)."""
        spread = _spread(made)
        missed: torch.Tensor = (actual - made[..., 0]) / spread
        return 0.5 * missed**2 + spread.log() + 0.5 * math.log(2 * math.pi)

    @torch.no_grad()
    def at(self, made: torch.Tensor, probability: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return mean + spread * z(probability)."""
        return made[..., 0] + _spread(made) * _place(probability, made)


class StudentTHead:
    """Student's t: location, spread = softplus(.) + 0.001 and 2 + softplus(.) degrees of freedom; heavy tails.

    Above 2 degrees of freedom the variance exists. Source: Lange, Little & Taylor (1989), Robust statistical modeling
    using the t distribution, Journal of the American Statistical Association 84.
    """

    name: HeadName = "student-t"
    width = 3
    spreads = True

    def middle(self, made: torch.Tensor) -> torch.Tensor:
        """Return the first number, shape (B, F)."""
        return made[..., 0]

    def loss(self, made: torch.Tensor, actual: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return -log p(y), shape (B, F).

        In float64: the difference of two log-gammas of large arguments is far smaller than they are.
        """
        wide = made.double()
        spread, freedom = _spread(wide), _freedom(wide)
        half = (freedom + 1) / 2
        constant = torch.lgamma(half) - torch.lgamma(freedom / 2) - 0.5 * (freedom * math.pi).log()
        missed = (actual - wide[..., 0]) / spread
        return (half * torch.log1p(missed**2 / freedom) + spread.log() - constant).to(made.dtype)

    @torch.no_grad()
    def at(self, made: torch.Tensor, probability: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        """Return location + spread * t(probability)."""
        places = stdtrit(_freedom(made).double().numpy(), probability.double().numpy())
        return made[..., 0] + _spread(made) * torch.as_tensor(places, dtype=made.dtype)


class NegativeBinomialHead:
    """Counts: mean = unit * softplus(.), variance = mean + dispersion * mean^2, dispersion = softplus(.).

    Mean and dispersion are at least 1e-6. For windows that were divided by a unit and not shifted, so that
    actual * unit is a count. Source: Salinas et al. (2020), DeepAR, International Journal of Forecasting 36(3), the
    negative binomial likelihood of section 3.1, with dispersion for alpha.
    """

    name: HeadName = "negative-binomial"
    width = 2
    spreads = True

    def middle(self, made: torch.Tensor) -> torch.Tensor:
        """Return the mean, shape (B, F), in units of the window."""
        return torch.nn.functional.softplus(made[..., 0])

    def loss(self, made: torch.Tensor, actual: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:
        """Return -log p(count), shape (B, F)."""
        mean, dispersion = _counted(made, unit)
        count, shape, total = actual.double() * unit, 1 / dispersion, mean * dispersion
        chosen = torch.lgamma(count + shape) - torch.lgamma(shape) - torch.lgamma(count + 1)
        unlikely = shape * torch.log1p(total) - count * (total.log() - torch.log1p(total)) - chosen
        return unlikely.to(made.dtype)

    @torch.no_grad()
    def at(self, made: torch.Tensor, probability: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:
        """Return the smallest count that is not exceeded with `probability`, in units of the window."""
        mean, dispersion = (part.numpy() for part in _counted(made, unit))
        counts = nbinom.ppf(probability.double().numpy(), 1 / dispersion, 1 / (1 + mean * dispersion))
        return (torch.as_tensor(np.asarray(counts)) / unit).to(made.dtype)


_KINDS: Mapping[str, type[Head]] = {
    made.name: made for made in (PointHead, QuantileHead, NormalHead, StudentTHead, NegativeBinomialHead)
}


def head(name: str) -> Head:
    """Return the head called `name`.

    Raises
    ------
    SettingError
        If it is none of `HEADS`.
    """
    check_choice("head", name, HEADS)
    return _KINDS[name]()


def table(told: Head, made: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:
    """Return the quantiles at `QUANTILES`, shape (B, F, Q), of what a head makes of `made` (B, F, P)."""
    if isinstance(told, QuantileHead):
        return told.quantiles(made).detach()
    return torch.stack([told.at(made, torch.tensor([[chance]]), unit) for chance in QUANTILES], dim=-1)


def _place(probability: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Return the standard normal's quantile at `probability`."""
    place: torch.Tensor = torch.special.ndtri(probability.to(like.dtype))
    return place


def _spread(made: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.softplus(made[..., 1]) + _LEAST_SPREAD


def _freedom(made: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.softplus(made[..., 2]) + _LEAST_FREEDOM


def _counted(made: torch.Tensor, unit: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean count and the dispersion, both (B, F) and above 0, in float64: see `StudentTHead.loss`."""
    mean, dispersion = torch.nn.functional.softplus(made[..., :2].double()).unbind(-1)
    return mean * unit + _LEAST_MEAN, dispersion + _LEAST_DISPERSION
