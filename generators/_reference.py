"""Reference arms made of the training images: copies, blurred copies, classical augmentation, noise."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from ..core import Progress, UserError, rng
from ..imagesets import ImageSet
from ._augment import classical_augmentation
from ._contracts import Conditions, GeneratorCard
from ._from_images import FromImages


class Copy(FromImages):
    """Training images verbatim: perfect fidelity and complete memorisation, which a good suite must see."""

    version = 1

    def __init__(self, *, size: int | None = None) -> None:
        super().__init__(None, "copy", size=size)

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Keep the training images."""
        self.use(train)


class Blur(FromImages):
    """Training images, blurred by ``argument`` pixels: the ruler beside which scores are read."""

    version = 1

    def __init__(self, argument: float = 1.0, *, size: int | None = None) -> None:
        try:
            self.sigma = float(argument)
        except (TypeError, ValueError) as error:
            raise UserError(
                f"blur needs a number of pixels, got {argument!r}", remedy="write blur:1"
            ) from error
        if not 0.0 < self.sigma <= 64.0:
            raise UserError(
                f"a blur of sigma {self.sigma:g} is not between 0 and 64 pixels", remedy="write blur:1"
            )
        super().__init__(None, f"blur-{self.sigma:g}", size=size)
        self.card = dataclasses.replace(self.card, settings={"sigma": self.sigma})

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Keep the training images."""
        self.use(train)

    def change(self, image: NDArray[np.uint8], seed: int, index: int) -> NDArray[np.uint8]:
        """Blur each channel; edges are mirrored."""
        soft = gaussian_filter(image.astype(np.float32), (self.sigma, self.sigma, 0.0), mode="reflect")
        return np.rint(soft).clip(0, 255).astype(np.uint8)


class Classical(FromImages):
    """Training images, flipped, turned, shifted, zoomed and recoloured: what augmentation gives for free."""

    version = 1

    def __init__(self, *, strength: float = 1.0, size: int | None = None) -> None:
        super().__init__(None, "classical", size=size)
        self.strength = float(strength)
        self.card = dataclasses.replace(self.card, settings={"strength": self.strength})

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Keep the training images."""
        self.use(train)

    def change(self, image: NDArray[np.uint8], seed: int, index: int) -> NDArray[np.uint8]:
        """Augment by what (seed, index) draws."""
        return classical_augmentation(image, rng(seed, "classical", index), self.strength)


class Noise:
    """Independent Gaussian pixels, mean and spread by channel as in training: the floor of every score."""

    version = 1

    def __init__(self, *, size: int | None = None) -> None:
        self.size = size
        self.mean = self.spread = np.zeros(3)
        self.shape: tuple[int, int, int] | None = None
        self.card = GeneratorCard(name="noise", kind="reference", licence="CC0-1.0", columns=())

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Measure mean and standard deviation of each channel."""
        images = train.images(size=self.size)
        if not len(images):
            raise UserError("the training set is empty", where=train.about.name)
        self.shape = (images.shape[1], images.shape[2], 3)
        self.mean, self.spread = images.mean((0, 1, 2)), images.std((0, 1, 2))
        self.card = dataclasses.replace(self.card, trained_on=train.content_hash)

    def sample(
        self, conditions: Conditions, *, indices: Sequence[int], seed: int, batch_size: int
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield noise; the conditions are not honoured."""
        for start in range(0, len(indices), batch_size):
            yield np.stack([self._image(seed, i) for i in indices[start : start + batch_size]])

    def _image(self, seed: int, index: int) -> NDArray[np.uint8]:
        if self.shape is None:
            raise UserError("noise has not seen the training images yet", remedy="call fit first")
        drawn = self.mean + self.spread * rng(seed, index).standard_normal(self.shape)
        return np.rint(drawn).clip(0, 255).astype(np.uint8)
