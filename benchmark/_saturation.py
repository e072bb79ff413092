"""How the worth of synthetic images goes with their number, and the ratio at which the next one stops paying."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, MIN_SEEDS, UserError, tost
from ._paying_shapes import KNEES, PEAKS, Shape, shape
from ._seed_spread import Spread, beside, spread_of

Floats = NDArray[np.float64]
Bounds = tuple[float | None, float | None]
ModelName = Literal["none", "linear", "saturating", "peak"]
TRIED = 80
FEWEST_RATIOS = 3
ROUNDING = 1e-12


@dataclass(frozen=True)
class PayingModel:
    """One model: ``gain`` at the knee (at the largest ratio, if linear), the ``knee``, AICc and Akaike weight."""

    name: ModelName
    gain: float
    knee: float | None
    aicc: float
    weight: float = 0.0


@dataclass(frozen=True)
class SaturationFit:
    """The models, the chosen one, and the paying ratio with its bounds (None: outside the ratios that were trained)."""

    models: tuple[PayingModel, ...]
    chosen: ModelName | None
    pays_until: float | None
    lo: float | None
    hi: float | None
    censored: Literal["above", "below"] | None
    reason: str | None

    @property
    def gain(self) -> float:
        """The chosen model's gain at its knee; below 0 where synthetic images cost."""
        return next((model.gain for model in self.models if model.name == self.chosen), 0.0)

    @property
    def shown(self) -> bool:
        """Whether there is a gain up to some ratio: the paying ratio is shown to lie above 0."""
        return self.gain > 0 and self.lo is not None and self.lo > 0


def fit_saturation(
    ratios: ArrayLike,
    values: ArrayLike,
    baseline: ArrayLike,
    draws: ArrayLike | None = None,
    *,
    scale: ArrayLike | None = None,
    level: float = LEVEL,
) -> SaturationFit:
    """Compare four models of a benefit over the ratio of synthetic to real images; higher values are better.

    ``values`` (S seeds, R ratios), ``baseline`` (S,) without synthetic images, ``draws`` (S, B, R + 1) on redrawn
    patients, the baseline first; ``scale`` (R + 1,) is one over the noise of each column where columns differ in it.
    Models of the mean, each with a level of its own for every seed: none; linear; saturating, which rises to a knee
    and stays (evenly, or ever slower: the linear and quadratic plateau of Cerrato and Blackmer 1990); peak,
    ``x e^(1 - x)`` with x the ratio over the knee (Ricker 1954). Chosen by AICc (Hurvich and Tsai 1989).

    A gain may be below 0: the model then says how a loss goes with the ratio.

    The interval of the knee holds every ratio that is not rejected for some shape, whatever was chosen: too low, where
    the values still rise beyond it; too high, where they bend before it; each a one-sided t test over seeds of a sum
    that is 0 if the knee is there.

    Fewer than 5 seeds or 3 ratios: nothing but the reason. Raises ``UserError`` for arrays that do not fit together.

    >>> ratios, noise = [1, 2, 5, 10, 25, 50], np.random.default_rng(0).normal(0, 0.02, (8, 7))
    >>> true = 0.2 * np.minimum(np.array(ratios) / 10, 1)
    >>> fit = fit_saturation(ratios, true + noise[:, 1:], noise[:, 0])
    >>> fit.chosen, fit.lo < 10, fit.hi
    ('saturating', True, None)
    """
    all_ratios, data = _checked(ratios, values, baseline)
    if len(data) < MIN_SEEDS:
        return _unknown(f"{len(data)} seed{'s' if len(data) != 1 else ''}, {MIN_SEEDS} needed")
    if len(all_ratios) <= FEWEST_RATIOS:
        return _unknown(f"{len(all_ratios) - 1} ratios, {FEWEST_RATIOS} needed")
    weight = np.ones(len(all_ratios)) if scale is None else np.asarray(scale, np.float64)
    drawn = None if draws is None else np.asarray(draws, np.float64)
    spread = spread_of(data * weight, None if drawn is None else drawn * weight)
    if not spread.between.any():
        return _unknown("every seed gave the same result: there is no spread to judge it by")
    models = _compare(all_ratios, data * weight, weight, scale is None)
    best = min(models, key=lambda model: model.aicc)
    until, censored = _until(best, all_ratios)
    lo, hi = _paying(all_ratios, spread, weight, scale is None, level)
    return SaturationFit(tuple(models), best.name, until, lo, hi, censored, None)


def _compare(ratios: Floats, data: Floats, weight: Floats, goes_on: bool) -> list[PayingModel]:
    knees = np.geomspace(ratios[1], ratios[-1], TRIED)
    inside = [float(knee) for knee in knees[:-1]]
    level_off, fall = _allowed(goes_on)
    endless = [(None, shape("goes on", ratios, float(bend))) for bend in knees] if goes_on else []
    families: dict[ModelName, list[tuple[float | None, Floats]]] = {
        "none": [(None, np.zeros(len(ratios)))],
        "linear": [(None, ratios / ratios[-1]), *endless],
        "saturating": [(knee, shape(name, ratios, knee)) for name in KNEES[:level_off] for knee in inside],
        "peak": [(knee, shape(name, ratios, knee)) for name in PEAKS[:fall] for knee in inside],
    }
    found = [_best(name, members, data, weight) for name, members in families.items()]
    least = min(model.aicc for model in found)
    total = sum(math.exp((least - model.aicc) / 2) for model in found)
    return [
        PayingModel(m.name, m.gain, m.knee, m.aicc, math.exp((least - m.aicc) / 2) / total) for m in found
    ]


def _allowed(goes_on: bool) -> tuple[int, int]:
    """How many of the shapes that stay and that fall: in a measure gains bend more than in real images."""
    return (len(KNEES), len(PEAKS)) if goes_on else (2, 1)


def _best(
    name: ModelName, members: list[tuple[float | None, Floats]], data: Floats, weight: Floats
) -> PayingModel:
    """Least squares over the members of a family, every seed with a level of its own."""
    centred = data - data.mean(1, keepdims=True)
    total = centred.sum(0)
    design = np.stack([values for _, values in members]) * weight
    design = design - design.mean(1, keepdims=True)
    squares = len(data) * (design**2).sum(1)
    gains = np.divide(design @ total, squares, out=np.zeros(len(design)), where=squares > 0)
    left = (centred**2).sum() - gains**2 * squares
    place = int(np.argmin(left))
    count = data.shape[0] * (data.shape[1] - 1)
    parameters = {"none": 1, "linear": 2 if len(members) == 1 else 3}.get(name, 3)
    aicc = count * math.log(max(float(left[place]), 1e-300) / count) + 2 * parameters
    aicc += 2 * parameters * (parameters + 1) / max(count - parameters - 1, 1)
    return PayingModel(name, float(gains[place]), members[place][0], aicc)


def _until(best: PayingModel, ratios: Floats) -> tuple[float | None, Literal["above", "below"] | None]:
    """The chosen model's paying ratio: 0 without a gain, beyond the largest ratio if it goes on."""
    if best.name == "none" or best.gain <= 0:
        return 0.0, None
    if best.knee is None:
        return None, "above"
    return (None, "below") if best.knee <= ratios[1] else (best.knee, None)


def _paying(ratios: Floats, spread: Spread, weight: Floats, goes_on: bool, level: float) -> Bounds:
    """The smallest and largest knee not rejected, rounded outwards; 0 at the first ratio, None beyond the largest."""
    tried = np.geomspace(ratios[1], ratios[-1], TRIED)
    level_off, fall = _allowed(goes_on)
    shapes = [*KNEES[:level_off], *PEAKS[:fall]]
    fitting = np.any([_fitting(name, tried, ratios, spread, weight, level) for name in shapes], axis=0)
    kept = np.flatnonzero(fitting)
    endless = goes_on and bool(_fitting("goes on", tried, ratios, spread, weight, level).any())
    nothing = not _rises(ratios, spread, weight, level)
    if not len(kept):
        return (0.0 if nothing else None), (None if endless or not nothing else 0.0)
    first, last = int(kept[0]) - 1, int(kept[-1]) + 1
    lo = 0.0 if nothing or first <= 0 else float(tried[first])
    return lo, None if endless or last >= TRIED - 1 else float(tried[last])


def _fitting(
    name: Shape, tried: Floats, ratios: Floats, spread: Spread, weight: Floats, level: float
) -> NDArray[np.bool_]:
    """At which knees there is no loss, and neither a later nor an earlier knee is shown (Bonferroni)."""
    knees = tried[:, None]
    one, here = np.ones((len(tried), len(ratios))), shape(name, ratios, knees) * weight
    beyond = ratios + 0 * knees if name == "goes on" else shape(name, ratios, 2 * knees)
    before = shape(name, ratios, knees / 2)
    if name in KNEES:
        hump = shape("peak", ratios, math.sqrt(ratios[1] * ratios[-1]))
        before = np.where(knees < 2 * ratios[1], hump, before)
    sums = np.concatenate([beside(one, here, beyond * weight), beside(one, here, before * weight)])
    half = spread.half_widths(sums, 1 - (1 - level) / 2)
    holds = (np.abs(sums @ spread.mean) <= half + ROUNDING).reshape(2, -1).all(0)
    gain = beside(one, one, here)
    return np.asarray(holds & (gain @ spread.mean >= -spread.half_widths(gain, level) - ROUNDING))


def _rises(ratios: Floats, spread: Spread, weight: Floats, level: float) -> bool:
    """Whether there is a gain at all: a sum that rises to the middle of the ratios and stays."""
    middle = math.sqrt(ratios[1] * ratios[-1])
    one = np.ones((1, len(ratios)))
    rising = beside(one, one, (shape("even", ratios, middle) * weight)[None])
    return bool((rising @ spread.mean > spread.half_widths(rising, level) + ROUNDING)[0])


def equivalent_beyond(
    ratios: ArrayLike,
    values: ArrayLike,
    until: float,
    margin: float,
    draws: ArrayLike | None = None,
    *,
    level: float = LEVEL,
) -> bool | None:
    """Whether the largest ratio gives what the first ratio at or above ``until`` gives, within ``margin``.

    Two one-sided tests over seeds of ``values`` (S, R), with ``draws`` (S, B, R) over patients. None where no larger
    ratio was trained, or nothing can be known. It says nothing of a gain: a margin that is not smaller than the gain
    makes of no gain at all the same.

    >>> equivalent_beyond([1, 10, 50], [[0, 0.1, 0.1 + 0.001 * s] for s in range(-2, 3)], 8.0, 0.02)
    True
    """
    p = p_beyond(ratios, values, until, margin, draws)
    return None if p is None else p < 1 - level


def p_beyond(
    ratios: ArrayLike, values: ArrayLike, until: float, margin: float, draws: ArrayLike | None = None
) -> float | None:
    """The p-value of that test: of a true difference of the margin or more."""
    each, data = np.asarray(ratios, np.float64), np.asarray(values, np.float64)
    place = first_at(each, until)
    if place is None or place == len(each) - 1:
        return None
    within = None
    if draws is not None:
        spread = spread_of(data, draws)
        apart = np.zeros(len(each))
        apart[[-1, place]] = 1.0, -1.0
        within = np.full(len(data), apart @ spread.inside @ apart)
    return tost(data[:, -1] - data[:, place], margin, within).p


def first_at(ratios: ArrayLike, until: float) -> int | None:
    """The place of the first ratio at or above ``until``; None beyond the largest.

    >>> first_at([1, 10, 50], 8.0), first_at([1, 10, 50], 60.0)
    (1, None)
    """
    each = np.asarray(ratios, np.float64)
    place = int(np.searchsorted(each, until * (1 - 1e-9)))
    return place if place < len(each) else None


def _checked(ratios: ArrayLike, values: ArrayLike, baseline: ArrayLike) -> tuple[Floats, Floats]:
    each, data = np.asarray(ratios, np.float64).ravel(), np.asarray(values, np.float64)
    start = np.asarray(baseline, np.float64).ravel()
    if not len(each) or not np.isfinite(each).all() or each[0] <= 0 or (np.diff(each) <= 0).any():
        raise UserError(f"ratios must rise from above 0, got {each.tolist()}")
    if data.shape != (len(start), len(each)):
        raise UserError(
            f"values of shape {data.shape} do not belong to {len(start)} seeds and {len(each)} ratios"
        )
    return np.concatenate([[0.0], each]), np.column_stack([start, data])


def _unknown(reason: str) -> SaturationFit:
    return SaturationFit((), None, None, None, None, None, reason)
