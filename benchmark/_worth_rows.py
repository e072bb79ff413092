"""Learning curves, real-image equivalences and saturation as rows of the record, with what they say in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..classifiers import WITH_SYNTHETIC
from ..core import LEVEL, MIN_SEEDS, UserError
from ._cell_key import CellKey
from ._grid_errors import NO_PATIENTS, Block, GridErrors, Setting
from ._learning_curve import choose_law, fit_learning_curve, rising_numbers
from ._monotone import Monotone
from ._power_law import PowerLaw
from ._real_equivalence import ReadOff, real_image_equivalence
from ._record_augmentation import CurvePoint, Equivalence, LearningCurve
from ._seed_spread import spread_of

ALONE = "synthetic-only"
AIMED = "real+aimed-synthetic"
AIMED_BY_CLASS = "what one was worth is not known: aimed images are not spread evenly over the classes"
Law = PowerLaw | Monotone


def curve_rows(grid: GridErrors) -> list[LearningCurve]:
    """The learning curve of real images alone in every setting."""
    return [row for setting in grid.settings() if (row := _curve(grid, setting)) is not None]


def _curve(grid: GridErrors, setting: Setting) -> LearningCurve | None:
    cells = grid.real_only(setting)
    block = grid.block(cells, setting)
    if block is None:
        return None
    row = LearningCurve(**setting._asdict(), points=_points(cells, block), seeds=len(block.seeds))
    missing = _missing(grid.left_out(setting))
    if len(block.seeds) < 2:
        return row.model_copy(
            update={"reason": f"1 seed, {MIN_SEEDS} needed", "words": "One seed: no curve."}
        )
    if block.doubt is not None:
        doubt = "; ".join(why for why in (block.doubt, missing) if why)
        return row.model_copy(update={"reason": doubt, "words": f"Not known: {doubt}."})
    fit = fit_learning_curve([key.n_real for key in cells], block.errors, block.draws)
    few = f"{len(block.seeds)} seeds, {MIN_SEEDS} needed" if len(block.seeds) < MIN_SEEDS else None
    reason = "; ".join(why for why in (fit.reason, few, missing) if why) or None
    if fit.power is None:
        return row.model_copy(update={"reason": reason, "words": f"No power law: {reason}."})
    law = {"a": fit.power.a, "b": fit.power.b, "c": fit.power.c}
    bounds = dict(zip(("b_lo", "b_hi", "c_lo", "c_hi"), (*fit.b_bounds, *fit.c_bounds), strict=True))
    said = "The error falls as" if few is None else "The means, of which nothing is claimed, are fitted by"
    notes = "".join(f"; {why}" for why in (few, missing) if why)
    words = f"{said} {fit.power.a:.3g} n^-{fit.power.b:.2f} + {fit.power.c:.3g}{notes}"
    words += f"{'' if block.draws is not None else NO_PATIENTS}."
    return row.model_copy(update={**law, **bounds, "reason": reason, "words": words})


def _missing(numbers: list[int]) -> str | None:
    """Which numbers of real images are not on the curve."""
    if not numbers:
        return None
    return f"left out, for seeds are missing: {', '.join(map(str, numbers))} real images per class"


def _points(cells: list[CellKey], block: Block) -> list[CurvePoint]:
    half = np.full(len(cells), np.nan)
    if len(block.seeds) >= MIN_SEEDS and block.doubt is None:
        half = spread_of(block.errors, block.draws).half_widths(np.eye(len(cells)), LEVEL)
    means = block.errors.mean(0)
    return [
        CurvePoint(
            n=key.n_real, value=float(mean), lo=float(mean - h), hi=float(mean + h), seeds=len(block.seeds)
        )
        for key, mean, h in zip(cells, means, half, strict=True)
    ]


def equivalence_rows(grid: GridErrors) -> list[Equivalence]:
    """What every arm with synthetic images was worth in real ones, in every setting."""
    return [row for setting in grid.settings() for row in _equivalences(grid, setting)]


def _equivalences(grid: GridErrors, setting: Setting) -> Iterator[Equivalence]:
    curve = grid.real_only(setting)
    laws: dict[tuple[int, ...], Law] = {}
    for key in grid.cells(setting):
        if key.arm not in WITH_SYNTHETIC or key.ratio <= 0:
            continue
        block = grid.block([*curve, key], setting) if curve else None
        if block is not None:
            numbers, seeds = [each.n_real for each in curve], tuple(block.seeds)
            if block.doubt is None and seeds not in laws and len(seeds) >= MIN_SEEDS and len(numbers) > 1:
                real = block.columns(slice(0, len(numbers)))
                laws[seeds] = choose_law(rising_numbers(numbers), spread_of(real.errors, real.draws))[0]
            yield equivalence_row(setting, key, numbers, block, laws.get(seeds))


def equivalence_row(
    setting: Setting, key: CellKey, numbers: list[int], block: Block, law: Law | None = None
) -> Equivalence:
    """One arm read off the curve; ``block`` has the curve's cells and the arm's as the last."""
    synthetic = float(round(key.ratio * key.n_real))
    read = _read(key, numbers, block, synthetic, law)
    words = _words(key, read, synthetic) + ("" if block.draws is not None or read.reason else NO_PATIENTS)
    if key.arm == AIMED and setting.stratum.startswith("label=") and read.reason is None:
        read = replace(read, ere=None, ere_lo=None, ere_hi=None, reason=AIMED_BY_CLASS)
        words = f"{words.partition(': each')[0]}; {AIMED_BY_CLASS}"
    return Equivalence(
        **setting._asdict(),
        arm=key.arm,
        generator=key.generator,
        n_real_train=key.n_real,
        ratio=key.ratio,
        synthetic=synthetic,
        n_eff=read.n_eff,
        n_eff_lo=read.lo,
        n_eff_hi=read.hi,
        ere=read.ere,
        ere_lo=read.ere_lo,
        ere_hi=read.ere_hi,
        censored=read.censored,
        reason=read.reason,
        words=words,
    )


def _read(
    key: CellKey, numbers: list[int], block: Block, synthetic: float, law: Law | None
) -> ReadOff:
    if block.doubt is not None:
        return _nothing(block.doubt)
    try:
        return real_image_equivalence(
            numbers,
            block.errors[:, :-1],
            block.errors[:, -1],
            n_real=0 if key.arm == ALONE else key.n_real,
            synthetic=synthetic,
            draws=block.draws,
            law=law,
        )
    except UserError as error:
        return _nothing(str(error))


def _nothing(reason: str) -> ReadOff:
    return ReadOff(None, None, None, None, None, None, None, reason)


def _words(key: CellKey, read: ReadOff, synthetic: float) -> str:
    start = f"{key.n_real} real images per class" if key.arm != ALONE else "No real image"
    what = f"{start} and {synthetic:g} synthetic ones"
    if read.reason is not None:
        return f"{what}: not known, {read.reason}"
    bounds = f"[{_bound(read.lo, 'below the fewest')}, {_bound(read.hi, 'beyond the most')}]"
    if read.censored is not None:
        side = "more than the most" if read.censored == "above" else "fewer than the fewest"
        return f"{what} did as {side} real images that were trained, {bounds}"
    worth = f"{read.ere:.2g} [{_bound(read.ere_lo, '?')}, {_bound(read.ere_hi, '?')}]"
    return f"{what} did as {read.n_eff:.0f} {bounds} real ones: each synthetic image was worth {worth}"


def _bound(value: float | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value:.3g}"
