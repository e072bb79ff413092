"""From the finished stages of alignment to the record: trajectories, audits, and R after alignment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ._audit_rows import Findings, audit_rows
from ._engine import Outcome
from ._graph_seed import Graph
from ._recipe import Recipe, short_name
from ._record import Audit, ScoreRow, TrajectoryPoint
from ._work_trajectory import POINTS, STOP


class Alignments:
    """What a run found along its alignments."""

    def __init__(self, recipe: Recipe, graph: Graph, outcome: Outcome, cache: Path) -> None:
        self.recipe, self.graph, self.outcome, self.cache = recipe, graph, outcome, cache
        self.base = short_name(recipe.base) if recipe.base else ""
        self.notes = {
            key: json.loads(path.read_text())
            for key, stage in graph.trajectories.items()
            if (path := stage.folder(cache) / POINTS).is_file()
        }
        self.stopped = self._stopped()

    def _stopped(self) -> dict[tuple[str, int], int]:
        """(Method, seed) -> the step of the state that was sampled, for all that has a trail and came so far."""
        found = {}
        for key, note in self.notes.items():
            if not note["trained"]:
                continue
            stage = self.graph.stops.get(key)
            path = stage.folder(self.cache) / STOP if stage else None
            if path is None:
                found[key] = int(note["points"][-1]["step"])
            elif path.is_file():
                found[key] = int(json.loads(path.read_text())["step"])
        return found

    def points(self) -> list[TrajectoryPoint]:
        """Every measured state; the base stands under its own name and again as step 0 of what was trained from it."""
        found = []
        for (name, seed), note in self.notes.items():
            rows: list[dict[str, Any]] = list(note["points"])
            if note["trained"]:
                at_base = self.notes.get((self.base, seed))
                rows = [*(at_base["points"] if at_base else []), *rows]
            for row in rows:
                last = self.stopped.get((name, seed)) if note["trained"] else row["step"]
                chosen = row["step"] == last
                found.append(TrajectoryPoint(generator=name, seed=seed, chosen=chosen, **row))
        return found

    def audits(self, scores: Sequence[ScoreRow], doubt: str | None) -> list[Audit]:
        """The audit of every aligner."""
        if self.recipe.alignment is None:
            return []
        return audit_rows(
            Findings(
                part=self.recipe.alignment,
                seeds=self.recipe.seeds,
                extractor=self.recipe.compared()[0],
                scores=scores,
                points=self.points(),
                stopped=self.stopped,
                bounds=frozenset(name for (name, _), note in self.notes.items() if note["bound"]),
                seconds=self._seconds(),
                doubt=doubt,
            )
        )

    def _seconds(self) -> dict[tuple[str, int], float]:
        """(Method, seed) -> seconds of aligning and of sampling what is scored, once all of it is done."""
        found = {}
        for key, stages in self.graph.spent.items():
            parts = [*stages, *([self.graph.samples[key]] if key in self.graph.samples else [])]
            if all(stage.key in self.outcome.seconds for stage in parts):
                found[key] = sum(self.outcome.seconds[stage.key] for stage in parts)
        return found

    def after(self) -> dict[str, dict[str, Any]]:
        """``seed N`` -> generator -> R's card on its images, rated anew."""
        found: dict[str, dict[str, Any]] = {}
        for (name, seed), stage in self.graph.afters.items():
            path = stage.folder(self.cache) / "card.json"
            if path.is_file():
                found.setdefault(f"seed {seed}", {})[name] = json.loads(path.read_text())
        return found
