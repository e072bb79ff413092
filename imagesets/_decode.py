"""Image files to (H, W, 3) uint8, by a rule that the record can name; nothing is clipped or replaced in
silence."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ..core import UserError

DECODING_RULE = (
    "Pillow; EXIF rotation applied; palette and CMYK to RGB; transparency over white; greyscale repeated; "
    "integers over 8 bits and floats windowed linearly from their own minimum and maximum to 0..255"
)
MAX_PIXELS = 64_000_000
_REMEDY = "replace it or remove its row"
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    KeyError,
    IndexError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
_DEEP = ("I", "F", "I;16", "I;16B", "I;16L")


def decode(path: str | Path) -> NDArray[np.uint8]:
    """Read an image file as (H, W, 3) uint8.

    Raises ``UserError`` naming the file when it is empty, truncated, not an image, has several pages, or has
    more than 64 million pixels.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UserError("the file does not exist", where=path) from error
    except OSError as error:
        raise UserError(f"the file cannot be opened: {error.strerror}", where=path) from error
    return decode_bytes(data, path)


def decode_bytes(data: bytes, where: object) -> NDArray[np.uint8]:
    """Decode the content of an image file as `decode` does; ``where`` names it in errors."""
    if not data:
        raise UserError("the file is empty", where=where, remedy=_REMEDY)
    try:
        with Image.open(io.BytesIO(data)) as image:
            if getattr(image, "n_frames", 1) > 1:
                raise UserError(
                    "the file has several pages or frames", where=where, remedy="save one per file"
                )
            if image.width * image.height > MAX_PIXELS:
                raise UserError(f"{image.width} x {image.height} pixels is too large", where=where)
            image.load()
            return _to_rgb(image)
    except UserError:
        raise
    except UnidentifiedImageError as error:
        raise UserError("not a readable image", where=where, remedy=_REMEDY) from error
    except _BROKEN as error:
        raise UserError(f"not a whole image: {error}", where=where, remedy=_REMEDY) from error


def _to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    image = ImageOps.exif_transpose(image)
    if image.mode in _DEEP:
        return _window(np.asarray(image))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        image = Image.alpha_composite(white, layered)
    return np.asarray(image.convert("RGB"), dtype=np.uint8).copy()


def _window(deep: NDArray[np.generic]) -> NDArray[np.uint8]:
    values = np.nan_to_num(deep.astype(np.float64))
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255.0 / (high - low)) if high > low else np.zeros_like(values)
    return np.repeat(np.rint(scaled).astype(np.uint8)[..., None], 3, axis=-1)


def fit_square(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return the largest centred square of (H, W, 3), resized to (size, size, 3) with antialiased bicubic."""
    if image.shape[0] == image.shape[1] == size:
        return image
    fitted = ImageOps.fit(Image.fromarray(image), (size, size), Image.Resampling.BICUBIC)
    return np.asarray(fitted, dtype=np.uint8)
