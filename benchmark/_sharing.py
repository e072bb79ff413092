"""Synthetic images instead of patients: how much utility is kept, and how many patients are given away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core import MIN_SEEDS, t_interval
from ._cell_key import CellKey
from ._grid_errors import NO_PATIENTS, OVERALL, REAL_ONLY, Block, GridErrors, Setting
from ._record import Memorisation
from ._record_augmentation import Sharing
from ._seed_spread import Spread, spread_of

ALONE = "synthetic-only"
NOT_MEASURED = "a closed-set generator is fitted anew on each cell's images, and what it copies was not measured"
TRIED = np.linspace(-1.0, 3.0, 801)
"""Shares of utility that are tried."""
Bounds = tuple[float | None, float | None]


def sharing_rows(grid: GridErrors, memorisation: Sequence[Memorisation]) -> list[Sharing]:
    """Every generator's synthetic-only arm: utility kept, copy share and verdict, on all test images."""
    return [
        _row(grid, setting, key, [each for each in memorisation if each.generator == key.generator])
        for setting in grid.settings()
        if setting.stratum == "all" and setting.metric in OVERALL
        for key in grid.cells(setting)
        if key.arm == ALONE and key.generator is not None
    ]


def _row(grid: GridErrors, setting: Setting, key: CellKey, entries: list[Memorisation]) -> Sharing:
    base = next(
        (each for each in grid.cells(setting) if each.arm == REAL_ONLY and each.n_real == key.n_real), None
    )
    block = None if base is None else grid.block([base, key], setting)
    chance = _chance(grid, setting)
    kept, bounds, said = _kept(block, chance)
    open_set = any(row.open_set is not False for row in _first(grid, key))
    share, lo, hi = _copies(entries)
    memorising = _memorising(entries)
    copied = {True: "it memorises", False: "no memorising found", None: "memorising was not decided"}[
        memorising
    ]
    if not open_set and not entries:
        copied = f"memorising is not known: {NOT_MEASURED}"
    return Sharing(
        **setting._asdict(),
        generator=key.generator or "",
        n_real_train=key.n_real,
        ratio=key.ratio,
        kept=kept,
        kept_lo=bounds[0],
        kept_hi=bounds[1],
        copy_share=share,
        copy_lo=lo,
        copy_hi=hi,
        memorising=memorising,
        open_set=open_set,
        words=f"{said}; {copied}.",
    )


def _first(grid: GridErrors, key: CellKey) -> list:  # type: ignore[type-arg]
    cell = next(iter(grid.lines[key].values()))
    return list(grid.table.rows[cell].values())[:1]


def _chance(grid: GridErrors, setting: Setting) -> float | None:
    """The error of a guess: a half of the AUROC, 1 - 1/K of the balanced accuracy; None where K is not known."""
    if setting.metric == "macro_auroc":
        return 0.5
    classes = {
        stratum
        for key in grid.cells(setting)
        for its in grid.lines[key].values()
        for metric, stratum in grid.table.rows[its]
        if metric == "recall" and stratum.startswith("label=")
    }
    return 1 - 1 / len(classes) if len(classes) > 1 else None


def _kept(block: Block | None, chance: float | None) -> tuple[float | None, Bounds, str]:
    """(chance - synthetic only) / (chance - real only) in errors, its bounds by test inversion (Fieller 1954)."""
    if block is None:
        return None, (None, None), "Real images alone were not measured beside it"
    if chance is None:
        return None, (None, None), "What a guess does is not known: no class has a recall"
    if len(block.seeds) < MIN_SEEDS:
        return None, (None, None), f"{len(block.seeds)} seeds, {MIN_SEEDS} needed"
    if block.doubt is not None:
        return None, (None, None), f"Not known: {block.doubt}"
    above = chance - block.errors
    mean = above.mean(0)
    spread = spread_of(above, None if block.draws is None else -block.draws)
    if mean[0] <= spread.half_widths([[1.0, 0.0]])[0]:
        return None, (None, None), "Real images alone are not shown to beat chance: there is nothing to keep"
    kept = float(mean[1] / mean[0])
    lo, hi = _not_rejected(spread, kept)
    known = f"[{'?' if lo is None else format(lo, '.0%')}, {'?' if hi is None else format(hi, '.0%')}]"
    note = "" if block.draws is not None else NO_PATIENTS
    return kept, (lo, hi), f"{kept:.0%} {known} of the utility above chance is kept{note}"


def _not_rejected(spread: Spread, kept: float) -> Bounds:
    """The shares next to those that are not rejected; None beyond the shares that are tried."""
    weights = np.column_stack([-TRIED, np.ones(len(TRIED))])
    held = np.flatnonzero(np.abs(weights @ spread.mean) <= spread.half_widths(weights))
    if not len(held):
        place = int(np.searchsorted(TRIED, kept))
        if place in (0, len(TRIED)):
            return None, None
        return float(TRIED[place - 1]), float(TRIED[place])
    first, last = int(held[0]), int(held[-1])
    return (
        float(TRIED[first - 1]) if first else None,
        float(TRIED[last + 1]) if last < len(TRIED) - 1 else None,
    )


def _copies(entries: list[Memorisation]) -> tuple[float | None, float | None, float | None]:
    """Mean share of near-copies: t over seeds from 5 on, else from the lowest to the highest bound of the seeds."""
    known = [each for each in entries if each.copy_share is not None]
    if not known or len(known) < len(entries):
        return None, None, None
    shares = [float(each.copy_share or 0.0) for each in known]
    lows = [float(each.lo) for each in known if each.lo is not None] or shares
    highs = [float(each.hi) for each in known if each.hi is not None] or shares
    if len(shares) >= MIN_SEEDS and len(set(shares)) > 1:
        interval = t_interval(shares)
        return interval.value, max(0.0, interval.lo), min(1.0, interval.hi)
    return sum(shares) / len(shares), min(lows), max(highs)


def _memorising(entries: list[Memorisation]) -> bool | None:
    """True where any seed memorises; False where every seed was cleared."""
    verdicts = [each.memorising for each in entries]
    if any(verdicts):
        return True
    return False if verdicts and all(each is False for each in verdicts) else None
