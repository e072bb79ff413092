"""``pca-gaussian``: principal components of each class's pixels, and a Gaussian in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from synmedbench.core import Progress, UserError, did_you_mean, rng
from synmedbench.generators import Conditions, GeneratorCard
from synmedbench.imagesets import ImageSet


class PcaGaussian:
    """A Gaussian in the first ``components`` principal components of each class."""

    def __init__(self, *, components: int = 32) -> None:
        self.components = components
        self.card = GeneratorCard(
            name="pca-gaussian", licence="that of the training images", columns=("label",)
        )

    def fit(self, train: ImageSet, *, seed: int, progress: Progress) -> None:
        """Keep each class's mean and principal axes, scaled by their standard deviations."""
        self.shape, self.models = train.images(rows=[0]).shape[1:], {}
        for label in train.classes:
            pixels = train.where(label=label).images().reshape(-1, int(np.prod(self.shape))) / 255.0
            mean = pixels.mean(axis=0)
            _, spread, axes = np.linalg.svd(pixels - mean, full_matrices=False)
            k = min(self.components, len(pixels))
            self.models[label] = (mean, axes[:k] * (spread[:k, None] / np.sqrt(max(1, len(pixels) - 1))))
        self.card = replace(self.card, trained_on=train.content_hash)

    def sample(
        self, conditions: Conditions, *, indices: Sequence[int], seed: int, batch_size: int
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield batches of images; image i is drawn by ``rng(seed, i)``."""
        for start in range(0, len(indices), batch_size):
            yield np.stack([self._image(conditions, i, seed) for i in indices[start : start + batch_size]])

    def _image(self, conditions: Conditions, i: int, seed: int) -> NDArray[np.uint8]:
        label = str(conditions.table["label"].iloc[i])
        if label not in self.models:
            raise UserError(
                f"pca-gaussian never saw the label {label!r}", remedy=did_you_mean(label, self.models)
            )
        mean, axes = self.models[label]
        pixels = mean + rng(seed, i).standard_normal(len(axes)) @ axes
        return np.rint(255 * pixels.reshape(self.shape)).clip(0, 255).astype(np.uint8)
