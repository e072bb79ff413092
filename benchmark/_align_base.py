"""One alignment as a command of its own: every part is checked against the base before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..core import Progress, UserError, atomic_folder, derive_seed, registry, write_json
from ..generators import (
    REWARDED,
    STOP_IMAGES,
    Budget,
    Diffusion,
    Generator,
    Stopped,
    check_evaluator,
    check_judge,
    mean_probability,
    save_trail,
    stop_early,
    trains,
)
from ..imagesets import ImageSet, open_imageset
from ..metrics import RewardModel
from ._single import square
from ._work_data import with_groups


def align_base(
    base: Path,
    data: str,
    reward: Path,
    method: str,
    out: Path,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    progress: Progress,
    evaluator: Path | None = None,
    snapshots: int = 0,
    stop_images: int = STOP_IMAGES,
) -> Stopped | None:
    """Align the diffusion model in ``base`` with the reward model in ``reward`` and save it to ``out``.

    With ``snapshots``, the states along the way are kept in ``out/trail``. With an ``evaluator`` (another reward
    model: another backbone or other ratings) the state that it prefers is what is saved; where that was is returned,
    and kept as ``out/stopped.json``. All that can be told to be wrong is told before the first step; ``out`` appears
    whole or not at all.
    """
    budget = Budget(steps, batch_size, learning_rate, snapshots)
    aligner = registry("aligners").build(method)
    _check_trail(aligner, method, budget, evaluator)
    if stop_images < 1:
        raise UserError("an evaluator needs at least one image to judge", remedy="give --stop-images 128")
    generator = _base(base)
    model = _judge(reward, generator, "reward model")
    judge = None if evaluator is None else _judge(evaluator, generator, "evaluator")
    if judge is not None:
        check_evaluator(judge, model, where=evaluator)
    train = _training(data, generator, batch_size)
    aligned = aligner.align(generator, model, train, seed=seed, budget=budget, progress=progress)
    chosen, stopped = aligned, None
    if judge is not None:
        own = derive_seed(seed, "stop early")
        score = mean_probability(
            judge, train, n=stop_images, seed=own, batch_size=batch_size, progress=progress
        )
        chosen, stopped = stop_early(generator, aligned, score)
    _save(chosen, aligned, stopped, out)
    return stopped


def _save(chosen: Any, aligned: Generator, stopped: Stopped | None, out: Path) -> None:
    with atomic_folder(out) as folder:
        chosen.save(folder)
        if getattr(aligned, "trail", ()):
            save_trail(aligned, folder / "trail")  # type: ignore[arg-type]
        if stopped is not None:
            write_json(folder / "stopped.json", asdict(stopped))


def _check_trail(aligner: Any, method: str, budget: Budget, evaluator: Path | None) -> None:
    if (budget.snapshots or evaluator is not None) and not trains(aligner):
        raise UserError(
            f"{method} leaves the base as it is: there are no states along the way to keep or to stop at",
            remedy="leave out --snapshots and --evaluator",
        )
    if evaluator is not None and not budget.snapshots:
        raise UserError("an evaluator needs states to choose from", remedy="give --snapshots 4")


def _base(folder: Path) -> Diffusion:
    if (folder / REWARDED).is_file():
        raise UserError(
            "not a diffusion model alone, but one with its reward, as best-of-n and guidance write",
            where=folder,
            remedy="give the base that it was made from",
        )
    if not (folder / "model_index.json").is_file():
        raise UserError(
            "not the folder of a saved diffusion model", where=folder, remedy="generate --save writes one"
        )
    return Diffusion.load(folder)


def _judge(folder: Path, base: Diffusion, what: str) -> RewardModel:
    model = RewardModel.load(folder)
    check_judge(model, base, what=what, where=folder)
    return model


def _training(data: str, base: Diffusion, batch_size: int) -> ImageSet:
    opened = open_imageset(data)
    taught: Sequence[str] = (base.concept.column,) if base.concept else ()
    for column in base.columns:
        if column not in taught:
            opened.column(column)
    if batch_size > len(opened):
        raise UserError(
            f"a batch of {batch_size} is more than the {len(opened)} images there are",
            where=data,
            remedy="give a smaller --batch-size",
        )
    return with_groups(square(opened, base.size))
