"""Plausibility against gain: do generators that are judged better also help classifiers more?"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, MIN_SEEDS, UserError

Floats = NDArray[np.float64]
FEWEST_GENERATORS = 8
ALIKE = 1e-9
"""Of a standard deviation: two means of the same numbers in another order."""
INSTALL = "pip install 'synmedbench[stats]'"


@dataclass(frozen=True)
class Slope:
    """Gain per unit of the measure, its interval and p-value with generators - 2 degrees of freedom."""

    value: float
    lo: float
    hi: float
    p: float


def mixed_slope(
    measure: ArrayLike,
    gain: ArrayLike,
    generators: Sequence[str],
    classes: Sequence[str],
    *,
    level: float = LEVEL,
) -> Slope:
    """Fit ``gain = a + b measure + u(generator) + v(class) + e`` by restricted maximum likelihood.

    u and v are random intercepts (crossed); statsmodels' ``MixedLM`` fits them. A generator is one observation of
    whether plausibility goes with gain, however many classes and seeds it has, so b is judged by Student's t with
    G - 2 degrees of freedom and not by the normal distribution that the package reports; with six generators a
    correlation would have to exceed .81. Where the measure is one value for each generator and all have the same
    classes, b is the slope of the generators' mean gains: there t is exact, and the variance of u, which a fit sets to
    0 all too often with few generators, is not needed. Raises ``UserError`` for fewer than 3 generators, a constant
    measure, a fit that does not converge, and where statsmodels is missing.
    """
    x, y = np.asarray(measure, np.float64).ravel(), np.asarray(gain, np.float64).ravel()
    count = len(set(generators))
    if not len(x) == len(y) == len(generators) == len(classes):
        raise UserError("measure, gain, generators and classes must be of the same length")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise UserError("the mixed model needs finite values")
    if count < 3:
        raise UserError(f"{count} generators, 3 needed for a mixed model")
    if not x.std() > 1e-12 * max(1.0, float(np.abs(x).max())):
        raise UserError("every generator has the same value of the measure")
    if not y.std() > 0:
        raise UserError("every generator has the same gain")
    scaled = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    means = _means(*scaled, generators, classes)
    value, error = _fit(*scaled, generators, classes) if means is None else _line(*means)
    scale = float(y.std() / x.std())
    from scipy.special import stdtr, stdtrit

    half = float(stdtrit(count - 2, 0.5 + level / 2)) * error
    p = float(2 * stdtr(count - 2, -abs(value) / error))
    return Slope(value * scale, (value - half) * scale, (value + half) * scale, p)


def _means(
    x: Floats, y: Floats, generators: Sequence[str], classes: Sequence[str]
) -> tuple[Floats, Floats] | None:
    """Each generator's measure and mean gain, where its measure is one value and all have the same classes."""
    names, own = np.asarray(generators), np.asarray(classes)
    places = [names == name for name in dict.fromkeys(generators)]
    if any(np.ptp(x[place]) > ALIKE for place in places):
        return None
    if len({tuple(sorted(own[place].tolist())) for place in places}) > 1:
        return None
    return np.array([x[place].mean() for place in places]), np.array([y[place].mean() for place in places])


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """The slope of a straight line and its standard error."""
    centred = x - x.mean()
    squares = float((centred**2).sum())
    slope = float(centred @ y) / squares
    left = y - y.mean() - slope * centred
    error = float(np.sqrt(float((left**2).sum()) / (len(x) - 2) / squares))
    if not error > 1e-12:
        raise UserError("the generators lie on a straight line: there is no spread to judge it by")
    return slope, error


def _fit(x: Floats, y: Floats, generators: Sequence[str], classes: Sequence[str]) -> tuple[float, float]:
    try:
        from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec
    except ImportError as error:
        raise UserError("a mixed model needs statsmodels", remedy=INSTALL) from error
    parts = {"generator": generators} | ({"class": classes} if len(set(classes)) > 1 else {})
    tables = {name: _indicators(levels) for name, levels in parts.items()}
    components = VCSpec(
        list(tables),
        [[[str(k) for k in range(table.shape[1])]] for table in tables.values()],
        [[table] for table in tables.values()],
    )
    model: Any = MixedLM(
        y, np.column_stack([np.ones(len(x)), x]), groups=np.zeros(len(x)), exog_vc=components
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = model.fit(reml=True)
    slope, error_of = float(found.params[1]), float(found.bse[1])
    if not found.converged or not (np.isfinite(slope) and np.isfinite(error_of) and error_of > 0):
        raise UserError("the mixed model did not converge")
    return slope, error_of


def _indicators(levels: Sequence[str]) -> Floats:
    different = list(dict.fromkeys(levels))
    return np.array([[level == one for one in different] for level in levels], np.float64)


def few_generators(count: int, seeds: int) -> str | None:
    """Why nothing may be concluded from so few, or None."""
    if count < FEWEST_GENERATORS:
        return (
            f"{count} generators, {FEWEST_GENERATORS} needed: generators differ in many ways at once, "
            "and a correlation between so few of them proves nothing"
        )
    return f"{seeds} seeds, {MIN_SEEDS} needed" if seeds < MIN_SEEDS else None
