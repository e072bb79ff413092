"""Images of one pixel whose denoiser is known in closed form, with one number to be learned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from synmedbench.core import silent
from synmedbench.generators import Budget, Diffusion, conditions_like, sample_images
from synmedbench.generators._batches import NoiseLevels
from synmedbench.generators._edm import training_sigmas
from synmedbench.generators._vocabulary import Vocabulary
from synmedbench.imagesets import ImageSet


class GaussianToy(nn.Module):
    """The denoiser of N(m, s^2) in every pixel, ``(s^2 x + sigma^2 m) / (s^2 + sigma^2)``; m is learned by label."""

    def __init__(self, means: tuple[float, float], spread: float) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.tensor([0.0, *means]))
        self.sigma_data, self.bf16 = spread, False

    def forward(self, x: Tensor, sigma: Tensor, tokens: Tensor) -> Tensor:
        c = pull(sigma, self.sigma_data)[:, None, None, None]
        return (1 - c) * x + c * self.mean[tokens[:, 0]][:, None, None, None]


class MixtureToy(nn.Module):
    """The denoiser of two narrow spots: all pixels near a with the learned share, near -a otherwise."""

    at, narrow = 0.5, 0.05

    def __init__(self, share: float) -> None:
        super().__init__()
        self.odds = nn.Parameter(torch.tensor(np.log(share / (1 - share)), dtype=torch.float32))
        self.sigma_data, self.bf16 = self.at, False

    @property
    def share(self) -> float:
        return float(torch.sigmoid(self.odds.detach()))

    def forward(self, x: Tensor, sigma: Tensor, tokens: Tensor) -> Tensor:
        width = self.narrow**2 + sigma**2
        bright = torch.sigmoid(self.odds + 2 * self.at * x.sum((1, 2, 3)) / width)[:, None, None, None]
        c = pull(sigma, self.narrow)[:, None, None, None]
        return (1 - c) * x + c * self.at * (2 * bright - 1)


def pull(sigma: Tensor, spread: float) -> Tensor:
    """How far a Gaussian's denoiser goes from the noisy pixel to the mean."""
    return sigma**2 / (spread**2 + sigma**2)


def curvature(spread: float) -> float:
    """A in ``E L(m) = A (m - mean)^2 + constant``: the mean of the loss weight times ``pull^2`` over noise levels."""
    levels = NoiseLevels(dropout=0.0)
    sigma = training_sigmas((torch.arange(20000) + 0.5) / 20000, levels.mean, levels.spread)
    return float((sigma**2 / (spread**2 * (spread**2 + sigma**2))).mean())


def toy_model(network: nn.Module, **options: Any) -> Diffusion:
    """A fitted diffusion model of 1 x 1 images with labels a and b, with this denoiser."""
    told = {"sampler": "heun", "sampling_steps": 24, "sigma_max": 10.0, **options}
    model = Diffusion("unet-micro", guidance=0.0, dropout=0.0, ema=0.95, flips="none", device="cpu", **told)
    model.size, model.vocabulary = 1, Vocabulary({"label": ("a", "b")})
    model.denoiser = network  # type: ignore[assignment]
    return model


def pixels(values: NDArray[np.float64], labels: list[str] | None = None) -> ImageSet:
    """Images of one grey pixel each, from values in [-1, 1]."""
    grey = np.clip(np.round((values + 1) * 127.5), 0, 255).astype(np.uint8)
    table = pd.DataFrame({"label": labels or ["a", "b"] * (len(values) // 2)})
    return ImageSet.from_arrays(np.repeat(grey, 3).reshape(-1, 1, 1, 3), table)


def levels(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The mean of every image, in [-1, 1]."""
    return images.mean((1, 2, 3)) / 127.5 - 1.0


def aligned(method: Any, base: Diffusion, reward: Any, train: ImageSet, **budget: Any) -> Any:
    """The method's result with a budget that lets one number converge."""
    wanted = Budget(**{"steps": 300, "batch_size": 128, "learning_rate": 0.02, **budget})
    return method.align(base, reward, train, seed=3, budget=wanted, progress=silent())


def drawn(model: Any, train: ImageSet, n: int, seed: int = 7) -> NDArray[np.float64]:
    """The levels of n images of a model."""
    return levels(sample_images(model, conditions_like(train.table, n), seed=seed, batch_size=500).images())


class Linear:
    """log r = w mean(x), so far below 0 that its logistic function is its exponential."""

    def __init__(self, weight: float) -> None:
        self.weight = weight

    def logit(self, images: Tensor, conditions: pd.DataFrame) -> Tensor:
        return self.weight * images.mean((1, 2, 3)) - 60.0


class Steps:
    """P(plausible) is ``high`` for what is brighter than a level, else ``low``."""

    def __init__(self, high: float, low: float, level: float = 0.0) -> None:
        self.high, self.low, self.level = high, low, level

    def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
        return np.where(levels(images) > self.level, self.high, self.low)


class Rising:
    """P(plausible) rises with brightness."""

    def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
        return 1 / (1 + np.exp(-4.0 * levels(images)))
