"""One Hugging Face vision network: its weights, its own preprocessing, and one row for each image."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ..core import Progress, UserError, content_key
from ..imagesets import ImageSet
from ._extractor import Images
from ._feature_cache import Features
from ._hf_folder import find_model, model_key
from ._hf_load import Prepare, load_network, load_processor, transformers
from ._network_extractor import forward_batches, image_lists

POOLS = ("auto", "pooled", "cls", "mean")
_CLASS_TOKENS = ("cls_token", "class_embedding", "class_token")


@dataclass
class HfNetwork:
    """A network of transformers as an extractor.

    ``model`` is a folder or the id of a cached model, ``kind`` a class of transformers, ``note`` a sentence for
    the error that tells of missing weights. ``pool`` says how the output becomes a row: ``pooled`` (the network's
    own pooled output), ``cls`` (the class token), ``mean`` (over tokens or positions), or ``auto``: pooled where
    the weights hold a trained pooling, else the class token where there is one, else the mean.
    """

    model: str
    kind: str = "AutoModel"
    pool: str = "auto"
    revision: str | None = None
    note: str = ""
    _loaded: tuple[nn.Module, Prepare, str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.pool not in POOLS:
            raise UserError(f"no pooling {self.pool!r}", remedy=f"one of {', '.join(POOLS)}")

    @property
    def folder(self) -> Path:
        """Where the files lie; raises ``UserError`` naming what is missing."""
        return find_model(self.model, self.revision, self.note)

    @property
    def key(self) -> str:
        """Content key of weights, configuration and preprocessing, and of the library that reads them."""
        release = ".".join(transformers().__version__.split(".")[:2])
        return content_key("hf", 1, model_key(self.folder), self.kind, self.pool, release)

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Load the network, so that what is missing is told at once; learns nothing."""
        self._network()

    def features(self, images: Images) -> Features:
        """Return (N, D) float32 rows; images of any sizes, brought to the network's by its own processor."""
        module, prepare, pool = self._network()

        def forward(pixels: Tensor) -> Tensor:
            ask = getattr(module, "get_image_features", module)
            return self._rows(ask(pixel_values=pixels), pool)

        return forward_batches(forward, map(prepare, image_lists(images)), self.model)

    def _network(self) -> tuple[nn.Module, Prepare, str]:
        if self._loaded is None:
            folder = self.folder
            module, lacking = load_network(folder, self.kind)
            pool, lacking = self._pooling(module, lacking)
            if lacking:
                total = len(module.state_dict())
                raise UserError(
                    f"the weights lack {len(lacking)} of {total} tensors, such as {lacking[0]!r}",
                    where=folder,
                    remedy="is it a checkpoint of this very architecture?",
                )
            self._loaded = module, load_processor(folder), pool
        return self._loaded

    def _pooling(self, module: nn.Module, lacking: list[str]) -> tuple[str, list[str]]:
        """The pooling that ``auto`` stands for; a pooler that the weights lack would be random and is not used."""
        untrained = [name for name in lacking if "pooler" in name.split(".")]
        has_class = any(name.split(".")[-1] in _CLASS_TOKENS for name, _ in module.named_parameters())
        if self.pool == "cls" and not has_class:
            raise UserError("the network has no class token", where=self.model, remedy="give pool=mean")
        pool = self.pool
        if pool == "auto" and untrained:
            pool = "cls" if has_class else "mean"
        if pool == "auto":
            pool = "auto-cls" if has_class else "auto-mean"
        return pool, lacking if pool in ("pooled", "auto-cls", "auto-mean") else sorted(
            {*lacking} - {*untrained}
        )

    def _rows(self, output: Any, pool: str) -> Tensor:
        if isinstance(output, Tensor):
            return output.flatten(1)
        if pool == "pooled" or pool.startswith("auto"):
            pooled = _pooled(output)
            if pooled is not None:
                return pooled.flatten(1)
            if pool == "pooled":
                raise UserError("the network has no pooled output", where=self.model, remedy="give pool=mean")
        hidden: Tensor | None = getattr(output, "last_hidden_state", None)
        if hidden is None:
            raise UserError("the network gives no hidden states", where=self.model, remedy="give pool=pooled")
        if hidden.ndim == 4:
            return hidden.mean(dim=(2, 3))
        return hidden[:, 0] if pool.endswith("cls") else hidden.mean(dim=1)


def _pooled(output: Any) -> Tensor | None:
    for name in ("image_embeds", "pooler_output"):
        found: Tensor | None = getattr(output, name, None)
        if found is not None:
            return found
    return None
