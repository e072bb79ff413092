"""Views: an image mirrored, turned, cropped, shifted, brightened or compressed, and still the same patient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from PIL import Image

from ..core import UserError, did_you_mean
from ._decode import fit_square
from ._imageset import Pixels
from ._planted_pixels import damage_pixels

Flips = Literal["none", "horizontal", "both"]
AS_IS = "as-is"
TURNS = ("across", "down", "both", "turn:90", "turn:270", "transpose:1", "transpose:-1")
"""Every view that moves pixels and changes none."""


def view(images: Pixels, name: str) -> Pixels:
    """Return the images under a view, as an (N, H, W, 3) uint8 array of the same shape.

    ====================  ===================================================================
    view                  what is done
    ====================  ===================================================================
    ``as-is``             nothing
    ``across``, ``down``  mirrored left to right, top to bottom
    ``both``              mirrored in both ways, which is turned by 180 degrees
    ``turn:90``           turned by 90 or 270 degrees (square images)
    ``transpose:1``       mirrored at the falling (1) or the rising (-1) diagonal (square images)
    ``crop:0.9``          the centred 90% of each side, resized back
    ``shift:0.05,-0.05``  moved right by 5% of the width, up by 5% of the height, edges repeated
    ``brightness:0.8``    every grey level times 0.8, ended at 255
    ``jpeg:75``           written as JPEG of this quality and read again
    ``blur:1``            blurred by a Gaussian of sigma 1 pixel
    ====================  ===================================================================

    Views are joined by ``+`` and done in that order: ``across+crop:0.9``.

    Raises ``UserError`` for an unknown view or a value out of range.

    >>> pixels = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    >>> view(pixels, "across")[0, 0, 0].tolist(), view(pixels, "brightness:2")[0, 1, 1].tolist()
    ([3, 4, 5], [18, 20, 22])
    """
    for kind, values in _parsed(name):
        images = kind.change(images, *values)
    return np.ascontiguousarray(images)


def flip_views(flips: Flips) -> tuple[str, ...]:
    """Return the mirrored and turned views that show the same patient, by what may be mirrored.

    >>> flip_views("horizontal"), flip_views("none")
    (('across',), ())
    """
    return {"none": (), "horizontal": ("across",), "both": TURNS[:5]}[flips]


def check_view(name: str) -> str:
    """Return the view's name, or raise ``UserError`` with what was probably meant."""
    _parsed(name)
    return name


def view_words(name: str) -> str:
    """Say what a view is.

    >>> view_words("across+crop:0.9"), view_words("as-is")
    ('mirrored left to right, cropped to 90%', 'as it is')
    """
    return ", ".join(kind.words(*values) for kind, values in _parsed(name))


@dataclass(frozen=True)
class _Kind:
    """One kind of view: its change, its words, its values' ranges and an example."""

    change: Callable[..., Pixels]
    words: Callable[..., str]
    ranges: tuple[tuple[float, float], ...] = ()
    example: str = ""
    choices: tuple[float, ...] = ()


def _parsed(name: str) -> list[tuple[_Kind, tuple[float, ...]]]:
    return [_part(part.strip(), name) for part in str(name).split("+")]


def _part(part: str, name: str) -> tuple[_Kind, tuple[float, ...]]:
    word, _, text = part.partition(":")
    if word not in _KINDS:
        raise UserError(f"no view is called {name!r}", remedy=did_you_mean(word, _KINDS))
    kind = _KINDS[word]
    try:
        values = tuple(float(value) for value in text.split(",")) if text else ()
    except ValueError:
        values = (float("nan"),)
    fits = len(values) == len(kind.ranges) and all(
        low <= value <= high for value, (low, high) in zip(values, kind.ranges, strict=True)
    )
    if not fits or (kind.choices and values[0] not in kind.choices):
        allowed = " and ".join(f"{low:g} to {high:g}" for low, high in kind.ranges)
        remedy = f"write for example {kind.example}" if kind.example else f"write {word}"
        raise UserError(
            f"the view {name!r} cannot be read", remedy=remedy + (f"; from {allowed}" if allowed else "")
        )
    return kind, values


def _turn(images: Pixels, angle: float) -> Pixels:
    return np.rot90(_square(images), int(angle) // 90, axes=(1, 2))


def _transpose(images: Pixels, diagonal: float) -> Pixels:
    mirrored = np.swapaxes(_square(images), 1, 2)
    return mirrored if diagonal > 0 else mirrored[:, ::-1, ::-1]


def _square(images: Pixels) -> Pixels:
    if images.shape[1] != images.shape[2]:
        raise UserError(
            f"images of {images.shape[2]} x {images.shape[1]} pixels cannot be turned by 90 degrees"
        )
    return images


def _crop(images: Pixels, share: float) -> Pixels:
    height, width = images.shape[1:3]
    kept = max(1, round(height * share)), max(1, round(width * share))
    top, left = (height - kept[0]) // 2, (width - kept[1]) // 2
    cut = images[:, top : top + kept[0], left : left + kept[1]]
    return _each(cut, lambda image: _resized(image, height, width), images.shape)


def _resized(image: Pixels, height: int, width: int) -> Pixels:
    if height == width and image.shape[0] == image.shape[1]:
        return fit_square(image, height)
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC), np.uint8)


def _shift(images: Pixels, across: float, down: float) -> Pixels:
    height, width = images.shape[1:3]
    rows = np.clip(np.arange(height) - _pixels(down, height), 0, height - 1)
    columns = np.clip(np.arange(width) - _pixels(across, width), 0, width - 1)
    return images[:, rows][:, :, columns]


def _pixels(share: float, side: int) -> int:
    """Whole pixels, at least one where anything was asked for."""
    return int(np.copysign(max(1, round(abs(share) * side)), share)) if share else 0


def _brightness(images: Pixels, factor: float) -> Pixels:
    levels = np.clip(np.rint(np.arange(256) * factor), 0, 255).astype(np.uint8)
    return levels[images]


def _jpeg(images: Pixels, quality: float) -> Pixels:
    return damage_pixels(images, "jpeg", quality)


def _blur(images: Pixels, sigma: float) -> Pixels:
    return damage_pixels(images, "blur", sigma)


def _each(images: Pixels, change: Callable[[Pixels], Pixels], shape: tuple[int, ...]) -> Pixels:
    changed = np.empty(shape, np.uint8)
    for row, image in enumerate(images):
        changed[row] = change(np.ascontiguousarray(image))
    return changed


_KINDS: Mapping[str, _Kind] = MappingProxyType({
    AS_IS: _Kind(lambda images: images, lambda: "as it is"),
    "across": _Kind(lambda images: images[:, :, ::-1], lambda: "mirrored left to right"),
    "down": _Kind(lambda images: images[:, ::-1], lambda: "mirrored top to bottom"),
    "both": _Kind(lambda images: images[:, ::-1, ::-1], lambda: "turned by 180 degrees"),
    "turn": _Kind(_turn, "turned by {:g} degrees".format, ((90, 270),), "turn:90", (90.0, 270.0)),
    "transpose": _Kind(
        _transpose, lambda _: "mirrored at a diagonal", ((-1, 1),), "transpose:1", (-1.0, 1.0)
    ),
    "crop": _Kind(_crop, lambda share: f"cropped to {100 * share:g}%", ((0.2, 1),), "crop:0.9"),
    "shift": _Kind(
        _shift, lambda x, y: f"shifted by {100 * x:g}% and {100 * y:g}%", ((-0.5, 0.5),) * 2, "shift:0.05,-0.05"
    ),
    "brightness": _Kind(_brightness, "brightness times {:g}".format, ((0.05, 10),), "brightness:0.8"),
    "blur": _Kind(_blur, "blurred by {:g} px".format, ((0, 20),), "blur:1"),
    "jpeg": _Kind(_jpeg, "JPEG of quality {:.0f}".format, ((1, 100),), "jpeg:75"),
})  # fmt: skip
