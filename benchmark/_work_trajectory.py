"""Stages along an alignment: what each kept state is measured to be, and the state at which E stops it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..core import derive_seed
from ..generators import (
    BestOfNDiffusion,
    Conditions,
    Diffusion,
    Snapshot,
    conditions_like,
    load_trail,
    peak,
    sample_images,
)
from ._shelf import split_of
from ._stage import Work
from ._trajectory_point import Instruments, distance
from ._work_data import with_groups
from ._work_generate import load_fitted, read_card, write_card

POINTS = "trajectory.json"
STOP = "stop.json"


def trajectory(work: Work) -> None:
    """Measure every state on images of its own: the same requests and noise for all states and methods of a seed."""
    base = load_fitted(work, "base")
    conditions = asked_along(work)
    states, trained = _states(work, base)
    instruments, points, drawn = Instruments(work), [], []
    for step, model in states:
        images = sample_images(
            model,
            conditions,
            seed=derive_seed(work.seed, "trajectory"),
            batch_size=work.config["batch_size"],
            progress=work.progress,
        )
        found = instruments.measure(images)
        away = distance(model, base, conditions, work.seed)
        found.values |= away.values
        found.reasons += away.reasons
        drawn.append(images)
        points.append((step, len(images), found))
    copies, why = instruments.near_copies(drawn)
    rows = []
    for (step, n, found), share in zip(points, copies, strict=True):
        found.values["near_copies"] = share
        found.reasons += [f"near_copies: {why}"] if why else []
        rows.append({"step": step, "n": n, **found.point()})
    bound = isinstance(states[-1][1], BestOfNDiffusion)
    note = {"generator": work.config["generator"], "trained": trained, "bound": bound, "points": rows}
    (work.out / POINTS).write_text(json.dumps(note))


def asked_along(work: Work) -> Conditions:
    """The requests of a trajectory: as the training rows come, of a seed that no scored or rated image has."""
    table = with_groups(split_of(work.inputs["data"], "train")).table
    seed = derive_seed(work.seed, "trajectory", "conditions")
    return conditions_like(
        table, work.config["n"], columns=tuple(work.config["columns"]), seed=seed, balanced=False
    )


def _states(work: Work, base: Diffusion) -> tuple[list[tuple[int, Any]], bool]:
    """The states by their step, and whether they were trained; what is not trained has one, and the base is step 0."""
    if "align" not in work.inputs:
        return [(0, base)], False
    aligned = load_fitted(work, "align")
    if not (work.inputs["align"] / "trail").is_dir():
        return [(0, aligned)], False
    trail = load_trail(work.inputs["align"] / "trail", aligned)
    return [(each.step, aligned.at(each)) for each in trail], True


def stop(work: Work) -> None:
    """Keep the state with the highest mean P(plausible) by E, the first where several have it; 0 is the base.

    What was not trained has nothing to be stopped at, and is kept as it is.
    """
    aligned, card = load_fitted(work, "align"), read_card(work.inputs["align"])
    along = read_points(work.inputs["trajectory"])
    if not along["trained"]:
        aligned.save(work.out / "generator")
        write_card(card, work.out)
        return
    points = [*read_points(work.inputs["trajectory-base"])["points"], *along["points"]]
    scores = {int(point["step"]): float(point["E_mean"]) for point in points}
    step = peak(scores)
    base = load_fitted(work, "base")
    states = [Snapshot(0, tuple(each.detach().cpu() for each in base.network.parameters()))]
    states += load_trail(work.inputs["align"] / "trail", aligned)
    chosen = aligned.at(next(each for each in states if each.step == step))
    chosen.save(work.out / "generator")
    words = f"stopped by E at step {step} of {max(scores)}"
    settings = {**card.settings, "aligner": {**card.settings.get("aligner", {}), "step": step}}
    write_card(replace(card, notes="; ".join(filter(None, [card.notes, words])), settings=settings), work.out)
    (work.out / STOP).write_text(json.dumps({"step": step, "scores": scores}))


def read_points(folder: Path) -> dict[str, Any]:
    """What ``trajectory`` wrote."""
    note: dict[str, Any] = json.loads((folder / POINTS).read_text())
    return note
