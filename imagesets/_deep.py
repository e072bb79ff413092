"""Pixels of more than 8 bits a channel, read whole: Pillow drops the lower byte of 16-bit colour in silence."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ..core import UserError
from ._window import Window, apply_window

Values = NDArray[np.float64]
_NUMBER_MODES = ("I", "F", "I;16", "I;16B", "I;16L")
_BYTE_PLANES = {
    "RGB;16B": ("RGB;16B", "RGB;16L"),
    "RGB;16L": ("RGB;16L", "RGB;16B"),
    "RGB;16N": ("RGB;16L", "RGB;16B"),
    "RGBA;16B": ("RGBA;16B", "RGBA;16L"),
    "RGBA;16L": ("RGBA;16L", "RGBA;16B"),
    "RGBA;16N": ("RGBA;16L", "RGBA;16B"),
}
"""Pillow's name of a file's pixel layout, and the two layouts under which it hands over the upper and the lower
bytes (libtiff gives the machine's own order, here taken as little-endian)."""
_SWAPPED_TWICE = {"F;32BF": "F;32F", "F;64BF": "F;64F", "I;16BS": "I;16S", "I;32BS": "I;32S"}
"""Of compressed big-endian TIFF: libtiff has swapped the bytes already, and Pillow would do it again."""


@dataclass(frozen=True)
class Deep:
    """Values (H, W) or (H, W, 3) as the file has them; opacity (H, W) in 0..1; whether 0 means white."""

    values: Values
    opacity: Values | None = None
    zero_is_white: bool = False

    def to_rgb(self, window: Window | None) -> NDArray[np.uint8]:
        """Return (H, W, 3) uint8 by the window, transparency over white."""
        shown = apply_window(self.values, window)
        shown = 255.0 - shown if self.zero_is_white else shown
        if shown.ndim == 2:
            shown = np.repeat(shown[..., None], 3, axis=-1)
        if self.opacity is not None:
            shown = 255.0 + (shown - 255.0) * self.opacity[..., None]
        return np.rint(shown).astype(np.uint8)


def layout_of(image: Image.Image) -> str:
    """Pillow's name of the pixel layout in the file (``RGB;16B``), before it is decoded."""
    tile = getattr(image, "tile", None)
    args: Any = tile[0][3] if tile else ""
    return str(args[0] if isinstance(args, tuple) and args else args)


def is_deep(image: Image.Image) -> bool:
    """True when the file, opened but not decoded, has more than 8 bits a channel."""
    layout = layout_of(image)
    return image.mode in _NUMBER_MODES or ";16" in layout or ";12" in layout or _levels(image) > 255


def read_deep(image: Image.Image, data: bytes, where: object) -> Deep:
    """Read the values of a file that `is_deep`.

    Raises ``UserError`` where Pillow cannot give them whole, or where some are not finite.
    """
    layout = layout_of(image)
    if image.mode in _NUMBER_MODES:
        found = _numbers(image)
    elif layout == "LA;16B":
        pairs = _decoded(data, "RGBA").astype(np.float64)
        found = Deep(pairs[..., 0] * 256 + pairs[..., 1], (pairs[..., 2] * 256 + pairs[..., 3]) / 65535)
    elif layout in _BYTE_PLANES and _levels(image) <= 255:
        upper, lower = (_decoded(data, name).astype(np.float64) for name in _BYTE_PLANES[layout])
        whole = upper * 256 + lower
        opacity = whole[..., 3] / 65535 if whole.shape[-1] == 4 else None
        found = Deep(whole[..., :3], opacity)
    else:
        raise UserError(
            f"more than 8 bits a channel in a form that cannot be read whole ({image.format}, {layout})",
            where=where,
            remedy="save it as a 16-bit PNG",
        )
    _check_finite(found.values, where)
    return _with_clear_colour(found, image)


def _numbers(image: Image.Image) -> Deep:
    layout, levels = layout_of(image), _levels(image)
    if image.tile[0][0] == "libtiff" and layout in _SWAPPED_TWICE:
        _set_layout(image, _SWAPPED_TWICE[layout])
    tags = getattr(image, "tag_v2", {})
    image.load()
    values = np.asarray(ImageOps.exif_transpose(image))
    if layout == "I;32N":
        values = values.view(np.uint32)
    if levels > 255:
        values = np.rint(values * (levels / 65535))
    return Deep(values.astype(np.float64), zero_is_white=tags.get(262) == 0)


def _decoded(data: bytes, layout: str) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as image:
        _set_layout(image, layout)
        image.load()
        return np.asarray(ImageOps.exif_transpose(image))


def _set_layout(image: Any, layout: str) -> None:
    image.tile = [
        tile._replace(args=(layout, *tile.args[1:]) if isinstance(tile.args, tuple) else layout)
        for tile in image.tile
    ]


def _levels(image: Image.Image) -> int:
    """The highest value that a PGM or PPM file states; 0 for every other file."""
    tile = getattr(image, "tile", None)
    if tile and tile[0][0] == "ppm":
        return int(tile[0][3][1])
    return 0


def _check_finite(values: Values, where: object) -> None:
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise UserError(
            f"{bad} of {values.size} values are NaN or infinite",
            where=where,
            remedy="mend or remove the image",
        )


def _with_clear_colour(found: Deep, image: Image.Image) -> Deep:
    """Make the one colour transparent that the file says is."""
    clear = image.info.get("transparency")
    if found.opacity is not None or clear is None or isinstance(clear, bytes):
        return found
    same = found.values == np.asarray(clear, np.float64)
    gone = same.all(axis=-1) if found.values.ndim == 3 else same
    return Deep(found.values, 1.0 - gone, found.zero_is_white)
