"""``real-only``: the control that every alignment must beat."""

from __future__ import annotations

from ..imagesets import ImageSet
from ._batches import TrainingData
from ._contracts import Budget, Reward
from ._diffusion import Diffusion
from ._finetune import Finetuner
from ._optimise import LossOfStep


class RealOnly(Finetuner):
    """As many more steps on real images, and no reward: what longer training alone brings.

    ``loss = E || D(x + sigma n; sigma, c) - x ||^2 / c_out(sigma)^2`` over real images x.
    """

    name = "real-only"

    def loss(
        self,
        model: Diffusion,
        reward: Reward,
        train: ImageSet,
        data: TrainingData,
        *,
        seed: int,
        budget: Budget,
    ) -> LossOfStep:
        """Return the denoising loss on real images; the reward is not asked."""
        return model.real_loss(data, seed, budget.batch_size)
