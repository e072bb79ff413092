"""The step that makes images, as a command of its own; what such commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core import Progress, UserError, atomic_folder, derive_seed, parse_spec, registry
from ..generators import REWARDED, GeneratorCard, conditions_like, load_aligned, sample_images
from ..imagesets import ImageSet, open_imageset
from ._work_data import LARGEST, SMALLEST, with_groups
from ._work_generate import build_generator


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

    With ``save``, the fitted generator is kept in that folder: the base that ``align`` takes.
    """
    opened = open_imageset(data)
    if not columns:
        raise UserError("no column is given to ask for", remedy="write --by label")
    for column in columns:
        opened.column(column)
    images = square(opened, size)
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


def square(images: ImageSet, size: int | None) -> ImageSet:
    """Return the images at one square size (default: the smaller side of the first)."""
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
