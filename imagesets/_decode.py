"""Image files to (H, W, 3) uint8, by a rule that the record can name; nothing is clipped or replaced in
silence."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from ..core import UserError
from ._deep import Deep, is_deep, read_deep
from ._not_images import what_it_is
from ._window import Window, decoding_rule

DECODING_RULE = decoding_rule()
FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "PPM")
MAX_PIXELS = 64_000_000
_REMEDY = "replace it or remove its row"
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


def decode(path: str | Path, window: Window | None = None) -> NDArray[np.uint8]:
    """Read an image file as (H, W, 3) uint8.

    ``window`` gives the values that become 0 and 255 where the file has more than 8 bits a channel (default:
    each image's own range). Raises ``UserError`` naming the file when it is empty, truncated, not an image, has
    several pages, or has more than 64 million pixels (told from its header, before it is decoded).
    """
    return decode_bytes(read_bytes(path), Path(path), window)


def decode_bytes(data: bytes, where: object, window: Window | None = None) -> NDArray[np.uint8]:
    """Decode the content of an image file as `decode` does; ``where`` names it in errors."""
    found = _decoded(data, where)
    return found.to_rgb(window) if isinstance(found, Deep) else found


def range_of(files: Iterable[tuple[bytes, object]]) -> Window | None:
    """Lowest and highest value over all images of more than 8 bits a channel; None where there is none.

    ``files`` yields each image file's content and what names it in errors.
    """
    deep = (found for data, where in files if isinstance(found := _decoded(data, where), Deep))
    ends = [(float(found.values.min()), float(found.values.max())) for found in deep]
    return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None


def read_bytes(path: str | Path) -> bytes:
    """Return a file's content, or raise a ``UserError`` that names it."""
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise UserError("the file does not exist", where=path) from error
    except OSError as error:
        raise UserError(f"the file cannot be opened: {error.strerror}", where=path) from error


def _decoded(data: bytes, where: object) -> NDArray[np.uint8] | Deep:
    if not data:
        raise UserError("the file is empty", where=where, remedy=_REMEDY)
    try:
        with _whole_files_only(), Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_header(image, where)
            if is_deep(image):
                return read_deep(image, data, where)
            image.load()
            return _to_rgb(image, where)
    except UserError:
        raise
    except UnidentifiedImageError as error:
        kind = what_it_is(data)
        what = f"not an image but {kind}" if kind else "not a readable image"
        raise UserError(what, where=where, remedy=_REMEDY) from error
    except _BROKEN as error:
        raise UserError(f"not a whole image: {error}", where=where, remedy=_REMEDY) from error


def _check_header(image: Image.Image, where: object) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise UserError(f"{image.width} x {image.height} pixels is too large", where=where)
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise UserError("the file has several pages or frames", where=where, remedy="save one per file")


def _to_rgb(image: Image.Image, where: object) -> NDArray[np.uint8]:
    image = ImageOps.exif_transpose(image)
    if image.mode in ("LAB", "HSV"):
        raise UserError(f"colours in {image.mode} are not read", where=where, remedy="save it as RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layered = image.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        image = Image.alpha_composite(white, layered)
    return np.asarray(image.convert("RGB"), dtype=np.uint8).copy()


_lock, _strict = Lock(), {"readers": 0, "lenient": False}


@contextmanager
def _whole_files_only() -> Iterator[None]:
    """Another library may have told Pillow to fill truncated images up with grey; not while we read."""
    with _lock:
        if not _strict["readers"]:
            _strict["lenient"] = bool(ImageFile.LOAD_TRUNCATED_IMAGES)
            ImageFile.LOAD_TRUNCATED_IMAGES = False
        _strict["readers"] += 1
    try:
        yield
    finally:
        with _lock:
            _strict["readers"] -= 1
            if not _strict["readers"]:
                ImageFile.LOAD_TRUNCATED_IMAGES = bool(_strict["lenient"])


def fit_square(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return the largest centred square of (H, W, 3), resized to (size, size, 3) with antialiased bicubic."""
    if image.shape[0] == image.shape[1] == size:
        return image
    fitted = ImageOps.fit(Image.fromarray(image), (size, size), Image.Resampling.BICUBIC)
    return np.asarray(fitted, dtype=np.uint8)
