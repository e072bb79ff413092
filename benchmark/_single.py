"""Single steps of a run as commands of their own: generate, fit a reward, align."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core import Progress, UserError, atomic_folder, derive_seed, parse_spec, registry
from ..experts import RatingStore
from ..generators import Budget, conditions_like, sample_images
from ..imagesets import ImageSet, open_imageset
from ..metrics import RewardModel
from ._work_data import with_groups
from ._work_feedback import ordered_verdicts
from ._work_generate import build_generator, condition_table


def generate_images(
    generator: str,
    data: str,
    n: int,
    *,
    columns: Sequence[str],
    size: int | None,
    seed: int,
    batch_size: int,
    progress: Progress,
) -> ImageSet:
    """Fit (or load: ``diffusion:FOLDER`` of a saved model) a generator and sample n images for balanced conditions."""
    images = _square(open_imageset(data), size)
    for column in columns:
        images.column(column)
    train = with_groups(images)
    saved = _saved(generator)
    made = saved or build_generator(generator, columns=list(columns))
    if saved is None:
        made.fit(train, seed=derive_seed(seed, "fit"), progress=progress)
    conditions = conditions_like(train.table, n, columns=tuple(columns), seed=derive_seed(seed, "conditions"))
    return sample_images(
        made, conditions, seed=derive_seed(seed, "sample"), batch_size=batch_size, progress=progress
    )


def _saved(generator: str) -> Any | None:
    """A fitted generator, when the spec's argument is the folder of one."""
    spec = parse_spec(generator)
    folder = Path(spec.argument) if spec.argument else None
    if folder is None or not (folder / "model_index.json").is_file():
        return None
    return registry("generators").load(spec.name).load(folder)


def fit_reward(
    images: str,
    store: str,
    out: Path,
    *,
    real: str | None,
    columns: Sequence[str],
    backbone: str,
    seed: int,
    progress: Progress,
) -> dict[str, Any]:
    """Fit a reward model on the store's ratings of the images, save it to ``out`` and return its card."""
    rated = _square(open_imageset(images), None)
    ratings = RatingStore(store, create=False).ratings()
    known = with_groups(rated)
    verdict = ordered_verdicts(ratings, known)
    keep = verdict == verdict
    if not keep.any():
        raise UserError("no image of this set has a rating", where=store, remedy="check --images")
    known = known.subset(keep)
    true = with_groups(_square(open_imageset(real), known.images([0]).shape[1])) if real else None
    model = RewardModel(backbone, columns=tuple(columns))
    model.fit(
        known.images(),
        condition_table(known, list(columns)),
        verdict[keep],
        real_images=true.images() if true else None,
        real_conditions=condition_table(true, list(columns)) if true else None,
        seed=seed,
        progress=progress,
    )
    with atomic_folder(out) as folder:
        model.save(folder)
    return dict(model.card)


def align_base(
    base: Path,
    data: str,
    reward: Path,
    method: str,
    out: Path,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    progress: Progress,
) -> None:
    """Align the diffusion model in ``base`` with the reward model in ``reward`` and save it to ``out``."""
    if not (base / "model_index.json").is_file():
        raise UserError("not the folder of a saved diffusion model", where=base)
    generator = registry("generators").load("diffusion").load(base)
    train = with_groups(_square(open_imageset(data), generator.size))
    aligner = registry("aligners").build(method)
    budget = Budget(steps, batch_size, learning_rate)
    aligned = aligner.align(
        generator, RewardModel.load(reward), train, seed=seed, budget=budget, progress=progress
    )
    with atomic_folder(out) as folder:
        aligned.save(folder)


def _square(images: ImageSet, size: int | None) -> ImageSet:
    side = size or min(images.image(0).shape[:2])
    return ImageSet.from_arrays(
        images.images(size=side), images.table, about=images.about, lineage=images.lineage
    )
