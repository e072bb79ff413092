"""Several measured quantities over the same seeds and patients: how far a weighted sum of their means may be off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, UserError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """Means over seeds of P quantities, with their covariance between seeds and over the shared patients."""

    mean: Floats
    """(P,)"""
    between: Floats
    """(P, P), the seeds' sample covariance."""
    inside: Floats
    """(P, P), the covariance of the means under redrawn patients; zeros where patients were not redrawn."""
    seeds: int

    @property
    def patients(self) -> bool:
        """Whether patients were redrawn."""
        return bool(self.inside.any())

    def half_widths(self, weights: ArrayLike, level: float = LEVEL) -> Floats:
        """Half the width of the t interval of each weighted sum ``weights @ mean``; weights (G, P) -> (G,).

        Every seed gives one value of the sum, so this is ``paired_t_within`` for each row: variance
        ``w' B w / S + w' I w`` with B between seeds and I over the patients, and its degrees of freedom.

        >>> two = spread_of([[1.0, 2.0], [2.0, 2.0], [3.0, 2.0]])
        >>> two.half_widths([[1.0, 0.0], [0.0, 1.0]]).round(2).tolist()
        [2.48, 0.0]
        """
        from scipy.special import stdtrit

        rows = np.atleast_2d(np.asarray(weights, np.float64))
        between = _quadratic(rows, self.between) / self.seeds
        total = between + _quadratic(rows, self.inside)
        if not self.patients:
            return np.asarray(stdtrit(self.seeds - 1, 0.5 + level / 2) * np.sqrt(total))
        with np.errstate(divide="ignore", invalid="ignore"):
            freedom = np.where(between > 0, (self.seeds - 1) * total / between, 1e6)
        return np.asarray(stdtrit(np.minimum(freedom, 1e6), 0.5 + level / 2) * np.sqrt(total))


def spread_of(values: ArrayLike, draws: ArrayLike | None = None) -> Spread:
    """Summarise values (S, P) and, where patients were redrawn, draws (S, B, P).

    Raises ``UserError`` for fewer than two seeds, for values that are not finite, and for draws of another shape.
    """
    data = np.asarray(values, np.float64)
    if data.ndim != 2 or len(data) < 2:
        raise UserError(f"an interval over seeds needs a table of 2 seeds or more, got shape {data.shape}")
    if not np.isfinite(data).all():
        raise UserError("an interval over seeds needs finite values")
    inside = np.zeros((data.shape[1], data.shape[1]))
    if draws is not None:
        inside = _inside(np.asarray(draws, np.float64), data)
    return Spread(data.mean(0), np.atleast_2d(np.cov(data, rowvar=False)), inside, len(data))


def beside(first: Floats, second: Floats, target: Floats) -> Floats:
    """The part of each row of ``target`` (G, P) that is orthogonal to the same row of both others, of length 1.

    A row of which nothing is left is 0. Sums with such weights are 0 in the mean wherever the means lie in the plane
    of the two others, whatever the levels of the seeds.
    """
    second = second - _along(second, first)
    rest = target - _along(target, first)
    rest = rest - _along(rest, second)
    length = np.linalg.norm(rest, axis=1, keepdims=True)
    known = length > 1e-9 * np.linalg.norm(target, axis=1, keepdims=True)
    return np.asarray(np.where(known, rest / np.where(known, length, 1.0), 0.0))


def _along(rows: Floats, direction: Floats) -> Floats:
    squares = (direction**2).sum(1, keepdims=True)
    share = (rows * direction).sum(1, keepdims=True) / np.where(squares > 0, squares, 1.0)
    return np.asarray(share * direction)


def _inside(drawn: Floats, data: Floats) -> Floats:
    """Covariance of the seeds' mean under redrawn patients, whom all seeds share."""
    if drawn.ndim != 3 or (drawn.shape[0], drawn.shape[2]) != data.shape:
        raise UserError(f"draws of shape {drawn.shape} do not belong to values of shape {data.shape}")
    mean = drawn.mean(0)
    mean = mean[np.isfinite(mean).all(1)]
    if len(mean) < 2:
        raise UserError("fewer than two draws over patients are finite")
    return np.atleast_2d(np.cov(mean, rowvar=False))


def _quadratic(rows: Floats, matrix: Floats) -> Floats:
    return np.asarray(np.maximum(((rows @ matrix) * rows).sum(1), 0.0))
