"""How long what is left of a run will take: from finished stages like it, else from the recipe's own guess."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from ._stage import Stage
from ._stage_kind import kind_of, stage_note

GUESS_CORES = 2
"""The recipe's ``budget_minutes`` are minutes on two cores."""
_SAME, _ELSEWHERE = "finished stages alike", "stages alike on other images"
_KIND, _GUESS = "other stages of the kind, roughly", "the recipe's budget_minutes"


@dataclass
class KindEstimate:
    """Stages of one kind that are still to be done: how many, seconds of work, how many are unknown, and the basis."""

    stages: int = 0
    seconds: float = 0.0
    unknown: int = 0
    basis: list[str] = field(default_factory=list)

    def add(self, seconds: float | None, basis: str) -> None:
        """Count one stage."""
        self.stages += 1
        if seconds is None:
            self.unknown += 1
        else:
            self.seconds += seconds
            self.basis += [basis] if basis not in self.basis else []


@dataclass(frozen=True)
class RunEstimate:
    """An estimate by kind of stage, and of the whole on ``workers`` processes (``seconds``: of the clock)."""

    kinds: Mapping[str, KindEstimate]
    seconds: float
    workers: int

    @property
    def unknown(self) -> int:
        """Stages about whose time nothing is known."""
        return sum(kind.unknown for kind in self.kinds.values())

    def lines(self) -> list[str]:
        """One line for each kind of stage, and one for all."""
        return [
            *(_kind_line(name, kind) for name, kind in self.kinds.items()),
            *([self._total()] if self.kinds else []),
        ]

    def _total(self) -> str:
        known = sum(kind.stages for kind in self.kinds.values()) - self.unknown
        if not known:
            return "in all: time unknown (nothing alike was run here, and the recipe has no budget_minutes)"
        more = f", and {self.unknown} stages of which nothing is known" if self.unknown else ""
        cores = f"{self.workers} process{'' if self.workers == 1 else 'es'}"
        return f"in all: about {minutes(self.seconds)} with {cores}{more}"


def _kind_line(name: str, kind: KindEstimate) -> str:
    if kind.unknown == kind.stages:
        return f"{name}: {kind.stages} to do, time unknown"
    some = f"; {kind.unknown} unknown" if kind.unknown else ""
    return f"{name}: {kind.stages} to do, about {minutes(kind.seconds)} of work (from {', '.join(kind.basis)}){some}"


def minutes(seconds: float) -> str:
    """The time in words, no finer than it can be known.

    >>> minutes(20), minutes(600), minutes(9000)
    ('1 minute', '10 minutes', '2.5 hours')
    """
    whole = max(1, round(seconds / 60))
    if whole >= 120:
        return f"{seconds / 3600:.1f} hours"
    return f"{whole} minute{'' if whole == 1 else 's'}"


def estimate_run(
    stages: Sequence[Stage], cache: Path, guess: Mapping[str, float], *, workers: int
) -> RunEstimate:
    """Return the estimate for those of the stages (needs first) that are not finished.

    Each takes the mean of finished stages alike (the same work by the same kind of model on the same images, the seed
    aside), their seconds scaled by steps x batch or images; else of those on other images; else of all of its kind
    (never so for fits, which have nothing in common); else its part of ``guess`` (minutes on two cores by kind, for all
    stages of the kind); else its time is unknown.
    """
    known = Known(stages, cache)
    open_: dict[str, Stage] = {}
    kinds: dict[str, KindEstimate] = {}
    seconds: dict[str, float] = {}
    for stage in stages:
        if stage.done(cache):
            continue
        open_[stage.key] = stage
        found, basis = known.seconds(stage)
        if found is None:
            found, basis = _guessed(stage, stages, guess), _GUESS
        kinds.setdefault(kind_of(stage), KindEstimate()).add(found, basis)
        seconds[stage.key] = found or 0.0
    return RunEstimate(kinds, _on_the_clock(list(open_.values()), seconds, workers), workers)


class Known:
    """The seconds of finished stages: of this run's other seeds, and of every other run that shares the cache."""

    def __init__(self, stages: Sequence[Stage], cache: Path) -> None:
        self.found: dict[tuple[str, ...], list[tuple[float, float | None]]] = {}
        notes = {note["key"]: note for note in _notes(cache)}
        for stage in stages:
            if stage.key in notes:
                notes[stage.key] |= stage_note(stage)
        for note in notes.values():
            if isinstance(note.get("like"), str):
                for key in _keys(note["like"], note.get("data") or ""):
                    self.found.setdefault(key, []).append((note["seconds"], note.get("size")))

    def seconds(self, stage: Stage) -> tuple[float | None, str]:
        """The mean of its like, scaled to its size, and what it was taken from; None where there is no like."""
        note = stage_note(stage)
        for key, basis in zip(_keys(note["like"], note["data"]), (_SAME, _ELSEWHERE, _KIND), strict=True):
            if basis == _KIND and kind_of(stage) == "fit":
                continue
            seconds = _scaled(self.found.get(key, ()), note["size"])
            if seconds is not None:
                return seconds, basis
        return None, ""


def _keys(like: str, data: str) -> list[tuple[str, ...]]:
    return [(like, data), (like,), ("kind", like.split(" ")[0])]


def _scaled(found: Iterable[tuple[float, float | None]], size: float | None) -> float | None:
    seconds = [took * (size / its if size and its else 1.0) for took, its in found]
    return fmean(seconds) if seconds else None


def _notes(cache: Path) -> Iterator[dict[str, Any]]:
    for folder in sorted(cache.iterdir()) if cache.is_dir() else ():
        note = _note(folder)
        if note is not None:
            yield {**note, "key": folder.name}


def _note(folder: Path) -> dict[str, Any] | None:
    try:
        note = json.loads((folder / "stage.json").read_text(encoding="utf-8"))
        return note if float(note["seconds"]) >= 0 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _guessed(stage: Stage, stages: Sequence[Stage], guess: Mapping[str, float]) -> float | None:
    kind = kind_of(stage)
    given = [value for name, value in guess.items() if name.split(" ")[0].rstrip("s") == kind.rstrip("s")]
    if not given:
        return None
    return 60 * GUESS_CORES * sum(given) / sum(kind_of(other) == kind for other in stages)


def _on_the_clock(stages: Sequence[Stage], seconds: Mapping[str, float], workers: int) -> float:
    """The end of the last stage when each begins as soon as a process is free and what it needs is there."""
    free = [0.0] * max(1, workers)
    end: dict[str, float] = {}
    for stage in stages:
        ready = max((end.get(need.key, 0.0) for need in stage.needs.values()), default=0.0)
        end[stage.key] = max(ready, heapq.heappop(free)) + seconds[stage.key]
        heapq.heappush(free, end[stage.key])
    return max(end.values(), default=0.0)
