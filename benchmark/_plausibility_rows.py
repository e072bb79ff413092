"""Plausibility, realism and fidelity against gain, as rows of the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean
from typing import Any

from ..core import LEVEL, UserError, holm
from ._cell_key import CellKey
from ._grid_errors import BY_CLASS, GridErrors, Setting
from ._mixed import Slope, few_generators, mixed_slope
from ._record import ScoreRow
from ._record_augmentation import PlausibilityGain

ARM = "real+synthetic"
MEASURES = (
    ("plausible_share", "H", 1),
    ("plausible_mean", "H", 1),
    ("realism", None, 1),
    ("frechet_distance", None, -1),
    ("coverage", None, 1),
)
"""Measures of a generator, the judge they are taken by (None: the first extractor that has them), and which way is
better: the claim is that better generators bring more."""
METHOD = (
    "mixed model, random intercepts for generator and class (generators' means where the measure is one value for "
    "each), t with generators - 2 degrees of freedom; the verdict by Holm over the measures"
)
Points = list[dict[str, Any]]
Place = tuple[str, str]
"""Generator and stratum."""
Gains = Mapping[Place, Mapping[tuple[int, float], float]]
"""By place: the gain at each number of real images and ratio."""


@dataclass(frozen=True)
class _Asked:
    """One measure of one classifier on one test set, with the slope or why there is none."""

    row: PlausibilityGain
    direction: int
    slope: Slope | None
    doubt: str | None


def plausibility_rows(grid: GridErrors, scores: Sequence[ScoreRow]) -> list[PlausibilityGain]:
    """For every classifier and test set, and every measure that the generators were scored by.

    A generator's gain is its mean over the numbers of real images and ratios that all generators have. "Shown" is said
    of a slope in the direction that was claimed alone (better generators bring more), after Holm over the measures.
    """
    places = dict.fromkeys((setting.classifier, setting.test_set) for setting in grid.settings())
    return [row for place in places for row in _rows(grid, place, scores)]


def _rows(grid: GridErrors, place: tuple[str, str], scores: Sequence[ScoreRow]) -> list[PlausibilityGain]:
    gains, seeds = _gains(grid, *place)
    asked = [_asked(place, *measured, seeds) for measured in _measured(gains, scores)]
    judged = [each.slope.p for each in asked if each.slope is not None]
    adjusted = iter(holm(judged).tolist() if judged else [])
    return [_told(each, 1.0 if each.slope is None else float(next(adjusted))) for each in asked]


def _gains(grid: GridErrors, classifier: str, test_set: str) -> tuple[Gains, int]:
    """Mean gain in a class's recall over seeds, and the fewest seeds; cells that had not converged are left out."""
    found: dict[Place, dict[tuple[int, float], float]] = {}
    counts: list[int] = []
    for setting in grid.settings():
        if (setting.classifier, setting.test_set, setting.metric) != (classifier, test_set, BY_CLASS):
            continue
        for key in grid.cells(setting):
            if key.arm != ARM or key.generator is None or _real(key) not in grid.lines:
                continue
            block = grid.block([_real(key), key], setting)
            if block is not None and block.doubt is None:
                counts.append(len(block.seeds))
                gain = float((block.errors[:, 0] - block.errors[:, 1]).mean())
                found.setdefault((key.generator, setting.stratum), {})[key.n_real, key.ratio] = gain
    return found, min(counts, default=0)


def _real(key: CellKey) -> CellKey:
    return replace(key, arm="real-only", generator=None, ratio=0.0)


def _measured(gains: Gains, scores: Sequence[ScoreRow]) -> Iterator[tuple[str, int, Points, int]]:
    """Name, direction, points and generators of every measure that was taken."""
    for metric, judge, direction in MEASURES:
        rows = [row for row in scores if row.metric == metric and row.value is not None]
        extractor = judge if judge is not None else next((row.extractor for row in rows), None)
        table: dict[Place, list[float]] = {}
        for row in rows:
            if row.extractor == extractor and row.value is not None:
                table.setdefault((row.generator, row.stratum), []).append(row.value)
        names, by_class = _same_level(gains, table)
        if names:
            points = _points(gains, table, names, by_class)
            yield metric if judge is None else f"{metric} by {judge}", direction, points, len(names)


def _same_level(gains: Gains, table: Mapping[Place, object]) -> tuple[list[str], bool]:
    """The generators that are measured alike: in every class, or all over; the way that more of them have."""
    strata = {stratum for _, stratum in gains}
    names = [
        name for name in dict.fromkeys(name for name, _ in gains) if all((name, s) in gains for s in strata)
    ]
    classes = [name for name in names if all((name, stratum) in table for stratum in strata)]
    overall = [name for name in names if (name, "all") in table]
    return (classes, True) if len(classes) >= len(overall) else (overall, False)


def _points(gains: Gains, table: Mapping[Place, list[float]], names: list[str], by_class: bool) -> Points:
    """One point for each generator and class, over the numbers and ratios that all of them have."""
    strata = list(dict.fromkeys(stratum for _, stratum in gains))
    shared = set.intersection(*(set(gains[name, stratum]) for name in names for stratum in strata))
    if not shared:
        return []
    return [
        {
            "generator": name,
            "label": stratum.partition("=")[2],
            "measure": mean(table[name, stratum if by_class else "all"]),
            "gain": mean(gains[name, stratum][pair] for pair in sorted(shared)),
        }
        for name in names
        for stratum in strata
    ]


def _asked(
    place: tuple[str, str], measure: str, direction: int, points: Points, count: int, seeds: int
) -> _Asked:
    setting = Setting(place[0], BY_CLASS, "label", place[1])
    row = PlausibilityGain(
        **setting._asdict(),
        measure=measure,
        n_generators=count,
        n_rows=len(points),
        points=points,
        method=METHOD,
        verdict="cannot be known from these data",
        words="",
    )
    doubt = few_generators(count, seeds)
    if doubt is None and not points:
        doubt = "there is no number of real images and ratio that all generators have"
    if doubt is not None:
        return _Asked(row, direction, None, doubt)
    columns = ([point[name] for point in points] for name in ("measure", "gain", "generator", "label"))
    try:
        return _Asked(row, direction, mixed_slope(*columns), None)
    except UserError as error:
        return _Asked(row, direction, None, str(error))


def _told(asked: _Asked, adjusted: float) -> PlausibilityGain:
    slope = asked.slope
    if slope is None:
        return asked.row.model_copy(update={"words": f"Cannot be known: {asked.doubt}."})
    measure, better = asked.row.measure, "higher" if asked.direction > 0 else "lower"
    differs = adjusted < 1 - LEVEL
    shown = differs and slope.value * asked.direction > 0
    said = "not shown"
    if shown:
        said = f"generators with a {better} {measure} bring more; that one causes the other is not shown"
    elif differs:
        said = f"the opposite of what was asked: generators with a {better} {measure} bring less"
    words = (
        f"{slope.value:+.3g} [{slope.lo:.3g}, {slope.hi:.3g}] in recall per unit of {measure} ({better} is better), "
        f"{asked.row.n_generators} generators, p after Holm {adjusted:.3g}: {said}."
    )
    update = {"slope": slope.value, "lo": slope.lo, "hi": slope.hi, "p": slope.p, "words": words}
    return asked.row.model_copy(update={**update, "verdict": "shown" if shown else "not shown"})
