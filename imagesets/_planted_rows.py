"""Faults of which images stand in a set, and of their labels: missing kinds, copies, collapse, wrong labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, rng
from ._planted import PROTOTYPES

Rows = NDArray[np.int64]
Labels = NDArray[np.str_]


def drop_value(rows: Rows, spare: Rows, values: Labels, value: str, share: float, seed: int = 0) -> Rows:
    """Return ``rows`` with a share of those whose value is ``value`` replaced by spare rows of other values.

    ``rows`` and ``spare`` number the images of one set, ``values`` has the value of each. The number of rows stays.
    Raises ``UserError`` where the spare rows do not suffice.
    """
    mine = np.flatnonzero(values[rows] == value)
    others = spare[values[spare] != value]
    gone = _some(mine, share, seed, "drop")
    _enough(len(others), len(gone), f"spare images of other values than {value!r}")
    return _placed(rows, gone, rng(seed, "drop", "others").permutation(others))


def exchange_rows(rows: Rows, spare: Rows, values: Labels, share: float, seed: int = 0) -> Rows:
    """Return ``rows`` with a share of every value replaced by spare rows of the same value, each used once.

    Given training rows as the spare ones these are copies; given unseen ones, no fault at all.

    >>> rows, train = np.arange(10), np.arange(10, 20)
    >>> sorted(exchange_rows(rows, train, np.array(["a"] * 20), 0.2).tolist())[-2:] < [18, 20]
    True
    """
    made = rows.copy()
    chosen = _some(np.arange(len(rows)), share, seed, "exchange")
    for value in np.unique(values[rows[chosen]]).tolist():
        places = chosen[values[rows[chosen]] == value]
        same = rng(seed, "exchange", value).permutation(spare[values[spare] == value])
        _enough(len(same), len(places), f"spare images of {value!r}")
        made = _placed(made, places, same)
    return made


def collapse_rows(rows: Rows, share: float, seed: int = 0, prototypes: int = PROTOTYPES) -> Rows:
    """Return ``rows`` with a share of them replaced by repeats of ``prototypes`` rows among them.

    >>> len(set(collapse_rows(np.arange(100), 0.9).tolist())) <= 20
    True
    """
    few = rng(seed, "prototypes").permutation(rows)[:prototypes]
    chosen = _some(np.arange(len(rows)), share, seed, "collapse")
    return _placed(rows, chosen, few[rng(seed, "repeats").integers(0, len(few), len(chosen))])


def swap_labels(labels: Labels, share: float, seed: int = 0) -> Labels:
    """Return the labels, a share of them replaced by another one's label that differs.

    >>> (swap_labels(np.array(["a", "b"] * 10), 0.5) != np.array(["a", "b"] * 10)).sum()
    np.int64(10)
    """
    if len(np.unique(labels)) < 2:
        raise UserError("labels can only be swapped where there are two classes")
    made = labels.copy()
    for place in _some(np.arange(len(labels)), share, seed, "swap"):
        others = labels[labels != labels[place]]
        made[place] = others[rng(seed, "swap", int(place)).integers(len(others))]
    return made


def _some(places: Rows, share: float, seed: int, name: str) -> Rows:
    """A seeded sample of the places; a larger share holds the smaller ones."""
    if not 0 <= share <= 1:
        raise UserError(f"a share of {share} cannot be planted", remedy="give one from 0 to 1")
    return rng(seed, name, "places").permutation(places)[: round(share * len(places))]


def _placed(rows: Rows, places: Rows, fresh: Rows) -> Rows:
    made = rows.copy()
    made[places] = fresh[: len(places)]
    return made


def _enough(there: int, needed: int, what: str) -> None:
    if there < needed:
        raise UserError(f"not enough data: {there} {what}, {needed} needed")
