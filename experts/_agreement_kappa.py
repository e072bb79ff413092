"""Two raters: Cohen's kappa, plain or weighted, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, UserError, wilson

Matrix = NDArray[np.float64]


def cohen_kappa(
    first: Sequence[object],
    second: Sequence[object],
    level: float = LEVEL,
    *,
    weights: str | ArrayLike | None = None,
    categories: Sequence[object] | None = None,
) -> Interval:
    """Cohen's kappa of two raters' answers on the same images, with its interval.

    kappa = (p_o - p_e) / (1 - p_e), p_o the share of equal answers and p_e the share expected from the
    margins (Cohen 1960). The interval takes the large-sample variance of Fleiss, Cohen and Everitt (1969) for
    log(1 - kappa): in simulations that covers better than the symmetric interval, which is too short below.
    Where all answers are equal the variance is 0, and Wilson's bound on p_o is carried through the formula.

    Parameters
    ----------
    first, second:
        The two raters' answers, in the same order.
    weights:
        For ordered answers such as realism: ``linear`` or ``quadratic`` (an answer that is farther off
        counts for less), or a table of how much each pair of ``categories`` disagrees, 0 on its diagonal
        (Cohen 1968).
    categories:
        The answers from lowest to highest (default: those given, numbers by size, others by the alphabet).

    Raises ``UserError`` for unequal lengths, fewer than two images, and when both gave one same answer
    throughout (kappa is undefined).

    >>> i = cohen_kappa(["yes", "yes", "no", "no"] * 10, ["yes", "no", "no", "no"] * 10)
    >>> round(i.value, 3)
    0.5
    >>> round(cohen_kappa([1, 2, 3, 4, 5], [1, 2, 3, 5, 4], weights="quadratic").value, 3)
    0.9
    """
    if len(first) != len(second) or len(first) < 2:
        raise UserError(
            f"kappa needs the same two or more images, got {len(first)} and {len(second)} answers"
        )
    kinds = _kinds([*first, *second], categories)
    table = _cross_table(first, second, kinds)
    alike = _agreement_weights(weights, kinds, given=categories is not None)
    n, rows, columns = len(first), table.sum(axis=1), table.sum(axis=0)
    observed, expected = float((alike * table).sum()), float(rows @ alike @ columns)
    if math.isclose(expected, 1.0):
        raise UserError("kappa is undefined: both gave one same answer throughout")
    kappa = (observed - expected) / (1 - expected)
    if math.isclose(float(np.trace(table)), 1.0):
        bound = 1 - (1 - wilson(n, n, level).lo) / (1 - float(rows @ columns))
        return Interval(1.0, max(-1.0, bound), 1.0, level, "wilson on agreement")
    from scipy.stats import norm

    half = float(norm.ppf(0.5 + level / 2)) * math.sqrt(_variance(table, alike, observed, expected) / n)
    stretch = math.exp(min(700.0, half / (1 - kappa)))
    low, high = 1 - (1 - kappa) * stretch, 1 - (1 - kappa) / stretch
    return Interval(kappa, max(-1.0, low), min(1.0, high), level, "Fleiss, Cohen and Everitt")


def in_order(values: Sequence[object]) -> list[str]:
    """The distinct answers as text: numbers by size, then words by the alphabet."""
    distinct = {_name(value) for value in values}
    return sorted(distinct, key=lambda name: (0, float(name), name) if _number(name) else (1, 0.0, name))


def _name(value: object) -> str:
    return value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def _number(name: str) -> bool:
    try:
        return math.isfinite(float(name))
    except ValueError:
        return False


def _kinds(values: Sequence[object], categories: Sequence[object] | None) -> list[str]:
    if categories is None:
        return in_order(values)
    kinds = [_name(each) for each in categories]
    strange = sorted({_name(value) for value in values} - set(kinds))
    if strange:
        raise UserError(f"an answer is none of the categories: {strange[0]!r}")
    return kinds


def _cross_table(first: Sequence[object], second: Sequence[object], kinds: Sequence[str]) -> Matrix:
    place = {name: i for i, name in enumerate(kinds)}
    table = np.zeros((len(kinds), len(kinds)))
    for one, two in zip(first, second, strict=True):
        table[place[_name(one)], place[_name(two)]] += 1
    return table / len(first)


def _agreement_weights(weights: str | ArrayLike | None, kinds: Sequence[str], *, given: bool) -> Matrix:
    """1 on the diagonal; off it, how far two different answers still agree."""
    if weights is None:
        return np.eye(len(kinds))
    if isinstance(weights, str):
        if weights not in ("linear", "quadratic"):
            raise UserError(f"no weights {weights!r}", remedy="use linear or quadratic")
        # Numbers keep their distances (1, 2 and 5 without 3 and 4); words are one step apart.
        numeric = not given and all(map(_number, kinds))
        scale = np.array([float(name) for name in kinds]) if numeric else np.arange(float(len(kinds)))
        apart = np.abs(scale[:, None] - scale[None, :]) ** (1 if weights == "linear" else 2)
    else:
        apart = np.asarray(weights, dtype=np.float64)
        if apart.shape != (len(kinds),) * 2 or np.diag(apart).any() or not (apart >= 0).all():
            raise UserError(f"weights must be {len(kinds)} x {len(kinds)}, 0 on the diagonal, none below 0")
    return 1 - apart / max(apart.max(), np.finfo(float).tiny)


def _variance(table: Matrix, alike: Matrix, observed: float, expected: float) -> float:
    """n times the variance of (weighted) kappa (Fleiss, Cohen and Everitt 1969, equations 8 and 13)."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    kappa = (observed - expected) / (1 - expected)
    margins = (alike @ columns)[:, None] + (rows @ alike)[None, :]
    spread = float((table * (alike - margins * (1 - kappa)) ** 2).sum())
    return max(0.0, spread - (kappa - expected * (1 - kappa)) ** 2) / (1 - expected) ** 2
