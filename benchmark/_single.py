"""Single steps of a run as commands of their own: generate, fit a reward, align."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..core import Progress, UserError, atomic_folder, derive_seed, parse_spec, registry
from ..experts import RatingStore
from ..generators import REWARDED, Budget, GeneratorCard, conditions_like, load_aligned, sample_images
from ..imagesets import ImageSet, open_imageset
from ..metrics import RewardModel
from ._work_data import LARGEST, SMALLEST, with_groups
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
    save: Path | None = None,
    progress: Progress,
) -> ImageSet:
    """Fit (or load: ``diffusion:FOLDER`` of a saved model) a generator and sample n images for balanced conditions.

    With ``save``, the fitted generator is kept in that folder: the base that ``align_base`` takes.
    """
    opened = open_imageset(data)
    if not columns:
        raise UserError("no column is given to ask for", remedy="write --by label")
    for column in columns:
        opened.column(column)
    images = _square(opened, size)
    train = with_groups(images)
    saved = _saved(generator)
    made = saved or build_generator(generator, columns=list(columns))
    if save is not None and not hasattr(made, "save"):
        raise UserError(f"the generator {generator!r} cannot be saved", remedy="leave out --save")
    if saved is None:
        made.fit(train, seed=derive_seed(seed, "fit"), progress=progress)
    _check_honoured(made.card, columns)
    if save is not None:
        with atomic_folder(save) as folder:
            made.save(folder)
    conditions = conditions_like(train.table, n, columns=tuple(columns), seed=derive_seed(seed, "conditions"))
    return sample_images(
        made, conditions, seed=derive_seed(seed, "sample"), batch_size=batch_size, progress=progress
    )


def _check_honoured(card: GeneratorCard, columns: Sequence[str]) -> None:
    """Images that bear no label must not be given one because it was asked for; a reference (noise) is no class."""
    lacking = [column for column in columns if column not in card.columns]
    if lacking and card.kind != "reference":
        honoured = f"it takes: {', '.join(card.columns)}" if card.columns else "it takes no column"
        raise UserError(f"the generator {card.name!r} cannot be asked for {lacking[0]!r}", remedy=honoured)


def _saved(generator: str) -> Any | None:
    """A fitted generator, when the spec's argument is the folder of one."""
    spec = parse_spec(generator)
    folder = Path(spec.argument) if spec.argument else None
    if folder is None or not any((folder / name).is_file() for name in ("model_index.json", REWARDED)):
        return None
    return load_aligned(folder) if spec.name == "diffusion" else registry("generators").load(spec.name).load(folder)


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
    shuffle: bool = False,
) -> dict[str, Any]:
    """Fit a reward model on the store's ratings of the images, save it to ``out`` and return its card.

    ``shuffle`` fits the control whose verdicts changed places at random.
    """
    opened = open_imageset(images)
    for column in columns:
        opened.column(column)
    ratings = _ratings_of(opened, RatingStore(store, create=False).ratings(), store)
    known = with_groups(_square(opened, None))
    verdict = ordered_verdicts(ratings, known)
    keep = verdict == verdict
    known = known.subset(keep)
    true = with_groups(_square(open_imageset(real), known.images([0]).shape[1])) if real else None
    model = RewardModel(backbone, columns=tuple(columns))
    model.fit(
        known.images(),
        condition_table(known, list(columns)),
        verdict[keep],
        real_images=true.images() if true else None,
        real_conditions=condition_table(true, list(columns)) if true else None,
        shuffle=shuffle,
        seed=seed,
        progress=progress,
    )
    with atomic_folder(out) as folder:
        model.save(folder)
    return dict(model.card)


def _ratings_of(images: ImageSet, ratings: pd.DataFrame, store: str) -> pd.DataFrame:
    """The ratings of these very pixels: another set's image may bear the same file name."""
    keys = dict(zip(images.table["file_name"], images.image_keys, strict=True))
    named = ratings["image"].isin(list(keys)).to_numpy()
    same = (ratings["image"].map(keys) == ratings["image_key"]).to_numpy()
    if not same.any():
        fault = "the ratings are of other images with the same file names" if named.any() else (
            "no image of this set has a rating"
        )  # fmt: skip
        raise UserError(fault, where=store, remedy="give the --images that were rated")
    return ratings[same].reset_index(drop=True)


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
    model = RewardModel.load(reward)
    if model.image_size != generator.size:
        raise UserError(
            f"the reward model judges images of {model.image_size} px, the base makes {generator.size} px",
            where=reward,
            remedy="fit a reward model on images of this base",
        )
    budget = Budget(steps, batch_size, learning_rate)
    aligned = aligner.align(generator, model, train, seed=seed, budget=budget, progress=progress)
    with atomic_folder(out) as folder:
        aligned.save(folder)


def _square(images: ImageSet, size: int | None) -> ImageSet:
    if not len(images):
        raise UserError("there are no images", where=images.about.name)
    if size is not None and not SMALLEST <= size <= LARGEST:
        raise UserError(f"--size {size} is out of range", remedy=f"choose {SMALLEST} to {LARGEST} pixels")
    height, width = images.image(0).shape[:2]
    side = min(height, width) if size is None else size
    if side < SMALLEST:
        raise UserError(
            f"the first image is {width} x {height} pixels, too small to learn from",
            where=images.about.name,
            remedy=f"give images of {SMALLEST} pixels a side or more",
        )
    return ImageSet.from_arrays(
        images.images(size=side), images.table, about=images.about, lineage=images.lineage
    )
