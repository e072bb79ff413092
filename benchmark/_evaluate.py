"""``synmedbench evaluate``: one synthetic set against one real set, with nothing configured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core import Progress, UserError, parse_spec, registry
from ..imagesets import ImageSet
from ._evaluate_cache import FeatureCache
from ._evaluate_inputs import Inputs, check_identical, open_inputs
from ._evaluate_material import Material, collect
from ._evaluate_names import PLAUSIBLE, check_names, wants_copies
from ._evaluate_record import evaluation_record
from ._evaluate_rows import all_rows
from ._feature_input import BroughtFeatures
from ._recipe import short_name
from ._record import Record
from ._requested import LABELS, TONES
from ._shards import Asked, keep_material, merge_shards
from ._work_data import with_groups


def evaluate(
    synthetic: str,
    real: str,
    *,
    holdout: str | None = None,
    train: str | None = None,
    extractors: Sequence[str] = (),
    metrics: Sequence[str] = (),
    by: Sequence[str] = (),
    reward: Path | None = None,
    size: int | None = None,
    seed: int = 0,
    cache: Path | None = None,
    keep: Path | None = None,
    progress: Progress,
) -> Record:
    """Score ``synthetic`` against ``real`` and return the record.

    Beside every score stands the same score of real images (the hold-out where one is given, else one half of the
    real images against the other), because no number means anything without it. Copies can be told from chance
    only with hold-out images that the generator never saw; without them that row is null, with the reason.

    Parameters
    ----------
    synthetic, real, holdout, train:
        Image sets, or feature files of one width (``.npy``, ``.npz``, ``.csv``, ``.parquet``). ``holdout`` are real
        images that the generator never saw, ``train`` those it was trained on: copies are then looked for there.
    extractors, metrics, by:
        What to measure on, what to measure, and the columns whose strata get rows of their own.
    reward:
        Folder of a fitted reward model.
    size, seed:
        Side in pixels at which images are compared; the seed of everything random.
    cache:
        Folder in which features are kept, by content.
    keep:
        Folder in which what was measured of every image is kept as a shard, for :func:`merge`.

    Raises
    ------
    UserError
        For sets, names and options that cannot be used, before anything is measured.
    """
    check_names(metrics, reward=reward is not None, train=train is not None, holdout=holdout is not None)
    inputs = open_inputs(synthetic, real, holdout=holdout, train=train, by=by, size=size)
    model = _reward_model(reward, inputs) if reward else None
    built = build_extractors(extractors, inputs)
    _check_judges(metrics, inputs, built)
    for note in inputs.notes:
        progress.say(note)
    notes = [*inputs.notes, *check_identical(inputs, progress)]
    kept = FeatureCache(cache, progress)
    material = collect(inputs, built, seed=seed, cache=kept, progress=progress, copies=wants_copies(metrics))
    if model is not None:
        material.fake.said[PLAUSIBLE] = _plausible(model, inputs.fake)
    kept.report()
    asked = Asked(list(extractors), list(metrics), list(by), dict(inputs.names), notes)
    if keep is not None:
        keep_material(material, asked, keep)
    return record_of(material, asked)


def merge(folders: Sequence[Path]) -> Record:
    """Return the record of all shards' images together, as if they had been evaluated at once.

    The shards are folders that :func:`evaluate` wrote with ``keep``; what is refused, :func:`merge_shards` says.
    """
    return record_of(*merge_shards(folders))


def record_of(material: Material, asked: Asked) -> Record:
    """Score what was measured and make the record."""
    rows, copies = all_rows(material, asked.metrics, asked.by)
    told = {"extractors": asked.extractors, "metrics": asked.metrics, "by": asked.by, "seed": material.seed}
    return evaluation_record(material, rows, copies, asked.names, asked=told, notes=asked.notes)


def build_extractors(specs: Sequence[str], inputs: Inputs) -> Mapping[str, Any]:
    """The extractors by short name: those asked for, else what the real images allow; ``array`` for features."""
    if inputs.arrays:
        others = [spec for spec in specs if parse_spec(spec).name != BroughtFeatures.name]
        if others:
            raise UserError(
                f"the extractor {others[0]!r} needs images, and these are features",
                remedy="leave --extractors out",
            )
        return {BroughtFeatures.name: BroughtFeatures()}
    built: dict[str, Any] = {}
    for spec in specs or default_extractors(inputs.true):
        parsed, name = parse_spec(spec), short_name(spec)
        if name in built and parsed.argument:
            name = f"{parsed.name}:{Path(parsed.argument).name}"
        if name in built:
            raise UserError(f"two extractors are called {name!r}", remedy="name each once")
        built[name] = registry("extractors").build(spec)
    return built


def default_extractors(true: ImageSet) -> list[str]:
    """``domain`` where classes can be learnt, and ``texture``."""
    labelled = "label" in true.table.columns and true.table["label"].notna().all() and len(true.classes) > 1
    return ["domain", "texture"] if labelled and len(true) >= 100 else ["texture"]


def _check_judges(metrics: Sequence[str], inputs: Inputs, built: Mapping[str, Any]) -> None:
    """Refuse a judgement that was asked for by name and that nothing here can give."""
    if LABELS in metrics:
        inputs.fake.column("label")
        if not any(hasattr(extractor, "fitted") for extractor in built.values()):
            raise UserError(
                "label_agreement needs a classifier of the real images", remedy="give --extractors domain"
            )
    if TONES in metrics:
        inputs.fake.column("skin_tone")
        if inputs.arrays:
            raise UserError(
                "tone_agreement is read off images, and these are features", remedy="leave it out"
            )


def _reward_model(folder: Path, inputs: Inputs) -> Any:
    from ..metrics import RewardModel

    model = RewardModel.load(folder)
    if inputs.arrays:
        raise UserError("a reward model judges images, and these are features", remedy="leave --reward out")
    missing = [column for column in model.columns if column not in inputs.fake.table.columns]
    if missing:
        raise UserError(
            f"the reward model needs the column {missing[0]!r}",
            where=inputs.fake.about.name,
            remedy=f"the set has: {', '.join(map(str, inputs.fake.table.columns))}",
        )
    return model


def _plausible(model: Any, fake: ImageSet) -> Any:
    grouped = with_groups(fake)
    return model.probability(grouped.images(size=model.image_size), grouped.table[list(model.columns)]) >= 0.5
