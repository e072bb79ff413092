"""Look once at every image of a set, and note what the checks of `validate_imageset` need."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, UnidentifiedImageError

from ..core import UserError, content_key
from ._decode import decode_bytes, read_bytes
from ._imageset import ImageSet, Pixels


@dataclass(frozen=True)
class Look:
    """What one image file is; ``fault`` says why it cannot be used."""

    fault: str | None = None
    key: str = ""
    mode: str = ""
    format: str = ""
    size: tuple[int, int] = (0, 0)
    bits: int = 8
    background: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Inspection:
    """A table and, for every row, the look at its image; ``strays`` are images on disk that no row names."""

    name: str
    table: pd.DataFrame
    looks: list[Look]
    strays: list[str] = field(default_factory=list)

    def where(self, row: int) -> str:
        """Name a row (from 0) for a person: its number from 1 and its file."""
        file = self.table["file_name"].iloc[row] if "file_name" in self.table.columns else None
        return f"{self.name} row {row + 1}" + (f" ({file})" if isinstance(file, str) else "")

    @property
    def usable(self) -> list[int]:
        """The rows whose image could be read."""
        return [row for row, look in enumerate(self.looks) if look.fault is None]

    def values(self, column: str) -> list[str | None]:
        """A column's cells as text, None where missing."""
        return [None if pd.isna(value) or value == "" else str(value) for value in self.table[column]]


def inspect_set(images: ImageSet) -> Inspection:
    """Look at the images of a set that is open already; files as files, others by their pixels."""
    from ._read_folder import FolderSource

    if isinstance(images.source, FolderSource):
        files = [images.source.files[i] for i in images.rows.tolist()]
        looks = look_at_files(images.source.root, files)
    else:
        looks = [_look_at_pixels(images, i) for i in range(len(images))]
    return Inspection(images.about.name, images.table, looks)


def look_at_files(folder: Path, names: Iterable[str]) -> list[Look]:
    """Look at files of a folder; a name is looked at once, however often it occurs."""
    seen: dict[str, Look] = {}
    return [
        seen[name] if name in seen else seen.setdefault(name, _look_at_file(folder / name)) for name in names
    ]


def _look_at_file(path: Path) -> Look:
    if not path.is_file():
        return Look(fault="the file does not exist")
    try:
        data = read_bytes(path)
        pixels = decode_bytes(data, path)
        with Image.open(io.BytesIO(data)) as image:
            return Look(
                key=content_key(pixels),
                mode=image.mode,
                format=image.format or "unknown",
                size=image.size,
                bits=_bits(data, image),
                background=background(pixels),
            )
    except UserError as error:
        return Look(fault=error.what)
    except (OSError, UnidentifiedImageError) as error:
        return Look(fault=f"not a readable image: {error}")


def _look_at_pixels(images: ImageSet, i: int) -> Look:
    try:
        pixels = images.image(i)
    except UserError as error:
        return Look(fault=error.what)
    size = (pixels.shape[1], pixels.shape[0])
    return Look(key=content_key(pixels), mode="RGB", format="array", size=size, background=background(pixels))


def _bits(data: bytes, image: Image.Image) -> int:
    """Bits per channel in the file; Pillow shows 16-bit colour PNG as 8-bit, so the file's header is
    asked."""
    if image.format == "PNG" and len(data) > 24:
        return max(8, data[24])
    if image.format == "TIFF":
        stated = image.tag_v2.get(258, (8,))  # type: ignore[attr-defined]
        return max(8, *stated) if isinstance(stated, tuple) else max(8, int(stated))
    return 16 if image.mode.startswith(("I", "F")) else 8


def background(pixels: Pixels) -> tuple[float, float]:
    """Return the background's colour as (red - green, green - blue), in grey levels.

    It is the median over the brightest quarter of a frame one sixteenth of the image wide: robust against
    objects that reach the edge, and blind to how bright the light was.
    """
    width = max(1, min(pixels.shape[:2]) // 16)
    frame = np.ones(pixels.shape[:2], bool)
    frame[width:-width, width:-width] = False
    ring = pixels[frame].astype(np.float64)
    grey = ring.mean(axis=-1)
    red, green, blue = np.median(ring[grey >= np.quantile(grey, 0.75)], axis=0)
    return float(red - green), float(green - blue)
