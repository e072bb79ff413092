"""What was measured of each image: features, and what judges said. From this, and nothing else, scores are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import Progress, content_key, rng
from ..imagesets import About, ImageSet, Lineage, group_numbers
from ._evaluate_cache import FeatureCache
from ._evaluate_copies import seek
from ._evaluate_inputs import Inputs
from ._feature_input import Floats
from ._requested import judges_of, tones_of


@dataclass(frozen=True)
class Part:
    """One set: its table, a key of each image's pixels, its groups, and by extractor the features of its images.

    ``views`` are features of its images mirrored, cropped and so on, where copies of them are looked for; ``said``
    holds one answer for each image: a predicted class, a measured tone, a verdict.
    """

    about: About
    lineage: Lineage | None
    table: pd.DataFrame
    keys: list[str]
    groups: NDArray[np.int64]
    features: dict[str, Floats] = field(default_factory=dict)
    views: dict[str, Floats] = field(default_factory=dict)
    said: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.table)

    @property
    def content_hash(self) -> str:
        """As the image set's own: over every pixel and table cell."""
        return content_key(self.keys, self.table.astype(object).where(self.table.notna(), None))

    def labelled(self) -> ImageSet:
        """The set without its pixels, for what reads tables."""
        return ImageSet(_NoPixels(len(self)), self.table, about=self.about, lineage=self.lineage)


@dataclass(frozen=True)
class Material:
    """All parts of one evaluation, and by extractor its key and which real rows are the reference."""

    fake: Part
    true: Part
    held: Part | None
    train: Part | None
    size: int | None
    seed: int
    keys: dict[str, str] = field(default_factory=dict)
    reference: dict[str, NDArray[np.bool_]] = field(default_factory=dict)

    @property
    def sources(self) -> Part:
        """The set that copies are looked for in."""
        return self.train if self.train is not None else self.true

    @property
    def parts(self) -> dict[str, Part]:
        """The sets by role."""
        found = {"synthetic": self.fake, "real": self.true, "holdout": self.held, "train": self.train}
        return {role: part for role, part in found.items() if part is not None}


def collect(
    inputs: Inputs,
    extractors: Mapping[str, Any],
    *,
    seed: int,
    cache: FeatureCache,
    progress: Progress,
    copies: bool = True,
) -> Material:
    """Fit every extractor and take the features of all sets, and what the search for copies needs.

    One that learns, learns from one half of the real images' groups; the other half is the reference.
    """
    sets = {"synthetic": inputs.fake, "real": inputs.true, "holdout": inputs.held, "train": inputs.train}
    opened = {role: images for role, images in sets.items() if images is not None}
    parts = {role: _part(images) for role, images in opened.items()}
    material = Material(
        parts["synthetic"], parts["real"], parts.get("holdout"), parts.get("train"), inputs.size, seed
    )
    if not inputs.arrays and "skin_tone" in inputs.fake.table.columns:
        for role in {"synthetic", "holdout" if inputs.held is not None else "real"}:
            parts[role].said.update(tones_of(opened[role]))
    half = _half(parts["real"].groups, seed)
    for name, extractor in extractors.items():
        progress.say(f"features: {name}")
        learns = getattr(extractor, "learns", False)
        extractor.fit(inputs.true.subset(half) if learns else inputs.true, seed=seed, progress=progress)
        for role, images in opened.items():
            parts[role].features[name] = cache.features(extractor, images)
        material.keys[name] = extractor.key
        material.reference[name] = ~half if learns else np.ones(len(half), np.bool_)
        for role in opened:
            parts[role].said.update(judges_of(name, extractor, parts[role].features[name]))
    if copies:
        seek(inputs, material, cache, progress)
    return material


def _part(images: ImageSet) -> Part:
    return Part(images.about, images.lineage, images.table, images.image_keys, group_numbers(images))


def _half(groups: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    names = rng(seed, "halves").permutation(np.unique(groups))
    return np.isin(groups, names[: len(names) // 2])


class _NoPixels:
    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def read(self, row: int) -> Any:
        raise AssertionError("no pixels are kept")
