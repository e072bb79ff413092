"""What a generator, a reward and an aligner are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import Progress, UserError
from ..imagesets import ImageSet


@dataclass(frozen=True)
class Conditions:
    """What to sample: one table row per image (label, skin_tone, ...), plus images where a generator edits."""

    table: pd.DataFrame
    images: ImageSet | None = None
    masks: ImageSet | None = None

    def __len__(self) -> int:
        return len(self.table)


@dataclass(frozen=True)
class GeneratorCard:
    """What a generator is: shown on every page that shows its images.

    ``columns`` are the columns of ``Conditions.table`` that it honours; ``trained_on`` is the content hash of
    the image set it was fitted on (or ``"unknown"`` for foreign images), ``kind`` is ``generator``,
    ``reference`` (a reference arm of the ruler) or ``aligned``.
    """

    name: str
    version: str = "1"
    licence: str = "unknown"
    citation: str = ""
    columns: tuple[str, ...] = ("label",)
    trained_on: str = "nothing"
    kind: str = "generator"
    notes: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


@runtime_checkable
class Generator(Protocol):
    """All that a researcher must write. ``save(folder)`` / classmethod ``load(folder)`` are optional."""

    card: GeneratorCard

    def fit(self, train: ImageSet, *, seed: int, progress: Progress) -> None:
        """Learn from the training images; may do nothing."""

    def sample(
        self, conditions: Conditions, *, indices: Sequence[int], seed: int, batch_size: int
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield (B, H, W, 3) uint8 batches: one image for each of ``indices``, which are rows of the conditions.

        The noise of image i depends on (seed, i) alone.
        """


class Reward(Protocol):
    """A model of the experts' verdict: image and conditions -> probability of *plausible*, with a gradient."""

    def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
        """Return P(plausible) in [0, 1] for (N, H, W, 3) uint8 images and their N condition rows."""

    def logit(self, images: Any, conditions: pd.DataFrame) -> Any:
        """Return the differentiable logit (N,) for a torch tensor (N, 3, H, W) in [-1, 1]."""


@dataclass(frozen=True)
class Budget:
    """What an aligner may spend: finetuning steps of a stated batch size (equal for all methods compared).

    ``snapshots`` states are kept along the way, equally spaced, the last is the end; they cost no step. Raises
    ``UserError`` for a budget too small for one step, or with more snapshots than steps.
    """

    steps: int
    batch_size: int = 64
    learning_rate: float = 3e-4
    snapshots: int = 0

    def __post_init__(self) -> None:
        for name, least in (("steps", 1), ("batch_size", 1), ("snapshots", 0)):
            given = getattr(self, name)
            if isinstance(given, bool) or not isinstance(given, int) or given < least:
                raise UserError(f"a budget's {name} must be a whole number of {least} or more, got {given!r}")
        rate = self.learning_rate
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < math.inf:
            raise UserError(f"a budget's learning_rate must be a number above 0, got {rate!r}")
        if self.snapshots > self.steps:
            raise UserError(
                f"{self.snapshots} snapshots cannot be taken in {self.steps} steps",
                remedy="give more steps or fewer snapshots",
            )


@runtime_checkable
class Aligner(Protocol):
    """Makes a new generator from a base and a reward; the base is left as it was."""

    name: str

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
        """Return the aligned generator."""
