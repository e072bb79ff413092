"""One training loop for every network of the suite: steps, batches and schedule depend on the seed alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from ..core import Progress, UserError, derive_seed, rng, silent

Rows = NDArray[np.int64]
LossOf = Callable[[Rows, Generator], Tensor]
"""The rows of a batch and a generator for augmentation -> the scalar loss."""


@dataclass(frozen=True)
class Settings:
    """How long and how fast to train; equal in every arm that is compared."""

    steps: int = 200
    batch_size: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    warmup: float = 0.15

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 2:
            raise UserError(f"training needs at least 1 step and 2 images a batch, got {self}")
        if not 0 < self.learning_rate < 1:
            raise UserError(f"the learning rate must lie between 0 and 1, got {self.learning_rate}")


def batches(n: int, steps: int, batch_size: int, seed: int) -> Iterator[Rows]:
    """Yield the rows of each step: shuffled passes over ``n`` rows, from the seed alone."""
    left = np.zeros(0, np.int64)
    epoch = 0
    for _ in range(steps):
        while len(left) < batch_size:
            left = np.concatenate([left, rng(seed, "order", epoch).permutation(n)])
            epoch += 1
        yield left[:batch_size]
        left = left[batch_size:]


def phased(n: int, first: Rows | None, steps: int, batch_size: int, seed: int) -> Iterator[Rows]:
    """Yield the rows of each step; where ``first`` names rows, the first half of the steps sees them alone.

    >>> [sorted(rows.tolist()) for rows in phased(4, np.array([2, 3]), steps=2, batch_size=2, seed=0)]
    [[2, 3], [0, 1]]
    """
    if first is None or not len(first):
        yield from batches(n, steps, batch_size, seed)
        return
    late = np.setdiff1d(np.arange(n), first)
    assert len(late), "no row is left for the second half"
    half = steps // 2
    for number, (rows, length) in enumerate(((np.asarray(first), half), (late, steps - half))):
        for chosen in batches(len(rows), length, batch_size, derive_seed(seed, "phase", number)):
            yield rows[chosen]


def train(
    module: nn.Module,
    loss_of: LossOf,
    n: int,
    settings: Settings,
    *,
    seed: int,
    label: str = "training",
    progress: Progress | None = None,
    first: Rows | None = None,
    fused: bool = False,
) -> list[float]:
    """Train ``module`` in place and return the loss of every step.

    ``loss_of(rows, generator)`` returns the scalar loss of a batch; the generator, for augmentation, is
    seeded by (seed, step). AdamW, warm-up and cosine decay, gradients clipped at norm 1. Biases and norms
    are not decayed. ``first`` names the rows that the first half of the steps sees alone;
    ``fused`` takes AdamW in one kernel: faster, equal but for rounding. Raises ``UserError`` when the loss
    stops being finite.
    """
    step = stepper(module, loss_of, settings, seed, fused=fused)
    losses: list[float] = []
    module.train()
    with (
        torch.random.fork_rng(devices=[]),
        torch.enable_grad(),
        (progress or silent()).task(label, settings.steps) as task,
    ):
        torch.manual_seed(derive_seed(seed, "dropout"))
        for number, rows in enumerate(phased(n, first, settings.steps, settings.batch_size, seed)):
            losses.append(step(number, rows))
            task.advance(1, f"loss {losses[-1]:.3f}")
    module.eval()
    return losses


def stepper(
    module: nn.Module, loss_of: LossOf, settings: Settings, seed: int, *, fused: bool = False
) -> Callable[[int, Rows], float]:
    """Return the function that makes one step of training: its number and rows -> the loss before it."""
    optimiser = torch.optim.AdamW(
        _decayed(module, settings.weight_decay), lr=settings.learning_rate, fused=fused or None
    )
    parameters = [p for p in module.parameters() if p.requires_grad]
    generator = Generator()

    def step(number: int, rows: Rows) -> float:
        _set_rate(optimiser, settings, number)
        loss = loss_of(rows, generator.manual_seed(derive_seed(seed, "step", number)))
        found = _finite(float(loss.detach()), number)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        return found

    return step


def last_tenth(losses: Iterable[float]) -> float:
    """Mean over the last tenth of the steps."""
    values = list(losses)
    return float(np.mean(values[-max(1, len(values) // 10) :]))


def _set_rate(optimiser: torch.optim.Optimizer, settings: Settings, step: int) -> None:
    warm = max(1, int(settings.warmup * settings.steps))
    rise = min(1.0, (step + 1) / warm)
    done = max(0, step - warm) / max(1, settings.steps - warm)
    for group in optimiser.param_groups:
        group["lr"] = settings.learning_rate * rise * 0.5 * (1 + math.cos(math.pi * done))


def _decayed(module: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    wanted = [p for p in module.parameters() if p.requires_grad]
    return [
        {"params": [p for p in wanted if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in wanted if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _finite(loss: float, step: int) -> float:
    if not math.isfinite(loss):
        raise UserError(f"the loss is {loss} at step {step}", remedy="lower the learning rate")
    return loss
