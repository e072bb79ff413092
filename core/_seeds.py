"""One random generator per (seed, index), so that image *i* never depends on its neighbours."""

from __future__ import annotations

import hashlib

import numpy as np


def rng(seed: int, *indices: int | str) -> np.random.Generator:
    """Return numpy's generator for a seed and any number of indices or names.

    >>> bool(rng(0, 3).random() == rng(0, 3).random())
    True
    """
    return np.random.default_rng([abs(int(seed)), int(seed < 0), *map(_number, indices)])


def derive_seed(seed: int, *names: int | str) -> int:
    """Return a 31-bit seed for a named part of a run.

    >>> derive_seed(1, "fit") == derive_seed(1, "fit"), derive_seed(1, "fit") == derive_seed(2, "fit")
    (True, False)
    """
    return int(rng(seed, *names).integers(0, 2**31 - 1))


def _number(part: int | str) -> int:
    if isinstance(part, str):
        return int.from_bytes(hashlib.sha256(part.encode()).digest()[:8], "big")
    return int(part)
