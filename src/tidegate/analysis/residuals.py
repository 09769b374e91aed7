"""What is left when a decomposition or a model has said its part: any pattern, and its distribution."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from statsmodels.stats.diagnostic import acorr_ljungbox, het_arch
from statsmodels.stats.stattools import jarque_bera
from statsmodels.tools.sm_exceptions import SingularMatrixWarning

from tidegate.analysis.autocorrelation import Correlogram, correlogram
from tidegate.analysis.cycles import standardised
from tidegate.analysis.wording import number, probability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEWEST = 10_000
MINIMUM_LENGTH = 12
SIGNIFICANT = 0.05
_WEAK = 0.1


@dataclass(frozen=True, eq=False)
class Residuals:
    """Tests of a remainder.

    Parameters
    ----------
    values
        Shape (W,): the remainder, around 0.
    mean, deviation
        In the units of the remainder.
    ljung_box, ljung_box_p, lags
        Statistic and p-value of no autocorrelation up to `lags` (Ljung & Box 1978).
    jarque_bera, jarque_bera_p
        Statistic and p-value of a normal distribution (Jarque & Bera 1980).
    skewness, excess_kurtosis
        0 and 0 for a normal distribution.
    arch_p
        P-value of a spread that does not depend on its past (Engle 1982).
    pattern_left, normal, constant_spread
        The tests read at 5 %.
    correlogram
        Its ACF and PACF.
    statement
        The same in words.
    """

    values: Floats
    mean: float
    deviation: float
    ljung_box: float
    ljung_box_p: float
    lags: int
    jarque_bera: float
    jarque_bera_p: float
    skewness: float
    excess_kurtosis: float
    arch_p: float
    pattern_left: bool
    normal: bool
    constant_spread: bool
    correlogram: Correlogram
    statement: str


def diagnose(values: Floats, season: int, *, fitted: int = 0) -> Residuals | None:
    """Test a remainder for what is left in it.

    Parameters
    ----------
    values
        Shape (T,): residuals around 0; NaN are left out, and only the newest 10,000 are read.
    season
        Steps in the main season, 1 for none.
    fitted
        Autoregressive and moving-average parameters of the model, taken from the degrees of freedom.

    Returns
    -------
    Residuals or None
        None for fewer than twelve values or a constant remainder.

    Notes
    -----
    Ljung-Box reads ten lags, or two seasons, at most a fifth of the series (Hyndman & Athanasopoulos 2021, section
    5.4).
    """
    known = values[np.isfinite(values)][-NEWEST:]
    scaled = standardised(known)
    curve = correlogram(scaled, season, label="what is left") if scaled.any() else None
    if len(known) < MINIMUM_LENGTH or curve is None:
        return None
    lags = max(min(10 if season == 1 else 2 * season, len(known) // 5, 400), fitted + 1)
    box = acorr_ljungbox(scaled, lags=[lags], model_df=fitted)
    statistic, p_value = float(box["lb_stat"].iloc[0]), float(box["lb_pvalue"].iloc[0])
    shape = [float(one) for one in jarque_bera(scaled)]
    arch = _arch(scaled, min(lags, 10))
    flags = (p_value < SIGNIFICANT, shape[1] >= SIGNIFICANT, arch >= SIGNIFICANT)
    tests = (p_value, lags, shape[1], shape[2], shape[3] - 3)
    return Residuals(
        values=known,
        mean=float(known.mean()),
        deviation=float(known.std()),
        ljung_box=statistic,
        ljung_box_p=p_value,
        lags=lags,
        jarque_bera=shape[0],
        jarque_bera_p=shape[1],
        skewness=shape[2],
        excess_kurtosis=shape[3] - 3,
        arch_p=arch,
        pattern_left=flags[0],
        normal=flags[1],
        constant_spread=flags[2],
        correlogram=curve,
        statement=" ".join((_pattern(curve, p_value, lags), _shape(tests), _spread(arch))),
    )


def _arch(scaled: Floats, n_lags: int) -> float:
    """Return the p-value of Engle's test; 1 where the squares hold no noise to test."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", SingularMatrixWarning)
        p_value = float(het_arch(scaled, nlags=n_lags, result_object=True)[1])
    return p_value if np.isfinite(p_value) else 1.0


def _pattern(curve: Correlogram, p_value: float, lags: int) -> str:
    tested = f"Ljung-Box over {lags} lags, {probability(p_value)}"
    if p_value >= SIGNIFICANT:
        return f"No pattern in time is left ({tested})."
    top = int(np.argmax(np.abs(curve.acf[:lags])))
    size = float(curve.acf[top])
    strength = "A pattern in time is left" if abs(size) >= _WEAK else "A faint pattern in time is left"
    return f"{strength} ({tested}), strongest at lag {curve.lags[top]} (autocorrelation {number(size, 2)})."


def _shape(tests: tuple[float, int, float, float, float]) -> str:
    _, _, p_value, skewness, kurtosis = tests
    if p_value >= SIGNIFICANT:
        return f"Its distribution is compatible with the normal one (Jarque-Bera, {probability(p_value)})."
    features = []
    if abs(skewness) > 0.5:
        features.append("a long tail to the " + ("right" if skewness > 0 else "left"))
    if kurtosis > 1:
        features.append("more extreme values than a normal one would have")
    reason = f": it has {' and '.join(features)}" if features else ""
    return f"It is not normally distributed{reason} (Jarque-Bera, {probability(p_value)})."


def _spread(p_value: float) -> str:
    if p_value >= SIGNIFICANT:
        return f"Its spread does not depend on its recent past (ARCH test, {probability(p_value)})."
    return f"Its spread changes over time: calm and restless stretches alternate (ARCH test, {probability(p_value)})."
