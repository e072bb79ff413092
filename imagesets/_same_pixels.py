"""Images that are others' pixel for pixel, also mirrored or turned: found by keys, whatever any feature says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..core import content_key
from ._imageset import ImageSet
from ._views import AS_IS, TURNS, view


class SamePixels(NamedTuple):
    """Row ``row`` equals row ``other`` of the other set, once that one is seen under ``view``."""

    row: int
    other: int
    view: str


def same_pixels(images: ImageSet, keys: Sequence[str]) -> list[SamePixels]:
    """Return the images that equal one of those whose ``image_keys`` are given, each once, in order.

    Mirrored and turned ones are found too. An image of one colour is nobody's and is never reported.

    >>> import numpy as np
    >>> pixels = np.random.default_rng(0).integers(0, 255, (3, 4, 4, 3)).astype(np.uint8)
    >>> real, made = ImageSet.from_arrays(pixels), ImageSet.from_arrays(pixels[1:2, :, ::-1])
    >>> same_pixels(made, real.image_keys)
    [SamePixels(row=0, other=1, view='across')]
    """
    first: dict[str, int] = {}
    for other, key in enumerate(keys):
        first.setdefault(key, other)
    found = []
    for row in range(len(images)):
        image = images.image(row)
        if image.min() == image.max() or (image == image[:1, :1]).all():
            continue
        square = image.shape[0] == image.shape[1]
        for name in (AS_IS, *(TURNS if square else TURNS[:3])):
            same = first.get(content_key(view(image[None], _BACK.get(name, name))[0]))
            if same is not None:
                found.append(SamePixels(row, same, name))
                break
    return found


_BACK = {"turn:90": "turn:270", "turn:270": "turn:90"}
"""What undoes a view; all others undo themselves."""
