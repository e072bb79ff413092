"""What alignments came to at their last step, whether or not E stopped them earlier: where harm shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..benchmark import Record, TrajectoryPoint
from ..core import parse_spec
from ._alignment import alignment_asked, base_name, spread
from ._alignment_cells import gain_cell
from ._estimates import Estimate
from ._names import clean
from ._results_markdown import flat, markdown_table

MEASURED = {"H": "H", "coverage": "Coverage", "R_mean": "Mean P(plausible) by R"}
Points = Mapping[int, TrajectoryPoint]


def unstopped_table(record: Record) -> str | None:
    """Each trained method at its last step, less the control there, and less its twin with a shuffled reward.

    Paired over seeds, on the images of the trajectories; None where no state after the base was measured.
    """
    last = last_points(record)
    part = alignment_asked(record)
    control = str(part.get("control", ""))
    if control not in last:
        return None
    twins = shuffled_twins(part)
    head = ["Method", "Steps", *(f"{name} less control's" for name in MEASURED.values()), "H less its shuffled twin's"]
    lines = []
    for name, points in last.items():
        if name == control:
            continue
        twin = twins.get(name)
        over = [_less(points, last[control], field) for field in MEASURED]
        over.append(_less(points, last[twin], "H") if twin in last else Estimate())
        lines.append([clean(name), str(_steps(points)), *(flat(gain_cell(each)) for each in over)])
    return markdown_table(head, lines) if lines else None


def last_points(record: Record) -> dict[str, dict[int, TrajectoryPoint]]:
    """Name -> seed -> the state after most steps, of everything that was trained."""
    found: dict[str, dict[int, TrajectoryPoint]] = {}
    for point in record.trajectories:
        if point.step > 0 and point.generator != base_name(record):
            mine = found.setdefault(point.generator, {})
            if point.seed not in mine or point.step > mine[point.seed].step:
                mine[point.seed] = point
    return found


def shuffled_twins(part: Mapping[str, Any]) -> dict[str, str]:
    """Method -> the control that is the same but for a reward fitted on shuffled verdicts, as the recipe names them.

    >>> shuffled_twins({"methods": ["draft?late=0.9", "shuffled:draft?late=0.9", "nft"]})
    {'draft': 'shuffled'}
    """
    kinds, controls = {}, {}
    for spec in part.get("methods", ()):
        given = dict(spec) if isinstance(spec, Mapping) else spec
        alias = given.pop("alias", None) if isinstance(given, dict) else None
        parsed = parse_spec(given)
        name = str(alias or parsed.name)
        options = tuple(sorted((key, repr(value)) for key, value in parsed.options.items()))
        if parsed.name == "shuffled":
            controls[(parsed.argument, options)] = name
        else:
            kinds[name] = (parsed.name, options)
    return {name: controls[kind] for name, kind in kinds.items() if kind in controls}


def _steps(points: Points) -> int:
    return max(point.step for point in points.values())


def _less(mine: Points, other: Points, field: str) -> Estimate:
    shared = sorted(set(mine) & set(other))
    pairs = {seed: (getattr(mine[seed], field), getattr(other[seed], field)) for seed in shared}
    return spread({seed: None if a is None or b is None else a - b for seed, (a, b) in pairs.items()})
