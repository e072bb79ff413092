"""``torchscript:<file>``: any exported network, run only when it is the file that was meant."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from ..classifiers import Preprocessing, best_device, to_unit
from ..core import Progress, UserError, content_key
from ..imagesets import ImageSet
from ._extractor import Images, pixel_batches
from ._feature_cache import Features
from ._network_extractor import FEATURE_BATCH, forward_batches
from ._trusted_script import load_script, trusted_hash

CARRIED = "preprocessing.json"


class TorchscriptExtractor:
    """Features of a TorchScript network: ``torchscript:FILE?sha256=...&size=224&mean=0.5&std=0.5``.

    It maps (N, 3, S, S) to (N, D), or to (N, D, h, w), of which the spatial mean is taken.

    Parameters
    ----------
    argument:
        The file.
    sha256, trust:
        A TorchScript file is a program. It is run only when its SHA-256 is the given one, or ``trust=true``.
    size, mean, std, interpolation:
        The preprocessing that belongs to the weights: side in pixels, and the channels' mean and spread in
        [0, 1]. A file may carry them itself, as an extra file ``preprocessing.json`` with these keys; what is
        given here prevails.

    Raises ``UserError`` for a missing, other or broken file, and for preprocessing that nobody stated.
    """

    version = 1
    learns = False

    def __init__(
        self,
        argument: str,
        *,
        sha256: str | None = None,
        trust: bool = False,
        size: int | None = None,
        mean: float | Sequence[float] | None = None,
        std: float | Sequence[float] | None = None,
        interpolation: str | None = None,
    ) -> None:
        self.path = Path(argument).expanduser()
        self.name = f"torchscript:{self.path.name}"
        self.trust: bool | str = True if trust is True else str(sha256 or "")
        self.given = {"size": size, "mean": mean, "std": std, "interpolation": interpolation}
        self._loaded: tuple[Any, Preprocessing] | None = None

    @property
    def key(self) -> str:
        """Content key of the file and the preprocessing."""
        _, preprocessing = self._network()
        return content_key("torchscript", self.version, self._hash(), preprocessing.to_json())

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Load the network, so that a missing file is told at once; learns nothing."""
        self._network()

    def features(self, images: Images, *, batch_size: int = FEATURE_BATCH) -> Features:
        """Return (N, D) float32 features; the batch size is fixed, so that they are always the same."""
        module, preprocessing = self._network()

        def forward(pixels: Tensor) -> Tensor:
            try:
                output = module(pixels)
            except RuntimeError as error:
                reason = str(error).strip().rpartition("\n")[2]
                raise UserError(
                    f"the network failed on {tuple(pixels.shape)}: {reason}", where=self.path
                ) from error
            if not isinstance(output, Tensor):
                raise UserError(f"the network gives a {type(output).__name__}, not a tensor", where=self.path)
            return output

        device = best_device()
        batches = pixel_batches(images, FEATURE_BATCH, preprocessing.size)
        inputs = (preprocessing(to_unit(batch, device)) for batch in batches)
        return forward_batches(forward, inputs, self.name)

    def _hash(self) -> str:
        return trusted_hash(
            self.path,
            self.trust,
            None,
            "put the TorchScript file there",
            "not known to be the file that was meant",
        )

    def _network(self) -> tuple[Any, Preprocessing]:
        if self._loaded is None:
            self._hash()
            carried = {CARRIED: ""}
            module = load_script(self.path, carried)
            self._loaded = module.to(best_device()), self._preprocessing(carried[CARRIED])
        return self._loaded

    def _preprocessing(self, carried: str | bytes) -> Preprocessing:
        try:
            stated = json.loads(carried) if carried else {}
            base = Preprocessing.from_json(stated)
        except (json.JSONDecodeError, UnicodeDecodeError, TypeError, AttributeError) as error:
            raise UserError(f"its {CARRIED} cannot be read: {error}", where=self.path) from error
        lacking = [key for key in ("size", "mean", "std") if key not in stated and self.given[key] is None]
        if lacking:
            raise UserError(
                f"the preprocessing belongs to the weights, and nobody stated {', '.join(lacking)}",
                where=self.path,
                remedy="give size=, mean= and std= as the network was trained with",
            )
        return base.changed(**self.given)
