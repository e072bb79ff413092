"""``draft``: the reward's gradient at one random late step of sampling."""

from __future__ import annotations

from copy import deepcopy
from math import log
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ..core import UserError, derive_seed, rng
from ._batches import noised
from ._concept import requests_of
from ._diffusion import Diffusion
from ._finetune import Finetuner, Finetuning
from ._optimise import LossOfStep
from ._samplers import SAMPLERS


class Draft(Finetuner):
    """Follow the reward's gradient through one late denoising step; the denoising loss keeps near the data.

    ``loss = L(real) - weight E [ log r(D(x_k; sigma_k, c), c) ]``: the model is sampled without gradient down
    to a noise level sigma_k drawn among the last ``late`` share of the steps, and the clean image that one
    more call predicts is judged (ReFL, arXiv 2304.05977; DRaFT-1, arXiv 2309.17400). Strong, and the most
    open to reward hacking: watch the evaluator and the held-out raters, not the reward.

    ``kl |D - D_base|^2`` on the noisy real images (weighted as the denoising loss; one more pass without gradient)
    and ``ceiling``, the reward above which an image is pushed no further, hold the model nearer to its base.
    """

    name = "draft"

    def __init__(
        self,
        *,
        weight: float = 0.2,
        late: float = 0.3,
        share: float = 0.25,
        guidance: float | None = None,
        kl: float = 0.0,
        ceiling: float = 1.0,
        checkpoint: str | None = None,
    ) -> None:
        super().__init__(checkpoint=checkpoint)
        if weight < 0 or kl < 0 or not (0 < late <= 1 and 0 < share <= 1 and 0 < ceiling <= 1):
            raise UserError("draft needs weight >= 0, kl >= 0, and late, share and ceiling in (0, 1]")
        self.weight, self.late, self.share, self.guidance = weight, late, share, guidance
        self.kl, self.ceiling = kl, ceiling

    def settings(self) -> dict[str, Any]:
        """Weight, share of late steps, share of the batch judged, guidance while sampling, what holds it back."""
        names = ("weight", "late", "share", "guidance", "kl", "ceiling")
        return {name: getattr(self, name) for name in names}

    def loss(self, job: Finetuning) -> LossOfStep:
        """Return ``L(real) + weight * (- log r)``; ``share`` of the batch is judged."""
        real_loss = self._near_base(job) if self.kl else job.real_loss()
        asked, judged = requests_of(job.model, job.train), max(1, round(self.share * job.budget.batch_size))
        draw_seed = derive_seed(job.seed, "judged")

        def loss(step: int) -> Tensor:
            tokens, wanted = asked.draw(draw_seed, step, judged)
            clean = self.late_prediction(job.model, tokens, draw_seed, step)
            doubt = softplus(-job.reward.logit(clean, wanted)) + log(self.ceiling)
            return real_loss(step) + self.weight * doubt.clamp(min=0.0).mean()

        return loss

    def _near_base(self, job: Finetuning) -> LossOfStep:
        """Return ``L(real) + kl |D - D_base|^2``, both on the same noisy images."""
        network, noise, seed = job.model.network, job.model.noise, job.seed
        base = deepcopy(job.base.network).eval().requires_grad_(False)
        device, spread = next(network.parameters()).device, network.sigma_data

        def loss(step: int) -> Tensor:
            asked = noised(job.data.batch(seed, step, job.budget.batch_size), noise, seed, step, device)
            with torch.no_grad():
                before = base(asked.x, asked.sigma, asked.tokens)
            now = network(asked.x, asked.sigma, asked.tokens)
            away = asked.loss(asked.clean + now - before, spread)
            return (asked.loss(now, spread) + self.kl * away).mean()

        return loss

    def late_prediction(self, model: Diffusion, tokens: Tensor, seed: int, step: int) -> Tensor:
        """Return D(x_k; sigma_k, c) in [-1, 1], with a gradient, at a late k drawn from (seed, step)."""
        sigmas = model.sigmas()
        steps = len(sigmas) - 1
        k = int(rng(seed, "late", step).integers(steps - max(1, round(self.late * steps)), steps))
        indices = [step * len(tokens) + i for i in range(len(tokens))]
        denoise = model.denoise(tokens, self.guidance)  # None: with the guidance that it is sampled with
        with torch.no_grad():
            x = model.initial_noise(indices, seed)
            x = SAMPLERS[model.sampler](denoise, x, sigmas[: k + 1]) if k else x
        clean: Tensor = denoise(x, sigmas[k].expand(len(x)))
        return clean.clamp(-1.0, 1.0)
