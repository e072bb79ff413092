"""Blocks of whole patients, and the statistic without each of them: what a delete-block jackknife needs."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import UserError, rng
from ._checks import Features

BLOCKS = 20
FEWEST = 10
"""Fewer independent units (patients, or images where patients are unknown) carry no interval."""

Labels = NDArray[np.int64]


class NoIntervalError(UserError):
    """The value stands, but too few independent patients or images carry no interval."""


def check_units(count: int, name: str) -> None:
    """Refuse an interval from fewer than 10 independent units."""
    if count < FEWEST:
        raise NoIntervalError(
            f"not enough data: {count} independent patients or images, {FEWEST} needed for an interval",
            where=name,
        )


def units(n: int, groups: ArrayLike | None, name: str = "real") -> Labels:
    """Number the independent units: one per distinct group (patient), or one per row without groups."""
    if groups is None:
        return np.arange(n, dtype=np.int64)
    labels = np.asarray(groups)
    if labels.shape != (n,):
        raise UserError(
            f"{labels.shape} groups for {n} rows", where=name, remedy="give one group for each row"
        )
    return np.unique(labels.astype(str), return_inverse=True)[1].astype(np.int64)


def block_labels(unit: Labels, count: int, seed: int) -> Labels:
    """Deal whole units into blocks of nearly equal size: the largest unit first, to the lightest block."""
    sizes = np.bincount(unit)
    shuffled = rng(seed, "blocks").permutation(len(sizes))
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    heap = [(0, block) for block in range(count)]
    home = np.empty(len(sizes), dtype=np.int64)
    for number in order:
        weight, block = heapq.heappop(heap)
        home[number] = block
        heapq.heappush(heap, (weight + int(sizes[number]), block))
    return home[unit]


def paired_blocks(
    n_real: int,
    n_synthetic: int,
    groups_real: ArrayLike | None = None,
    groups_synthetic: ArrayLike | None = None,
    *,
    blocks: int = BLOCKS,
    seed: int = 0,
) -> tuple[Labels, Labels]:
    """Return block labels of both sets, equally many, so that block b of both is left out at once.

    The sets are independent, so leaving out one block of each at a time estimates the sum of both variances
    with half the work of leaving them out one after the other. The real blocks depend on the seed, the count
    and the real set alone: every generator meets the same ones, and differences between generators are
    paired.
    """
    real, synthetic = units(n_real, groups_real), units(n_synthetic, groups_synthetic, "synthetic")
    counts = int(real.max()) + 1, int(synthetic.max()) + 1
    check_units(counts[0], "real")
    check_units(counts[1], "synthetic")
    count = min(blocks, *counts)
    return block_labels(real, count, seed), block_labels(synthetic, count, seed + 1)


def without_each_block(
    statistic: Callable[[Features, Features], float],
    real: Features,
    synthetic: Features,
    blocks: tuple[Labels, Labels],
) -> NDArray[np.float64]:
    """Return ``statistic(real, synthetic)`` without block b of both sets, for every b."""
    count = int(blocks[0].max()) + 1
    values: list[Any] = [
        statistic(real[blocks[0] != block], synthetic[blocks[1] != block]) for block in range(count)
    ]
    return np.array(values, dtype=np.float64)
