"""Where features are kept between evaluations: features only, never pixels."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import Progress, sweep
from ..imagesets import ImageSet
from ..metrics import extract
from ._feature_input import Floats, holds_features

VARIABLE = "SYNMEDBENCH_CACHE"
"""Names the folder of the cache; empty: no cache."""


def default_cache() -> Path | None:
    """The folder in which commands keep features.

    ``$SYNMEDBENCH_CACHE`` (empty for none), else ``synmedbench/features`` in ``$XDG_CACHE_HOME`` or
    ``~/.cache``; None where there is no home.
    """
    if VARIABLE in os.environ:
        return Path(os.environ[VARIABLE]).expanduser() if os.environ[VARIABLE].strip() else None
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return root / "synmedbench" / "features"


class FeatureCache:
    """Features by content, read where they are known; a cache that cannot be used is told once, never fatal."""

    def __init__(self, folder: Path | None, progress: Progress) -> None:
        self.folder, self.progress, self.read = folder, progress, 0
        if folder is not None:
            self._prepare(folder)

    def features(self, extractor: Any, images: ImageSet) -> Floats:
        """Return (N, D) features of the set; features that the user brought come as they are."""
        if holds_features(images):
            return np.asarray(extractor.features(images))
        watched = _Watched(extractor)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            found = extract(watched, images, self.folder)
        for warning in told:
            if "the features are not kept" in str(warning.message):
                self._give_up(str(warning.message).rpartition(": ")[2])
            else:
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        self.read += not watched.worked
        return found

    def report(self) -> None:
        """Say how many sets' features were not computed again; nothing where none were."""
        if self.read:
            times = "once" if self.read == 1 else f"{self.read} times"
            self.progress.say(f"features were read {times} from {self.folder}")

    def _prepare(self, folder: Path) -> None:
        """Only the user may read it: features of patients are personal data, too."""
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            sweep(folder)
        except OSError as error:
            self._give_up(error.strerror or str(error))

    def _give_up(self, why: str) -> None:
        self.progress.say(f"features are not kept: {self.folder}: {' '.join(why.split())}")
        self.folder = None


class _Watched:
    """An extractor that remembers whether it had to work."""

    learns = False

    def __init__(self, extractor: Any) -> None:
        self.extractor, self.name, self.worked = extractor, extractor.name, False

    @property
    def key(self) -> str:
        return str(self.extractor.key)

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        raise AssertionError("fitted before")

    def features(self, images: Any, *, batch_size: int = 128) -> NDArray[np.float32]:
        self.worked = True
        found: NDArray[np.float32] = self.extractor.features(images)
        return found
