"""``timm:<model>``: the penultimate features of any timm network with local weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from ..classifiers import (
    FEATURE_BATCH,
    Preprocessing,
    best_device,
    load_backbone,
    stream_features,
    weights_key,
)
from ..core import Progress, UserError, content_key
from ..imagesets import ImageSet
from ._extractor import Images, pixel_batches
from ._feature_cache import Features


class TimmExtractor:
    """Pooled features of a timm network: ``timm:mobilenetv2_100?weights=FILE``.

    Parameters
    ----------
    argument:
        The timm model.
    weights:
        Path of a ``.safetensors`` or ``.pth`` checkpoint; ``pretrained`` for what timm's own cache holds
        (never a download); ``random`` for an untrained network, a baseline.
    mean, std, size, interpolation:
        Override the preprocessing that timm knows for the model; it belongs to the weights.
    options:
        Passed to ``timm.create_model`` (``pad_type=same``).

    Raises ``UserError`` that names the missing file.
    """

    version = 1
    learns = False

    def __init__(
        self,
        argument: str = "mobilenetv2_100",
        *,
        weights: str | None = None,
        mean: float | Sequence[float] | None = None,
        std: float | Sequence[float] | None = None,
        size: int | None = None,
        interpolation: str | None = None,
        **options: Any,
    ) -> None:
        if weights is None:
            raise UserError(
                f"the extractor timm:{argument} needs weights",
                remedy="give weights=FILE (a .safetensors or .pth checkpoint), "
                "weights=pretrained for timm's cache, or weights=random for an untrained baseline",
            )
        self.name = f"timm:{argument}"
        self.model, self.weights = argument, None if weights == "random" else weights
        self.pixels = {"mean": mean, "std": std, "size": size, "interpolation": interpolation}
        self.options = options
        self._loaded: tuple[nn.Module, Preprocessing] | None = None

    @property
    def key(self) -> str:
        """Content key of the weights' file, the preprocessing and the model's options."""
        _, preprocessing = self._network()
        weights = weights_key(self.model, self.weights)
        return content_key("timm", self.version, weights, preprocessing.to_json(), self.options)

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Load the weights, so that a missing file is told at once; learns nothing."""
        self._network()

    def features(self, images: Images, *, batch_size: int = FEATURE_BATCH) -> Features:
        """Return (N, D) float32 pooled features; the batch size is fixed, so that they are always the same."""
        module, preprocessing = self._network()
        return stream_features(
            module, preprocessing, pixel_batches(images, FEATURE_BATCH, preprocessing.size)
        )

    def _network(self) -> tuple[nn.Module, Preprocessing]:
        if self._loaded is None:
            module, preprocessing = load_backbone(self.model, self.weights, **self.options)
            self._loaded = module.to(best_device()), preprocessing.changed(**self.pixels)
        return self._loaded
