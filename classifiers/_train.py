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


def train(
    module: nn.Module,
    loss_of: Callable[[Rows, Generator], Tensor],
    n: int,
    settings: Settings,
    *,
    seed: int,
    label: str = "training",
    progress: Progress | None = None,
) -> list[float]:
    """Train ``module`` in place and return the loss of every step.

    ``loss_of(rows, generator)`` returns the scalar loss of a batch; the generator, for augmentation, is
    seeded by (seed, step). AdamW, warm-up and cosine decay, gradients clipped at norm 1. Biases and norms
    are not decayed. Raises ``UserError`` when the loss stops being finite.
    """
    optimiser = torch.optim.AdamW(_decayed(module, settings.weight_decay), lr=settings.learning_rate)
    losses: list[float] = []
    generator = Generator()
    module.train()
    parameters = [p for p in module.parameters() if p.requires_grad]
    with (
        torch.random.fork_rng(devices=[]),
        torch.enable_grad(),
        (progress or silent()).task(label, settings.steps) as task,
    ):
        torch.manual_seed(derive_seed(seed, "dropout"))
        for step, rows in enumerate(batches(n, settings.steps, settings.batch_size, seed)):
            _set_rate(optimiser, settings, step)
            loss = loss_of(rows, generator.manual_seed(derive_seed(seed, "step", step)))
            losses.append(_finite(float(loss.detach()), step))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimiser.step()
            task.advance(1, f"loss {losses[-1]:.3f}")
    module.eval()
    return losses


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
