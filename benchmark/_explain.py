"""``synmedbench explain``: the images that moved a score most, and the groups they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import Progress, UserError, did_you_mean
from ..imagesets import UNKNOWN, ImageSet, Pixels, stratum_of
from ._evaluate import build_extractors, default_extractors
from ._evaluate_cache import FeatureCache
from ._evaluate_inputs import Inputs, check_identical, open_inputs
from ._evaluate_material import Material, collect
from ._explain_measures import MEASURES, Measured

DEFAULTS = ("precision", "coverage", "kernel_distance", "copy_share")
SHOWN = 12


@dataclass(frozen=True)
class Other:
    """The image of the other set that an image is told beside."""

    set: str
    row: int
    file_name: str


@dataclass(frozen=True)
class ShownImage:
    """An image that moved the score, how much, and one sentence about it."""

    set: str
    row: int
    file_name: str
    stratum: str
    amount: float | None
    words: str
    other: Other | None = None


@dataclass(frozen=True)
class StratumShare:
    """How a group moved the score: images that count (uncovered, outside, copies), or the sum of influences."""

    set: str
    stratum: str
    n: int
    moved: int | None
    total: float | None


@dataclass(frozen=True)
class Explanation:
    """One metric explained. ``images`` come in the order of how much they moved it, set by set."""

    metric: str
    extractor: str
    column: str | None
    value: float | None
    sentence: str
    images: list[ShownImage] = field(default_factory=list)
    strata: list[StratumShare] = field(default_factory=list)
    reason: str | None = None


@dataclass(frozen=True)
class Explained:
    """All explanations, the sets they are of, and (not in the document) the pixels of the images that are shown."""

    synthetic: str
    real: str
    train: str | None
    explanations: list[Explanation]
    notes: list[str]
    pictures: dict[tuple[str, int], Pixels] = field(default_factory=dict, repr=False)

    def document(self) -> dict[str, Any]:
        """The explanations as plain JSON values, without pixels."""
        from dataclasses import asdict

        told = {"schema_version": 1, "kind": "explanation", "synthetic": self.synthetic, "real": self.real,
                "train": self.train, "notes": self.notes}  # fmt: skip
        return {**told, "explanations": [asdict(each) for each in self.explanations]}


def explain(
    synthetic: str,
    real: str,
    *,
    metrics: Sequence[str] = (),
    extractor: str | None = None,
    holdout: str | None = None,
    train: str | None = None,
    by: str | None = None,
    shown: int = SHOWN,
    size: int | None = None,
    seed: int = 0,
    cache: Path | None = None,
    progress: Progress,
) -> Explained:
    """Find the images that moved each metric most.

    For precision the synthetic images farthest outside the real ones; for recall and coverage the real images that
    nothing covers; for the Frechet and the kernel distance the images whose absence would change it most; for copies
    the nearest pairs. Arguments as in :func:`evaluate`; ``by`` is a column of the real images (default: the label).

    Raises
    ------
    UserError
        For an unknown metric, and whatever :func:`evaluate` refuses.
    """
    for name in metrics:
        if name not in MEASURES:
            raise UserError(f"{name!r} cannot be explained", remedy=did_you_mean(name, MEASURES))
    if shown < 1:
        raise UserError(f"{shown} images to be shown, at least 1 needed", remedy="choose a larger --n")
    inputs = open_inputs(synthetic, real, holdout=holdout, train=train, by=[by] if by else [], size=size)
    chosen = [extractor] if extractor else [] if inputs.arrays else default_extractors(inputs.true)[:1]
    built = build_extractors(chosen, inputs)
    for note in inputs.notes:
        progress.say(note)
    notes = [*inputs.notes, *check_identical(inputs, progress)]
    kept = FeatureCache(cache, progress)
    asked = list(metrics or DEFAULTS)
    material = collect(inputs, built, seed=seed, cache=kept, progress=progress, copies="copy_share" in asked)
    kept.report()
    column = by or ("label" if "label" in inputs.true.table.columns else None)
    job = _Job(inputs, material, next(iter(built)), column, shown)
    found = [job.explain(name) for name in asked]
    return Explained(synthetic, real, train, found, notes, job.pictures(found))


@dataclass(frozen=True)
class _Job:
    inputs: Inputs
    material: Material
    extractor: str
    column: str | None
    shown: int

    def explain(self, metric: str) -> Explanation:
        try:
            measured = MEASURES[metric](self.material, self.extractor)
        except UserError as error:
            return Explanation(
                metric, self.extractor, self.column, None, f"cannot be told: {error}", reason=str(error)
            )
        images = [image for each in measured.sets for image in self._shown(measured, each.name)]
        return Explanation(
            metric,
            measured.on or self.extractor,
            self.column,
            measured.value,
            measured.sentence,
            images,
            self._strata(measured),
        )

    def _shown(self, measured: Measured, name: str) -> list[ShownImage]:
        each = measured.of(name)
        ranked: list[int] = np.argsort(-each.rank, kind="stable").tolist()
        counted = [i for i in ranked if each.moved is None or each.moved[i]]
        order = (counted or (ranked if measured.pairs else []))[: self.shown]
        strata = self._stratum_of(name)
        found = []
        for i in order:
            row = int(each.rows[i])
            other = None
            if each.others is not None and each.beside is not None:
                place = int(each.others[i])
                other = Other(each.beside, place, self._file(each.beside, place))
            amount = float(each.amount[i]) if np.isfinite(each.amount[i]) else None
            words = each.words(i, other.file_name if other else "")
            found.append(ShownImage(name, row, self._file(name, row), str(strata[row]), amount, words, other))
        return found

    def _strata(self, measured: Measured) -> list[StratumShare]:
        found = []
        for each in measured.sets:
            strata = self._stratum_of(each.name)[each.rows]
            values = sorted(set(strata.tolist())) if self.column else []
            for value in values:
                mine = strata == value
                moved = None if each.moved is None else int(each.moved[mine].sum())
                total = float(each.amount[mine].sum()) if each.moved is None else None
                found.append(StratumShare(each.name, str(value), int(mine.sum()), moved, total))
        return found

    def _stratum_of(self, name: str) -> NDArray[np.str_]:
        images = self._set(name)
        if self.column is None or self.column not in images.table.columns:
            return np.array([UNKNOWN if self.column else ""] * len(images), dtype=np.str_)
        return stratum_of(images, self.column).astype(np.str_)

    def _file(self, name: str, row: int) -> str:
        table = self._set(name).table
        return str(table["file_name"].iloc[row]) if "file_name" in table.columns else f"row {row + 1}"

    def _set(self, name: str) -> ImageSet:
        found = {"synthetic": self.inputs.fake, "real": self.inputs.true, "train": self.inputs.train}[name]
        assert found is not None
        return found

    def pictures(self, explanations: Sequence[Explanation]) -> dict[tuple[str, int], Pixels]:
        """The pixels of all images that are told of; none where features were given."""
        if self.inputs.arrays:
            return {}
        images = [image for each in explanations for image in each.images]
        wanted = {(image.set, image.row) for image in images}
        wanted |= {(image.other.set, image.other.row) for image in images if image.other}
        return {key: self._set(key[0]).image(key[1]) for key in sorted(wanted)}
