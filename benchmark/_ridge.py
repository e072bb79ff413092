"""A linear classifier in closed form: quick enough to be fitted once for every split and extractor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PENALTY = 0.1
"""Ridge penalty, as a share of the mean squared length of the standardised rows."""


@dataclass(frozen=True)
class Ridge:
    """Ridge regression on one-against-rest targets of -1 and 1; the class with the largest score is predicted."""

    classes: NDArray[np.str_]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    @classmethod
    def fit(cls, features: NDArray[np.float32], labels: NDArray[np.str_]) -> Ridge:
        """Fit on (n, D) features by the dual form, n x n: ``w = X^T (X X^T + l I)^-1 (y - mean y)``.

        >>> x = np.array([[0.0], [0.1], [1.0], [1.1]], np.float32)
        >>> Ridge.fit(x, np.array(["a", "a", "b", "b"])).predict(x).tolist()
        ['a', 'a', 'b', 'b']
        """
        classes = np.unique(labels)
        x = features.astype(np.float64)
        mean, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
        scaled = (x - mean) / spread
        targets = np.where(labels[:, None] == classes, 1.0, -1.0)
        bias = targets.mean(axis=0)
        gram = scaled @ scaled.T
        penalty = PENALTY * float(np.trace(gram)) / len(x)
        weights = scaled.T @ np.linalg.solve(gram + penalty * np.eye(len(x)), targets - bias)
        return cls(classes, mean, spread, weights, bias)

    def predict(self, features: NDArray[np.float32]) -> NDArray[np.str_]:
        """Return the class of each of (m, D) features."""
        scores = ((features - self.mean) / self.spread) @ self.weights + self.bias
        return self.classes[np.argmax(scores, axis=1)]
