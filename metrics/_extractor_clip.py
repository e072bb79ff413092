"""``clip``: the image embeddings of CLIP, on which CMMD is defined."""

from __future__ import annotations

from ..core import Progress, UserError
from ..imagesets import ImageSet
from ._extractor import Images
from ._feature_cache import Features
from ._hf_network import HfNetwork

MODELS = {
    "336": "openai/clip-vit-large-patch14-336",
    "l14": "openai/clip-vit-large-patch14",
    "b16": "openai/clip-vit-base-patch16",
    "b32": "openai/clip-vit-base-patch32",
}


class ClipExtractor:
    """Projected image embeddings of CLIP (Radford et al. 2021), with the preprocessing of its own processor.

    CMMD is published on ``336``, the ViT-L/14 at 336 pixels (Jayasumana et al. 2024).

    Parameters
    ----------
    argument:
        ``336`` (default), ``l14``, ``b16`` or ``b32``.
    weights:
        A folder with ``config.json``, ``preprocessor_config.json`` and ``model.safetensors`` (default: what the
        user's Hugging Face cache holds). A whole CLIP or its vision half.

    Raises ``UserError`` that names the missing file and its place.
    """

    version = 1
    learns = False

    def __init__(
        self, argument: str = "336", *, weights: str | None = None, revision: str | None = None
    ) -> None:
        if argument not in MODELS:
            raise UserError(f"no CLIP {argument!r}", remedy=f"one of {', '.join(MODELS)}")
        self.name = f"clip:{argument}"
        self.network = HfNetwork(
            weights or MODELS[argument],
            kind="CLIPVisionModelWithProjection",
            pool="pooled",
            revision=revision,
            note="licence: MIT (OpenAI)",
        )

    @property
    def key(self) -> str:
        """Content key of weights, configuration and preprocessing."""
        return self.network.key

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Load the network, so that what is missing is told at once; learns nothing."""
        self.network.fit(train)

    def features(self, images: Images, *, batch_size: int = 32) -> Features:
        """Return (N, D) float32 image embeddings, not normalised."""
        return self.network.features(images)
