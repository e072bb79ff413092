"""Losses of single images, and images blended in pairs."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.nn import functional

from ..core import UserError, did_you_mean, rng

LOSSES = ("cross-entropy", "focal")
MIXES = ("mixup", "cutmix")
FOCUS = 2.0
"""Exponent of the focal loss (Lin et al. 2017)."""
ALPHA = {"mixup": 0.2, "cutmix": 1.0}
"""Both parameters of the Beta distribution of the blend (Zhang et al. 2018; Yun et al. 2019)."""


def check_loss(loss: str, mix: str | None) -> None:
    """Raise ``UserError`` unless both are known."""
    if loss not in LOSSES:
        raise UserError(f"no loss {loss!r}", remedy=did_you_mean(loss, LOSSES))
    if mix is not None and mix not in MIXES:
        raise UserError(f"no way to mix {mix!r}", remedy=did_you_mean(mix, MIXES))


def row_losses(
    logits: Tensor, targets: Tensor, loss: str = "cross-entropy", smoothing: float = 0.0
) -> Tensor:
    """Return the loss of every row, (N,).

    ``targets`` are class numbers (N,) or shares (N, K). Focal loss: -(1 - p)^2 log p of the true class (Lin et
    al. 2017); it is not smoothed.

    >>> row_losses(torch.zeros(1, 2), torch.tensor([0]), "focal").item()  # ln 2 / 4
    0.1732867956161499
    """
    if loss == "cross-entropy":
        return functional.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)
    log_p = functional.log_softmax(logits, dim=1)
    each = -((1 - log_p.exp()) ** FOCUS) * log_p
    if targets.ndim == 2:
        return (each * targets).sum(1)
    return each.gather(1, targets.view(-1, 1)).squeeze(1)


def mixed_batch(unit: Tensor, mix: str, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Return blended images (N, 3, H, W), each one's partner (N,) and the share of its own image (N,).

    ``mixup``: x = s x_i + (1 - s) x_j with s from Beta(0.2, 0.2). ``cutmix``: a rectangle of the partner covers
    1 - s of the area, s from Beta(1, 1); it is cut off at the border, and s is what is left. Every image draws its own.
    """
    n, _, height, width = unit.shape
    partner = torch.randperm(n, generator=generator)
    other = unit[partner.to(unit.device)]
    if mix == "mixup":
        share = _beta(n, ALPHA[mix], generator)
        own = share.view(-1, 1, 1, 1).to(unit.device)
        return own * unit + (1 - own) * other, partner, share
    cover = _rectangles(n, height, width, generator)
    share = 1 - cover.float().mean((1, 2))
    return torch.where(cover.view(n, 1, height, width).to(unit.device), other, unit), partner, share


def _rectangles(n: int, height: int, width: int, generator: Generator) -> Tensor:
    side = torch.sqrt(1 - _beta(n, ALPHA["cutmix"], generator))
    middle = torch.rand(n, 2, generator=generator)
    inside = []
    for axis, length in enumerate((height, width)):
        place = (torch.arange(length) + 0.5) / length
        inside.append((place - middle[:, axis : axis + 1]).abs() < side.view(-1, 1) / 2)
    return inside[0].unsqueeze(2) & inside[1].unsqueeze(1)


def _beta(n: int, alpha: float, generator: Generator) -> Tensor:
    """Beta(alpha, alpha) draws by Joehnk's method, which needs uniform numbers alone (alpha of at most 1)."""
    drawn = torch.empty(0)
    while len(drawn) < n:
        u = torch.rand(4 * n, 2, generator=generator, dtype=torch.float64).log() / alpha
        top = u.max(1, keepdim=True).values
        x, y = (u - top).exp().unbind(1)
        kept = torch.logaddexp(u[:, 0], u[:, 1]) <= 0
        drawn = torch.cat([drawn, (x / (x + y))[kept].float()])
    return drawn[:n]


def mixed_features(
    features: NDArray[np.float32],
    targets: NDArray[np.int64],
    weights: NDArray[np.float64],
    classes: int,
    mix: str,
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Return features blended in pairs, their shares of the classes (N, K) and their weights.

    The linear blend of a network's last features (manifold mixup, Verma et al. 2019), because a frozen backbone is
    not run again: ``mixup`` and ``cutmix`` differ here only in how the share is drawn.
    """
    stream = rng(seed, "mix", mix)
    partner = stream.permutation(len(features))
    share = stream.beta(ALPHA[mix], ALPHA[mix], len(features))
    blended = share[:, None] * features + (1 - share[:, None]) * features[partner]
    mass = np.zeros((len(features), classes))
    rows = np.arange(len(features))
    np.add.at(mass, (rows, targets), share * weights)
    np.add.at(mass, (rows, targets[partner]), (1 - share) * weights[partner])
    total = mass.sum(1)
    shares = np.divide(mass, total[:, None], out=np.full_like(mass, 1 / classes), where=total[:, None] > 0)
    return blended.astype(np.float32), shares, total
