"""``hf:<id or folder>``: any vision network of transformers, with the preprocessing of its own processor."""

from __future__ import annotations

from ..core import Progress
from ..imagesets import ImageSet
from ._extractor import Images
from ._feature_cache import Features
from ._hf_network import HfNetwork


class HfExtractor:
    """Features of a Hugging Face vision network on this machine: ``hf:facebook/dinov2-small``, ``hf:FOLDER``.

    The folder, or the user's Hugging Face cache, holds ``config.json``, ``preprocessor_config.json`` and
    ``model.safetensors``. Nothing is downloaded, pickles are refused, and code that comes with a model is never
    run.

    Parameters
    ----------
    argument:
        A folder, or the id of a model in the cache; ``@revision`` selects one of several.
    pool:
        How a network's output becomes a row: ``pooled``, ``cls`` (class token), ``mean`` (over tokens or
        positions), or ``auto``: pooled where the weights hold a trained pooling, else the class token where there
        is one, else the mean. Of a network of two towers (CLIP) the image embedding is taken.

    Raises ``UserError`` that names the missing file and its place.
    """

    version = 1
    learns = False

    def __init__(self, argument: str, *, revision: str | None = None, pool: str = "auto") -> None:
        self.name = f"hf:{argument}"
        self.network = HfNetwork(argument, pool=pool, revision=revision)

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
