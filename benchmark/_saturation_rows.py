"""Saturation as rows of the record: which model fits, until which ratio synthetic images pay, and what may be said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..classifiers import WITH_SYNTHETIC
from ..core import LEVEL, MIN_SEEDS, holm
from ._cell_key import CellKey
from ._grid_errors import NO_PATIENTS, Block, GridErrors, Setting
from ._learning_curve import choose_law, rising_numbers
from ._real_equivalence import in_real_images
from ._record_augmentation import Saturation, SaturationModel
from ._saturated import Beyond, judge_beyond, words_of
from ._saturation import SaturationFit, fit_saturation
from ._seed_spread import spread_of

NOT_ASKED = ("synthetic-only", "real+shuffled-synthetic")


@dataclass(frozen=True)
class _Fitted:
    """A row with its fit, before the tests of all rows are adjusted for each other."""

    row: Saturation
    fit: SaturationFit
    unit: str = ""
    beyond: Beyond = field(default_factory=Beyond)
    margin: float | None = None
    patients: bool = True


def saturation_rows(grid: GridErrors, margins: Mapping[str, float] | None = None) -> list[Saturation]:
    """Every arm that adds synthetic images, by generator and number of real images, in every setting.

    ``margins`` are the registered margins of equivalence by measure: where a measure has none, nothing is called
    saturated. The tests of equivalence are adjusted over all rows (Holm 1979).
    """
    found = [each for setting in grid.settings() for each in _fitted(grid, setting, margins or {})]
    tested = [each.beyond.p for each in found if each.beyond.p is not None]
    adjusted = iter(holm(tested).tolist() if tested else [])
    return [_told(each, None if each.beyond.p is None else float(next(adjusted))) for each in found]


def _told(found: _Fitted, adjusted: float | None) -> Saturation:
    fit = found.fit
    words = words_of(fit, found.beyond, adjusted, found.margin, found.unit, found.row.ratios)
    if not found.patients and fit.reason is None:
        words = words.removesuffix(".") + NO_PATIENTS + "."
    beyond = None if adjusted is None else adjusted < 1 - LEVEL
    return found.row.model_copy(update={"equivalent_beyond": beyond, "words": words})


def _fitted(grid: GridErrors, setting: Setting, margins: Mapping[str, float]) -> Iterator[_Fitted]:
    lines: dict[tuple[str, str | None, int], list[CellKey]] = {}
    for key in grid.cells(setting):
        if key.arm in WITH_SYNTHETIC and key.arm not in NOT_ASKED and key.ratio > 0:
            lines.setdefault((key.arm, key.generator, key.n_real), []).append(key)
    curve = grid.real_only(setting)
    numbers = [key.n_real for key in curve]
    left_out = grid.left_out(setting)
    for (arm, generator, n_real), keys in lines.items():
        keys.sort(key=lambda key: key.ratio)
        row = Saturation(
            **setting._asdict(),
            arm=arm,
            generator=generator,
            n_real_train=n_real,
            ratios=[key.ratio for key in keys],
        )
        if n_real in numbers:
            block = grid.block([*curve, *keys], setting)
            if block is not None:
                yield _fit(row, numbers, block, margins.get(setting.metric))
        elif n_real in left_out:
            fit = _refused(f"real images alone with {n_real} per class lack seeds that the others have")
            yield _Fitted(row.model_copy(update={"reason": fit.reason}), fit)


def _fit(row: Saturation, numbers: list[int], block: Block, margin: float | None) -> _Fitted:
    if block.doubt is not None:
        fit, unit = _refused(block.doubt), ""
    else:
        fit, unit = _in_best_unit(numbers, row.n_real_train, row.ratios, block)
    own = block.columns([numbers.index(row.n_real_train), *range(len(numbers), block.errors.shape[1])])
    beyond = judge_beyond(fit, row.ratios, own, margin)
    models = [
        SaturationModel(
            name=model.name,
            parameters={"gain": model.gain, **({} if model.knee is None else {"knee": model.knee})},
            aicc=model.aicc,
            weight=model.weight,
        )
        for model in sorted(fit.models, key=lambda model: model.aicc)
    ]
    update = {
        "models": models,
        "chosen": fit.chosen,
        "pays_until": fit.pays_until,
        "pays_lo": fit.lo,
        "pays_hi": fit.hi,
        "censored": fit.censored,
        "reason": fit.reason,
    }
    return _Fitted(row.model_copy(update=update), fit, unit, beyond, margin, block.draws is not None)


def _refused(reason: str) -> SaturationFit:
    return SaturationFit((), None, None, None, None, None, reason)


def _in_best_unit(
    numbers: list[int], n_real: int, ratios: list[float], block: Block
) -> tuple[SaturationFit, str]:
    """Fit in real images where every ratio can be read off the curve, else in the measure itself.

    To leave out the ratios that beat the most real images would make every gain that goes on seem to level off.
    """
    count = len(numbers)
    place = numbers.index(n_real)
    arms = block.columns([place, *range(count, block.errors.shape[1])])
    if len(block.seeds) >= MIN_SEEDS and count > 1:
        real = block.columns(slice(0, count))
        law, _ = choose_law(rising_numbers(numbers), spread_of(real.errors, real.draws))
        read = in_real_images(law, real.errors, arms.errors, _joined(real, arms), n_real=n_real)
        if read.known.all():
            fit = fit_saturation(ratios, read.values[:, 1:], read.values[:, 0], read.draws, scale=read.scale)
            return fit, "in real images"
    drawn = None if arms.draws is None else -arms.draws
    return fit_saturation(ratios, -arms.errors[:, 1:], -arms.errors[:, 0], drawn), "in the measure"


def _joined(real: Block, arms: Block) -> np.ndarray | None:
    if real.draws is None or arms.draws is None:
        return None
    return np.concatenate([real.draws, arms.draws], axis=2)
