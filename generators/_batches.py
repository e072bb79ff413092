"""Training batches: everything drawn in step t depends on (seed, t) alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core import UserError, derive_seed, did_you_mean, rng
from ..imagesets import ImageSet
from ._edm import denoising_loss, stratified_uniform, training_sigmas
from ._unet import Denoiser
from ._vocabulary import NULL, Vocabulary

FLIPS = ("none", "horizontal", "both")


def to_tensor(images: NDArray[np.uint8]) -> Tensor:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) float in [-1, 1]."""
    return (
        torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1.0
    )


def to_images(tensor: Tensor) -> NDArray[np.uint8]:
    """(N, 3, H, W) in [-1, 1] -> (N, H, W, 3) uint8, clipped and rounded."""
    levels = ((tensor.clamp(-1.0, 1.0) + 1.0) * 127.5).round().to(torch.uint8)
    return levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()


@dataclass(frozen=True)
class Batch:
    """Clean images (N, 3, H, W) in [-1, 1], their tokens (N, columns), and where they came from."""

    clean: Tensor
    tokens: Tensor
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class TrainingData:
    """Images in memory and their tokens; flips are those that leave a diagnosis as it is."""

    images: NDArray[np.uint8]
    tokens: NDArray[np.int64]
    flips: str = "both"

    @classmethod
    def of(cls, images: ImageSet, vocabulary: Vocabulary, size: int, flips: str) -> TrainingData:
        """Read all images at the given size."""
        if flips not in FLIPS:
            raise UserError(f"flips {flips!r} are not known", remedy=did_you_mean(flips, FLIPS))
        return cls(images.images(size=size), vocabulary.encode(images.table), flips)

    def spread(self) -> float:
        """sigma_data: the standard deviation of the pixels in [-1, 1]."""
        return float(np.std(self.images, dtype=np.float64) / 127.5)

    def batch(self, seed: int, step: int, size: int) -> Batch:
        """Return the batch of step t: epochs of shuffled images, one after the other, flipped at random."""
        rows = rows_of_step(len(self.images), seed, step, size)
        draw = rng(seed, "flip", step)
        clean = to_tensor(self.images[rows])
        if self.flips != "none":
            clean = _flip(clean, draw.random(size) < 0.5, 3)
        if self.flips == "both":
            clean = _flip(clean, draw.random(size) < 0.5, 2)
        return Batch(clean, torch.from_numpy(self.tokens[rows]), rows)


def rows_of_step(n: int, seed: int, step: int, size: int) -> NDArray[np.int64]:
    """Return the (size,) numbers, of 0 to n - 1, that step t takes: epochs of shuffled rows, one after the other."""
    places = np.arange(step * size, (step + 1) * size)
    epochs = {int(epoch): rng(seed, "epoch", int(epoch)).permutation(n) for epoch in np.unique(places // n)}
    return np.array([epochs[place // n][place % n] for place in places.tolist()], np.int64)


def _flip(clean: Tensor, mask: NDArray[np.bool_], axis: int) -> Tensor:
    turned = torch.from_numpy(mask)
    return torch.where(turned[:, None, None, None], clean.flip(axis), clean)


@dataclass(frozen=True)
class NoiseLevels:
    """Training noise: ``ln sigma ~ N(mean, spread^2)``, and how often conditions are dropped."""

    mean: float = -1.0
    spread: float = 1.2
    dropout: float = 0.1


def _drop(tokens: Tensor, share: float, draw: torch.Generator) -> Tensor:
    """Drop all conditions of that share of rows, and where there are several columns, as often each on its own."""
    whole = torch.rand(len(tokens), 1, generator=draw) < share
    single = torch.rand(tokens.shape, generator=draw) < (share if tokens.shape[1] > 1 else 0.0)
    return torch.where(whole | single, NULL, tokens)


@dataclass(frozen=True)
class Noised:
    """A batch as a denoiser is asked about it: noisy images, noise levels, tokens, and the clean images."""

    x: Tensor
    sigma: Tensor
    tokens: Tensor
    clean: Tensor

    def loss(self, predicted: Tensor, sigma_data: float) -> Tensor:
        """Return the weighted squared error of every predicted clean image, (N,)."""
        return denoising_loss(predicted, self.clean, self.sigma, sigma_data)


def noised(batch: Batch, noise: NoiseLevels, seed: int, step: int, device: torch.device) -> Noised:
    """Return the batch with the noise of step t: two denoisers that are asked get the same question."""
    draw = torch.Generator().manual_seed(derive_seed(seed, "noise", step))
    n = len(batch.clean)
    sigma = training_sigmas(stratified_uniform(n, draw), noise.mean, noise.spread)
    added = torch.randn(batch.clean.shape, generator=draw) * sigma[:, None, None, None]
    tokens = _drop(batch.tokens, noise.dropout, draw).to(device)
    clean, sigma = batch.clean.to(device), sigma.to(device)
    return Noised(clean + added.to(device), sigma, tokens, clean)


def losses(denoiser: Denoiser, batch: Batch, noise: NoiseLevels, seed: int, step: int) -> Tensor:
    """Return the denoising loss of every image of the batch at step t, (N,)."""
    asked = noised(batch, noise, seed, step, next(denoiser.parameters()).device)
    return asked.loss(denoiser(asked.x, asked.sigma, asked.tokens), denoiser.sigma_data)
