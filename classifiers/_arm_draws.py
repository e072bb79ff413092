"""Draws of rows for the arms: balanced by class, aimed, repeated; each from the seed alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, rng

Rows = NDArray[np.int64]


def per_class(
    labels: Sequence[str], names: Sequence[str], ratio: float, seed: int, stream: str, what: str
) -> Rows:
    """``round(ratio x count)`` rows of every real class, class after class."""
    known = np.asarray(names, dtype=str)
    chosen = []
    for name, count in sorted(counts(labels).items()):
        rows = np.flatnonzero(known == name)
        needed = round(ratio * count)
        if len(rows) < needed:
            raise UserError(
                f"the arm needs {needed} {what} of {name!r}, there are {len(rows)}",
                remedy="generate more, or lower the ratio or the number of real images"
                if stream == "synthetic"
                else "lower the ratio or the number of real images",
            )
        chosen.append(rng(seed, stream, name).permutation(rows)[:needed])
    return _some(np.concatenate(chosen), ratio, what)


def aimed_rows(
    labels: Sequence[str],
    names: Sequence[str],
    aimed: Sequence[bool] | NDArray[np.bool_] | None,
    ratio: float,
    seed: int,
) -> Rows:
    """As many rows as ``real+synthetic`` has, all aimed, the classes as balanced as there are images.

    The k-th row of a class stands at k / (its real images); the rows that stand first are taken. So a class with
    few aimed rows gives all of them, and what is short goes to the others in proportion; a smaller ratio's draw
    lies within a larger one's.
    """
    if aimed is None:
        raise UserError("the arm 'real+aimed-synthetic' needs to know which synthetic images are aimed")
    mask = np.asarray(aimed, dtype=bool)
    if mask.shape != (len(names),):
        raise UserError(f"{len(names)} synthetic images but {len(mask)} marks of which are aimed")
    known = np.asarray(names, dtype=str)
    rows, stand = [], []
    for name, count in sorted(counts(labels).items()):
        own = rng(seed, "aimed", name).permutation(np.flatnonzero((known == name) & mask))
        rows.append(own)
        stand.append((np.arange(len(own)) + 1) / count)
    total = sum(round(ratio * count) for count in counts(labels).values())
    every = np.concatenate(rows)
    if len(every) < total:
        raise UserError(
            f"the arm needs {total} aimed synthetic images, there are {len(every)}",
            remedy="generate more of the rare tone or class, or lower the ratio",
        )
    return _some(every[np.argsort(np.concatenate(stand), kind="stable")[:total]], ratio, "synthetic images")


def _some(rows: NDArray[np.integer], ratio: float, what: str) -> Rows:
    if not len(rows):
        raise UserError(f"a ratio of {ratio} gives no {what.removesuffix('s')} at all")
    return rows.astype(np.int64)


def repeated(labels: Sequence[str], ratio: float, seed: int) -> Rows:
    total = sum(count + round(ratio * count) for count in counts(labels).values())
    order = rng(seed, "repeated").permutation(len(labels))
    return np.concatenate([np.arange(len(labels)), np.resize(order, max(0, total - len(labels)))])


def oversampled(cells: Sequence[str], seed: int) -> Rows:
    names = np.asarray(cells, dtype=str)
    largest = max(counts(cells).values())
    rows = [np.arange(len(cells))]
    for name, count in sorted(counts(cells).items()):
        order = rng(seed, "oversampled", name).permutation(np.flatnonzero(names == name))
        rows.append(np.resize(order, largest - count))
    return np.concatenate(rows).astype(np.int64)


def cells_of(labels: Sequence[str], groups: Sequence[str] | None) -> list[str]:
    if groups is None:
        return list(labels)
    return [f"{label}\x1f{group}" for label, group in zip(labels, given_groups(groups, labels), strict=True)]


def inverse_weights(names: Sequence[str]) -> NDArray[np.float64]:
    """Weights inverse to the size of each row's group, with mean 1: every group weighs the same in total."""
    sizes = counts(names)
    return np.array([len(names) / (len(sizes) * sizes[str(name)]) for name in names])


def counts(names: Sequence[str]) -> dict[str, int]:
    """How often each name occurs, in the order of the names."""
    found, number = np.unique(np.asarray(names, dtype=str), return_counts=True)
    return {str(name): int(count) for name, count in zip(found, number, strict=True)}


def given_groups(groups: Sequence[str] | None, labels: Sequence[str]) -> list[str]:
    if groups is None:
        raise UserError("the arm 'group-weighted' needs the group of every real image")
    if len(groups) != len(labels):
        raise UserError(f"{len(labels)} real images but {len(groups)} groups")
    return [str(group) for group in groups]
