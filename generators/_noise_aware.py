"""A reward of noisy images, ``r(x_t, sigma, c) = E[r(x_0, c) | x_t]``, distilled from one of clean images."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ..core import Progress, UserError, atomic_folder, content_key, derive_seed, rng, write_json
from ..imagesets import ImageSet
from ._batches import TrainingData, to_tensor
from ._contracts import Budget, Reward
from ._diffusion import Diffusion
from ._edm import stratified_uniform
from ._noise_aware_network import NoiseAwareNetwork
from ._optimise import LossOfStep, Schedule, optimise
from ._own_samples import own_samples
from ._vocabulary import Vocabulary, column_values

LEARNING_RATE = 2e-3
ABOUT, WEIGHTS = "noise-aware.json", "weights.safetensors"
_UNREADABLE = (OSError, SafetensorError, RuntimeError, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True)
class Judged:
    """Clean images as training data, and the reward's probability of each, (N,)."""

    data: TrainingData
    probability: NDArray[np.float64]

    def drawn(self, seed: int) -> Judged:
        """Return as many images, drawn with repetition: what one member of an ensemble sees."""
        rows = rng(seed, "bootstrap").integers(len(self.probability), size=len(self.probability))
        data = TrainingData(self.data.images[rows], self.data.tokens[rows], self.data.flips)
        return Judged(data, self.probability[rows])


class NoiseAwareReward:
    """P(plausible) of the clean image behind a noisy one; the mean logit of several small networks."""

    version = 1

    def __init__(
        self,
        networks: Sequence[NoiseAwareNetwork],
        vocabulary: Vocabulary,
        levels: tuple[float, float],
    ) -> None:
        self.networks = [network.eval().requires_grad_(False) for network in networks]
        self.vocabulary, self.levels = vocabulary, levels

    def logit_at(self, x: Tensor, sigma: Tensor, tokens: Tensor) -> Tensor:
        """Return the logits (N,) of noisy images (N, 3, H, W) at levels (N,) for tokens (N, columns)."""
        return torch.stack([network.to(x.device)(x, sigma, tokens) for network in self.networks]).mean(0)

    def logit(self, images: Any, conditions: pd.DataFrame) -> Any:
        """Return the logits (N,) of clean images (N, 3, H, W) in [-1, 1]: at the lowest noise level."""
        tokens = torch.from_numpy(self.vocabulary.encode(conditions)).to(images.device)
        return self.logit_at(images, torch.full((len(images),), self.levels[0], device=images.device), tokens)

    def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
        """Return P(plausible) (N,) of clean images (N, H, W, 3)."""
        device = next(self.networks[0].parameters()).device
        with torch.no_grad():
            found = torch.sigmoid(self.logit(to_tensor(images).to(device), conditions))
        return np.asarray(found.cpu().numpy(), dtype=np.float64)

    @property
    def key(self) -> str:
        """Content key of all weights."""
        states = [{k: v.cpu().numpy() for k, v in n.state_dict().items()} for n in self.networks]
        return content_key("noise-aware reward", self.version, states)

    def save(self, folder: str | Path) -> None:
        """Write the networks and what they condition on into a folder."""
        state = {
            f"{i}.{name}": value.contiguous().cpu()
            for i, network in enumerate(self.networks)
            for name, value in network.state_dict().items()
        }
        note = {
            "version": self.version,
            "members": len(self.networks),
            "values": {column: list(values) for column, values in self.vocabulary.values.items()},
            "levels": list(self.levels),
            "sigma_data": self.networks[0].sigma_data,
        }
        with atomic_folder(folder, replace=True) as into:
            write_json(into / ABOUT, note)
            save_file(state, into / WEIGHTS)

    @classmethod
    def load(cls, folder: str | Path) -> NoiseAwareReward:
        """Read what ``save`` wrote; ``UserError`` for what is missing or damaged."""
        try:
            note = json.loads((Path(folder) / ABOUT).read_text(encoding="utf-8"))
            state = load_file(Path(folder) / WEIGHTS)
            known = Vocabulary({column: tuple(values) for column, values in note["values"].items()})
            networks = []
            for i in range(note["members"]):
                network = NoiseAwareNetwork(known.sizes, float(note["sigma_data"]), 0)
                mine = {k.partition(".")[2]: v for k, v in state.items() if k.startswith(f"{i}.")}
                network.load_state_dict(mine)
                networks.append(network)
            low, high = note["levels"]
        except _UNREADABLE as error:
            raise UserError(
                f"not a saved noise-aware reward: {error}", where=folder, remedy="align again"
            ) from error
        return cls(networks, known, (float(low), float(high)))


def distil(
    reward: Reward,
    base: Diffusion,
    train: ImageSet,
    *,
    members: int,
    samples: int,
    budget: Budget,
    seed: int,
    progress: Progress,
) -> NoiseAwareReward:
    """Return a noise-aware reward that was fitted to a reward of clean images.

    Each of the ``members`` networks takes ``budget.steps`` steps on batches of ``budget.batch_size`` images, half of
    them the base's own samples and half real images under their own requests, with noise of a level between the
    sampler's lowest and highest (uniform in its logarithm), and sees a bootstrap of either. The cross-entropy against
    r(x_0, c) is least at E[r(x_0, c) | x_t].
    """
    own = own_samples(base, reward, train, samples, seed=seed, batch_size=budget.batch_size)
    known = base.vocabulary
    assert known is not None
    parts = [Judged(own.data, own.probability), _judged(reward, base, train, known)]
    levels, networks = (base.sigma_min, base.sigma_max), []
    for member in range(members):
        own_seed = derive_seed(seed, "noise-aware", member)
        network = NoiseAwareNetwork(known.sizes, base.network.sigma_data, own_seed).to(base.device)
        drawn = [part.drawn(derive_seed(own_seed, i)) for i, part in enumerate(parts)]
        label = f"noise-aware {member + 1}/{members}"
        fit_noise_aware(network, drawn, levels, budget, own_seed, progress, label)
        networks.append(network)
    return NoiseAwareReward(networks, known, levels)


def fit_noise_aware(
    network: NoiseAwareNetwork,
    parts: Sequence[Judged],
    levels: tuple[float, float],
    budget: Budget,
    seed: int,
    progress: Progress,
    label: str,
) -> list[float]:
    """Train one network in place on equal parts of each batch; return the losses."""
    schedule = Schedule(budget.steps, LEARNING_RATE, ema=0.99)
    loss = noise_aware_loss(network, parts, levels, max(1, budget.batch_size // len(parts)), seed)
    return optimise(network, loss, schedule, progress=progress, label=label)


def noise_aware_loss(
    network: NoiseAwareNetwork,
    parts: Sequence[Judged],
    levels: tuple[float, float],
    share: int,
    seed: int,
) -> LossOfStep:
    """Return the function step -> cross-entropy of r(x_t, sigma, c) to r(x_0, c), ``share`` images of each part."""
    device = next(network.parameters()).device
    low, high = np.log(levels)

    def loss(step: int) -> Tensor:
        batches = [part.data.batch(derive_seed(seed, i), step, share) for i, part in enumerate(parts)]
        clean = torch.cat([batch.clean for batch in batches])
        wanted = np.concatenate([part.probability[b.rows] for part, b in zip(parts, batches, strict=True)])
        draw = torch.Generator().manual_seed(derive_seed(seed, "noise", step))
        sigma = (low + (high - low) * stratified_uniform(len(clean), draw)).exp()
        x = clean + sigma[:, None, None, None] * torch.randn(clean.shape, generator=draw)
        tokens = torch.cat([batch.tokens for batch in batches]).to(device)
        logits = network(x.to(device), sigma.to(device), tokens)
        return binary_cross_entropy_with_logits(logits, torch.from_numpy(wanted).float().to(device))

    return loss


def _judged(reward: Reward, base: Diffusion, train: ImageSet, known: Vocabulary) -> Judged:
    data = base.training_data(train)
    columns = [column for column in known.columns if column in train.table.columns]
    table = pd.DataFrame({column: column_values(train.table, column) for column in columns})
    return Judged(data, np.asarray(reward.probability(data.images, table), dtype=np.float64))
