"""Augmented copies of images for a frozen backbone, whose features are computed once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator

from ..core import derive_seed
from ._augment import augment
from ._head import VIEWS
from ._preprocess import to_unit

CHUNK = 1024
"""Images that are augmented at a time."""
Images = NDArray[np.uint8]


def view_count(kind: str) -> int:
    """How many augmented copies of each image a frozen backbone sees (flips are not worth it).

    >>> view_count("flip"), view_count("classical")
    (0, 4)
    """
    return 0 if kind in ("none", "flip") else VIEWS


def view_arrays(images: Images, kind: str, seed: int) -> list[Images]:
    """Return every augmented copy of (N, H, W, 3) uint8 images."""
    return [np.concatenate(list(view_chunks(images, kind, seed, view))) for view in range(view_count(kind))]


def view_chunks(images: Images, kind: str, seed: int, view: int) -> Iterator[Images]:
    """Yield one augmented copy, at most 1,024 images at a time; a chunk's draws depend on (seed, view, its number)."""
    for number, start in enumerate(range(0, len(images), CHUNK)):
        stream = derive_seed(seed, "view", view, *([number] if number else []))
        unit = to_unit(np.asarray(images[start : start + CHUNK]))
        changed = augment(unit, kind, Generator().manual_seed(stream))
        yield (changed * 255.0).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
