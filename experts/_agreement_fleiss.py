"""Several raters, named categories: Fleiss's kappa and Gwet's AC1, with intervals over images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..core import LEVEL, Interval, UserError
from ._agreement_interval import agreement_interval, missing
from ._agreement_kappa import in_order

Matrix = NDArray[np.float64]
Answers = Sequence[Sequence[object]]


def fleiss_kappa(answers: Answers, level: float = LEVEL) -> Interval:
    """Fleiss's kappa of any number of raters, with a jackknife interval over images.

    kappa = (P - P_e) / (1 - P_e): P the mean over images of the share of equal pairs of answers, P_e the sum
    of squared shares of the categories (Fleiss 1971). ``answers`` has one row for each image, one entry for
    each rater who saw it (``None`` or NaN where he did not); images with one answer say nothing and are left
    out. With unequal numbers of answers every image counts the same (Gwet 2014). The interval holds for these
    raters on other images. The published standard error serves only a test of kappa = 0, so it is not used.

    Raises ``UserError`` for fewer than two images with two answers, and for one same answer throughout.

    >>> round(fleiss_kappa([["a", "a", "b"], ["b", "b", "b"], ["a", "a", "a"]]).value, 3)
    0.55
    """
    counts, _ = answer_counts(answers)
    if counts.shape[1] < 2:
        raise UserError("kappa is undefined: all gave one same answer throughout")
    return _measured(counts, _by_squares, level)


def gwet_ac1(answers: Answers, level: float = LEVEL) -> Interval:
    """Gwet's (2008) AC1: agreement beyond chance that a rare answer does not drag to 0.

    As Fleiss's kappa, but with P_e = sum of pi (1 - pi) / (q - 1) over the q answers that occur (2 at the
    least). Read it beside kappa: where nearly all answers are equal, kappa is low however well raters agree.

    >>> both = [["+", "+"]] * 118 + [["+", "-"]] * 5 + [["-", "+"]] * 2
    >>> round(gwet_ac1(both).value, 3), round(fleiss_kappa(both).value, 3)
    (0.941, -0.029)
    """
    return _measured(answer_counts(answers)[0], _by_gwet, level)


def share_equal(answers: Answers, level: float = LEVEL) -> Interval:
    """The share of equal pairs of answers, as a mean over images, with its interval.

    >>> share_equal([["a", "a"], ["a", "b"], ["b", "b"], ["b", "b"]]).value
    0.75
    """
    return _measured(answer_counts(answers)[0], _no_chance, level)


def answer_counts(answers: Answers) -> tuple[Matrix, list[str]]:
    """How often each answer was given to each image that has two or more, and the answers' names."""
    rows = [[each for each in row if not missing(each)] for row in answers]
    rows = [row for row in rows if len(row) > 1]
    if len(rows) < 2:
        raise UserError(f"agreement needs two or more images with two answers each, got {len(rows)}")
    kinds = in_order([each for row in rows for each in row])
    place = {name: i for i, name in enumerate(kinds)}
    counts = np.zeros((len(rows), len(kinds)))
    for i, row in enumerate(rows):
        for each in row:
            counts[i, place[in_order([each])[0]]] += 1
    return counts, kinds


def _parts(counts: Matrix) -> tuple[NDArray[np.float64], Matrix]:
    """Of each image: the share of equal pairs, and the shares of the answers."""
    n = counts.sum(axis=1)
    equal = (counts * (counts - 1)).sum(axis=1) / (n * (n - 1))
    return equal, counts / n[:, None]


def _measured(counts: Matrix, chance: Callable[[Matrix], Matrix], level: float) -> Interval:
    """(observed - chance) / (1 - chance), of all images and with each one left out."""
    equal, shares = _parts(counts)
    n = len(equal)
    expected = float(chance(shares.mean(axis=0, keepdims=True))[0])
    left_expected = chance((shares.sum(axis=0) - shares) / (n - 1))
    left_equal = (equal.sum() - equal) / (n - 1)
    certain = left_expected > 1 - 1e-12
    left = np.where(certain, np.nan, (left_equal - left_expected) / np.where(certain, 1, 1 - left_expected))
    return agreement_interval(1 - (1 - float(equal.mean())) / (1 - expected), left, equal, expected, level)


def _by_squares(shares: Matrix) -> Matrix:
    return (shares**2).sum(axis=1)


def _by_gwet(shares: Matrix) -> Matrix:
    return (shares * (1 - shares)).sum(axis=1) / max(1, shares.shape[1] - 1)


def _no_chance(shares: Matrix) -> Matrix:
    return np.zeros(len(shares))
