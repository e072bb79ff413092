"""``synmedbench self-check``: which metric sees which planted fault, on these images."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from ..core import (
    MIN_SEEDS,
    Progress,
    UserError,
    atomic_folder,
    code_commit,
    code_version,
    content_key,
    describe_machine,
    did_you_mean,
    registry,
    rng,
)  # fmt: skip
from ..imagesets import (
    ImageSet,
    count_strata,
    group_numbers,
    open_imageset,
    planted_fault,
    planted_faults,
    stratum_of,
)
from ..metrics import metric_cards
from ._check_cells import CLEAN, config_of
from ._check_roles import NEEDED, Roles, cast_roles, droppable
from ._check_summary import summarise
from ._check_verdicts import METHOD, make_curves
from ._engine import Outcome, run_local
from ._graph_keys import content_of
from ._recipe import short_name, without_alias
from ._record import Data, FailedCell
from ._run import usable_cores
from ._self_check_record import CheckFault, SelfCheck
from ._shelf import shelve
from ._stage import Stage, in_order
from ._work_data import LARGEST, SMALLEST, with_groups

METRICS = (
    "frechet_distance", "kernel_distance", "cmmd", "sliced_wasserstein", "precision", "alpha_precision", "density",
    "recall", "coverage", "beta_recall", "vendi_score", "intra_class_distance", "label_agreement", "authenticity",
    "data_copying_score", "closest_record_ratio", "copy_share",
)  # fmt: skip
"""The metrics that are checked where none are named."""
LIMIT = 2000
"""Images that are used where no other number is asked for: about ten minutes on two cores."""
FEATURES_VERSION, SCORES_VERSION = 1, 1
"""Of the two stages' results: raise one when what its function gives changes."""


def self_check(
    real: str,
    *,
    extractors: Sequence[str] = (),
    metrics: Sequence[str] = (),
    by: str | None = None,
    faults: Sequence[str] = (),
    splits: int = MIN_SEEDS,
    size: int | None = None,
    limit: int = LIMIT,
    seed: int = 0,
    cache: Path | None = None,
    workers: int | None = None,
    progress: Progress,
) -> SelfCheck:
    """Plant faults in real images at rising strength and say which metric on which extractor sees them.

    Parameters
    ----------
    real:
        An image set's spec. Labels let classes go missing and labels be swapped; ``patient_id`` or ``lesion_id``
        keep images together.
    extractors, metrics, faults:
        Names; by default ``domain`` (where there are labels) and ``texture``, the panel, and every fault.
    by:
        A column one of whose values goes missing (``skin_tone``).
    splits:
        Random splits by patient; differences are paired within them. At least 5 for a verdict.
    size, limit:
        Side in pixels; the most images that are used (a seeded sample of whole patients).
    cache:
        Folder for features and scores of each extractor and split, by content: a stopped check goes on there.
        Without it a temporary one is used.

    Raises ``UserError`` for images that cannot be used and for unknown names. An extractor that fails is named in
    ``failed`` while the others go on.
    """
    _check_names(extractors, metrics, faults, splits, limit)
    images = _prepared(real, by, size, limit, seed, progress)
    planted = _plantable(images, faults, by)
    columns = [c for c in dict.fromkeys(["label", *([by] if by else [])]) if c in images.table.columns]
    roles = cast_roles(images, columns, splits, seed)
    specs = list(extractors) or _default_extractors(images)
    with ExitStack() as stack:
        folder = cache or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="synmedbench-")))
        folder.mkdir(parents=True, exist_ok=True)
        job = _Graph(
            images,
            planted,
            list(metrics) or _default_metrics(images),
            columns,
            by,
            roles,
            seed,
        )
        for spec in specs:
            job.add(spec)
        data = job.keep_data(folder)
        stages = [
            s
            for s in in_order({f"{name} {split}": stage for (name, split), stage in job.scores.items()})
            if s.key != data.key
        ]
        progress.say(
            f"self-check of {images.about.name}: {len(images)} images, {len(roles[0].reference)} play the reference "
            f"and {len(roles[0].player)} are damaged in each of {splits} splits; {len(stages)} stages"
        )
        outcome = run_local([data, *stages], folder, workers=workers or usable_cores(), progress=progress)
        rows, failed = _rows(job, outcome, folder, splits)
    return _document(real, images, job, rows, failed, outcome, splits)


class _Graph:
    """The stages: features of each fault of the pixels once; then, for each extractor, one stage a split."""

    def __init__(
        self,
        images: ImageSet,
        planted: Sequence[CheckFault],
        metrics: list[str],
        columns: list[str],
        by: str | None,
        roles: Sequence[Roles],
        seed: int,
    ) -> None:
        self.images, self.faults, self.metrics, self.columns = images, planted, metrics, columns
        self.by, self.roles, self.seed = by, roles, seed
        self.extractors: list[str] = []
        self.scores: dict[tuple[str, int], Stage] = {}
        content = content_key(images.content_hash)
        self.data = Stage("data", "._work_data:keep", 2, {"content": content, "for": "self-check"})

    def keep_data(self, cache: Path) -> Stage:
        """Write the images where the stages find them."""
        if not self.data.done(cache):
            with atomic_folder(self.data.folder(cache)) as out:
                shelve(self.images, out)
                (out / "stage.json").write_text(json.dumps({"name": "data", "seconds": 0.0}))
        return self.data

    def add(self, spec: str) -> None:
        """Add the stages of one extractor; an unknown one raises at once."""
        name = short_name(spec)
        if name in self.extractors:
            raise UserError(f"the extractor {name!r} stands twice", remedy="name each once")
        built = registry("extractors").build(without_alias(spec))
        self.extractors.append(name)
        learns = bool(getattr(built, "learns", False))
        common = {
            "extractor": spec,
            "code": registry("extractors").version(without_alias(spec)),
            "content": content_of(spec),
        }
        planted = [fault for fault in self.faults if fault.planted]
        if not getattr(built, "from_pixels", True):
            planted = [fault for fault in planted if planted_fault(fault.name).changes != "pixels"]
        needs = {"data": self.data, **({} if learns else self._features(name, common, planted))}
        for number, roles in enumerate(self.roles):
            config = {
                **common, "learns": learns, "roles": config_of(roles), "metrics": self.metrics,
                "columns": self.columns, "by": self.by, "faults": [fault.name for fault in planted],
                "strengths": {fault.name: fault.strengths for fault in planted},
            }  # fmt: skip
            title = f"scores [{name}] split {number + 1}"
            self.scores[name, number] = Stage(
                title, "._check_cells:score_split", SCORES_VERSION, config, self.seed, needs
            )

    def _features(
        self, name: str, common: Mapping[str, Any], planted: Sequence[CheckFault]
    ) -> dict[str, Stage]:
        pixels = [(f.name, f.strengths) for f in planted if planted_fault(f.name).changes == "pixels"]
        players = np.unique(np.concatenate([roles.player for roles in self.roles])).tolist()
        return {
            f"features {fault}": Stage(
                f"features [{name}] {fault}", "._check_cells:damaged_features", FEATURES_VERSION,
                {**common, "fault": fault, "strengths": strengths, "rows": players if fault != CLEAN else None},
                self.seed, {"data": self.data},
            )
            for fault, strengths in [(CLEAN, [0.0]), *pixels]
        }  # fmt: skip


def _rows(
    job: _Graph, outcome: Outcome, cache: Path, splits: int
) -> tuple[dict[str, list[list[dict[str, Any]]]], list[FailedCell]]:
    rows: dict[str, list[list[dict[str, Any]]]] = {name: [] for name in job.extractors}
    errors: dict[tuple[str, str], list[int]] = {}
    for (name, split), stage in job.scores.items():
        if stage.key in outcome.failed:
            errors.setdefault((name, _reason(stage, outcome)), []).append(split + 1)
        else:
            rows[name].append(json.loads((stage.folder(cache) / "scores.json").read_text(encoding="utf-8")))
    if not any(rows.values()):
        raise UserError(
            "no extractor could be checked: " + next(iter(errors))[1], remedy="mend it, or name another"
        )
    failed = [
        FailedCell(stage=f"scores [{name}], {len(which)} of {splits} splits", error=error)
        for (name, error), which in errors.items()
    ]
    return rows, failed


def _reason(stage: Stage, outcome: Outcome) -> str:
    """The error that started it: the stage's own, or that of what it needs."""
    first = next((need for need in stage.needs.values() if need.key in outcome.failed), stage)
    return outcome.failed[first.key].strip().splitlines()[-1]


def _prepared(
    real: str, by: str | None, size: int | None, limit: int, seed: int, progress: Progress
) -> ImageSet:
    """Open, check, sample whole patients, and bring all images to one size, in memory."""
    images = with_groups(open_imageset(real))
    if by is not None:
        stratum_of(images, by)
    if len(images) < NEEDED:
        raise UserError(
            f"too few images for a self-check: {len(images)}, {NEEDED} needed",
            where=real,
            remedy="give more real images: 30% play the reference and as many are damaged, 50 of each at least",
        )
    if "label" in images.table.columns:
        known = images.table["label"].notna().to_numpy()
        if known.any() and not known.all():
            progress.say(f"{int((~known).sum())} images without a label are left out")
            images = images.subset(known)
        elif not known.any():
            images = images.with_table(images.table.drop(columns="label"))
    images = _sample(images, limit, seed, progress)
    side = _side(images, size)
    return ImageSet.from_arrays(images.images(size=side), images.table, about=images.about)


def _sample(images: ImageSet, limit: int, seed: int, progress: Progress) -> ImageSet:
    if len(images) <= limit:
        return images
    groups = group_numbers(images)
    order = rng(seed, "self-check", "limit").permutation(int(groups.max()) + 1)
    sizes = np.bincount(groups)[order]
    total, chosen = 0, []
    for group, size in zip(order.tolist(), sizes.tolist(), strict=True):
        if total + size <= limit:
            chosen.append(group)
            total += size
    kept = np.isin(groups, chosen)
    if not kept.any():
        raise UserError(
            f"no patient has as few as --limit {limit} images",
            where=images.about.name,
            remedy="raise --limit",
        )
    progress.say(f"{int(kept.sum())} of {len(images)} images are used (--limit {limit})")
    return images.subset(kept)


def _side(images: ImageSet, size: int | None) -> int:
    if size is not None:
        if not SMALLEST <= size <= LARGEST:
            raise UserError(f"--size {size} is out of range", remedy=f"choose {SMALLEST} to {LARGEST} pixels")
        return size
    side = min(images.image(0).shape[:2])
    if side < SMALLEST:
        raise UserError(
            f"the first image has a side of {side} pixels, too small to be measured",
            where=images.about.name,
            remedy=f"enlarge all with --size {SMALLEST}",
        )
    return min(256, side)


def _plantable(images: ImageSet, asked: Sequence[str], by: str | None) -> list[CheckFault]:
    names = list(dict.fromkeys(asked)) or list(planted_faults())
    found = [planted_fault(name) for name in names]
    reasons = {fault.name: _obstacle(images, fault.name, by) for fault in found}
    if not asked and by is None:
        found = [fault for fault in found if fault.name != "dropped_stratum"]
    return [
        CheckFault(
            name=fault.name, title=fault.title, unit=fault.unit, strengths=list(fault.strengths), about=fault.about,
            planted=reasons[fault.name] is None, reason=reasons[fault.name],
        )
        for fault in found
    ]  # fmt: skip


def _obstacle(images: ImageSet, fault: str, by: str | None) -> str | None:
    """Why a fault cannot be planted in these images, or None."""
    if fault in ("dropped_class", "swapped_labels"):
        if "label" not in images.table.columns:
            return "the images have no labels"
        if len(images.classes) < 2:
            return "all images are of one class"
    if fault == "dropped_stratum" and by is None:
        return "no column is named: give --by COLUMN"
    column = {"dropped_class": "label", "dropped_stratum": by}.get(fault)
    if column is not None and not droppable(images, column):
        return f"not enough data: no value of {column} has 167 images and at most half of all"
    return None


def _check_names(
    extractors: Sequence[str], metrics: Sequence[str], faults: Sequence[str], splits: int, limit: int
) -> None:
    for name in faults:
        planted_fault(name)
    for spec in extractors:
        registry("extractors").build(without_alias(spec))
    known = sorted({*METRICS, *metric_cards()} - {"frechet_distance_floor", "inception_score"})
    for name in metrics:
        if name == "inception_score":
            raise UserError(
                "inception_score reads a classifier's probabilities, not features", remedy="leave it out"
            )
        if name not in known and name not in registry("metrics").names():
            raise UserError(f"no metric {name!r} is measured here", remedy=did_you_mean(name, known))
    if splits < 2:
        raise UserError(f"--splits {splits}: differences need at least 2 splits", remedy=f"give {MIN_SEEDS}")
    if limit < NEEDED:
        raise UserError(f"--limit {limit} is too small", remedy=f"a self-check needs {NEEDED} images")


def _default_metrics(images: ImageSet) -> list[str]:
    """The panel, without what reads labels where there are none."""
    labelled = "label" in images.table.columns and len(images.classes) > 1
    return [name for name in METRICS if labelled or name not in ("label_agreement", "intra_class_distance")]


def _default_extractors(images: ImageSet) -> list[str]:
    labelled = "label" in images.table.columns and len(images.classes) > 1
    return ["domain", "texture"] if labelled else ["texture"]


def _document(
    real: str,
    images: ImageSet,
    job: _Graph,
    rows: Mapping[str, Sequence[Sequence[dict[str, Any]]]],
    failed: list[FailedCell],
    outcome: Outcome,
    splits: int,
) -> SelfCheck:
    strata = {column: count_strata(images, column) for column in job.columns}
    document = SelfCheck(
        name=images.about.name,
        status="partial" if failed else "complete",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        asked={"typed": "", "real": real, "by": job.by, "metrics": job.metrics},
        data=Data(
            name=images.about.name, licence=images.about.licence, source=images.about.source,
            citation=images.about.citation, content_hash=images.content_hash, n=len(images),
            image_size=images.image(0).shape[0], decoding=images.about.decoding,
            classes=sorted(strata.get("label", {})),
            splits={}, strata=strata,
        ),
        code={"version": code_version(), "commit": code_commit()},
        machine=describe_machine(),
        seed=job.seed,
        splits=splits,
        n_real=int(median(len(roles.reference) for roles in job.roles)),
        n_synthetic=int(median(len(roles.player) for roles in job.roles)),
        n_train=int(median(len(roles.train) for roles in job.roles)),
        dropped={column: list(values) for column, values in job.roles[0].dropped.items()},
        method=METHOD,
        extractors=job.extractors,
        metrics=job.metrics,
        faults=_told(job.faults, rows),
        curves=make_curves(rows, splits),
        failed=failed,
        durations={
            stage.name: outcome.seconds[stage.key] for stage in job.scores.values() if stage.key in outcome.seconds
        },
    )  # fmt: skip
    document.summary = summarise(document)
    return document


def _told(
    faults: Sequence[CheckFault], rows: Mapping[str, Sequence[Sequence[dict[str, Any]]]]
) -> list[CheckFault]:
    """The faults, with the reason where a strength of one could not be planted in any split."""
    cells = [cell for splits in rows.values() for split in splits for cell in split if not cell["metric"]]
    for fault in faults:
        found = [cell for cell in cells if cell["fault"] == fault.name]
        if found and fault.reason is None:
            fault.reason = f"not at every strength: {found[0]['reason']}"
    return list(faults)
