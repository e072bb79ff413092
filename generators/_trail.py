"""The states along a training: averaged weights at equally spaced steps, in memory and on disk."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ..core import UserError, atomic_folder

if TYPE_CHECKING:
    from ._diffusion import Diffusion


@dataclass(frozen=True)
class Snapshot:
    """The averaged weights after ``step`` steps, on the CPU, in the order of the network's parameters."""

    step: int
    weights: tuple[Tensor, ...]


def marks(steps: int, snapshots: int) -> tuple[int, ...]:
    """Return the steps after which a state is kept: equally spaced, the last is the end.

    >>> marks(10, 4)
    (2, 5, 7, 10)
    >>> marks(10, 0)
    ()
    """
    if snapshots > steps:
        raise UserError(
            f"{snapshots} snapshots cannot be taken in {steps} steps",
            remedy="give more steps or fewer snapshots",
        )
    return tuple(k * steps // snapshots for k in range(1, snapshots + 1))


@dataclass
class Trail:
    """What one training loop keeps: its snapshots after the steps ``wanted``, counted from the loop's start."""

    wanted: frozenset[int] = frozenset()
    kept: dict[int, tuple[Tensor, ...]] = field(default_factory=dict)

    @classmethod
    def part(cls, whole: Iterable[int], before: int, steps: int) -> Trail:
        """Return the trail of a round of that many steps which begins after ``before`` steps of the whole."""
        return cls(frozenset(mark - before for mark in whole if before < mark <= before + steps))

    def note(self, step: int, average: Iterable[Tensor]) -> None:
        """Keep a copy of the averaged weights, if this step is wanted."""
        if step in self.wanted:
            self.kept[step] = tuple(each.detach().to("cpu", copy=True) for each in average)

    def snapshots(self, before: int = 0) -> tuple[Snapshot, ...]:
        """Return what was kept, in order, its steps counted from the start of the whole training."""
        return tuple(Snapshot(before + step, self.kept[step]) for step in sorted(self.kept))

    def tensors(self) -> dict[str, Tensor]:
        """Return what was kept by name, for a checkpoint."""
        return {f"trail.{step}.{i}": each for step, kept in self.kept.items() for i, each in enumerate(kept)}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Take back what ``tensors`` gave, from among a checkpoint's."""
        found: dict[int, dict[int, Tensor]] = {}
        for name, each in tensors.items():
            if name.startswith("trail."):
                _, step, i = name.split(".")
                found.setdefault(int(step), {})[int(i)] = each
        self.kept = {step: tuple(kept[i] for i in sorted(kept)) for step, kept in found.items()}


def with_weights(network: torch.nn.Module, snapshot: Snapshot) -> None:
    """Give a network the weights of a snapshot; raises ``UserError`` where they are of another network."""
    own = list(network.parameters())
    if [tuple(each.shape) for each in own] != [tuple(each.shape) for each in snapshot.weights]:
        raise UserError(
            "the snapshot is of a network of another shape",
            where=f"step {snapshot.step}",
            remedy="align again",
        )
    with torch.no_grad():
        for parameter, kept in zip(own, snapshot.weights, strict=True):
            parameter.copy_(kept)


def save_trail(model: Diffusion, folder: str | Path) -> None:
    """Write a model's trail into a folder, one file for each step (``step-000150.safetensors``), whole or not at all.

    An existing folder is replaced. Raises ``UserError`` when the model has no trail.
    """
    if not model.trail:
        raise UserError(f"{model.card.name} has no trail", remedy="align with snapshots above 0")
    names = [name for name, _ in model.network.named_parameters()]
    steps = [snapshot.step for snapshot in model.trail]
    note = {"steps": steps, "trained_on": model.card.trained_on}
    with atomic_folder(folder, replace=True) as into:
        for snapshot in model.trail:
            about = {"synmedbench": json.dumps({"step": snapshot.step, **note})}
            tensors = {name: each.contiguous() for name, each in zip(names, snapshot.weights, strict=True)}
            save_file(tensors, into / _file(snapshot.step), metadata=about)


def load_trail(folder: str | Path, like: Diffusion) -> tuple[Snapshot, ...]:
    """Read what ``save_trail`` wrote for a model ``like`` this one, in the order of the steps.

    Raises ``UserError`` for a folder without a trail, for a file that is missing or damaged, and for the trail of
    another network or of one that was trained on other images.
    """
    files = sorted(Path(folder).glob("step-*.safetensors"))
    if not files:
        raise UserError("no trail of snapshots is here", where=folder, remedy="align with snapshots above 0")
    found = [_read(file, like) for file in files]
    expected = found[0][1]
    if any(steps != expected for _, steps in found) or [each.step for each, _ in found] != expected:
        missing = [step for step in expected if not (Path(folder) / _file(step)).is_file()]
        fault = f"{_file(missing[0])} is missing" if missing else "the files are of several trails"
        raise UserError(f"the trail is not whole: {fault}", where=folder, remedy="align again")
    return tuple(each for each, _ in found)


def _file(step: int) -> str:
    return f"step-{step:06d}.safetensors"


def _read(file: Path, like: Diffusion) -> tuple[Snapshot, list[int]]:
    shapes = {name: tuple(each.shape) for name, each in like.network.named_parameters()}
    try:
        with safe_open(file, framework="pt") as opened:
            note = json.loads((opened.metadata() or {})["synmedbench"])
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        step, steps, trained_on = int(note["step"]), [int(each) for each in note["steps"]], note["trained_on"]
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise UserError("not a readable snapshot", where=file, remedy="align again") from error
    if {name: tuple(each.shape) for name, each in tensors.items()} != shapes:
        raise UserError("a snapshot of another network", where=file, remedy="give the model that was aligned")
    if trained_on != like.card.trained_on:
        raise UserError(
            "a snapshot of a model that was trained on other images",
            where=file,
            remedy="give the model that was aligned",
        )
    return Snapshot(step, tuple(tensors[name] for name in shapes)), steps
