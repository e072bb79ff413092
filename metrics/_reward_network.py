"""The reward network: a timm backbone whose features are modulated by the conditions (FiLM)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class RewardNetwork(nn.Module):
    """One logit of *plausible* for an image under its conditions.

    z = LayerNorm(f(x)) * (1 + gamma(c)) + beta(c), then a small perceptron (Perez et al. 2018). ``sizes`` are the
    numbers of values of each condition column; code 0 is *unknown*, values are coded from 1. ``criteria`` is the
    number of further logits, one for each criterion, from the same hidden layer.
    """

    def __init__(
        self,
        backbone: nn.Module,
        width: int,
        sizes: Sequence[int],
        *,
        criteria: int = 0,
        seed: int,
        embedding: int = 32,
        hidden: int = 64,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.norm = nn.LayerNorm(width)
            self.embeddings = nn.ModuleList(nn.Embedding(size + 1, embedding) for size in sizes)
            self.film = nn.Linear(embedding, 2 * width)
            self.head = nn.Sequential(
                nn.Linear(width, hidden), nn.GELU(), nn.Dropout(0.2), nn.Linear(hidden, 1)
            )
            self.answers = nn.Linear(hidden, criteria) if criteria else None
            nn.init.normal_(self.film.weight, std=0.1)
            nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, codes: Tensor) -> Tensor:
        """Return the logits (N,) of preprocessed images (N, 3, H, W) and condition codes (N, columns)."""
        return self.judge(self.backbone(x), codes)

    def judge(self, features: Tensor, codes: Tensor) -> Tensor:
        """Return the logits (N,) of features (N, D): many conditions can be asked of one image at little cost."""
        return self.both(features, codes)[0]

    def both(self, features: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits (N,) of the verdict and (N, criteria) of the criteria."""
        hidden = self.hidden(features, codes)
        verdict: Tensor = self.head[-1](hidden).squeeze(1)
        answers = verdict.new_zeros(len(verdict), 0) if self.answers is None else self.answers(hidden)
        return verdict, answers

    def hidden(self, features: Tensor, codes: Tensor) -> Tensor:
        """Return the last hidden layer (N, hidden) for features (N, D) under their conditions."""
        condition = torch.stack([table(codes[:, j]) for j, table in enumerate(self.embeddings)]).sum(0)
        gamma, beta = self.film(condition).chunk(2, dim=1)
        found: Tensor = self.head[:-1](self.norm(features) * (1 + gamma) + beta)
        return found
