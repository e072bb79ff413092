"""Generators that ask the reward while they sample: a diffusion model as it was, and the reward beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..core import Progress, UserError, atomic_folder, write_json
from ..imagesets import ImageSet
from ._contracts import Budget, Conditions, Generator, Reward
from ._diffusion import Diffusion
from ._judges_fit import check_judge
from ._opposite import Opposite

REWARDED = "rewarded.json"
"""The file that tells such a generator's folder from a plain model's."""


class Rewarded:
    """A diffusion model and a reward; ``kind`` names what is done with both, ``options`` how strongly."""

    kind: ClassVar[str] = ""

    def __init__(self, base: Diffusion, reward: Reward, notes: str, **options: Any) -> None:
        self.base, self.reward, self.options = base, reward, options
        settings = {**base.card.settings, "aligner": {"method": self.kind, **options}}
        self.card = dataclasses.replace(
            base.card, name=self.kind, kind="aligned", notes=notes, settings=settings
        )

    def fit(self, train: ImageSet, *, seed: int, progress: Progress | None = None) -> None:
        """Do nothing: the base is fitted, and so is the reward."""

    def sample(
        self, conditions: Conditions, *, indices: Sequence[int], seed: int, batch_size: int
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield (B, H, W, 3) uint8 batches for the given rows of the conditions."""
        raise NotImplementedError

    @classmethod
    def read_reward(cls, folder: Path) -> Reward:
        """Read the reward that ``save`` wrote into a folder."""
        from ..metrics import RewardModel

        return RewardModel.load(folder)

    def save(self, folder: str | Path) -> None:
        """Write the model, the reward and what is done with them into a new folder, whole or not at all."""
        opposite = isinstance(self.reward, Opposite)
        reward = self.reward.reward if isinstance(self.reward, Opposite) else self.reward
        if not hasattr(reward, "save"):
            raise UserError("this reward cannot be saved", where=self.kind, remedy="use a RewardModel")
        with atomic_folder(folder, replace=True) as into:
            self.base.save(into / "base")
            reward.save(into / "reward")
            note = {"kind": self.kind, "options": self.options, "opposite": opposite}
            write_json(into / REWARDED, note)
            write_json(into / "card.json", dataclasses.asdict(self.card))


class Steerer:
    """An aligner without training: what it returns asks the reward while it samples."""

    name = ""

    def rewarded(self, base: Diffusion, reward: Reward) -> Rewarded:
        """Return the base with the reward beside it."""
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
    ) -> Rewarded:
        """Return the base with the reward beside it; the budget's steps are not used.

        Raises ``UserError`` unless the base is a fitted diffusion model whose images the reward can judge.
        """
        if not isinstance(base, Diffusion):
            raise UserError(
                f"{self.name} steers a diffusion model, not {base.card.name!r}", remedy="give it a Diffusion"
            )
        _ = base.network
        check_judge(reward, base)
        return self.rewarded(base, reward)
