"""Ask a generator for an image set: whole chunks of a fixed batch size, checked as they come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import Progress, UserError, rng, silent
from ..imagesets import UNKNOWN, About, ImageSet, Lineage
from ._contracts import Conditions, Generator
from ._vocabulary import column_values


def conditions_like(
    table: pd.DataFrame, n: int, columns: Sequence[str] = ("label",), seed: int = 0, balanced: bool = True
) -> Conditions:
    """Return n conditions whose ``columns`` take the joint values that occur in ``table``.

    ``balanced`` asks for each combination equally often (the remainder is drawn at random); otherwise rows
    are drawn as they come, without repetition where n allows it. ``skin_tone`` is asked for by its three
    groups, and rows with an unknown value are left out. Raises ``UserError`` for a missing column or when no
    row is complete.

    >>> like = conditions_like(pd.DataFrame({"label": ["a", "a", "a", "b"]}), 6)
    >>> like.table["label"].value_counts().to_dict()
    {'a': 3, 'b': 3}
    """
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise UserError(
            f"the table has no column {missing[0]!r}", remedy=f"it has {', '.join(map(str, table.columns))}"
        )
    values = pd.DataFrame({column: column_values(table, column) for column in columns})
    known = values[(values != UNKNOWN).all(axis=1)].reset_index(drop=True)
    if not len(known):
        raise UserError(f"no row has known values of {', '.join(columns)}")
    draw = rng(seed, "conditions")
    if balanced:
        cells = known.drop_duplicates().sort_values(list(columns)).reset_index(drop=True)
        rounds = [draw.permutation(len(cells)) for _ in range(-(-n // len(cells)))]
        return Conditions(cells.iloc[np.concatenate(rounds)[:n]].reset_index(drop=True))
    rows = draw.permutation(len(known))[:n] if n <= len(known) else draw.integers(len(known), size=n)
    return Conditions(known.iloc[rows].reset_index(drop=True))


def shards(n: int, batch_size: int, batches: int = 16) -> list[range]:
    """Cut n indices into shards of whole chunks: each has ``batches`` batches, the last what is left.

    >>> shards(10, 2, batches=2)
    [range(0, 4), range(4, 8), range(8, 10)]
    """
    length = batch_size * batches
    return [range(start, min(start + length, n)) for start in range(0, n, length)]


def sample_shard(
    generator: Generator, conditions: Conditions, indices: Sequence[int], *, seed: int, batch_size: int
) -> NDArray[np.uint8]:
    """Return the images of ``indices`` as one (n, H, W, 3) uint8 array; errors name the generator."""
    batches = list(generator.sample(conditions, indices=indices, seed=seed, batch_size=batch_size))
    _check_batches(generator.card.name, batches, len(indices))
    return np.concatenate(batches)


def sample_images(
    generator: Generator,
    conditions: Conditions,
    *,
    seed: int,
    batch_size: int = 64,
    progress: Progress | None = None,
    batches_per_shard: int = 4,
) -> ImageSet:
    """Return one synthetic image per condition row, with the requested columns and its lineage in the table.

    The same call gives the same bytes on the same machine and thread count; images are made shard by shard.
    """
    parts = []
    with (progress or silent()).task(f"sampling {generator.card.name}", len(conditions)) as task:
        for shard in shards(len(conditions), batch_size, batches_per_shard):
            parts.append(sample_shard(generator, conditions, shard, seed=seed, batch_size=batch_size))
            task.advance(len(shard))
    if not parts:
        raise UserError("no image was asked for", remedy="give at least one condition row")
    return as_image_set(generator, np.concatenate(parts), conditions, seed=seed, batch_size=batch_size)


def as_image_set(
    generator: Generator, images: NDArray[np.uint8], conditions: Conditions, *, seed: int, batch_size: int
) -> ImageSet:
    """Return images with their conditions as table, and where they came from."""
    card = generator.card
    table = conditions.table.reset_index(drop=True).drop(columns=["file_name"], errors="ignore")
    table = table.assign(source=card.name, sample_index=np.arange(len(table)))
    table.insert(0, "file_name", [f"images/{card.name}_{i:06d}.png" for i in range(len(table))])
    lineage = Lineage(card.name, seed=seed, trained_on=card.trained_on, chunk=batch_size)
    about = About(
        card.name, licence=card.licence, source=f"synthetic, by {card.name}", citation=card.citation
    )
    return ImageSet.from_arrays(images, table, about=about, lineage=lineage)


def _check_batches(name: str, batches: Sequence[NDArray[np.uint8]], asked: int) -> None:
    for batch in batches:
        if (
            not isinstance(batch, np.ndarray)
            or batch.dtype != np.uint8
            or batch.ndim != 4
            or batch.shape[-1] != 3
        ):
            shown = f"{getattr(batch, 'shape', type(batch).__name__)} {getattr(batch, 'dtype', '')}".strip()
            raise UserError(
                f"the generator yielded {shown}",
                where=name,
                remedy="yield (B, H, W, 3) uint8 arrays from sample",
            )
    made = sum(map(len, batches))
    if made != asked:
        raise UserError(
            f"{asked} images were asked for, {made} came", where=name, remedy="one image per index"
        )
    if len({batch.shape[1:] for batch in batches}) > 1:
        raise UserError(
            "the generator's batches differ in size", where=name, remedy="give all images one size"
        )
