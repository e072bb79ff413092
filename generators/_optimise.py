"""One training loop for fits and aligners: AdamW, cosine decay, EMA; checkpoints resume bit for bit."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ..core import Progress, atomic_file
from ._trail import Trail

LossOfStep = Callable[[int], Tensor]
"""The scalar loss of step t; everything random in it derives from (seed, t) alone."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: AdamW with linear warm-up and cosine decay to zero, and the EMA that is kept."""

    steps: int
    learning_rate: float
    ema: float = 0.995
    warmup: float = 0.05
    weight_decay: float = 0.01
    save_every: float = 60.0

    def rate(self, step: int) -> float:
        """The learning rate of step t."""
        rising = min(1.0, (step + 1) / max(1.0, self.warmup * self.steps))
        return self.learning_rate * rising * 0.5 * (1.0 + math.cos(math.pi * step / self.steps))

    def decay(self, step: int) -> float:
        """EMA's decay at step t: small at first, so that it forgets where it came from."""
        return min(self.ema, (1.0 + step) / (10.0 + step))


@dataclass
class _State:
    model: nn.Module
    average: list[Tensor]
    optimizer: torch.optim.Optimizer
    trail: Trail
    step: int = 0


def optimise(
    model: nn.Module,
    loss_of_step: LossOfStep,
    schedule: Schedule,
    *,
    progress: Progress,
    label: str,
    checkpoint: Path | None = None,
    key: str = "",
    trail: Trail | None = None,
) -> list[float]:
    """Train ``model`` in place, leave it with its averaged weights, return the loss of every step run here.

    With ``checkpoint``, the state is written there every minute and at the end, and read back when ``key``
    (what is being fitted, on what) is the same; a file of another fit, or a damaged one, is ignored. The file
    is removed by its owner. ``trail`` is given the averaged weights after the steps that it wants, and is part of
    the checkpoint.
    """
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(
        parameters, schedule.learning_rate, weight_decay=schedule.weight_decay, fused=True
    )
    state = _State(model, [p.detach().clone() for p in parameters], optimizer, trail or Trail())
    if checkpoint is not None and checkpoint.is_file():
        _restore(state, checkpoint, key)
    losses = []
    model.train()
    with progress.task(label, schedule.steps) as task:
        task.advance(state.step)
        saved = time.monotonic()
        while state.step < schedule.steps:
            losses.append(_step(state, loss_of_step, schedule))
            task.advance(note=f"loss {losses[-1]:.3f}")
            if checkpoint is not None and time.monotonic() - saved >= schedule.save_every:
                _write(state, checkpoint, key)
                saved = time.monotonic()
    if checkpoint is not None and losses:
        _write(state, checkpoint, key)
    _take_average(state)
    return losses


def _step(state: _State, loss_of_step: LossOfStep, schedule: Schedule) -> float:
    for group in state.optimizer.param_groups:
        group["lr"] = schedule.rate(state.step)
    state.optimizer.zero_grad(set_to_none=True)
    loss = loss_of_step(state.step)
    loss.backward()
    nn.utils.clip_grad_norm_(state.model.parameters(), 1.0)
    state.optimizer.step()
    with torch.no_grad():
        weight = 1.0 - schedule.decay(state.step)
        torch._foreach_lerp_(state.average, list(state.model.parameters()), weight)
    state.step += 1
    state.trail.note(state.step, state.average)
    return float(loss.detach())


@torch.no_grad()
def _take_average(state: _State) -> None:
    for parameter, average in zip(state.model.parameters(), state.average, strict=True):
        parameter.copy_(average)
    state.model.eval()


def _tensors(state: _State) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for i, (parameter, average) in enumerate(zip(state.model.parameters(), state.average, strict=True)):
        moments = state.optimizer.state[parameter]
        found |= {f"weight.{i}": parameter, f"average.{i}": average}
        if moments:
            found |= {f"first.{i}": moments["exp_avg"], f"second.{i}": moments["exp_avg_sq"]}
    found |= state.trail.tensors()
    return {name: tensor.detach().contiguous().cpu() for name, tensor in found.items()}


def _write(state: _State, path: Path, key: str) -> None:
    note = {"key": key, "step": str(state.step)}
    with atomic_file(path) as temporary:
        save_file(_tensors(state), temporary, metadata={"synmedbench": json.dumps(note)})


def _restore(state: _State, path: Path, key: str) -> None:
    try:
        with safe_open(path, framework="pt") as file:
            note = json.loads((file.metadata() or {}).get("synmedbench", "{}"))
            if note.get("key") != key:
                return
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, json.JSONDecodeError):
        return
    state.step = int(note["step"])
    state.trail.restore(tensors)
    with torch.no_grad():
        for i, parameter in enumerate(state.model.parameters()):
            parameter.copy_(tensors[f"weight.{i}"])
            state.average[i].copy_(tensors[f"average.{i}"])
            if f"first.{i}" in tensors:
                state.optimizer.state[parameter] = {
                    "step": torch.tensor(float(state.step)),
                    "exp_avg": tensors[f"first.{i}"].to(parameter.device),
                    "exp_avg_sq": tensors[f"second.{i}"].to(parameter.device),
                }
