"""Training of a whole network: every step alike in all arms."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from ._augment import augment
from ._losses import mixed_batch, row_losses
from ._network import Classifier
from ._preprocess import Preprocessing, to_unit
from ._train import LossOf, Rows

PRECISIONS = ("float32", "bfloat16")


def batch_loss(
    network: Classifier,
    preprocessing: Preprocessing,
    images: NDArray[np.uint8],
    targets: NDArray[np.int64],
    weights: NDArray[np.float64],
    *,
    kind: str = "none",
    loss: str = "cross-entropy",
    mix: str | None = None,
    smoothing: float = 0.0,
    precision: str = "float32",
    channels_last: bool = True,
) -> LossOf:
    """Return the function that ``train`` asks for: rows of a batch -> its weighted mean loss.

    ``bfloat16`` is autocast: weights, gradients and the loss stay float32.
    """
    device = next(network.parameters()).device
    y, w = torch.from_numpy(targets).to(device), torch.from_numpy(weights).float().to(device)
    layout = torch.channels_last if channels_last else torch.contiguous_format

    def logits_of(unit: Tensor) -> Tensor:
        inner = preprocessing(unit).contiguous(memory_format=layout)
        if precision == "float32":
            return network(inner).float()
        with torch.autocast(device.type, dtype=torch.bfloat16):
            return network(inner).float()

    def weighted(logits: Tensor, rows: Tensor) -> Tensor:
        return row_losses(logits, y[rows], loss, smoothing) * w[rows]

    def loss_of(rows: Rows, generator: Generator) -> Tensor:
        chosen = torch.from_numpy(rows).to(device)
        changed = augment(to_unit(images[rows], device), kind, generator)
        if mix is None:
            return weighted(logits_of(changed), chosen).mean()
        blended, partner, own = mixed_batch(changed, mix, generator)
        logits, own = logits_of(blended), own.to(device)
        other = weighted(logits, chosen[partner.to(device)])
        return (own * weighted(logits, chosen) + (1 - own) * other).mean()

    return loss_of
