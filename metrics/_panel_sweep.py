"""What the metrics of a panel want of the one sweep that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..core import UserError
from ._alpha_beta import LISTED
from ._blocks import Labels, NoIntervalError, paired_blocks, units
from ._checks import Rows, check_neighbours
from ._kernel import KERNEL_BLOCKS, KERNEL_OF, grouped_units
from ._prdc_interval import REPLICATES, halving_units
from ._sweep import Swept, Wanted, sweep

BALLS = ("precision", "recall", "density", "coverage")
NEIGHBOURS = ("alpha_precision", "beta_recall")
SAFE_LENGTHS = (1e-60, 1e60)
"""Rows shorter or longer have no direction that products in this precision could tell: CMMD scales them first."""

Groups = tuple[ArrayLike | None, ArrayLike | None]


@dataclass(frozen=True)
class PanelSweep:
    """The sweep, and why there are no balls, or no half-samples of them."""

    swept: Swept
    no_balls: UserError | None = None
    no_halves: NoIntervalError | None = None


def panel_sweep(
    x: Rows,
    y: Rows,
    metrics: Sequence[str],
    k: int,
    groups: Groups,
    seed: int,
    device: str,
    *,
    own_train: bool,
    halves: bool = True,
) -> PanelSweep:
    """Sweep once for all the named metrics; what these sets cannot give is left out, with the reason."""
    kernels = tuple(KERNEL_OF[name] for name in metrics if name in KERNEL_OF and _directed(name, x, y))
    no_balls, no_halves, units = None, None, None
    if any(name in BALLS for name in metrics):
        try:
            check_neighbours(k, len(x) - 1, "real")
            check_neighbours(k, len(y) - 1, "synthetic")
            units = halving_units(x, y, k, groups) if halves else None
        except NoIntervalError as error:
            no_halves = error
        except UserError as error:
            no_balls = error
    wanted = Wanted(
        k=k if any(name in BALLS for name in metrics) and no_balls is None else None,
        halves=units,
        replicates=REPLICATES,
        kernels=kernels,
        labels=jackknife_blocks(x, y, groups, seed)[0] if kernels else None,
        patients=grouped_units(x, y, groups),
        neighbours=min(len(x), len(y)) > 1
        and (any(name in NEIGHBOURS for name in metrics) or ("authenticity" in metrics and own_train)),
        listed=_listed(x, y, groups) if halves and any(name in NEIGHBOURS for name in metrics) else (0, 0),
        seed=seed,
    )
    return PanelSweep(sweep(x, y, wanted, device), no_balls, no_halves)


def _listed(x: Rows, y: Rows, groups: Groups) -> tuple[int, int]:
    """Return how many neighbours half-samples of alpha-precision and beta-recall look through."""
    largest = (
        int(np.bincount(units(len(rows), group)).max()) for rows, group in zip((x, y), groups, strict=True)
    )
    return min(LISTED + next(largest), len(x) - 1), min(LISTED + next(largest), len(y))


def jackknife_blocks(
    x: Rows, y: Rows, groups: Groups, seed: int
) -> tuple[tuple[Labels, Labels], NoIntervalError | None]:
    """Return the blocks of both sets that are left out in turn; one block, and why, where patients are too few."""
    try:
        return paired_blocks(len(x), len(y), *groups, blocks=KERNEL_BLOCKS, seed=seed), None
    except NoIntervalError as error:
        return (np.zeros(len(x), dtype=np.int64), np.zeros(len(y), dtype=np.int64)), error


def _directed(metric: str, x: Rows, y: Rows) -> bool:
    """Only CMMD asks for directions: it is swept with the rest where every row has a tame length."""
    if metric != "cmmd":
        return True
    lo, hi = SAFE_LENGTHS
    peaks = (np.abs(rows).max(axis=1).astype(np.float64) for rows in (x, y))
    return all(bool((peak > lo).all() and (peak < hi).all()) for peak in peaks)
