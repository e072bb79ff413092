"""``dinov2:<size>``: self-supervised features, which follow people's judgement better than Inception's."""

from __future__ import annotations

from pathlib import Path

from ..core import Progress, UserError
from ..imagesets import ImageSet
from ._extractor import Images
from ._extractor_timm import TimmExtractor
from ._feature_cache import Features
from ._hf_network import HfNetwork

SIZES = {"s": "small", "b": "base", "l": "large", "g": "giant"}
SIDE = 224
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's channels, with which it was trained."""


class Dinov2Extractor:
    """The normalised class token of DINOv2 (Oquab et al. 2023; as a ruler of generators: Stein et al. 2023).

    Parameters
    ----------
    argument:
        ``s`` (384 features), ``b`` (768), ``l`` (1,024) or ``g`` (1,536).
    weights:
        A folder with the Hugging Face files (preprocessing by its own processor), or a file
        ``model.safetensors`` of timm's ``vit_*_patch14_dinov2.lvd142m`` (images are then brought to 224 x 224 by
        antialiased bicubic, without a crop). Default: what the user's Hugging Face cache holds.

    Raises ``UserError`` that names the missing file and its place.
    """

    version = 1
    learns = False

    def __init__(
        self, argument: str = "b", *, weights: str | None = None, revision: str | None = None
    ) -> None:
        if argument not in SIZES:
            raise UserError(f"no DINOv2 of size {argument!r}", remedy=f"one of {', '.join(SIZES)}")
        self.name = f"dinov2:{argument}"
        self.network = _network(SIZES[argument], weights, revision)

    @property
    def key(self) -> str:
        """Content key of weights, configuration and preprocessing."""
        return self.network.key

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Load the network, so that what is missing is told at once; learns nothing."""
        self.network.fit(train)

    def features(self, images: Images, *, batch_size: int = 32) -> Features:
        """Return (N, D) float32 features; the batch size is fixed, so that they are always the same."""
        return self.network.features(images)


def _network(size: str, weights: str | None, revision: str | None) -> HfNetwork | TimmExtractor:
    if weights is not None and Path(weights).suffix in (".safetensors", ".pth"):
        return TimmExtractor(
            f"vit_{size}_patch14_dinov2",
            weights=weights,
            size=SIDE,
            dynamic_img_size=True,
            mean=_MEAN,
            std=_STD,
        )
    return HfNetwork(
        weights or f"facebook/dinov2-{size}",
        kind="Dinov2Model",
        pool="pooled",
        revision=revision,
        note="licence: Apache-2.0 (Meta)",
    )
