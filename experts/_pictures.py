"""Pictures as the rater's browser gets them: one size, one length in bytes, no metadata."""

from __future__ import annotations

import shutil
import struct
import zlib
from pathlib import Path

import numpy as np

from ..core import UserError
from ..imagesets import Pixels, fit_square

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(image: Pixels) -> bytes:
    """Return an (H, W, 3) uint8 image as a PNG without metadata or compression: its length follows from H and W.

    PNG specification (third edition, W3C 2025): three chunks, filter 0 on every row.

    >>> len(png(np.zeros((8, 8, 3), np.uint8))) == len(png(np.full((8, 8, 3), 7, np.uint8)))
    True
    """
    height, width, _ = image.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = image.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 0)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def common_size(shapes: set[tuple[int, int]]) -> tuple[int, int]:
    """Return the (height, width) to which all images are brought: theirs, or the square of the smallest side.

    Larger images are made smaller, none is made larger: a blurred one would be known at once.
    """
    if len(shapes) == 1:
        return next(iter(shapes))
    smallest = min(min(shape) for shape in shapes)
    return smallest, smallest


def fitted(image: Pixels, size: tuple[int, int]) -> Pixels:
    """Return the image at the common size."""
    return image if image.shape[:2] == size else fit_square(image, size[0])


def check_room(folder: Path, n: int, size: tuple[int, int]) -> None:
    """Raise ``UserError`` before work begins when n pictures do not fit on the folder's disk."""
    needed = n * (size[0] * (1 + 3 * size[1]) + 100)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{n} pictures need {needed / 1e6:.0f} MB, {free / 1e6:.0f} MB are free",
            where=folder,
            remedy="take fewer images (n), or choose another place for them (the variable TMPDIR)",
        )
