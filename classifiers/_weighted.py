"""Classification measures under many weightings of the images at once: what a bootstrap needs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..core import UserError

Weights = NDArray[np.float64]
"""(N, B): a column for each draw."""
ECE_BINS = 15
_FEW_PAIRS = 100_000
"""Up to so many pairs the pairs themselves are faster than ranks (strata of up to about 800 images)."""


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
    """Return the area under the ROC curve for each column of (N, B) weights; NaN without both kinds.

    The share of (positive, negative) pairs in which the positive scores higher (Mann-Whitney); ties count
    one half.
    """
    above, below = weights[positive], weights[~positive]
    if above.size == 0 or below.size == 0:
        return np.full(weights.shape[1], np.nan)
    high, low = scores[positive], scores[~positive]
    few = len(high) * len(low) <= _FEW_PAIRS
    wins = (_wins_by_pair if few else _wins_by_rank)(high, low, above, below)
    return ratio(wins, above.sum(0) * below.sum(0))


def _wins_by_pair(high: Weights, low: Weights, above: Weights, below: Weights) -> Weights:
    """All pairs in one matrix product; counts and halves are exact in single precision, at twice the speed."""
    won = (high[:, None] > low).astype(np.float32) + np.float32(0.5) * (high[:, None] == low)
    return np.einsum("nb,nb->b", won.T @ above.astype(np.float32), below)


def _wins_by_rank(high: Weights, low: Weights, above: Weights, below: Weights) -> Weights:
    """Weight of the negatives below each positive, from one running sum."""
    order = np.argsort(low, kind="stable")
    summed = np.concatenate([np.zeros((1, below.shape[1])), np.cumsum(below[order], axis=0)])
    beaten = summed[np.searchsorted(low[order], high, "left")]
    beaten += summed[np.searchsorted(low[order], high, "right")]
    return np.einsum("nb,nb->b", above, beaten) / 2


def expected_calibration_error(
    probabilities: NDArray[np.float64], outcomes: NDArray[np.int64], bins: int = 10
) -> float:
    """Calibration error of a probability of *yes* against 0/1 outcomes, in equal bins of the probability.

    >>> expected_calibration_error(np.array([0.9, 0.9]), np.array([1, 0]))
    0.4
    """
    gap = member(bins_of(probabilities, bins), bins) * (outcomes - probabilities)[:, None]
    return float(np.abs(gap.sum(0)).sum() / len(outcomes))


def bins_of(values: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """The equal bin of [0, 1] that each value lies in; a bin's upper end belongs to it."""
    return np.clip(np.ceil(values * bins).astype(np.int64) - 1, 0, bins - 1)


def member(group: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    """One-hot membership, (N, groups)."""
    found = np.zeros((len(group), groups))
    found[np.arange(len(group)), group] = 1.0
    return found


def ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """``above / below``; NaN where nothing is below."""
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
