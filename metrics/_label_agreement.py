"""Label agreement: does a classifier trained on real images see in each synthetic image the class asked for?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, UserError, wilson
from ._score import too_few

FEWEST = 10
"""Fewer images of a class carry no number of their own."""


@dataclass(frozen=True)
class LabelAgreement:
    """Shares of images whose predicted label is the requested one.

    ``balanced`` is the mean over the requested classes, ``overall`` the share of all images; ``classes`` has one
    interval for each requested class, ``reasons`` says why a class has none. ``balanced`` is None where a class has
    too few images, ``reason`` then says so. ``mistaken`` names the label most often predicted instead of each class.
    """

    balanced: Interval | None
    overall: Interval
    classes: dict[str, Interval]
    reasons: dict[str, str]
    mistaken: dict[str, str]
    n: int
    reason: str | None = None


def label_agreement(
    predicted: ArrayLike, requested: ArrayLike, *, min_n: int = FEWEST, level: float = LEVEL
) -> LabelAgreement:
    """Balanced and per-class agreement of predicted with requested labels, with Wilson's intervals.

    For a class c of n_c images, ``a_c`` is the share that is predicted as c; the balanced agreement is the mean of
    a_c (balanced accuracy). Its interval is Wilson's at the number of images that has its variance, ``sum_c a_c (1 -
    a_c) / n_c / C^2`` with each a_c drawn towards one half by one image of either kind. It holds for these numbers of
    images and this classifier, whose own errors are in it: read it beside the same classifier on real unseen images.

    Parameters
    ----------
    predicted, requested:
        (n,): labels, compared as text.
    min_n:
        Images that a class needs for a number of its own.
    level:
        The intervals' level.

    Raises
    ------
    UserError
        For lengths that differ, no images, missing labels.

    Example
    -------
    >>> found = label_agreement(["a", "b", "b", "b"] * 10, ["a", "a", "b", "b"] * 10)
    >>> found.balanced.value, found.classes["a"].value, found.mistaken
    (0.75, 0.5, {'a': 'b'})
    """
    made, asked = _labels(predicted, "predicted"), _labels(requested, "requested")
    if made.shape != asked.shape:
        raise UserError(f"{len(made)} predicted labels for {len(asked)} requested ones")
    right, names = made == asked, np.unique(asked).tolist()
    counts = {name: int((asked == name).sum()) for name in names}
    hits = {name: int(right[asked == name].sum()) for name in names}
    reasons = {name: too_few(n, "images", min_n, name) for name, n in counts.items() if n < min_n}
    return LabelAgreement(
        balanced=None if reasons else _balanced(hits, counts, level),
        overall=wilson(int(right.sum()), len(right), level),
        classes={name: wilson(hits[name], counts[name], level) for name in names if name not in reasons},
        reasons=reasons,
        mistaken=_mistaken(made, asked),
        n=len(asked),
        reason=next(iter(reasons.values()), None),
    )


def _labels(values: ArrayLike, name: str) -> NDArray[np.str_]:
    given = np.asarray(values, dtype=object)
    if given.ndim != 1 or not len(given):
        raise UserError(
            f"labels have shape {given.shape}", where=name, remedy="give one label for each image"
        )
    missing = np.array([_is_missing(value) for value in given])
    if missing.any():
        raise UserError(
            f"{int(missing.sum())} labels are missing, the first is {int(missing.argmax())}", where=name
        )
    return given.astype(str)


def _is_missing(value: Any) -> bool:
    return value is None or str(value) in ("", "<NA>", "nan", "NaT")


def _balanced(hits: dict[str, int], counts: dict[str, int], level: float) -> Interval:
    shares = np.array([hits[name] / counts[name] for name in hits])
    n = np.array([counts[name] for name in hits])
    drawn_in = (shares * n + 1) / (n + 2)
    variance = float((drawn_in * (1 - drawn_in) / n).sum()) / len(n) ** 2
    value = float(shares.mean())
    middle = float(drawn_in.mean())
    effective = min(float(n.sum()), middle * (1 - middle) / variance)
    interval = wilson(value * effective, effective, level)
    return replace(interval, value=value, method=f"wilson, {effective:.0f} effective images")


def _mistaken(made: NDArray[np.str_], asked: NDArray[np.str_]) -> dict[str, str]:
    found = {}
    for name in np.unique(asked[made != asked]).tolist():
        other, count = np.unique(made[(asked == name) & (made != name)], return_counts=True)
        found[name] = str(other[count.argmax()])
    return found
