"""``real-only``: the control that every alignment must beat."""

from __future__ import annotations

from ._finetune import Finetuner, Finetuning
from ._optimise import LossOfStep


class RealOnly(Finetuner):
    """As many more steps on real images, and no reward: what longer training alone brings.

    ``loss = E || D(x + sigma n; sigma, c) - x ||^2 / c_out(sigma)^2`` over real images x.
    """

    name = "real-only"
    asks_reward = False

    def loss(self, job: Finetuning) -> LossOfStep:
        """Return the denoising loss on real images; the reward is not asked."""
        return job.real_loss()
