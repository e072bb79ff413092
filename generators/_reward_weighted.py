"""``reward-weighted``: the offline loss of arXiv 2306.12438."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..core import UserError, derive_seed
from ._batches import losses
from ._finetune import Finetuner, Finetuning
from ._optimise import LossOfStep


class RewardWeighted(Finetuner):
    """Denoise the model's own samples, each weighted by its reward, beside real images.

    ``loss = beta L(real) + E [ r(x, c) L(x) ]`` over samples x of the base under conditions c, where r is the
    probability that experts find x plausible (*Aligning Synthetic Medical Images with Clinical Knowledge
    using Human Feedback*, arXiv 2306.12438; there beta = 0.3). One offline round: the samples are drawn once.
    Half of each batch is real and half is sampled, so that a step costs what a step of ``real-only`` costs.
    """

    name = "reward-weighted"

    def __init__(self, *, beta: float = 0.3, samples: int = 256, checkpoint: str | None = None) -> None:
        super().__init__(checkpoint=checkpoint)
        if beta < 0 or samples < 1:
            raise UserError("reward-weighted needs beta >= 0 and at least one sample")
        self.beta, self.samples = beta, samples

    def settings(self) -> dict[str, Any]:
        """Beta and the number of samples."""
        return {"beta": self.beta, "samples": self.samples}

    def loss(self, job: Finetuning) -> LossOfStep:
        """Sample the base once, weigh the samples, and return ``beta L(real) + mean r L(samples)``."""
        drawn, model, half = job.own_samples(self.samples), job.model, job.half
        own, weights = drawn.data, torch.from_numpy(drawn.probability.astype(np.float32))
        real_loss, own_seed = job.real_loss(half), derive_seed(job.seed, "own")

        def loss(step: int) -> Tensor:
            batch = own.batch(own_seed, step, half)
            each = losses(model.network, batch, model.noise, own_seed, step)
            return self.beta * real_loss(step) + (weights[batch.rows].to(each.device) * each).mean()

        return loss
