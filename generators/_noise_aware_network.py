"""A network that predicts a reward from a noisy image: one logit for an image, its noise level and its request."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from ._edm import precondition

WIDTHS = (3, 32, 64, 96)
CODE = 64


class NoiseAwareNetwork(nn.Module):
    """``logit r(x_t, sigma, c) = a(sigma, c) + rho(sigma) h(c_in x_t, sigma, c)``, rho = s / sqrt(sigma^2 + s^2).

    rho is the correlation of a noisy pixel with its clean one (s is the spread of the pixels), and so much of the image
    is still to be seen. It keeps ``sigma^2 grad log r`` bounded at every noise level, and it is exact where images are
    Gaussian and log r is linear: then ``log E[r | x_t]`` is a constant and rho times a linear function of ``c_in x_t``.
    Noise level and request modulate the channels of every layer (FiLM); nothing normalises the channels, since at high
    noise their mean is what is left of the image. ``sizes`` are the numbers of tokens of each
    condition column; the weights depend on the seed alone.
    """

    waves: Tensor

    def __init__(self, sizes: Sequence[int], sigma_data: float, seed: int) -> None:
        super().__init__()
        self.sigma_data = sigma_data
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.tables = nn.ModuleList(nn.Embedding(n, CODE) for n in sizes)
            self.level = nn.Sequential(nn.Linear(CODE, CODE), nn.SiLU(), nn.Linear(CODE, CODE))
            self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in pairwise(WIDTHS))
            self.films = nn.ModuleList(nn.Linear(CODE, 2 * width) for width in WIDTHS[1:])
            self.constant = nn.Linear(CODE, 1)
            self.head = nn.Linear(WIDTHS[-1], 1)
            nn.init.zeros_(self.head.weight)
        self.register_buffer("waves", torch.exp(torch.linspace(-1.0, 3.0, CODE // 2)), persistent=False)

    def forward(self, x: Tensor, sigma: Tensor, tokens: Tensor) -> Tensor:
        """Return the logits (N,) of noisy images (N, 3, H, W), noise levels (N,) and tokens (N, columns)."""
        _, _, c_in, c_noise = precondition(sigma, self.sigma_data)
        angles = c_noise[:, None] * self.waves
        code = self.level(torch.cat([angles.sin(), angles.cos()], 1))
        code = silu(code + torch.stack([table(tokens[:, k]) for k, table in enumerate(self.tables)]).sum(0))
        hidden = c_in[:, None, None, None] * x
        for layer, film in zip(self.layers, self.films, strict=True):
            scale, shift = film(code)[:, :, None, None].chunk(2, 1)
            hidden = silu(layer(hidden) * (1 + scale) + shift)
        seen = self.head(hidden.mean((2, 3))).squeeze(1)
        logits: Tensor = self.constant(code).squeeze(1) + self.sigma_data * c_in * seen
        return logits
