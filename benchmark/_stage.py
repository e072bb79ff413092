"""A stage: one piece of work, done once, kept under a key made of everything it depends on."""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..core import Progress, atomic_folder, content_key
from ._stage_kind import stage_note


@dataclass(frozen=True)
class Stage:
    """A call of ``function`` (``"_module:name"`` in this folder) on the results of other stages.

    The function is called as ``function(Work)`` and writes its result into ``work.out``. The key is made from the
    function, its integer version, the configuration, the seed and the keys of what it needs; a result folder under
    that key is complete, because it appears by one rename.
    """

    name: str
    function: str
    version: int
    config: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    needs: Mapping[str, Stage] = field(default_factory=dict)
    group: str = ""

    @cached_property
    def key(self) -> str:
        """32 hexadecimal digits: equal keys mean equal results."""
        needs = {name: stage.key for name, stage in self.needs.items()}
        return content_key(self.function, self.version, dict(self.config), self.seed, needs)

    def folder(self, cache: Path) -> Path:
        """Where the result lies."""
        return cache / self.key

    def done(self, cache: Path) -> bool:
        """True when the result is there, whole."""
        return (self.folder(cache) / "stage.json").is_file()


@dataclass(frozen=True)
class Work:
    """What a stage's function is given."""

    config: Mapping[str, Any]
    seed: int
    inputs: Mapping[str, Path]
    out: Path
    scratch: Path
    progress: Progress


def perform(stage: Stage, cache: Path, progress: Progress) -> float:
    """Do the stage's work unless its result is there already; return the seconds of work it took (also earlier).

    ``scratch`` is a folder that outlives a kill, for checkpoints; it is removed once the result is in place.
    """
    import shutil

    target = stage.folder(cache)
    if not stage.done(cache):
        scratch = cache / ".partial" / stage.key
        scratch.mkdir(parents=True, exist_ok=True)
        module, _, name = stage.function.partition(":")
        function = getattr(importlib.import_module(module, __package__), name)
        inputs = {need: other.folder(cache) for need, other in stage.needs.items()}
        began = time.monotonic()
        with atomic_folder(target) as out:
            function(Work(stage.config, stage.seed, inputs, out, scratch, progress))
            seconds = time.monotonic() - began
            note = {
                "name": stage.name,
                "key": stage.key,
                "seconds": round(seconds, 2),
                "version": stage.version,
                **stage_note(stage),
            }
            (out / "stage.json").write_text(json.dumps(note))
        shutil.rmtree(scratch, ignore_errors=True)
    return float(json.loads((target / "stage.json").read_text())["seconds"])


def in_order(stages: Mapping[str, Stage]) -> list[Stage]:
    """All stages and what they need, each after its needs, each key once."""
    seen: dict[str, Stage] = {}

    def visit(stage: Stage) -> None:
        if stage.key not in seen:
            for need in stage.needs.values():
                visit(need)
            seen[stage.key] = stage

    for stage in stages.values():
        visit(stage)
    return list(seen.values())
