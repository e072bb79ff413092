"""``guidance``: the reward's gradient bends every step of sampling; the base is not trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import logsigmoid

from ..core import Progress, UserError
from ..imagesets import ImageSet
from ._batches import to_images
from ._contracts import Budget, Conditions, Generator, Reward
from ._diffusion import Diffusion
from ._edm import precondition
from ._noise_aware import NoiseAwareReward, distil
from ._rewarded import Rewarded, Steerer
from ._samplers import SAMPLERS


class RewardGuidance(Steerer):
    """Sample from ``p(x | c) r(x, c)^strength`` as far as one gradient a step reaches.

    ``D'(x; sigma) = D + strength c_out(sigma)^2 grad log r(D(x; sigma), c)``: the reward's gradient is taken at the
    clean image that the denoiser predicts, and scaled by the variance ``c_out^2 = sigma^2 s^2 / (sigma^2 + s^2)`` that
    an image of spread s has left at this noise level. That is exact for Gaussian images; the denoiser's own Jacobian,
    which other forms use (Bansal et al. 2023, arXiv 2302.07121), is left out as in He et al. 2023 (arXiv 2311.16424):
    times sigma^2 its errors at high noise outweigh the reward. There is no training, and its distance from the base has
    no bound: it is shown by strength.

    ``noise_aware`` instead learns the reward of noisy images, ``r(x_t, sigma, c) = E[r(x_0, c) | x_t]``, and adds
    ``strength sigma^2 grad log r(x_t, sigma, c)``: exact at strength 1 for any images, as far as r is learned (Yoon et
    al. 2023, arXiv 2307.02770). As there it is an ensemble, of ``members`` small networks. Unlike there they learn
    from the given reward's probability of ``samples`` images of the base and of the real images, not from people's
    answers; they are small and new, not a pretrained encoder; and there is neither backward guidance nor recurrence.
    Each member takes the budget's steps.
    """

    name = "guidance"

    def __init__(
        self, *, strength: float = 1.0, noise_aware: bool = False, members: int = 5, samples: int = 512
    ) -> None:
        if isinstance(strength, bool) or not isinstance(strength, int | float) or not 0 < strength < np.inf:
            raise UserError(f"guidance needs a strength above 0, got {strength!r}")
        if not isinstance(noise_aware, bool) or members < 1 or samples < 1:
            raise UserError("guidance needs noise_aware true or false, and members and samples of 1 or more")
        self.strength, self.noise_aware = float(strength), noise_aware
        self.members, self.samples = members, samples

    def align(
        self,
        base: Generator,
        reward: Reward,
        train: ImageSet,
        *,
        seed: int,
        budget: Budget,
        progress: Progress,
    ) -> Rewarded:
        """Return the base with the reward, or with a noise-aware one that takes the budget's steps to fit."""
        guided = super().align(base, reward, train, seed=seed, budget=budget, progress=progress)
        if not self.noise_aware:
            return guided
        seen = distil(
            reward,
            guided.base,
            train,
            members=self.members,
            samples=self.samples,
            budget=budget,
            seed=seed,
            progress=progress,
        )
        return NoiseAwareDiffusion(guided.base, seen, strength=self.strength)

    def rewarded(self, base: Diffusion, reward: Reward) -> GuidedDiffusion:
        """Return the base with the reward beside it."""
        return GuidedDiffusion(base, reward, strength=self.strength)


class GuidedDiffusion(Rewarded):
    """A diffusion model whose steps follow the reward's gradient."""

    kind = "guidance"
    follows = "the reward's gradient"

    def __init__(self, base: Diffusion, reward: Reward, *, strength: float) -> None:
        super().__init__(base, reward, f"guided by {self.follows}, strength {strength:g}", strength=strength)
        self.strength = strength

    def sample(
        self, conditions: Conditions, *, indices: Sequence[int], seed: int, batch_size: int
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield (B, H, W, 3) uint8 batches; the noise is the base's for the same seed and index."""
        base = self.base
        base.network.eval()
        for start in range(0, len(indices), batch_size):
            rows = list(indices[start : start + batch_size])
            wanted = conditions.table.iloc[rows].reset_index(drop=True)
            denoise = self.steered(base.denoise(base.tokens(conditions, rows)), wanted)
            yield to_images(
                SAMPLERS[base.sampler](denoise, base.initial_noise(rows, seed), base.sigmas()).detach()
            )

    def steered(self, denoise: Any, wanted: pd.DataFrame) -> Any:
        """Return D' for these rows of the conditions."""
        spread = self.base.network.sigma_data

        def bent(x: Tensor, sigma: Tensor) -> Tensor:
            with torch.no_grad():
                predicted = denoise(x, sigma)
            with torch.enable_grad():
                clean = predicted.detach().requires_grad_()
                (slope,) = torch.autograd.grad(logsigmoid(self.reward.logit(clean, wanted)).sum(), clean)
            _, left, _, _ = precondition(sigma, spread)
            return predicted + self.strength * left.square()[:, None, None, None] * slope

        return bent


class NoiseAwareDiffusion(GuidedDiffusion):
    """A diffusion model whose steps follow the gradient of a reward that sees noisy images."""

    kind = "noise-aware-guidance"
    follows = "the gradient of a reward of noisy images"
    reward: NoiseAwareReward

    def steered(self, denoise: Any, wanted: pd.DataFrame) -> Any:
        """Return ``D + strength sigma^2 grad log r(x_t, sigma, c)`` for these rows of the conditions."""
        tokens = torch.from_numpy(self.reward.vocabulary.encode(wanted)).to(self.base.device)

        def bent(x: Tensor, sigma: Tensor) -> Tensor:
            with torch.no_grad():
                predicted = denoise(x, sigma)
            with torch.enable_grad():
                noisy = x.detach().requires_grad_()
                (slope,) = torch.autograd.grad(
                    logsigmoid(self.reward.logit_at(noisy, sigma, tokens)).sum(), noisy
                )
            return predicted + self.strength * sigma.square()[:, None, None, None] * slope

        return bent

    @classmethod
    def read_reward(cls, folder: Path) -> NoiseAwareReward:
        """Read the reward that ``save`` wrote."""
        return NoiseAwareReward.load(folder)
