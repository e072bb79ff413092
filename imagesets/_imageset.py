"""``ImageSet``: images plus one table row per image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..core import UserError, content_key, did_you_mean
from ._about import About, Lineage

Pixels = NDArray[np.uint8]


class Source(Protocol):
    """Where pixels come from: an array, a folder, an ``.npz`` file."""

    def __len__(self) -> int: ...

    def read(self, row: int) -> Pixels:
        """Return image ``row`` as (H, W, 3) uint8."""


class ArraySource:
    """Images that are in memory, as one (N, H, W, 3) uint8 array."""

    def __init__(self, images: Pixels) -> None:
        if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
            raise UserError(
                f"images must be an (N, H, W, 3) uint8 array, got {images.shape} {images.dtype}",
                remedy="convert greyscale by repeating the channel and other depths by a stated window",
            )
        self.pixels = images

    def __len__(self) -> int:
        return len(self.pixels)

    def read(self, row: int) -> Pixels:
        return self.pixels[row]


class ImageSet:
    """Images and their table; real, or synthetic with its lineage. Never changed in place.

    Parameters
    ----------
    source:
        What reads the pixels.
    table:
        One row per image of the set; ``file_name`` and ``label`` are usual, ``skin_tone``, ``patient_id``,
        ``lesion_id``, ``split``, ``source`` and any other attribute may follow.
    rows:
        For each table row, the number of its image in ``source`` (default: in order).

    Example
    -------
    >>> images = np.zeros((2, 8, 8, 3), np.uint8)
    >>> s = ImageSet.from_arrays(images, pd.DataFrame({"label": ["a", "b"]}))
    >>> len(s), s.where(label="b").images().shape
    (2, (1, 8, 8, 3))
    """

    def __init__(
        self,
        source: Source,
        table: pd.DataFrame,
        *,
        about: About | None = None,
        lineage: Lineage | None = None,
        rows: ArrayLike | None = None,
    ) -> None:
        self.source = source
        self.rows: NDArray[np.int64] = np.arange(len(source)) if rows is None else np.asarray(rows, np.int64)
        if len(self.rows) != len(table):
            raise UserError(f"{len(self.rows)} images but {len(table)} table rows")
        self.table = table.reset_index(drop=True)
        self.about = about or About("unnamed")
        self.lineage = lineage

    @classmethod
    def from_arrays(
        cls,
        images: Pixels,
        table: pd.DataFrame | None = None,
        *,
        about: About | None = None,
        lineage: Lineage | None = None,
    ) -> ImageSet:
        """Make a set of an (N, H, W, 3) uint8 array and a table (default: file names alone)."""
        table = pd.DataFrame(index=range(len(images))) if table is None else table.copy()
        if "file_name" not in table.columns:
            table.insert(0, "file_name", [f"images/{i:06d}.png" for i in range(len(images))])
        return cls(ArraySource(np.ascontiguousarray(images)), table, about=about, lineage=lineage)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        kind = f"synthetic, by {self.lineage.generator}" if self.lineage else "real"
        return f"ImageSet({self.about.name!r}, {len(self)} images, {kind})"

    def image(self, i: int) -> Pixels:
        """Return image ``i`` as (H, W, 3) uint8."""
        return self.source.read(int(self.rows[i]))

    def images(self, rows: ArrayLike | None = None, *, size: int | None = None) -> Pixels:
        """Return the images of ``rows`` (default: all) as one (n, H, W, 3) uint8 array.

        ``size`` resizes every image to size x size (antialiased bicubic, a centre crop where it is not
        square). Without it all must have one size, else ``UserError``.
        """
        from ._decode import fit_square

        chosen = range(len(self)) if rows is None else np.asarray(rows).ravel().tolist()
        if size is None and isinstance(self.source, ArraySource):
            return self.source.pixels[self.rows[np.asarray(list(chosen), dtype=np.int64)]]
        read = [self.image(i) if size is None else fit_square(self.image(i), size) for i in chosen]
        shapes = {image.shape for image in read}
        if len(shapes) > 1:
            raise UserError(
                f"the images of {self.about.name!r} have {len(shapes)} sizes, such as {sorted(shapes)[:2]}",
                remedy="give a size to which all are brought",
            )
        return np.stack(read) if read else np.zeros((0, size or 1, size or 1, 3), np.uint8)

    def batches(self, batch_size: int, *, size: int | None = None) -> Iterator[Pixels]:
        """Yield the images in order, ``batch_size`` at a time."""
        for start in range(0, len(self), batch_size):
            yield self.images(range(start, min(start + batch_size, len(self))), size=size)

    def subset(self, rows: ArrayLike) -> ImageSet:
        """Return the set of the given row numbers, or of the rows where a boolean mask is true."""
        chosen = np.asarray(rows)
        chosen = np.flatnonzero(chosen) if chosen.dtype == bool else chosen.astype(np.int64)
        part = ImageSet(
            self.source,
            self.table.iloc[chosen],
            about=self.about,
            lineage=self.lineage,
            rows=self.rows[chosen],
        )
        if "image_keys" in self.__dict__:
            part.__dict__["image_keys"] = [self.image_keys[i] for i in chosen.tolist()]
        return part

    def where(self, **columns: Any) -> ImageSet:
        """Return the rows whose columns have the given values (a value, or a list of values)."""
        mask = np.ones(len(self), bool)
        for name, value in columns.items():
            wanted = value if isinstance(value, list | tuple | set) else [value]
            mask &= self.column(name).isin(list(wanted)).to_numpy()
        return self.subset(mask)

    def column(self, name: str) -> pd.Series:
        """Return a column of the table; an unknown one is an error that names those there are."""
        if name not in self.table.columns:
            raise UserError(
                f"the image set {self.about.name!r} has no column {name!r}",
                remedy=did_you_mean(name, map(str, self.table.columns)),
            )
        return self.table[name]

    def with_table(self, table: pd.DataFrame) -> ImageSet:
        """Return the same images with another table."""
        same = ImageSet(self.source, table, about=self.about, lineage=self.lineage, rows=self.rows)
        if "image_keys" in self.__dict__:
            same.__dict__["image_keys"] = self.image_keys
        return same

    def map(self, change: Callable[[Pixels], Pixels], *, lineage: Lineage | None = None) -> ImageSet:
        """Return an in-memory set whose whole (n, H, W, 3) array went through ``change``."""
        return ImageSet.from_arrays(change(self.images()), self.table, about=self.about, lineage=lineage)

    @property
    def labels(self) -> list[str]:
        """The class of every image, as text; raises ``UserError`` where one is missing."""
        values = self.column("label")
        missing = np.flatnonzero(values.isna().to_numpy())
        if len(missing):
            first = self.table.get("file_name", values).iloc[int(missing[0])]
            raise UserError(
                f"{len(missing)} images have no label, first row {int(missing[0]) + 1} ({first})",
                where=self.about.name,
                remedy="label them or drop their rows",
            )
        return [str(label) for label in values]

    @property
    def classes(self) -> list[str]:
        """The classes that occur, in alphabetical order."""
        return sorted(set(self.labels))

    @cached_property
    def image_keys(self) -> list[str]:
        """For every image 32 hexadecimal digits made from its pixels alone: equal keys, identical images."""
        return [content_key(self.image(i)) for i in range(len(self))]

    @cached_property
    def content_hash(self) -> str:
        """32 hexadecimal digits over every pixel and every cell of the table (not the file paths' root)."""
        return content_key(self.image_keys, self.table.astype(object).where(self.table.notna(), None))


def concatenate(sets: Sequence[ImageSet], *, about: About | None = None) -> ImageSet:
    """Return one in-memory set of several with images of one size; columns that a set lacks are missing
    there."""
    if not sets:
        raise UserError("nothing to concatenate")
    images = np.concatenate([each.images() for each in sets])
    table = pd.concat([each.table for each in sets], ignore_index=True)
    return ImageSet.from_arrays(images, table, about=about or sets[0].about)
