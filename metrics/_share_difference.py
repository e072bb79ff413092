"""Difference of two shares of images (judged plausible, copied, authentic), paired where images correspond."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, UserError, mcnemar, wilson
from ._differences import Difference, joined, pvalue_by_level


def share_difference(a: ArrayLike, b: ArrayLike, *, paired: bool = False, level: float = LEVEL) -> Difference:
    """Share of true verdicts in a less that in b, with interval and p-value.

    Unpaired: Newcombe's (1998) hybrid score interval from two Wilson intervals, and the p-value at whose level it
    just reaches 0. Paired: the same with the correlation of the verdicts (his method 10 for paired data), and
    McNemar's exact p-value.

    Parameters
    ----------
    a, b:
        One verdict (true or false) for each image of either generator, (n,) and (m,).
    paired:
        True where image i of a and of b answer the same request (same condition, same noise); then n = m.

    Raises
    ------
    UserError
        For no images, verdicts that are neither true nor false, and paired verdicts of unequal number.

    Example
    -------
    >>> i = share_difference([True] * 56 + [False] * 14, [True] * 48 + [False] * 32)
    >>> round(i.value, 3), round(i.lo, 3), round(i.hi, 3), i.p < 0.05
    (0.2, 0.052, 0.334, True)
    """
    first, second = _verdicts(a, "a"), _verdicts(b, "b")
    if not paired:

        def at(level: float) -> Interval:
            return replace(joined(_share(first, level), _share(second, level), 0.0), method="newcombe")

        return Difference(**asdict(at(level)), p=pvalue_by_level(at))
    if len(first) != len(second):
        raise UserError(f"{len(first)} and {len(second)} verdicts cannot be paired")
    interval = joined(_share(first, level), _share(second, level), _correlation(first, second))
    p = mcnemar(int((first & ~second).sum()), int((second & ~first).sum()))
    return Difference(**asdict(replace(interval, method="newcombe, paired")), p=p)


def _verdicts(values: ArrayLike, name: str) -> NDArray[np.bool_]:
    given = np.asarray(values)
    if given.ndim != 1 or not len(given):
        raise UserError(f"verdicts have shape {given.shape}", where=name, remedy="give one for each image")
    try:
        known = bool(np.isin(given, (0, 1)).all())
    except TypeError:
        known = False
    if not known:
        raise UserError(
            "a verdict is neither true nor false", where=name, remedy="leave undecided images out"
        )
    return given.astype(np.bool_)


def _share(verdicts: NDArray[np.bool_], level: float) -> Interval:
    return wilson(int(verdicts.sum()), len(verdicts), level)


def _correlation(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Newcombe's phi of the 2 x 2 table: a positive one is lessened, that few pairs claim no pairing."""
    n = len(a)
    both, neither = int((a & b).sum()), int((~a & ~b).sum())
    cross = both * neither - int((a & ~b).sum()) * int((~a & b).sum())
    margins = float(a.sum()) * (n - a.sum()) * b.sum() * (n - b.sum())
    if margins == 0:
        return 0.0
    lessened = max(0.0, cross - n / 2) if cross > 0 else float(cross)
    return lessened / math.sqrt(margins)
