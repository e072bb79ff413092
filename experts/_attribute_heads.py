"""Predictors of one attribute from features, and how good they are on held-out real images."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import LEVEL, Interval, UserError, wilson

Floats = NDArray[np.float64]
RELIABLE = 0.80
"""A predictor under this balanced accuracy on held-out real images is not reliable at this resolution."""
_FEWEST = 5


@dataclass(frozen=True)
class Head:
    """A multinomial logistic regression on features; ``margins`` are the training images' shares by value."""

    values: tuple[str, ...]
    coefficients: Floats
    intercepts: Floats
    margins: dict[str, float]

    @classmethod
    def fit(cls, features: NDArray[np.float32], names: Sequence[str], what: str, *, views: int = 1) -> Head:
        """Fit on (N, D) features, every value with the same total weight, so that rare ones are seen too.

        Every image stands in ``views`` rows. Values of fewer than 5 images are left out; raises ``UserError``
        when fewer than two are left.
        """
        from ..classifiers import logistic_regression

        found = np.array([str(name) for name in names], dtype=object)
        counts = {value: int((found == value).sum()) // views for value in sorted(set(found))}
        values = tuple(value for value, count in counts.items() if count >= _FEWEST)
        if len(values) < 2:
            told = ", ".join(f"{value} ({count})" for value, count in counts.items()) or "none"
            raise UserError(f"{what} needs two values of {_FEWEST} images each, found: {told}")
        rows = np.isin(found, values)
        targets = np.array([values.index(value) for value in found[rows]], np.int64)
        weights = np.array([1.0 / counts[value] for value in found[rows]])
        slopes, offsets, _ = logistic_regression(
            features[rows], targets, len(values), weights=weights / weights.mean()
        )
        total = sum(counts[value] for value in values)
        return cls(values, slopes, offsets, {value: counts[value] / total for value in values})

    def predict_proba(self, features: NDArray[np.float32]) -> Floats:
        """Return (N, K) probabilities in the order of ``values``."""
        from scipy.special import softmax

        return np.asarray(
            softmax(features.astype(np.float64) @ self.coefficients.T + self.intercepts, axis=1)
        )

    def predict(self, features: NDArray[np.float32]) -> list[str]:
        """Return the likeliest value of each row."""
        return [self.values[i] for i in self.predict_proba(features).argmax(axis=1)]


def balanced_accuracy(predicted: Sequence[str], truth: Sequence[str], level: float = LEVEL) -> Interval:
    """Return the mean recall over the values that occur, with its interval.

    The interval joins Wilson's intervals of the recalls: the squared distances of the bounds from the recalls add
    up (Zou and Donner 2008), the images of different values being independent.

    >>> i = balanced_accuracy(["a"] * 20 + ["b"] * 18 + ["a"] * 2, ["a"] * 20 + ["b"] * 20)
    >>> round(i.value, 3), 0.8 < i.lo < i.value < i.hi <= 1.0
    (0.95, True)
    """
    if not len(truth):
        raise UserError("a balanced accuracy needs images")
    told, given = np.array(predicted, dtype=object), np.array(truth, dtype=object)
    recalls = [
        wilson(int((told[given == value] == value).sum()), int((given == value).sum()), level)
        for value in sorted(set(given))
    ]
    count = len(recalls)
    mean = sum(each.value for each in recalls) / count
    below = math.sqrt(sum((each.value - each.lo) ** 2 for each in recalls)) / count
    above = math.sqrt(sum((each.hi - each.value) ** 2 for each in recalls)) / count
    return Interval(mean, max(0.0, mean - below), min(1.0, mean + above), level, "Wilson, joined over values")


def right_share(proba: Floats, values: Sequence[str], allowed: set[str]) -> Floats:
    """Return the probability that the value is one of the allowed ones, for each row."""
    return np.asarray(proba[:, [value in allowed for value in values]].sum(axis=1))


def on_card(found: Interval, n: int) -> Mapping[str, Any]:
    """A balanced accuracy as it stands on a card."""
    return {
        "balanced_accuracy": round(found.value, 4),
        "lo": round(found.lo, 4),
        "hi": round(found.hi, 4),
        "level": found.level,
        "n_held_out": n,
    }
