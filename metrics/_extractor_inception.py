"""``inception``: the FID-compatible network, through clean-fid's resize and wrapper."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..classifiers import FEATURE_BATCH, best_device
from ..core import Progress, UserError, content_key
from ..imagesets import ImageSet
from ._extractor import Images, pixel_batches
from ._fast_inception import fast_network
from ._feature_cache import Features
from ._network_extractor import Forward, ahead, forward_batches
from ._trusted_script import trusted_hash

FILE_NAME = "inception-2015-12-05.pt"
SHA256 = "f58cb9b6ec323ed63459aa4fb441fe750cfe39fafad6da5cb504a16f19e958f4"
"""Of the file that StyleGAN2-ADA published and clean-fid uses."""
SIDE = 299
BATCH = FEATURE_BATCH


class InceptionExtractor:
    """2,048 pooled features of the 2015 Inception network, as clean-fid computes them (antialiased bicubic).

    Parameters
    ----------
    weights:
        Path of the TorchScript file ``inception-2015-12-05.pt`` (default: torch hub's ``checkpoints``
        folder).
    trust:
        A TorchScript file is a program. Only the published one (by SHA-256) is run, unless ``trust`` is
        true or is the SHA-256 of the file.

    Raises ``UserError`` that names the missing file, or tells that it is another one.
    """

    version = 2
    learns = False
    name = "inception"

    def __init__(self, *, weights: str | None = None, trust: bool | str = False) -> None:
        default = Path(torch.hub.get_dir()) / "checkpoints" / FILE_NAME
        self.path = Path(weights).expanduser() if weights else default
        self.trust = trust
        self._network: Forward | None = None

    @property
    def key(self) -> str:
        """Content key of the file and the preprocessing."""
        return content_key("inception", self.version, self._checked_hash(), "clean")

    def fit(self, train: ImageSet, *, seed: int = 0, progress: Progress | None = None) -> None:
        """Load the weights, so that a missing file is told at once; learns nothing."""
        self._load()

    def features(self, images: Images, *, batch_size: int = BATCH) -> Features:
        """Return (N, 2048) float32 features of (N, H, W, 3) uint8 images or of an image set."""
        network = self._load()
        resized = (
            torch.from_numpy(clean_resize(batch)).permute(0, 3, 1, 2)
            for batch in pixel_batches(images, BATCH, SIDE)
        )
        found = forward_batches(network, (batch.to(best_device()) for batch in ahead(resized)), self.name)
        return found if len(found) else np.zeros((0, 2048), np.float32)

    def _load(self) -> Forward:
        if self._network is None:
            self._checked_hash()
            self._network = fast_network(_wrapped(self.path), best_device())
        return self._network

    def _checked_hash(self) -> str:
        missing = f"put {FILE_NAME} of StyleGAN2-ADA's metrics there, or give weights=FILE"
        return trusted_hash(self.path, self.trust, SHA256, missing, f"not the published {FILE_NAME}")


def clean_resize(batch: NDArray[np.uint8]) -> NDArray[np.float32]:
    """clean-fid's resize: each channel by Pillow's antialiased bicubic, in floats, to 299 x 299, within 0..255."""
    from cleanfid.resize import build_resizer

    resize = build_resizer("clean")
    return np.stack([resize(image) for image in batch]).astype(np.float32)


def _wrapped(path: Path) -> nn.Module:
    """clean-fid's wrapper of the TorchScript network; it wants a folder that holds the file under its own name."""
    from cleanfid.inception_torchscript import InceptionV3W

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE_NAME).symlink_to(path.resolve())
        try:
            network: nn.Module = InceptionV3W(folder, download=False, resize_inside=False).eval()
        except (RuntimeError, AttributeError, ValueError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise UserError(f"not a TorchScript Inception network: {reason}", where=path) from error
    return network
