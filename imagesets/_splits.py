"""Seeded, stratified splits in which no patient, lesion or identical image stands on two sides."""

from __future__ import annotations

import math
import warnings
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import UserError, content_key
from ._groups import group_numbers
from ._imageset import ImageSet
from ._strata import UNKNOWN

FRACTIONS: Mapping[str, float] = {"train": 0.5, "val": 0.1, "reference": 0.15, "holdout": 0.1, "test": 0.15}
"""Shares of the five splits: generators and classifiers fit on ``train``, fidelity is measured against
``reference``,
``holdout`` plays a generator of real images, and classifiers are judged on ``test``."""


@dataclass(frozen=True)
class _Group:
    identity: str
    rows: list[int]
    counts: Mapping[str, int]


def split_by_group(
    images: ImageSet,
    *,
    fractions: Mapping[str, float] | None = None,
    group: str | None = None,
    stratify: str | None = "label",
    seed: int = 0,
    given: bool = False,
    crossing: Literal["error", "train"] = "error",
    allow_small: bool = False,
) -> ImageSet:
    """Return the set with a column ``split``; each class is shared out in the given fractions, whole groups
    at a time.

    A group is all images of one patient (``patient_id``), of one lesion, and all that are byte-identical. The
    groups of a class are taken by size and then in an order drawn from (seed, the group's pixels), each to
    the split that is least filled for its size (Sainte-Lague's rule), so that every share is met to within
    one group and the result does not depend on the order of the rows.

    Parameters
    ----------
    fractions:
        Name and share of each split, summing to 1 (default ``FRACTIONS``).
    group:
        The column that binds images; default ``patient_id`` and ``lesion_id``, those that are there.
    stratify:
        The column whose values are shared out evenly; None for none. Missing values count as one class.
    given:
        Keep what the column ``given_split`` says: its test and val stay such, and its train (or an empty
        cell) is shared among the other splits.
    crossing:
        With ``given``: a group that stands in two given splits is an ``error``, or goes to ``train``'s share
        as a whole, with a warning that says how many images moved.
    allow_small:
        Warn, instead of raising, where a class has fewer groups than there are splits.

    Raises
    ------
    UserError
        For fractions that do not sum to 1, classes with too few groups (all of them named), and with
        ``given`` for groups that stand in two given splits.

    Example
    -------
    >>> images = np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1).repeat(3, axis=3)
    >>> s = ImageSet.from_arrays(images, pd.DataFrame({"label": ["a", "b"] * 20}))
    >>> sorted(Counter(split_by_group(s, seed=1).table["split"]).items())
    [('holdout', 4), ('reference', 6), ('test', 6), ('train', 20), ('val', 4)]
    """
    shares = _check_fractions(FRACTIONS if fractions is None else fractions)
    if not len(images):
        raise UserError("there are no images to split", where=images.about.name)
    classes = _classes(images, stratify)
    groups = _make_groups(images, group_numbers(images, group), classes)
    fixed = _given_splits(images, groups, shares, crossing) if given else [None] * len(groups)
    free = [each for each, split in zip(groups, fixed, strict=True) if split is None]
    open_shares = {name: share for name, share in shares.items() if name not in set(fixed)}
    _check_sizes(free, open_shares, images.about.name, allow_small)
    placed = _share_out(free, open_shares, seed)
    splits = np.empty(len(images), dtype=object)
    for each, split in zip(groups, fixed, strict=True):
        splits[each.rows] = split if split is not None else placed[each.identity]
    return images.with_table(images.table.assign(split=splits))


def count_splits(images: ImageSet, by: str = "label") -> pd.DataFrame:
    """Return the number of images by value of a column (rows) and split (columns)."""
    values = [UNKNOWN if pd.isna(value) else str(value) for value in images.column(by)]
    return pd.crosstab(pd.Series(values, name=by), images.column("split")).rename_axis(columns=None)


def _check_fractions(fractions: Mapping[str, float]) -> dict[str, float]:
    bad = {name: share for name, share in fractions.items() if not (math.isfinite(share) and share >= 0)}
    total = sum(fractions.values())
    if bad or not math.isclose(total, 1.0, abs_tol=1e-6):
        raise UserError(
            f"split fractions must be at least 0 and sum to 1, got {dict(fractions)}", where="fractions"
        )
    return {name: float(share) for name, share in fractions.items() if share > 0}


def _classes(images: ImageSet, stratify: str | None) -> list[str]:
    if stratify is None:
        return ["all"] * len(images)
    return [UNKNOWN if pd.isna(value) else str(value) for value in images.column(stratify)]


def _make_groups(images: ImageSet, numbers: NDArray[np.int64], classes: Sequence[str]) -> list[_Group]:
    members: dict[int, list[int]] = defaultdict(list)
    for row, number in enumerate(numbers.tolist()):
        members[number].append(row)
    keys = images.image_keys
    return [
        _Group(content_key(sorted(keys[row] for row in rows)), rows, Counter(classes[row] for row in rows))
        for rows in members.values()
    ]


def _given_splits(
    images: ImageSet, groups: Sequence[_Group], shares: Mapping[str, float], crossing: str
) -> list[str | None]:
    """Return val or test for the groups that the source put there; None for the rest, which is shared out."""
    cells = [None if pd.isna(value) else str(value) for value in images.column("given_split")]
    unknown = sorted({cell for cell in cells if cell is not None and cell not in shares})
    if unknown:
        raise UserError(
            f"given_split holds {', '.join(map(repr, unknown))}, which fractions do not name",
            where=images.about.name,
            remedy=f"rename them to some of {', '.join(shares)}",
        )
    named = [sorted({cells[row] or "train" for row in each.rows}) for each in groups]
    _tell_crossing(
        images, [each for each, names in zip(groups, named, strict=True) if len(names) > 1], crossing
    )
    return [None if len(names) > 1 or names == ["train"] else names[0] for names in named]


def _tell_crossing(images: ImageSet, groups: Sequence[_Group], crossing: str) -> None:
    if not groups:
        return
    rows = groups[0].rows[:4]
    what = (
        f"{len(groups)} patients, lesions or sets of identical images stand in two given splits, such as "
        f"rows {', '.join(str(row + 1) for row in rows)}"
    )
    if crossing != "train":
        remedy = "crossing='train' moves them to training; or split anew, without given"
        raise UserError(what, where=images.about.name, remedy=remedy)
    moved = sum(len(each.rows) for each in groups)
    warnings.warn(f"{images.about.name}: {what}; their {moved} images went to training", stacklevel=4)


def _check_sizes(groups: Sequence[_Group], shares: Mapping[str, float], name: str, allow_small: bool) -> None:
    counts = Counter(label for each in groups for label in each.counts)
    small = {label: n for label, n in sorted(counts.items()) if n < len(shares)}
    if not small:
        return
    listed = ", ".join(f"{label!r} has {n}" for label, n in small.items())
    kinds = "patients, lesions or single images"
    what = f"{len(shares)} splits need as many groups ({kinds}) of each class: {listed}"
    if allow_small:
        warnings.warn(f"{name}: {what}; some splits lack these classes", stacklevel=3)
    else:
        raise UserError(what, where=name, remedy="drop or merge these classes, or use fewer splits")


def _share_out(groups: Sequence[_Group], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Place groups one by one; those of several classes first, then by size, then in the seed's order."""
    filled: dict[tuple[str, str], int] = defaultdict(int)
    totals: dict[str, int] = defaultdict(int)
    waiting = Counter(label for each in groups for label in each.counts)
    placed = {}
    order = sorted(groups, key=lambda g: (-len(g.counts), -len(g.rows), content_key(seed, g.identity)))
    for each in order:
        split = min(
            _candidates(each, shares, filled, waiting), key=lambda s: _fill(each, s, shares, filled, totals)
        )
        placed[each.identity] = split
        totals[split] += len(each.rows)
        for label, n in each.counts.items():
            filled[label, split] += n
            waiting[label] -= 1
    return placed


def _candidates(
    group: _Group,
    shares: Mapping[str, float],
    filled: Mapping[tuple[str, str], int],
    waiting: Mapping[str, int],
) -> list[str]:
    """Return the splits a group may go to: the empty ones alone once a class has no more groups than
    those."""
    for label in sorted(group.counts):
        empty = [split for split in shares if not filled.get((label, split))]
        if empty and waiting[label] <= len(empty):
            return empty
    return list(shares)


def _fill(
    group: _Group,
    split: str,
    shares: Mapping[str, float],
    filled: Mapping[tuple[str, str], int],
    totals: Mapping[str, int],
) -> tuple[float, float, str]:
    share = shares[split]
    own = sum(n * (filled.get((label, split), 0) + n / 2) / share for label, n in group.counts.items())
    return round(own, 9), totals.get(split, 0) / share, split
