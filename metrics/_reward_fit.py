"""Training one reward network on ratings and on automatic feedback."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.nn import functional

from ..classifiers import Preprocessing, Settings, to_unit, train
from ..core import Progress
from ._reward_augment import reward_augmented
from ._reward_data import Rated, Real
from ._reward_network import RewardNetwork

Rows = NDArray[np.int64]
FORGET = 0.1
"""Share of conditions that are hidden in training, column by column, so that *unknown* has a meaning."""
YES_WEIGHT = 0.5
"""What *every criterion is met* of a real image weighs beside an expert's answers to the criteria."""


@dataclass(frozen=True)
class Feedback:
    """What one network is trained on, and how."""

    rated: Rated
    real: Real | None
    n_labels: int
    augment: str
    automatic_weight: float
    settings: Settings
    criteria_weight: float = 1.0


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

    Each step takes a batch of ratings, both verdicts weighing the same, with the answers to each criterion
    where there are any, and as many real images: plausible under their own label, with every criterion met,
    and implausible under every other label (arXiv 2306.12438 draws one other at random; the features of the
    image serve for all).
    """
    device = next(network.parameters()).device
    rated, real = feedback.rated, feedback.real
    weights = torch.from_numpy(_balanced(rated)).float().to(device)
    targets = torch.from_numpy(rated.verdicts).float().to(device)
    answers = torch.from_numpy(rated.answers).float().to(device)
    codes = torch.from_numpy(rated.codes).to(device)

    def loss_of(rows: Rows, generator: Generator) -> Tensor:
        chosen = torch.from_numpy(rows)
        images, picked = rated.images[rows], _picked(real, len(rows), generator)
        if real is not None:
            images = np.concatenate([images, real.images[picked]])
        unit = reward_augmented(to_unit(images), feedback.augment, generator).to(device)
        features = network.backbone(preprocessing(unit))
        verdict, said = network.both(features[: len(rows)], _forgotten(codes[chosen], generator))
        each = functional.binary_cross_entropy_with_logits(verdict, targets[chosen], reduction="none")
        loss = (each * weights[chosen]).mean()
        loss = loss + feedback.criteria_weight * answers_loss(said, answers[chosen])
        if real is not None:
            own = _forgotten(torch.from_numpy(real.codes[picked]).to(device), generator, first=False)
            automatic = automatic_loss(network, features[len(rows) :], own, feedback)
            loss = loss + feedback.automatic_weight * automatic
        return loss

    losses = train(network, loss_of, len(rated), feedback.settings, seed=seed, label=label, progress=progress)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return float(np.mean(losses[-max(1, len(losses) // 10) :]))


def answers_loss(logits: Tensor, answers: Tensor) -> Tensor:
    """Mean cross-entropy of (N, K) answers in [0, 1]; what nobody could tell (NaN) is left out."""
    known = ~torch.isnan(answers)
    if not bool(known.any()):
        return logits.sum() * 0.0
    return functional.binary_cross_entropy_with_logits(logits[known], answers[known])


def automatic_loss(network: RewardNetwork, features: Tensor, codes: Tensor, feedback: Feedback) -> Tensor:
    """Loss of real images: their own label is right and every other wrong, and under their own no criterion fails.

    The right label weighs as much as all wrong ones; unlabelled images are left out.
    """
    known = codes[:, 0] > 0
    features, codes, n = features[known], codes[known], feedback.n_labels
    if not len(codes):
        return features.sum() * 0.0
    asked = codes.repeat_interleave(n, 0)
    asked[:, 0] = torch.arange(1, n + 1, device=codes.device).repeat(len(codes))
    logits, answers = network.both(features.repeat_interleave(n, 0), asked)
    right = functional.one_hot(codes[:, 0] - 1, n).float()
    weight = right + (1 - right) / max(1, n - 1)
    each = functional.binary_cross_entropy_with_logits(logits.view(-1, n), right, reduction="none")
    own = answers.view(len(codes), n, -1)[torch.arange(len(codes), device=codes.device), codes[:, 0] - 1]
    met = answers_loss(own, torch.ones_like(own))
    return (each * weight).sum(1).mean() / 2 + YES_WEIGHT * feedback.criteria_weight * met


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
