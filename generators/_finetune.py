"""What all aligners share: a copy of the base, a budget of steps, and the loop."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor

from ..core import Progress, UserError, content_key, derive_seed
from ..imagesets import ImageSet
from ._batches import TrainingData
from ._contracts import Budget, Generator, Reward
from ._diffusion import Diffusion
from ._optimise import LossOfStep, Schedule
from ._vocabulary import column_values


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

    def __init__(self, *, checkpoint: str | Path | None = None) -> None:
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self.round = 0
        self.base_state: dict[str, Tensor] = {}

    def settings(self) -> dict[str, Any]:
        """What the card says of the method's options."""
        return {}

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

        Raises ``UserError`` when the base is no fitted diffusion model, or lacks a value that ``train`` has.
        """
        if not isinstance(base, Diffusion):
            raise UserError(
                f"{self.name} finetunes a diffusion model, not {base.card.name!r}",
                remedy="give it a Diffusion",
            )
        model = base.aligned(
            self.name,
            f"{base.card.name} finetuned by {self.name}",
            **self.settings(),
            **dataclasses.asdict(budget),
            seed=seed,
        )
        data = model.training_data(train)
        self.base_state = {name: value.clone() for name, value in base.network.state_dict().items()}
        key = content_key(
            self.name,
            self.version,
            model.card.settings,
            train.content_hash,
            seed,
            weights_key(base),
            str(getattr(reward, "key", "")),
        )
        model.losses = []
        for number, steps in enumerate(cut(budget.steps, self.rounds)):
            self.round = number
            own = seed if self.round == 0 else derive_seed(seed, "round", self.round)
            part = dataclasses.replace(budget, steps=steps)
            model.checkpoint = self._checkpoint_of_round()
            loss = self.loss(model, reward, train, data, seed=own, budget=part)
            schedule = Schedule(steps, budget.learning_rate, model.ema, save_every=model.save_every)
            model.losses += model.optimise(loss, schedule, progress, self._label(), key=f"{key} {self.round}")
        model.checkpoint = None
        return model

    def _label(self) -> str:
        return self.name if self.rounds == 1 else f"{self.name}, round {self.round + 1} of {self.rounds}"

    def _checkpoint_of_round(self) -> Path | None:
        if self.checkpoint is None or self.rounds == 1:
            return self.checkpoint
        return self.checkpoint.with_name(f"{self.checkpoint.name}-{self.round}")


def cut(steps: int, rounds: int) -> list[int]:
    """Return the steps of every round, as equal as can be; raises ``UserError`` for fewer steps than rounds.

    >>> cut(10, 4)
    [3, 3, 2, 2]
    """
    if steps < rounds:
        raise UserError(f"{steps} steps cannot be cut into {rounds} rounds", remedy="give more steps")
    return [steps // rounds + (i < steps % rounds) for i in range(rounds)]


def weights_key(model: Diffusion) -> str:
    """Return the content key of a model's weights."""
    return content_key([tensor.detach().cpu().numpy() for tensor in model.network.parameters()])


def condition_rows(train: ImageSet) -> pd.DataFrame:
    """Return the training table as conditions: ``skin_tone`` by its groups, as it is asked for."""
    table = train.table
    if "skin_tone" in table.columns:
        table = table.assign(skin_tone=column_values(table, "skin_tone"))
    return table
