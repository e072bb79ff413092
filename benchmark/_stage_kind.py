"""Of which kind a stage is, and how large: what makes the time of one tell that of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..core import Spec, UserError, parse_spec

if TYPE_CHECKING:
    from ._stage import Stage


def kind_of(stage: Stage) -> str:
    """The first word of its name: fit, align, sample, score."""
    return stage.name.split(" ")[0]


def likeness(stage: Stage) -> str:
    """What a stage has in common with its like under other seeds: its function, name and kind of model."""
    spec = next(iter(_specs(stage.config)), None)
    model = f"{spec.name}:{spec.argument or ''}" if spec else ""
    return f"{stage.function} {stage.name.partition(' [')[0]} {model}".strip()


def size_of(stage: Stage) -> float | None:
    """What its time grows with: steps x batch, or images; None where the configuration says neither.

    >>> from synmedbench.benchmark._stage import Stage
    >>> size_of(Stage("align draft", "", 1, {"budget": {"steps": 200, "batch_size": 64}}))
    12800.0
    """
    config = stage.config
    for part in (
        config.get("budget"),
        config.get("judge"),
        *(spec.options for spec in _specs(config)),
        config,
    ):
        if isinstance(part, Mapping) and (steps := _number(part.get("steps"))) is not None:
            return steps * (_number(part.get("batch_size")) or 1.0) * (_number(part.get("ensemble")) or 1.0)
    return _number(config.get("n"))


def _number(value: Any) -> float | None:
    """A plug-in's option may bear the same name and hold anything: only a number counts."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def stage_note(stage: Stage) -> dict[str, Any]:
    """What is kept of a finished stage beside its seconds, so that its like can be foretold."""
    data = stage.needs.get("data")
    return {"like": likeness(stage), "size": size_of(stage), "data": data.key if data else ""}


def _specs(config: Mapping[str, Any]) -> Iterator[Spec]:
    for name in ("spec", "model"):
        if config.get(name) is not None:
            try:
                part = config[name]
                yield parse_spec(
                    {k: v for k, v in part.items() if k != "alias"} if isinstance(part, dict) else part
                )
            except UserError:
                continue
