"""What a new concept came to: rows by arm, seed and value, and a verdict on every method."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core import MIN_SEEDS, describe_seeds, t_interval
from ._engine import Outcome
from ._recipe import ConceptPart, short_name
from ._record import ConceptRow, ConceptVerdict
from ._stage import Stage

_CARDS = ("rate", "judge R", "panel")
Scores = dict[tuple[str, int], tuple[float, float]]


def concept_rows(
    part: ConceptPart, arms: Mapping[tuple[str, int], Stage], outcome: Outcome, cache: Path
) -> list[ConceptRow]:
    """The rows of every arm and seed; those of an arm without a result say why."""
    rows = []
    for (arm, seed), stage in arms.items():
        path = stage.folder(cache) / "concept.json"
        if path.is_file():
            rows += [ConceptRow(**row) for row in json.loads(path.read_text())["rows"]]
            continue
        reason = _why(stage, outcome)
        rows += [ConceptRow(method=arm, seed=seed, value=value, n=0, reason=reason) for value in part.names()]
    return rows


def concept_cards(stages: Mapping[str, Stage], cache: Path) -> dict[str, Any]:
    """The cards of the raters, of R and of the predictors, by stage."""
    found = {}
    for name, stage in stages.items():
        path = stage.folder(cache) / "card.json"
        if name.startswith(tuple(f"concept {each}" for each in _CARDS)) and path.is_file():
            found[name.removeprefix("concept ")] = json.loads(path.read_text())
    return found


def concept_verdicts(
    part: ConceptPart, rows: Sequence[ConceptRow], seeds: Sequence[int]
) -> list[ConceptVerdict]:
    """The verdict on every method; see ``concept_verdict``."""
    scores, others = _scores(part, rows), _others(rows)
    found = []
    for method in map(short_name, part.methods):
        reasons = [row.reason for row in rows if row.reason and row.method in (method, *part.controls())]
        gains, apart = {}, {}
        for control in part.controls():
            both = [seed for seed in seeds if (method, seed) in scores and (control, seed) in scores]
            pairs = [(scores[method, seed], scores[control, seed]) for seed in both]
            gains[control] = [ours[0] - theirs[0] for ours, theirs in pairs]
            apart[control] = [ours[1] - theirs[1] for ours, theirs in pairs]
        price = [
            others[method, seed] - others["real-only", seed]
            for seed in seeds
            if (method, seed) in others and ("real-only", seed) in others
        ]
        verdict, words = concept_verdict(gains, apart, doubt=reasons[0] if reasons else None)
        found.append(
            ConceptVerdict(
                method=method,
                column=part.column,
                verdict=verdict,  # type: ignore[arg-type]
                words=words,
                gains=gains,
                apart=apart,
                price=price,
            )
        )
    return found


def concept_verdict(
    gains: Mapping[str, Sequence[float]],
    apart: Mapping[str, Sequence[float]],
    *,
    doubt: str | None = None,
    min_seeds: int = MIN_SEEDS,
) -> tuple[str, str]:
    """Return verdict and words from the gains per seed over each control.

    **taught**: over every control the lower bound (95%, t over seeds) is above 0 both for the share of images in which
    H sees the value asked for (``gains``) and for that share less the share in which it sees the value though another
    was asked for (``apart``). The second is what a model that ignores the column cannot raise by drawing better. All
    must hold at once, so no bound is corrected for their number. With fewer than ``min_seeds`` seeds nothing is known.

    >>> concept_verdict({"base": [.2, .22, .21, .19, .2]}, {"base": [.4, .39, .4, .41, .4]})[0]
    'taught'
    >>> concept_verdict({"base": [.2, .22, .21, .19, .2]}, {"base": [.1, -.1, .1, -.1, 0]})[0]
    'not shown'
    """
    told = "; ".join(
        f"over {control}: asked for and seen {describe_seeds(list(gains[control]))}, "
        f"less seen though not asked for {describe_seeds(list(apart[control]))}"
        for control in gains
        if gains[control]
    )
    lists = [*gains.values(), *apart.values()]
    if not lists or min(map(len, lists)) < min_seeds:
        words = "; ".join(filter(None, (doubt, told))) or "no seed is finished"
        return "cannot be known from these data", words
    if all(t_interval(values).lo > 0 for values in lists):
        return "taught", told
    return "not shown", told


def _scores(part: ConceptPart, rows: Sequence[ConceptRow]) -> Scores:
    """By arm and seed: the mean over values of what is asked for and seen, and of that less seen though not asked."""
    found: dict[tuple[str, int], list[ConceptRow]] = {}
    for row in rows:
        if row.value is not None and row.asked_confirmed is not None:
            found.setdefault((row.method, row.seed), []).append(row)
    return {
        key: (
            sum(row.asked_confirmed or 0.0 for row in mine) / len(mine),
            sum((row.asked_confirmed or 0.0) - (row.other_confirmed or 0.0) for row in mine) / len(mine),
        )
        for key, mine in found.items()
        if len(mine) == len(part.names())
    }


def _others(rows: Sequence[ConceptRow]) -> dict[tuple[str, int], float]:
    return {
        (row.method, row.seed): row.plausible
        for row in rows
        if row.value is None and row.plausible is not None
    }


def _why(stage: Stage, outcome: Outcome) -> str:
    """Why a stage has no result: the first of those it rests on that failed, in its own words."""
    if stage.key in outcome.put_off:
        return "not computed yet: the run's budget was over"
    for need in stage.needs.values():
        if need.key in outcome.failed or need.key in outcome.put_off:
            return _why(need, outcome)
    return outcome.failed.get(stage.key, "its stage has no result")
