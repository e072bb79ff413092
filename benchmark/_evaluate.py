"""``synmedbench evaluate``: one synthetic set against one real set, with nothing configured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import (
    Progress,
    UserError,
    code_commit,
    code_version,
    describe_machine,
    did_you_mean,
    registry,
    rng,
    wilson,
)  # fmt: skip
from ..imagesets import DECODING_RULE, ImageSet, count_strata, group_numbers, open_imageset, stratum_of
from ..metrics import PANEL, Score, by_stratum, extract, memorisation, metric_cards, score_panel
from ._recipe import short_name
from ._record import Data, GeneratorEntry, Memorisation, Record, ScoreRow
from ._work_data import LARGEST, SMALLEST, with_groups

FLOOR = "real, half against half"
MIN_STRATUM = 50


def evaluate(
    synthetic: str,
    real: str,
    *,
    holdout: str | None = None,
    extractors: Sequence[str] = (),
    metrics: Sequence[str] = (),
    by: Sequence[str] = (),
    reward: Path | None = None,
    size: int | None = None,
    seed: int = 0,
    cache: Path | None = None,
    progress: Progress,
) -> Record:
    """Score ``synthetic`` against ``real`` and return the record.

    Beside every score stands the same score of real images (the hold-out where one is given, else one half of the
    real images against the other), because no number means anything without it. Copies can be told from chance
    only with hold-out images that the generator never saw; without them that row is null, with the reason.
    """
    _check_names(metrics, reward)
    fake, true = _open(synthetic, 2), _open(real, 4)
    held = _open(holdout, 2) if holdout else None
    for column in by:
        stratum_of(true, column)
    model = _reward_model(reward, fake) if reward else None
    built = [(spec, registry("extractors").build(spec)) for spec in extractors or _default_extractors(true)]
    side = _side(size, [fake, true, *([held] if held else [])])
    fake, true = _fit(fake, side), _fit(true, side)
    held = _fit(held, side) if held else None
    _check_copies(fake, true, held, progress)
    panel = [name for name in metrics if name in _PANEL or name not in _OTHERS] or list(_PANEL)
    job = _Evaluation(fake, true, held, list(by), panel, seed, cache, progress)
    rows: list[ScoreRow] = []
    copies: list[Memorisation] = []
    for spec, extractor in built:
        found, verdict = job.on(spec, extractor, copies_too=not copies)
        rows += found
        copies += [verdict] if verdict else []
    rows += _reward_rows(model, fake, seed) if model else []
    chosen = [row for row in rows if not metrics or row.metric in metrics]
    copies = copies if not metrics or "copy_share" in metrics else []
    return _record(synthetic, real, holdout, fake, true, chosen, copies, seed, side)


class _Evaluation:
    def __init__(
        self,
        fake: ImageSet,
        true: ImageSet,
        held: ImageSet | None,
        by: list[str],
        panel: list[str],
        seed: int,
        cache: Path | None,
        progress: Progress,
    ) -> None:
        self.fake, self.true, self.held = with_groups(fake), with_groups(true), held
        self.by, self.seed, self.cache, self.progress = by, seed, cache, progress
        self.panel = [name if name in metric_cards() else registry("metrics").build(name) for name in panel]
        self.groups = group_numbers(self.true)
        names = rng(seed, "halves").permutation(np.unique(self.groups))
        self.half = np.isin(self.groups, names[: len(names) // 2])

    def on(
        self, spec: str, extractor: Any, *, copies_too: bool
    ) -> tuple[list[ScoreRow], Memorisation | None]:
        """All rows on one extractor. One that learns, learns from one half; the other half is the reference."""
        learns = getattr(extractor, "learns", False)
        self.progress.say(f"features: {short_name(spec)}")
        extractor.fit(
            self.true.subset(self.half) if learns else self.true, seed=self.seed, progress=self.progress
        )
        name = short_name(spec)
        fake, true = (extract(extractor, images, self.cache) for images in (self.fake, self.true))
        reference = ~self.half if learns else np.ones(len(true), bool)
        groups = self.groups[reference]
        found = score_panel(
            true[reference], fake, extractor=name, metrics=self.panel, groups=groups, seed=self.seed
        )
        rows = [_row("synthetic", each, self) for each in found]
        rows += self._floor(name, extractor, true, reference)
        rows += self._strata(name, true, fake, reference)
        verdict = self._copies(extractor, true, fake) if copies_too else None
        if copies_too:
            rows.append(_copy_row(self, name, verdict))
        return rows, verdict

    def _floor(
        self, name: str, extractor: Any, true: NDArray[np.float32], reference: NDArray[np.bool_]
    ) -> list[ScoreRow]:
        """The same scores of real images: as many hold-out images as synthetic ones, drawn by the seed, against the
        same reference; without a hold-out one half of the reference's patients against the other.
        """
        if self.held is not None:
            drawn = rng(self.seed, "ceiling").permutation(len(self.held))[: len(self.fake)]
            other, label = extract(extractor, self.held, self.cache)[drawn], "real-holdout"
        else:
            names = rng(self.seed, "floor").permutation(np.unique(self.groups[reference]))
            apart = reference & np.isin(self.groups, names[: len(names) // 2])
            other, label, reference = true[apart], FLOOR, reference & ~apart
        groups = self.groups[reference]
        found = score_panel(
            true[reference], other, extractor=name, metrics=self.panel, groups=groups, seed=self.seed
        )
        return [_row(label, each, self) for each in found]

    def _strata(
        self, name: str, true: NDArray[np.float32], fake: NDArray[np.float32], reference: NDArray[np.bool_]
    ) -> list[ScoreRow]:
        rows = []
        for column in self.by:
            real = stratum_of(self.true, column).astype(str)
            known = column in self.fake.table.columns
            asked = (
                stratum_of(self.fake, column).astype(str) if known else np.full(len(self.fake), "", dtype=str)
            )
            found = by_stratum(
                true[reference],
                fake,
                real[reference],
                asked,
                column=column,
                groups=self.groups[reference],
                extractor=name,
                min_n=MIN_STRATUM,
                seed=self.seed,
            )
            rows += [_row("synthetic", each, self) for each in found]
        return rows

    def _copies(
        self, extractor: Any, true: NDArray[np.float32], fake: NDArray[np.float32]
    ) -> Memorisation | None:
        if self.held is None:
            return None
        mirrored = extractor.features(np.ascontiguousarray(self.true.images()[:, :, ::-1]))
        verdict = memorisation(true, fake, extract(extractor, self.held, self.cache), train_views=[mirrored])
        return Memorisation(
            generator="synthetic",
            seed=self.seed,
            memorising=verdict.memorising,
            copy_share=verdict.copy_share.value,
            lo=verdict.copy_share.lo,
            hi=verdict.copy_share.hi,
            holdout_share=verdict.holdout_share,
            p=verdict.p_value,
            n=len(fake),
            words=f"Copies of the given real images: {verdict.words}. Of others this says nothing.",
        )


_OTHERS = ("copy_share", "frechet_distance_floor", "plausible_share")
_PANEL = tuple(name for name in PANEL if name not in ("copy_share", "authenticity"))
_FIELDS = (
    "metric", "extractor", "stratum", "n_real", "n_synthetic", "value", "lo", "hi", "level", "method",
    "higher_is_better", "reason",
)  # fmt: skip


def _row(generator: str, score: Score, job: _Evaluation) -> ScoreRow:
    known = {key: value for key, value in asdict(score).items() if key in _FIELDS}
    return ScoreRow(generator=generator, imageset=job.true.about.name, seed=job.seed, **known)


def _copy_row(job: _Evaluation, extractor: str, verdict: Memorisation | None) -> ScoreRow:
    reason = (
        None
        if verdict
        else "copies cannot be told from chance without --holdout images the generator never saw"
    )
    return ScoreRow(
        generator="synthetic",
        imageset=job.true.about.name,
        extractor=extractor,
        metric="copy_share",
        n_real=len(job.true),
        n_synthetic=len(job.fake),
        seed=job.seed,
        value=verdict.copy_share if verdict else None,
        lo=verdict.lo if verdict else None,
        hi=verdict.hi if verdict else None,
        method="wilson" if verdict else "",
        higher_is_better=False,
        reason=reason,
    )


def _reward_model(folder: Path, fake: ImageSet) -> Any:
    from ..metrics import RewardModel

    model = RewardModel.load(folder)
    missing = [column for column in model.columns if column not in fake.table.columns]
    if missing:
        raise UserError(
            f"the reward model needs the column {missing[0]!r}",
            where=fake.about.name,
            remedy=f"the set has: {', '.join(map(str, fake.table.columns))}",
        )
    return model


def _reward_rows(model: Any, fake: ImageSet, seed: int) -> list[ScoreRow]:
    grouped = with_groups(fake)
    verdict = (
        model.probability(grouped.images(size=model.image_size), grouped.table[list(model.columns)]) >= 0.5
    )
    interval = wilson(int(verdict.sum()), len(verdict))
    return [
        ScoreRow(
            generator="synthetic",
            imageset=fake.about.name,
            extractor="R",
            metric="plausible_share",
            n_synthetic=len(verdict),
            seed=seed,
            value=interval.value,
            lo=interval.lo,
            hi=interval.hi,
            method="wilson",
            higher_is_better=True,
        )
    ]


def _default_extractors(true: ImageSet) -> list[str]:
    labelled = "label" in true.table.columns and true.table["label"].notna().all() and len(true.classes) > 1
    return ["domain", "texture"] if labelled and len(true) >= 100 else ["texture"]


def _check_names(metrics: Sequence[str], reward: Path | None) -> None:
    judged = ["plausible_share"] if reward else []
    known = [*_PANEL, *registry("metrics").names(), "copy_share", "frechet_distance_floor", *judged]
    for name in metrics:
        if name not in known or name == "authenticity":
            raise UserError(f"no metric {name!r} is measured here", remedy=did_you_mean(name, known))


def _open(spec: str, needed: int) -> ImageSet:
    images = open_imageset(spec)
    if len(images) < needed:
        raise UserError(
            f"too few images: {len(images)}, {needed} needed", where=spec, remedy="give more images"
        )
    return images


def _side(size: int | None, sets: Sequence[ImageSet]) -> int:
    """The size asked for; else the smaller side of each set's first image, the smallest of them, 256 at most:
    nothing is enlarged before it is measured."""
    if size is not None and not SMALLEST <= size <= LARGEST:
        raise UserError(f"--size {size} is out of range", remedy=f"choose {SMALLEST} to {LARGEST} pixels")
    if size is not None:
        return size
    for images in sets:
        height, width = images.image(0).shape[:2]
        if min(height, width) < SMALLEST:
            raise UserError(
                f"the first image is {width} x {height} pixels, too small to be measured",
                where=images.about.name,
                remedy=f"give images of {SMALLEST} pixels a side or more, or enlarge all with --size {SMALLEST}",
            )
    return min(256, *(min(images.image(0).shape[:2]) for images in sets))


def _check_copies(fake: ImageSet, true: ImageSet, held: ImageSet | None, progress: Progress) -> None:
    """Identical images: in the hold-out they make its verdict void, in the synthetic set they are worth a word."""
    known = set(true.image_keys)
    if held is not None:
        shared = [row for row, key in enumerate(held.image_keys) if key in known]
        if shared:
            raise UserError(
                f"{len(shared)} of {len(held)} hold-out images are among the real images too, "
                f"first row {shared[0] + 1}",
                where=held.about.name,
                remedy="give --holdout real images that are neither in REAL nor known to the generator",
            )
    same = sum(key in known for key in fake.image_keys)
    if same:
        progress.say(f"{same} of {len(fake)} synthetic images equal a real image, pixel by pixel")


def _fit(images: ImageSet, size: int) -> ImageSet:
    return ImageSet.from_arrays(
        images.images(size=size), images.table, about=images.about, lineage=images.lineage
    )


def _record(
    synthetic: str,
    real: str,
    holdout: str | None,
    fake: ImageSet,
    true: ImageSet,
    rows: list[ScoreRow],
    copies: list[Memorisation],
    seed: int,
    size: int,
) -> Record:
    strata = {"label": count_strata(true, "label")} if "label" in true.table.columns else {}
    return Record(
        kind="evaluation",
        name=f"{Path(synthetic).name} against {Path(real).name}",
        status="complete",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        asked={
            "typed": "",
            "resolved": {"synthetic": synthetic, "real": real, "holdout": holdout, "size": size},
        },
        data=Data(
            name=true.about.name,
            licence=true.about.licence,
            source=true.about.source,
            citation=true.about.citation,
            content_hash=true.content_hash,
            n=len(true),
            image_size=size,
            decoding=DECODING_RULE,
            classes=sorted(true.table["label"].dropna().astype(str).unique()) if strata else [],
            splits={"real": len(true), "synthetic": len(fake)},
            strata=strata,
        ),
        generators=[
            GeneratorEntry(
                name="synthetic",
                kind="generator",
                version=fake.content_hash,
                licence=fake.about.licence,
                trained_on=fake.lineage.trained_on if fake.lineage else "unknown",
                notes=f"images of {fake.about.name}",
            )
        ],
        code={"version": code_version(), "commit": code_commit()},
        seeds=[seed],
        machine=describe_machine(),
        memorisation=copies,
        scores=rows,
    )
