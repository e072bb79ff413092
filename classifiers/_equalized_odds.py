"""Equalized odds: do groups get the same hits and the same false alarms?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ._weighted_test import false_positives_of, mean_of_known, recalls_of

Sums = Mapping[str, NDArray[np.float64]]


def equalized_odds_difference(groups: Sequence[Sums]) -> NDArray[np.float64]:
    """Return the largest difference between groups of the true or the false positive rate, (B,), 0 to 1.

    Equalized odds (Hardt, Price and Srebro 2016) ask for equal true and false positive rates in all groups. For each
    class against the rest, the larger of both rates' ranges over the groups (the definition of Fairlearn, Bird et al.
    2020); then the mean over the classes. ``groups`` are the weighted sums of each group's images. Like every range
    over groups it is above 0 even where all groups are served alike, the more so the smaller they are: compare arms
    on the same test images.
    """
    rates = (np.stack([rate(sums) for sums in groups]) for rate in (recalls_of, false_positives_of))
    ranges = [each.max(0) - each.min(0) for each in rates]
    return mean_of_known(np.maximum(*ranges))
