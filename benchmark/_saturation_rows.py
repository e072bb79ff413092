"""Saturation as rows of the record: which model fits, until which ratio synthetic images pay, and what may be said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..classifiers import WITH_SYNTHETIC
from ..core import MIN_SEEDS
from ._cell_key import CellKey
from ._grid_errors import Block, GridErrors, Setting
from ._learning_curve import choose_law, rising_numbers
from ._real_equivalence import in_real_images
from ._record_augmentation import Saturation, SaturationModel
from ._saturation import FEWEST_RATIOS, SaturationFit, equivalent_beyond, fit_saturation
from ._seed_spread import spread_of

MARGIN = 0.02
"""Of equivalence beyond the paying ratio, where no claim names one."""
NOT_ASKED = ("synthetic-only", "real+shuffled-synthetic")


def saturation_rows(grid: GridErrors, margin: float = MARGIN) -> list[Saturation]:
    """Every arm that adds synthetic images, by generator and number of real images, in every setting."""
    return [row for setting in grid.settings() for row in _rows(grid, setting, margin)]


def _rows(grid: GridErrors, setting: Setting, margin: float) -> Iterator[Saturation]:
    lines: dict[tuple[str, str | None, int], list[CellKey]] = {}
    for key in grid.cells(setting):
        if key.arm in WITH_SYNTHETIC and key.arm not in NOT_ASKED and key.ratio > 0:
            lines.setdefault((key.arm, key.generator, key.n_real), []).append(key)
    curve = grid.real_only(setting)
    numbers = [key.n_real for key in curve]
    for (arm, generator, n_real), keys in lines.items():
        if n_real not in numbers:
            continue
        keys.sort(key=lambda key: key.ratio)
        block = grid.block([*curve, *keys], setting)
        if block is None:
            continue
        ratios = [key.ratio for key in keys]
        yield Saturation(
            **setting._asdict(),
            arm=arm,
            generator=generator,
            n_real_train=n_real,
            ratios=ratios,
            **_fit(numbers, n_real, ratios, block, margin),
        )


def _fit(
    numbers: list[int], n_real: int, ratios: list[float], block: Block, margin: float
) -> dict[str, Any]:
    fit, unit = _in_best_unit(numbers, n_real, ratios, block)
    arms = block.columns(slice(len(numbers), None))
    beyond = None
    if fit.pays_until is not None and len(block.seeds) >= MIN_SEEDS and len(ratios) > 1:
        drawn = None if arms.draws is None else -arms.draws
        beyond = equivalent_beyond(ratios, -arms.errors, fit.pays_until, margin, drawn)
    return {
        "models": [
            SaturationModel(
                name=model.name,
                parameters={"gain": model.gain, **({} if model.knee is None else {"knee": model.knee})},
                aicc=model.aicc,
                weight=model.weight,
            )
            for model in sorted(fit.models, key=lambda model: model.aicc)
        ],
        "chosen": fit.chosen,
        "pays_until": fit.pays_until,
        "pays_lo": fit.lo,
        "pays_hi": fit.hi,
        "censored": fit.censored,
        "equivalent_beyond": beyond,
        "reason": fit.reason,
        "words": _words(fit, beyond, margin, unit, ratios),
    }


def _in_best_unit(
    numbers: list[int], n_real: int, ratios: list[float], block: Block
) -> tuple[SaturationFit, str]:
    """Fit in real images where enough ratios can be read off the curve, else in the measure itself."""
    count = len(numbers)
    place = numbers.index(n_real)
    if len(block.seeds) >= MIN_SEEDS and count > 1:
        real, arms = (
            block.columns(slice(0, count)),
            block.columns([place, *range(count, block.errors.shape[1])]),
        )
        law, _ = choose_law(rising_numbers(numbers), spread_of(real.errors, real.draws))
        read = in_real_images(law, real.errors, arms.errors, _joined(real, arms), n_real=n_real)
        if read.known[0] and read.known.sum() > FEWEST_RATIOS:
            within = np.asarray(ratios)[read.known[1:]]
            fit = fit_saturation(within, read.values[:, 1:], read.values[:, 0], read.draws, scale=read.scale)
            return fit, "in real images"
    arms = block.columns([place, *range(count, block.errors.shape[1])])
    drawn = None if arms.draws is None else -arms.draws
    return fit_saturation(ratios, -arms.errors[:, 1:], -arms.errors[:, 0], drawn), "in the measure"


def _joined(real: Block, arms: Block) -> np.ndarray | None:
    if real.draws is None or arms.draws is None:
        return None
    return np.concatenate([real.draws, arms.draws], axis=2)


def _words(fit: SaturationFit, beyond: bool | None, margin: float, unit: str, ratios: list[float]) -> str:
    if fit.reason is not None:
        return f"Not known: {fit.reason}."
    beyond_all = "beyond the largest" if fit.hi is None else f"{fit.hi:.3g}"
    bounds = f"[{0 if fit.lo is None else fit.lo:.3g}, {beyond_all}]"
    said = {
        "none": f"No gain at any ratio fits best ({unit}); a paying ratio in {bounds} is not ruled out",
        "linear": f"The gain goes on to the largest ratio of {ratios[-1]:g} ({unit}); paying ratio in {bounds}",
        "saturating": f"The gain levels off {_at(fit, ratios)} {bounds} ({unit})",
        "peak": f"The gain is largest {_at(fit, ratios)} and smaller beyond {bounds} ({unit})",
    }[fit.chosen or "none"]
    if fit.chosen == "saturating":
        said += {
            True: f"; saturated: the largest ratio gives the same within {margin:g}",
            False: f"; that it is saturated (the same within {margin:g}) is not shown",
            None: "; no larger ratio was trained to show that it is saturated",
        }[beyond]
    return f"{said}."


def _at(fit: SaturationFit, ratios: list[float]) -> str:
    if fit.censored == "below":
        return f"at or before the smallest ratio of {ratios[0]:g}"
    return "at 0" if not fit.pays_until else f"at {fit.pays_until:.3g}"
