"""Logits of trained reward networks for arrays of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..classifiers import Preprocessing, to_unit
from ..core import rng
from ._reward_data import Real
from ._reward_network import RewardNetwork

BATCH = 64


def batched_logits(
    networks: Sequence[RewardNetwork],
    preprocessing: Preprocessing,
    images: NDArray[np.uint8],
    codes: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Mean logit (N,) of the networks, in evaluation mode, a fixed number of images at a time."""
    return _batched(networks, preprocessing, images, codes, lambda network, x, c: network(x, c))


def _batched(
    networks: Sequence[RewardNetwork],
    preprocessing: Preprocessing,
    images: NDArray[np.uint8],
    codes: NDArray[np.int64],
    asked: Callable[[RewardNetwork, Tensor, Tensor], Tensor],
) -> NDArray[np.float64]:
    device = next(networks[0].parameters()).device
    found = []
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            x = preprocessing(to_unit(images[start : start + BATCH], device))
            c = torch.from_numpy(codes[start : start + BATCH]).to(device)
            each = [asked(network.eval(), x, c) for network in networks]
            found.append(torch.stack(each).mean(0).double().cpu().numpy())
    return np.concatenate(found) if found else np.zeros(0)


def batched_answers(
    networks: Sequence[RewardNetwork],
    preprocessing: Preprocessing,
    images: NDArray[np.uint8],
    codes: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Mean logits (N, 1 + criteria) of the networks: the verdict, then each criterion."""

    def asked(network: RewardNetwork, x: Tensor, c: Tensor) -> Tensor:
        verdict, answers = network.both(network.backbone(x), c)
        return torch.cat([verdict[:, None], answers], 1)

    answers = networks[0].answers
    width = 1 if answers is None else 1 + answers.out_features
    return _batched(networks, preprocessing, images, codes, asked).reshape(len(images), width)


def batched_features(
    network: RewardNetwork,
    preprocessing: Preprocessing,
    images: NDArray[np.uint8],
    codes: NDArray[np.int64],
) -> NDArray[np.float64]:
    """What one network's last hidden layer (N, D) holds of each image under its conditions."""
    return _batched([network], preprocessing, images, codes, lambda n, x, c: n.hidden(n.backbone(x), c))


def swap_logits(
    networks: Sequence[RewardNetwork],
    preprocessing: Preprocessing,
    real: Real | None,
    n_labels: int,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits of held-out real images under their own label, and under a wrong one."""
    known = np.zeros(0, np.int64) if real is None else np.flatnonzero(real.codes[:, 0] > 0)
    if real is None or n_labels < 2 or not len(known):
        return np.zeros(0), np.zeros(0)
    mine = real.subset(known)
    wrong = mine.codes.copy()
    shift = rng(seed, "swap").integers(1, n_labels, len(wrong))
    wrong[:, 0] = (wrong[:, 0] - 1 + shift) % n_labels + 1
    right = batched_logits(networks, preprocessing, mine.images, mine.codes)
    return right, batched_logits(networks, preprocessing, mine.images, wrong)
