"""Measuring oracles: they tell, from the pixels of any image, which written criteria of a phantom hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import UserError, did_you_mean


class Oracle(Protocol):
    """Measures images and judges whether they show what was asked for."""

    name: str
    criteria: tuple[str, ...]

    def measure(self, images: NDArray[np.uint8]) -> pd.DataFrame:
        """Return one row of float measurements per (H, W, 3) image; NaN for what cannot be measured."""

    def judge(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> pd.DataFrame:
        """Return one row of truth values per image: a column per criterion, and `plausible`, all of them."""


def open_oracle(name: str) -> Oracle:
    """Return the oracle of a phantom: `phantom-derm` or `phantom-blood`.

    Raises ``UserError`` for another name.

    Example
    -------
    >>> open_oracle("phantom-derm").criteria
    ('size', 'morphology', 'colour', 'distribution', 'texture', 'tone')
    """
    if name not in _OPENERS:
        raise UserError(f"no oracle is called {name!r}", remedy=did_you_mean(name, _OPENERS))
    return _OPENERS[name]()


def _open_derm() -> Oracle:
    from ._oracle_derm import DermOracle

    return DermOracle()


def _open_blood() -> Oracle:
    from ._oracle_blood import BloodOracle

    return BloodOracle()


_OPENERS: dict[str, Callable[[], Oracle]] = {"phantom-derm": _open_derm, "phantom-blood": _open_blood}


def check_batch(images: NDArray[np.uint8], conditions: pd.DataFrame | None = None) -> None:
    """Raise ``UserError`` unless images are (N, H, W, 3) uint8 of at least 32 px, one for each row of conditions."""
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
        raise UserError(f"an oracle measures (N, H, W, 3) uint8 images, got {images.shape} {images.dtype}")
    if min(images.shape[1:3]) < 32:
        raise UserError(f"an oracle needs images of at least 32 px, got {images.shape[1:3]}")
    if conditions is not None and len(conditions) != len(images):
        raise UserError(f"{len(images)} images but {len(conditions)} conditions")


def verdicts(criteria: dict[str, NDArray[np.bool_]]) -> pd.DataFrame:
    """Return a table of the criteria with the column `plausible`: all of them."""
    table = pd.DataFrame(criteria)
    return table.assign(plausible=table.all(axis=1))
