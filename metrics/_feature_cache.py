"""Features on disk, by content: computed once, written whole, read back only when they fit."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core import atomic_file

Features = NDArray[np.float32]


def cached_features(folder: str | Path | None, key: str, n: int, compute: Callable[[], Features]) -> Features:
    """Return the ``(n, D)`` features kept under ``key`` in ``folder``, or compute and keep them.

    A file that is unreadable or has another number of rows is computed anew and replaced. Two processes may write
    one key at once: each file appears whole, and both hold the same. Without a folder nothing is kept; where the
    folder cannot be written (a full disk, no permission) a warning says so, and the work is not lost.
    """
    if folder is None:
        return compute()
    path = Path(folder) / f"{key}.npy"
    kept = _read(path, n)
    if kept is not None:
        return kept
    found = compute()
    try:
        with atomic_file(path) as temporary, open(temporary, "wb") as file:
            np.save(file, found, allow_pickle=False)
    except OSError as error:
        reason = error.strerror or str(error)
        warnings.warn(f"{path.parent}: the features are not kept for the next time: {reason}", stacklevel=2)
    return found


def _read(path: Path, n: int) -> Features | None:
    try:
        kept = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None
    if not isinstance(kept, np.ndarray):
        return None
    fits = kept.ndim == 2 and len(kept) == n and kept.dtype == np.float32 and bool(np.isfinite(kept).all())
    return kept if fits else None
