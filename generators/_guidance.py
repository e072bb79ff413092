"""``guidance``: no training; the reward's gradient bends every step of sampling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import logsigmoid

from ..core import UserError
from ._batches import to_images
from ._contracts import Conditions, Reward
from ._diffusion import Diffusion
from ._edm import precondition
from ._rewarded import Rewarded, Steerer
from ._samplers import SAMPLERS


class RewardGuidance(Steerer):
    """Sample from ``p(x | c) r(x, c)^strength`` as far as one gradient a step reaches.

    ``D'(x; sigma) = D + strength c_out(sigma)^2 grad log r(D(x; sigma), c)``: the reward's gradient is taken at the
    clean image that the denoiser predicts, and scaled by the variance ``c_out^2 = sigma^2 s^2 / (sigma^2 + s^2)`` that
    an image of spread s has left at this noise level. That is exact for Gaussian images; the denoiser's own Jacobian,
    which other forms use (Bansal et al. 2023, arXiv 2302.07121), is left out as in He et al. 2023 (arXiv 2311.16424):
    times sigma^2 its errors at high noise outweigh the reward. It stands in for a reward trained on noisy images (Yoon
    et al. 2023, arXiv 2307.02770); an ensemble of rewards, as there, makes it harder to fool. There is no training, and
    its distance from the base has no bound: it is shown by strength.
    """

    name = "guidance"

    def __init__(self, *, strength: float = 1.0) -> None:
        if isinstance(strength, bool) or not isinstance(strength, int | float) or not 0 < strength < np.inf:
            raise UserError(f"guidance needs a strength above 0, got {strength!r}")
        self.strength = float(strength)

    def rewarded(self, base: Diffusion, reward: Reward) -> GuidedDiffusion:
        """Return the base with the reward beside it."""
        return GuidedDiffusion(base, reward, strength=self.strength)


class GuidedDiffusion(Rewarded):
    """A diffusion model whose steps follow the reward's gradient."""

    kind = "guidance"

    def __init__(self, base: Diffusion, reward: Reward, *, strength: float) -> None:
        super().__init__(
            base, reward, f"guided by the reward's gradient, strength {strength:g}", strength=strength
        )
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

    def steered(self, denoise: Any, wanted: Any) -> Any:
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
