"""``domain``: the features of a small network that learned the real training images' classes."""

from __future__ import annotations

from pathlib import Path

from ..classifiers import FEATURE_BATCH, FittedClassifier, TimmClassifier, stream_features
from ..core import Progress, UserError, content_key, silent
from ..imagesets import ImageSet
from ._extractor import Images, pixel_batches
from ._feature_cache import Features


class DomainExtractor:
    """Penultimate features of a small timm network trained on the real training split; needs no download.

    It knows what tells the classes of these very images apart, and nothing else: scores on it compare
    generators on one data set, never across data sets, and are measured on images that it was not trained
    on.

    Parameters
    ----------
    argument:
        The timm model (default ``test_resnet``: 96 features, so that a few hundred images suffice).
    steps, batch_size, augment, learning_rate:
        Of the training; see ``TimmClassifier``.
    """

    version = 1
    learns = True

    def __init__(
        self,
        argument: str = "test_resnet",
        *,
        steps: int = 400,
        batch_size: int = 32,
        augment: str = "flip",
        learning_rate: float | None = None,
    ) -> None:
        self.name = "domain"
        self.classifier = TimmClassifier(
            argument, steps=steps, batch_size=batch_size, augment=augment, learning_rate=learning_rate
        )
        self.fitted: FittedClassifier | None = None

    @property
    def key(self) -> str:
        """Content key of the trained weights."""
        return content_key("domain", self.version, self._fitted().key)

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Train the network to tell the labels of ``train`` apart; ``UserError`` without two classes."""
        if len(set(train.labels)) < 2:
            raise UserError(
                "the extractor 'domain' learns from classes, and there are fewer than two",
                where=train.about.name,
                remedy="use timm:<model>?weights=FILE or texture",
            )
        self.fitted = self.classifier.fit(
            train.images(), train.labels, seed=seed, progress=progress or silent()
        )

    def features(self, images: Images, *, batch_size: int = FEATURE_BATCH) -> Features:
        """Return (N, D) float32 features; the batch size is fixed, so that they are always the same."""
        fitted = self._fitted()
        size = fitted.recipe["input_size"]
        return stream_features(
            fitted.network.backbone,
            fitted.preprocessing.changed(size=size),
            pixel_batches(images, FEATURE_BATCH, size),
        )

    def save(self, folder: str | Path) -> None:
        """Keep the trained network."""
        self._fitted().save(folder)

    @classmethod
    def load(cls, folder: str | Path) -> DomainExtractor:
        """Read what ``save`` wrote."""
        extractor = cls()
        extractor.fitted = FittedClassifier.load(folder)
        return extractor

    def _fitted(self) -> FittedClassifier:
        if self.fitted is None:
            raise UserError(
                "the extractor 'domain' is not fitted yet",
                remedy="call fit with the real training images first",
            )
        return self.fitted
