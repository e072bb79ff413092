"""What all aligners share: a copy of the base, a budget of steps, and the loop."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core import Progress, UserError, content_key, derive_seed
from ..imagesets import ImageSet
from ._batches import TrainingData
from ._contracts import Budget, Generator, Reward
from ._diffusion import Diffusion
from ._judges_fit import check_judge
from ._optimise import LossOfStep, Schedule
from ._own_samples import OwnSamples, own_samples
from ._trail import Trail, marks


@dataclass(frozen=True)
class Finetuning:
    """What a loss is made of: the copy that is trained, its base, the reward, the real images, a seed, a budget."""

    model: Diffusion
    base: Diffusion
    reward: Reward
    train: ImageSet
    data: TrainingData
    seed: int
    budget: Budget

    @property
    def half(self) -> int:
        """Half of a batch: real images beside as many of the model's own, so that a step costs what others' cost."""
        return max(1, self.budget.batch_size // 2)

    def real_loss(self, batch_size: int | None = None) -> LossOfStep:
        """Return the denoising loss on real images."""
        return self.model.real_loss(self.data, self.seed, batch_size or self.budget.batch_size)

    def own_samples(self, n: int) -> OwnSamples:
        """Return n samples of the model as it is now, each judged by the reward."""
        return own_samples(
            self.model, self.reward, self.train, n, seed=self.seed, batch_size=self.budget.batch_size
        )


class Finetuner:
    """An aligner that trains a copy of a diffusion model for ``budget.steps`` steps of its own loss.

    All take the same number of steps of the same batch size (a step of ``draft`` costs more time, since it
    samples and passes through the reward: seconds are in the record), and every random draw derives from
    (seed, step), so that a finetuning that was stopped goes on from ``checkpoint`` bit for bit.
    """

    name = "finetuner"
    version = 1
    rounds = 1
    """Rounds into which the steps are cut; at the beginning of each, ``loss`` is asked anew."""
    asks_reward = True
    """False for a control that leaves the reward aside."""

    def __init__(self, *, checkpoint: str | Path | None = None) -> None:
        self.checkpoint = None if checkpoint is None else Path(checkpoint)

    def settings(self) -> dict[str, Any]:
        """What the card says of the method's options."""
        return {}

    def loss(self, job: Finetuning) -> LossOfStep:
        """Return the loss of step t."""
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
    ) -> Diffusion:
        """Return the finetuned copy, of kind ``aligned``; the base stays as it was.

        With ``budget.snapshots`` its ``trail`` holds the averaged weights along the way. Raises ``UserError`` when the
        base is no fitted diffusion model, or lacks a value that ``train`` has, when the reward was made for other
        images, and when the steps cannot be cut into rounds.
        """
        if not isinstance(base, Diffusion):
            raise UserError(
                f"{self.name} finetunes a diffusion model, not {base.card.name!r}",
                remedy="give it a Diffusion",
            )
        _ = base.network
        if self.asks_reward:
            check_judge(reward, base)
        parts, wanted = cut(budget.steps, self.rounds), marks(budget.steps, budget.snapshots)
        model = base.aligned(
            self.name,
            f"{base.card.name} finetuned by {self.name}",
            **self.settings(),
            **_spent(budget),
            seed=seed,
        )
        data = model.training_data(train)
        key = content_key(
            self.name,
            self.version,
            model.card.settings,
            train.content_hash,
            seed,
            weights_key(base),
            str(getattr(reward, "key", "")),
            *([budget.snapshots] if budget.snapshots else []),
        )
        model.losses, done = [], 0
        for number, steps in enumerate(parts):
            own = seed if number == 0 else derive_seed(seed, "round", number)
            part = dataclasses.replace(budget, steps=steps, snapshots=0)
            model.checkpoint = self._checkpoint_of(number)
            loss = self.loss(Finetuning(model, base, reward, train, data, own, part))
            schedule = Schedule(steps, budget.learning_rate, model.ema, save_every=model.save_every)
            trail = Trail.part(wanted, done, steps)
            model.losses += model.optimise(
                loss, schedule, progress, self._label(number), key=f"{key} {number}", trail=trail
            )
            model.trail += trail.snapshots(done)
            done += steps
        model.checkpoint = None
        return model

    def _label(self, number: int) -> str:
        return self.name if self.rounds == 1 else f"{self.name}, round {number + 1} of {self.rounds}"

    def _checkpoint_of(self, number: int) -> Path | None:
        if self.checkpoint is None or self.rounds == 1:
            return self.checkpoint
        return self.checkpoint.with_name(f"{self.checkpoint.name}-{number}")


def cut(steps: int, rounds: int) -> list[int]:
    """Return the steps of every round, as equal as can be; raises ``UserError`` for fewer steps than rounds.

    >>> cut(10, 4)
    [3, 3, 2, 2]
    """
    if steps < rounds:
        raise UserError(f"{steps} steps cannot be cut into {rounds} rounds", remedy="give more steps")
    return [steps // rounds + (i < steps % rounds) for i in range(rounds)]


def _spent(budget: Budget) -> dict[str, Any]:
    """What the card says of a budget: snapshots are no part of what the model becomes."""
    told = dataclasses.asdict(budget)
    del told["snapshots"]
    return told


def weights_key(model: Diffusion) -> str:
    """Return the content key of a model's weights."""
    return content_key([tensor.detach().cpu().numpy() for tensor in model.network.parameters()])
