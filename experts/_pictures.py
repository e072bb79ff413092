"""Pictures as the rater's browser gets them: one size, one length in bytes, no metadata."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image, ImageOps

from ..core import UserError
from ..imagesets import Pixels

SPARE = 48
"""Bytes of padding that every picture has room for: with up to 4 chunks of 12 bytes any length can be reached."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_EMPTY, _LAST = b"\x00\x00\x00\xff\xff", b"\x03\x00"
"""Blocks of deflate that hold nothing: one of five bytes, and the one that ends the stream (RFC 1951)."""
_LARGE = 1_000_000

Size = tuple[int, int]


def is_grey(image: Pixels) -> bool:
    """True when the three channels are equal everywhere."""
    return bool((image[..., 0] == image[..., 1]).all() and (image[..., 0] == image[..., 2]).all())


def packed(image: Pixels, grey: bool) -> bytes:
    """Return an (H, W, 3) uint8 image as the data of a PNG, without the end of the stream: `png` adds that."""
    height, width, _ = image.shape
    values = image[..., :1] if grey else image
    rows = np.zeros((height, 1 + values.shape[2] * width), np.uint8)
    rows[:, 0] = 1
    beside = np.zeros_like(values)
    beside[:, 1:] = values[:, :-1]
    rows[:, 1:] = (values - beside).reshape(height, -1)
    stream = zlib.compressobj(1 if height * width > _LARGE else 6)
    raw = rows.tobytes()
    data = stream.compress(raw) + stream.flush(zlib.Z_SYNC_FLUSH)
    return data + struct.pack(">I", zlib.adler32(raw))


def png(data: bytes, size: Size, grey: bool, length: int) -> bytes:
    """Return a PNG of exactly that length, with no more in it than the pixels.

    PNG specification (third edition, W3C 2025): the header, the data, the end; filter 1 on every row. Empty blocks
    inside the compressed stream, and its division into chunks, make up the length.

    >>> image = np.full((8, 8, 3), 7, np.uint8)
    >>> len(png(packed(image, True), (8, 8), True, 500))
    500
    """
    spare = length - shortest(data)
    more = spare * 3 % 5
    blocks, rest = divmod(spare - 12 * more, 5)
    assert blocks >= 0 == rest, "room for the padding was reckoned with"
    body = data[:-4] + _EMPTY * blocks + _LAST + data[-4:]
    header = struct.pack(">IIBBBBB", size[1], size[0], 8, 0 if grey else 2, 0, 0, 0)
    parts = [body[i : i + 1] for i in range(more)] + [body[more:]]
    return b"".join(
        [
            _SIGNATURE,
            _chunk(b"IHDR", header),
            *(_chunk(b"IDAT", part) for part in parts),
            _chunk(b"IEND", b""),
        ]
    )


def shortest(data: bytes) -> int:
    """Return the length of the PNG without padding."""
    return len(_SIGNATURE) + 25 + 12 + len(data) + len(_LAST) + 12


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def common_size(shapes: Sequence[Size], names: Sequence[str], side: int) -> tuple[Size, str | None]:
    """Return the (height, width) to which all images are brought, and what is to be told of that.

    Images of one shape keep it, unless a side is longer than ``side``; others become squares of the smallest side.
    None is made larger: a blurred one would be known at once. Raises ``UserError`` where one image would shrink the
    others to less than half.
    """
    kinds = set(shapes)
    if len(kinds) == 1:
        height, width = shapes[0]
        scale = min(1.0, side / max(height, width))
        size = max(1, round(height * scale)), max(1, round(width * scale))
        return size, None if scale == 1 else f"{_told((height, width), size)}: --side {side} is the longest"
    sides = [min(shape) for shape in shapes]
    least = sides.index(min(sides))
    if 2 * sides[least] < median(sides):
        raise UserError(
            f"an image of {_words(shapes[least])} pixels would shrink all others, whose shorter side is "
            f"{median(sides):.0f} in the middle",
            where=names[least],
            remedy="remove it, or bring all images to one size",
        )
    square = min(sides[least], side)
    return (square, square), (
        f"images of {len(kinds)} sizes are shown as squares of {square} pixels, cut at the longer side; the "
        f"smallest is {names[least]}, {_words(shapes[least])}"
    )


def fitted(image: Pixels, size: Size) -> Pixels:
    """Return the image at the common size: its middle, made smaller (antialiased bicubic)."""
    if image.shape[:2] == size:
        return image
    return np.asarray(ImageOps.fit(Image.fromarray(image), size[::-1], Image.Resampling.BICUBIC), np.uint8)


def check_room(folder: Path, n: int, size: Size) -> None:
    """Raise ``UserError`` before work begins when n pictures may not fit on the folder's disk."""
    needed = n * (size[0] * (1 + 3 * size[1]) + 100)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{n} pictures need up to {needed / 1e6:.0f} MB, {free / 1e6:.0f} MB are free",
            where=folder,
            remedy="take fewer images (n), or choose another place for them (the variable TMPDIR)",
        )


def _words(shape: Size) -> str:
    return f"{shape[1]} x {shape[0]}"


def _told(shape: Size, size: Size) -> str:
    return f"images of {_words(shape)} pixels are shown at {_words(size)}"
