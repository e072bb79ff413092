"""``kto``: plausible and implausible samples, unpaired, against the base as reference."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core import UserError, derive_seed
from ._batches import Batch, TrainingData, noised
from ._finetune import Finetuner, Finetuning
from ._optimise import LossOfStep
from ._own_samples import OwnSamples

FEWEST = 4


class Kto(Finetuner):
    """Raise the utility of plausible samples over the base, lower that of implausible ones (Diffusion-KTO).

    ``loss = real L(real) - E[ s(w (beta (L_ref(x) - L(x)) - Q)) ]`` with w = 1 for plausible and -1 for implausible
    samples x of the base, s the logistic function, L the denoising loss on the same noise, L_ref the base's, and
    ``Q = max(0, mean beta (L_ref - L))`` over the batch (Li et al. 2024, arXiv 2404.04465; Ethayarajh et al. 2024,
    arXiv 2402.01306). Offline: the samples are drawn and judged once; a reward of ``threshold`` or more is plausible.
    Without a threshold as many samples are plausible as the rewards add up to, those with the highest: an honest reward
    that is seldom sure calls few samples plausible, and none by a fixed threshold of one half. Each batch has as many
    of either kind, and as many real images as samples.
    """

    name = "kto"
    version = 2

    def __init__(
        self,
        *,
        beta: float = 1000.0,
        real: float = 1.0,
        samples: int = 256,
        threshold: float | None = None,
        checkpoint: str | None = None,
    ) -> None:
        super().__init__(checkpoint=checkpoint)
        if beta <= 0 or real < 0 or samples < 2 * FEWEST:
            raise UserError(f"kto needs beta > 0, real >= 0, and {2 * FEWEST} samples or more")
        if threshold is not None and not 0 < threshold < 1:
            raise UserError(f"kto needs a threshold between 0 and 1, or none, got {threshold!r}")
        self.beta, self.real, self.samples, self.threshold = beta, real, samples, threshold

    def settings(self) -> dict[str, Any]:
        """Beta, the weight of real images, the number of samples, and what counts as plausible."""
        return {"beta": self.beta, "real": self.real, "samples": self.samples, "threshold": self.threshold}

    def loss(self, job: Finetuning) -> LossOfStep:
        """Sample and judge the base once; raise ``UserError`` where it has too few samples of either kind."""
        model = job.model
        good, bad = self._sorted(job.own_samples(self.samples))
        reference = deepcopy(job.base.network).eval().requires_grad_(False)
        quarter, own_seed = max(1, job.half // 2), derive_seed(job.seed, "own")
        real_loss = job.real_loss(job.half)
        device = next(reference.parameters()).device
        sign = torch.tensor([1.0] * quarter + [-1.0] * quarter, device=device)

        def loss(step: int) -> Tensor:
            batch = _joined(good.batch(own_seed, step, quarter), bad.batch(own_seed + 1, step, quarter))
            asked = noised(batch, model.noise, own_seed, step, device)
            with torch.no_grad():
                of_reference = asked.loss(reference(asked.x, asked.sigma, asked.tokens), reference.sigma_data)
            of_model = asked.loss(model.network(asked.x, asked.sigma, asked.tokens), reference.sigma_data)
            gain = self.beta * (of_reference - of_model)
            drift = gain.detach().mean().clamp(min=0.0)
            return self.real * real_loss(step) - torch.sigmoid(sign * (gain - drift)).mean()

        return loss

    def _sorted(self, own: OwnSamples) -> tuple[TrainingData, TrainingData]:
        rewards = own.probability
        plausible = expected_plausible(rewards) if self.threshold is None else rewards >= self.threshold
        for kind, count in (("plausible", int(plausible.sum())), ("implausible", int((~plausible).sum()))):
            if count < FEWEST:
                raise UserError(
                    f"only {count} of {len(plausible)} samples of the base are {kind} by the reward "
                    f"(mean {rewards.mean():.3f}, from {rewards.min():.3f} to {rewards.max():.3f}); "
                    f"kto learns from {FEWEST} or more of either kind",
                    where=self.name,
                    remedy="raise samples, set a threshold between those, or take another method",
                )
        return own.only(np.flatnonzero(plausible)), own.only(np.flatnonzero(~plausible))


def expected_plausible(rewards: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which samples are plausible when as many are as the rewards (N,) add up to: those with the highest.

    Samples with the same reward are on the same side, so that a reward that tells nothing apart sorts nothing.

    >>> expected_plausible(np.array([0.1, 0.4, 0.3, 0.2])).tolist()
    [False, True, False, False]
    >>> expected_plausible(np.full(4, 0.5)).tolist()
    [False, False, False, False]
    """
    expected = round(float(rewards.sum()))
    if expected >= len(rewards):
        return np.ones(len(rewards), bool)
    return np.asarray(rewards > np.sort(rewards)[::-1][expected])


def _joined(first: Batch, second: Batch) -> Batch:
    return Batch(
        torch.cat([first.clean, second.clean]),
        torch.cat([first.tokens, second.tokens]),
        np.concatenate([first.rows, second.rows]),
    )
