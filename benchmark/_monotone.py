"""The fallback of a learning curve: means that may only fall, joined by straight lines over log n."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Monotone:
    """Falling means at ``numbers``; ``pooled`` (K, K) says how each is made of the measured means."""

    numbers: Floats
    means: Floats
    pooled: Floats

    def at(self, n: Floats) -> Floats:
        """The error at n real images per class, within the numbers that were trained."""
        return np.interp(np.log(n), np.log(self.numbers), self.means)

    def influence(self, n: Floats) -> Floats:
        """How much each measured mean moves the error at n, shape (G, K)."""
        knots = np.eye(len(self.numbers))
        joined = [np.interp(np.log(n), np.log(self.numbers), knot) for knot in knots]
        return np.asarray(np.stack(joined, axis=-1) @ self.pooled)


def fit_monotone(numbers: Floats, means: Floats) -> Monotone:
    """Pool neighbours that rise until none does (pool adjacent violators: Ayer et al. 1955).

    >>> fit_monotone(np.array([1.0, 2, 4]), np.array([0.5, 0.2, 0.3])).means.tolist()
    [0.5, 0.25, 0.25]
    """
    blocks = [[k] for k in range(len(means))]
    place = 0
    while place + 1 < len(blocks):
        if means[blocks[place]].mean() < means[blocks[place + 1]].mean():
            blocks[place] += blocks.pop(place + 1)
            place = max(place - 1, 0)
        else:
            place += 1
    pooled = np.zeros((len(means), len(means)))
    for block in blocks:
        pooled[np.ix_(block, block)] = 1 / len(block)
    return Monotone(numbers, pooled @ means, pooled)
