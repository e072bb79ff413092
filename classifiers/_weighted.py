"""Classification measures under many weightings of the images at once: what a bootstrap needs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..core import UserError

Weights = NDArray[np.float64]
ECE_BINS = 15


def targets_of(labels: Sequence[str], classes: Sequence[str]) -> NDArray[np.int64]:
    """Numbers of the labels in ``classes``; a label that is not there is a ``UserError`` that names it."""
    number = {name: i for i, name in enumerate(classes)}
    strangers = sorted({str(label) for label in labels} - set(number))
    if strangers:
        raise UserError(
            f"the label {strangers[0]!r} is not among the classes", remedy=f"known: {', '.join(number)}"
        )
    return np.array([number[str(label)] for label in labels], np.int64)


def reached_plateau(final_loss: float, n_classes: int) -> bool:
    """True when the final training loss is below ln K, the loss of a uniform guess.

    >>> reached_plateau(0.4, 6), reached_plateau(1.9, 6)
    (True, False)
    """
    return final_loss < math.log(n_classes)


def weighted_auroc(scores: NDArray[np.float64], positive: NDArray[np.bool_], weights: Weights) -> Weights:
    """Return the area under the ROC curve for each row of (B, N) weights; NaN without both kinds.

    The share of (positive, negative) pairs in which the positive scores higher (Mann-Whitney); ties count
    one half.
    """
    _, tie = np.unique(scores, return_inverse=True)
    order = np.argsort(tie, kind="stable")
    starts = np.flatnonzero(np.diff(tie[order], prepend=-1))
    pos = np.add.reduceat((weights * positive)[:, order], starts, axis=1)
    neg = np.add.reduceat((weights * ~positive)[:, order], starts, axis=1)
    below = np.cumsum(neg, axis=1) - neg
    pairs = pos.sum(1) * neg.sum(1)
    wins = (pos * (below + 0.5 * neg)).sum(1)
    return np.divide(wins, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)


def weighted_recalls(
    right: NDArray[np.bool_], targets: NDArray[np.int64], classes: int, weights: Weights
) -> Weights:
    """Return the recall of every class, (B, K); NaN where a class has no weight."""
    return _ratio(_by_class(weights * right, targets, classes), _by_class(weights, targets, classes))


def weighted_f1(
    predicted: NDArray[np.int64], targets: NDArray[np.int64], classes: int, weights: Weights
) -> Weights:
    """Return the F1 of every class, (B, K): 2 TP / (2 TP + FP + FN); NaN where that is 0 / 0."""
    hits = _by_class(weights * (predicted == targets), targets, classes)
    return _ratio(2 * hits, _by_class(weights, targets, classes) + _by_class(weights, predicted, classes))


def weighted_ece(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], weights: Weights, bins: int = ECE_BINS
) -> Weights:
    """Return the expected calibration error (Guo et al. 2017) of the top class, in equal bins."""
    number = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gap = weights * (right.astype(np.float64) - confidence)
    return np.abs(_by_class(gap, number, bins)).sum(1) / weights.sum(1)


def expected_calibration_error(
    probabilities: NDArray[np.float64], outcomes: NDArray[np.int64], bins: int = 10
) -> float:
    """Calibration error of a probability of *yes* against 0/1 outcomes, in equal bins of the probability.

    >>> expected_calibration_error(np.array([0.9, 0.9]), np.array([1, 0]))
    0.4
    """
    ones = np.ones((1, len(outcomes)))
    number = np.clip(np.ceil(probabilities * bins).astype(np.int64) - 1, 0, bins - 1)
    gap = ones * (outcomes - probabilities)
    return float(np.abs(_by_class(gap, number, bins)).sum() / len(outcomes))


def _by_class(values: Weights, group: NDArray[np.int64], groups: int) -> Weights:
    member = np.zeros((values.shape[1], groups))
    member[np.arange(len(group)), group] = 1.0
    return values @ member


def _ratio(above: Weights, below: Weights) -> Weights:
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
