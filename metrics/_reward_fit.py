"""Training one reward network on ratings and on automatic feedback."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.nn import functional

from ..classifiers import Preprocessing, Settings, augment, to_unit, train
from ..core import Progress
from ._reward_data import Rated, Real
from ._reward_network import RewardNetwork

Rows = NDArray[np.int64]
FORGET = 0.1
"""Share of conditions that are hidden in training, column by column, so that *unknown* has a meaning."""


@dataclass(frozen=True)
class Feedback:
    """What one network is trained on, and how."""

    rated: Rated
    real: Real | None
    n_labels: int
    augment: str
    automatic_weight: float
    settings: Settings


def fit_network(
    network: RewardNetwork,
    preprocessing: Preprocessing,
    feedback: Feedback,
    *,
    seed: int,
    progress: Progress,
    label: str,
) -> float:
    """Train in place; return the mean loss of the last tenth of the steps.

    Each step takes a batch of ratings, both verdicts weighing the same, and as many real images: plausible
    under their own label, implausible under every other (arXiv 2306.12438 draws one other at random; the
    features of the image serve for all).
    """
    device = next(network.parameters()).device
    rated = feedback.rated
    weights = torch.from_numpy(_balanced(rated)).float().to(device)
    targets = torch.from_numpy(rated.verdicts).float().to(device)
    codes = torch.from_numpy(rated.codes).to(device)

    def loss_of(rows: Rows, generator: Generator) -> Tensor:
        chosen = torch.from_numpy(rows)
        images = _augmented(rated.images[rows], feedback.augment, generator).to(device)
        picked = _picked(feedback.real, len(rows), generator)
        if feedback.real is not None:
            real = _augmented(feedback.real.images[picked], feedback.augment, generator).to(device)
            images = torch.cat([images, real])
        features = network.backbone(preprocessing(images))
        logits = network.judge(features[: len(rows)], _forgotten(codes[chosen], generator))
        each = functional.binary_cross_entropy_with_logits(logits, targets[chosen], reduction="none")
        loss = (each * weights[chosen]).mean()
        if feedback.real is not None:
            own = torch.from_numpy(feedback.real.codes[picked]).to(device)
            own = _forgotten(own, generator, first=False)
            automatic = mismatch_loss(network, features[len(rows) :], own, feedback.n_labels)
            loss = loss + feedback.automatic_weight * automatic
        return loss

    losses = train(network, loss_of, len(rated), feedback.settings, seed=seed, label=label, progress=progress)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return float(np.mean(losses[-max(1, len(losses) // 10) :]))


def mismatch_loss(network: RewardNetwork, features: Tensor, codes: Tensor, n_labels: int) -> Tensor:
    """Automatic feedback: the right label weighs as much as all wrong ones; unlabelled images are left out."""
    known = codes[:, 0] > 0
    features, codes = features[known], codes[known]
    if not len(codes):
        return features.sum() * 0.0
    asked = codes.repeat_interleave(n_labels, 0)
    asked[:, 0] = torch.arange(1, n_labels + 1, device=codes.device).repeat(len(codes))
    logits = network.judge(features.repeat_interleave(n_labels, 0), asked).view(-1, n_labels)
    right = functional.one_hot(codes[:, 0] - 1, n_labels).float()
    weight = right + (1 - right) / max(1, n_labels - 1)
    each = functional.binary_cross_entropy_with_logits(logits, right, reduction="none")
    return (each * weight).sum(1).mean() / 2


def _augmented(images: NDArray[np.uint8], kind: str, generator: Generator) -> Tensor:
    return augment(to_unit(images), kind, generator)


def _picked(real: Real | None, n: int, generator: Generator) -> Rows:
    if real is None:
        return np.zeros(0, np.int64)
    return np.asarray(torch.randint(len(real), (n,), generator=generator).numpy(), np.int64)


def _forgotten(codes: Tensor, generator: Generator, *, first: bool = True) -> Tensor:
    hidden = (torch.rand(codes.shape, generator=generator) < FORGET).to(codes.device)
    if not first:
        hidden[:, 0] = False
    return torch.where(hidden, torch.zeros_like(codes), codes)


def _balanced(rated: Rated) -> NDArray[np.float64]:
    """Weights with mean 1 under which both verdicts weigh the same, at most four times their own weight."""
    yes = rated.verdicts > 0
    total = rated.weights.sum()
    weights = rated.weights.copy()
    for side in (yes, ~yes):
        mine = rated.weights[side].sum()
        if mine > 0:
            weights[side] *= min(4.0, 0.5 * total / mine)
    return weights / weights.mean()
