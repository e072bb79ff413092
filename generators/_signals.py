"""Controls whose reward is wrong on purpose: what they gain, no reward brought."""

from __future__ import annotations

from typing import Any

from ..core import Progress, UserError, registry
from ..imagesets import ImageSet
from ._contracts import Aligner, Budget, Generator, Reward
from ._opposite import Opposite
from ._rewarded import Steerer


class _Control:
    """Another aligner, with a reward that is wrong on purpose."""

    name = ""

    def __init__(self, argument: str = "reward-weighted", **options: Any) -> None:
        if argument in ("shuffled", "inverted", "real-only"):
            raise UserError(
                f"{argument} takes no reward that could be wrong",
                where=self.name,
                remedy=f"{self.name}:draft",
            )
        self.method: Aligner = registry("aligners").build({"name": argument, **options})

    def wrong(self, reward: Reward) -> Reward:
        """Return the reward that the method is given."""
        raise NotImplementedError

    def align(
        self,
        base: Generator,
        reward: Reward,
        train: ImageSet,
        *,
        seed: int,
        budget: Budget,
        progress: Progress,
    ) -> Generator:
        """Return what the method makes of the wrong reward."""
        return self.method.align(base, self.wrong(reward), train, seed=seed, budget=budget, progress=progress)


def trains(aligner: Aligner) -> bool:
    """Return False for an aligner that only steers sampling (best-of-n, guidance), its controls among them."""
    method = aligner.method if isinstance(aligner, _Control) else aligner
    return not isinstance(method, Steerer)


class Inverted(_Control):
    """A method with its reward turned round: it must do harm, or the reward says nothing of what is judged."""

    name = "inverted"

    def wrong(self, reward: Reward) -> Reward:
        """Return the opposite of the reward."""
        return Opposite(reward)


class Shuffled(_Control):
    """A method with a reward that was fitted on shuffled verdicts: what it gains comes from training longer.

    The reward must be such a one (``RewardModel.fit(..., shuffle=True)``): shuffling within a batch would leave a
    gradient as it was.
    """

    name = "shuffled"

    def wrong(self, reward: Reward) -> Reward:
        """Return the reward as it is, once it is known to be fitted on shuffled verdicts."""
        if not getattr(reward, "shuffled", False):
            raise UserError(
                "the control shuffled needs a reward that was fitted on shuffled verdicts",
                remedy="synmedbench reward fit --shuffle",
            )
        return reward
