"""EDM: preconditioning, noise levels and loss weight of Karras et al. 2022 (arXiv 2206.00364), table 1."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def precondition(sigma: Tensor, sigma_data: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return c_skip, c_out, c_in, c_noise for noise levels of any shape.

    ``D(x; sigma) = c_skip x + c_out F(c_in x; c_noise)``: the network F sees and predicts unit variance.
    """
    total = (sigma**2 + sigma_data**2).sqrt()
    c_skip = sigma_data**2 / total**2
    c_out = sigma * sigma_data / total
    return c_skip, c_out, 1.0 / total, sigma.log() / 4.0


def training_sigmas(uniform: Tensor, mean: float, spread: float) -> Tensor:
    """Return noise levels with ``ln sigma ~ N(mean, spread^2)`` from uniform numbers in (0, 1)."""
    normal = math.sqrt(2.0) * torch.erfinv(2.0 * uniform.clamp(1e-6, 1.0 - 1e-6) - 1.0)
    return (mean + spread * normal).exp()


def stratified_uniform(n: int, generator: torch.Generator) -> Tensor:
    """Return n uniform numbers, one in each n-th of (0, 1), in random order: a batch covers all levels."""
    ranks = torch.randperm(n, generator=generator)
    return (ranks + torch.rand(n, generator=generator)) / n


def denoising_loss(predicted: Tensor, clean: Tensor, sigma: Tensor, sigma_data: float) -> Tensor:
    """Return the weighted squared error of every image, (N,).

    The weight ``1 / c_out^2 = (sigma^2 + sigma_data^2) / (sigma sigma_data)^2`` makes it 1 at initialisation
    for every noise level.
    """
    weight = (sigma**2 + sigma_data**2) / (sigma * sigma_data) ** 2
    return weight * (predicted - clean).square().flatten(1).mean(1)
