"""A backbone with a linear head, and features in batches."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..core import UserError
from ._preprocess import Preprocessing, to_unit

FEATURE_BATCH = 32
"""Images of one forward pass; the last pass is filled up. With one shape for all passes, an image's
features do not depend on its neighbours, so that features kept from an earlier run equal those computed
anew."""


class Classifier(nn.Module):
    """Features (N, D) of a backbone, and class scores (N, K) by one linear layer on them."""

    def __init__(self, backbone: nn.Module, width: int, classes: int, seed: int) -> None:
        super().__init__()
        self.backbone = backbone
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.head = nn.Linear(width, classes)
            nn.init.normal_(self.head.weight, std=0.01)
            nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, K)."""
        return self.head(self.backbone(x))


def feature_width(backbone: nn.Module, size: int) -> int:
    """Number of features D that the backbone gives for images of a size; ``UserError`` when it cannot take them."""
    was_training = backbone.training
    backbone.eval()
    device = next(backbone.parameters()).device
    try:
        with torch.no_grad():
            width = backbone(torch.zeros(1, 3, size, size, device=device)).shape[-1]
    except (AssertionError, RuntimeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise UserError(
            f"the network cannot take images of {size} x {size} pixels: {reason}", remedy="set another in_size"
        ) from error
    finally:
        backbone.train(was_training)
    return int(width)


def features_of(
    module: nn.Module, preprocessing: Preprocessing, images: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return what ``module`` gives for (N, H, W, 3) uint8 images, as (N, D) float32, in evaluation mode."""
    starts = range(0, len(images), FEATURE_BATCH)
    return stream_features(module, preprocessing, (images[i : i + FEATURE_BATCH] for i in starts))


def stream_features(
    module: nn.Module, preprocessing: Preprocessing, stream: Iterable[NDArray[np.uint8]]
) -> NDArray[np.float32]:
    """``features_of`` for images that come in batches of at most 32, and need not all be in memory."""
    device = next(module.parameters()).device
    module.eval()
    rows = []
    with torch.inference_mode():
        for batch in stream:
            full = to_unit(np.resize(batch, (FEATURE_BATCH, *batch.shape[1:])), device)
            rows.append(module(preprocessing(full))[: len(batch)].float().cpu().numpy())
    return np.concatenate(rows) if rows else np.zeros((0, 0), np.float32)
