"""``nft``: the model's own samples, each a positive to the degree that it is plausible and a negative for the rest."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core import UserError, derive_seed
from ._batches import noised
from ._finetune import Finetuner, Finetuning
from ._optimise import LossOfStep
from ._own_samples import OwnSamples


def implicit(old: Tensor, new: Tensor, beta: float) -> tuple[Tensor, Tensor]:
    """Return the implicit positive and negative predictions, ``(1 - beta) old + beta new`` and its mirror image.

    Where x is drawn with reward r, ``E[ r |positive - x|^2 + (1 - r) |negative - x|^2 ]`` is least at
    ``new = old + E[(2 r - 1)(x - old)] / beta``.
    """
    moved = beta * (new - old)
    return old + moved, old - moved


class Nft(Finetuner):
    """Contrast an implicit positive and an implicit negative model on the forward process (DiffusionNFT).

    ``loss = real L(real) + E[ r |D+ - x|^2 + (1 - r) |D- - x|^2 ] + kl |D - D_base|^2`` (weighted as the denoising
    loss), with ``D+ = (1 - beta) D_old + beta D`` and ``D- = (1 + beta) D_old - beta D``, x samples of the old model
    and r their reward in [0, 1] (Zheng et al. 2025, arXiv 2509.16117, there for velocities). Online in ``rounds``: at
    the beginning of each the model samples anew and becomes the old one; with r constant nothing moves. ``normalise``
    takes ``r = 1/2 + clip((p - mean) / spread, -1, 1) / 2``, the mean among samples of one request, as there.
    """

    name = "nft"

    def __init__(
        self,
        *,
        beta: float = 1.0,
        rounds: int = 4,
        samples: int = 128,
        real: float = 1.0,
        kl: float = 0.0,
        normalise: bool = True,
        checkpoint: str | None = None,
    ) -> None:
        super().__init__(checkpoint=checkpoint)
        if not beta > 0 or rounds < 1 or samples < 2 or real < 0 or kl < 0:
            raise UserError("nft needs beta > 0, rounds >= 1, two samples or more, real >= 0 and kl >= 0")
        self.beta, self.rounds, self.samples, self.real, self.kl = beta, rounds, samples, real, kl
        self.normalise = normalise

    def settings(self) -> dict[str, Any]:
        """Beta, rounds, samples a round, the weights of real images and of the base, and how rewards are scaled."""
        return {
            "beta": self.beta,
            "rounds": self.rounds,
            "samples": self.samples,
            "real": self.real,
            "kl": self.kl,
            "normalise": self.normalise,
        }

    def loss(self, job: Finetuning) -> LossOfStep:
        """Sample the model, which becomes the old one, and return this round's loss."""
        model, own = job.model, job.own_samples(self.samples)
        rewards = torch.from_numpy(self._scaled(own).astype(np.float32))
        old, base = (deepcopy(each.network).eval().requires_grad_(False) for each in (model, job.base))
        half, own_seed = job.half, derive_seed(job.seed, "own")
        real_loss = job.real_loss(half)
        device = next(old.parameters()).device

        def loss(step: int) -> Tensor:
            batch = own.data.batch(own_seed, step, half)
            asked = noised(batch, model.noise, own_seed, step, device)
            r = rewards[torch.from_numpy(batch.rows)].to(device)
            with torch.no_grad():
                before = old(asked.x, asked.sigma, asked.tokens)
                at_base = base(asked.x, asked.sigma, asked.tokens) if self.kl else before
            now = model.network(asked.x, asked.sigma, asked.tokens)
            positive, negative = implicit(before, now, self.beta)
            found = r * asked.loss(positive, old.sigma_data) + (1 - r) * asked.loss(negative, old.sigma_data)
            found = found.mean()
            if self.kl:
                away = asked.loss(asked.clean + now - at_base, old.sigma_data)
                found = found + self.kl * away.mean()
            return found + (self.real * real_loss(step) if self.real else 0.0)

        return loss

    def _scaled(self, own: OwnSamples) -> NDArray[np.float64]:
        p = own.probability
        if not self.normalise:
            return p
        kinds = own.table.astype(str).agg(" ".join, axis=1)
        centred = p - own.table.assign(p=p).groupby(kinds)["p"].transform("mean").to_numpy()
        spread = float(centred.std())
        return 0.5 + 0.5 * np.clip(centred / spread, -1, 1) if spread > 0 else np.full(len(p), 0.5)
