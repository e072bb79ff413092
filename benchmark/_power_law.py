"""The power law of learning curves, ``err(n) = a n^-b + c``: its least-squares fit and what each point weighs in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SLOWEST, FASTEST = 0.02, 4.0
"""Exponents that are tried; real ones lie between (Hestness et al. 2017 report 0.07 to 0.5)."""


@dataclass(frozen=True)
class PowerLaw:
    """``a n^-b + c`` with a >= 0 and c >= 0, fitted by least squares to the means at ``numbers``."""

    numbers: Floats
    a: float
    b: float
    c: float

    @property
    def settled(self) -> bool:
        """False where the exponent ran into the end of what was tried, or nothing falls."""
        return self.a > 0 and SLOWEST * 1.01 < self.b < FASTEST * 0.99

    def at(self, n: Floats) -> Floats:
        """The error at n real images per class."""
        return np.asarray(self.a * n**-self.b + self.c)

    def influence(self, n: Floats) -> Floats:
        """How much each mean moves the fitted error at n: ``j(n)' (J'J)^-1 J'``, shape (G, K)."""
        return np.asarray(self._slopes(n) @ np.linalg.pinv(self._slopes(self.numbers)))

    def _slopes(self, n: Floats) -> Floats:
        power = n**-self.b
        columns = [power, -self.a * power * np.log(n)]
        if self.c > 0:
            columns.append(np.ones_like(power))
        return np.stack(columns, axis=-1)


def fit_power_law(numbers: Floats, means: Floats) -> PowerLaw:
    """Fit by least squares; a and c are linear and solved for, b is searched (variable projection).

    >>> law = fit_power_law(np.array([5.0, 10, 20, 40]), 0.5 * np.array([5.0, 10, 20, 40]) ** -0.5 + 0.1)
    >>> round(law.a, 3), round(law.b, 3), round(law.c, 3)
    (0.5, 0.5, 0.1)
    """
    grid = np.geomspace(SLOWEST, FASTEST, 120)
    for _ in range(4):
        a, c, missed = _linear_part(numbers, means, grid)
        best = int(np.argmin(missed))
        found = PowerLaw(numbers, float(a[best]), float(grid[best]), float(c[best]))
        grid = np.geomspace(grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)], 30)
    return found


def _linear_part(numbers: Floats, means: Floats, exponents: Floats) -> tuple[Floats, Floats, Floats]:
    """The best a and c for every exponent, and the squares that remain."""
    power = numbers[None, :] ** -exponents[:, None]
    centred = power - power.mean(1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.nan_to_num((centred @ means) / (centred**2).sum(1))
    c = means.mean() - a * power.mean(1)
    a = np.where(c < 0, (power @ means) / (power**2).sum(1), a)
    c = np.where(c < 0, 0.0, c)
    c = np.where(a < 0, means.mean(), c)
    a = np.maximum(a, 0.0)
    return a, c, np.asarray(((means - a[:, None] * power - c[:, None]) ** 2).sum(1))
