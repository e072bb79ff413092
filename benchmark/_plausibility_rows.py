"""Plausibility, realism and fidelity against gain, as rows of the record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import mean
from typing import Any

from ..core import UserError
from ._cell_key import CellKey
from ._grid_errors import BY_CLASS, GridErrors, Setting
from ._mixed import few_generators, mixed_slope
from ._record import ScoreRow
from ._record_augmentation import PlausibilityGain

ARM = "real+synthetic"
MEASURES = (
    ("plausible_share", "H"),
    ("plausible_mean", "H"),
    ("realism", None),
    ("frechet_distance", None),
    ("coverage", None),
)
"""Measures of a generator and the judge they are taken by; None: the first extractor that has them."""
METHOD = "mixed model, random intercepts for generator and class, t with generators - 2 degrees of freedom"
Points = list[dict[str, Any]]


def plausibility_rows(grid: GridErrors, scores: Sequence[ScoreRow]) -> list[PlausibilityGain]:
    """For every classifier and test set, and every measure that the generators were scored by."""
    places = dict.fromkeys((setting.classifier, setting.test_set) for setting in grid.settings())
    return [
        _row(classifier, test_set, measure, points, seeds)
        for classifier, test_set in places
        for gains, seeds in [_gains(grid, classifier, test_set)]
        for measure, points in _measured(gains, scores)
        if points
    ]


def _gains(grid: GridErrors, classifier: str, test_set: str) -> tuple[dict[tuple[str, str], float], int]:
    """(Generator, stratum) -> mean gain in a class's recall over seeds, numbers and ratios; and the fewest seeds."""
    found: dict[tuple[str, str], list[float]] = {}
    counts: list[int] = []
    for setting in grid.settings():
        if (setting.classifier, setting.test_set, setting.metric) != (classifier, test_set, BY_CLASS):
            continue
        for key in grid.cells(setting):
            block = (
                grid.block([_real(key), key], setting)
                if key.arm == ARM and _real(key) in grid.lines
                else None
            )
            if block is not None and key.generator is not None:
                counts.append(len(block.seeds))
                gain = float((block.errors[:, 0] - block.errors[:, 1]).mean())
                found.setdefault((key.generator, setting.stratum), []).append(gain)
    return {place: mean(each) for place, each in found.items()}, min(counts, default=0)


def _real(key: CellKey) -> CellKey:
    return replace(key, arm="real-only", generator=None, ratio=0.0)


def _measured(
    gains: dict[tuple[str, str], float], scores: Sequence[ScoreRow]
) -> Iterator[tuple[str, Points]]:
    for metric, judge in MEASURES:
        rows = [row for row in scores if row.metric == metric and row.value is not None]
        extractor = judge if judge is not None else next((row.extractor for row in rows), None)
        table: dict[tuple[str, str], list[float]] = {}
        for row in rows:
            if row.extractor == extractor and row.value is not None:
                table.setdefault((row.generator, row.stratum), []).append(row.value)
        yield (
            metric if judge is None else f"{metric} by {judge}",
            [
                {"generator": name, "label": stratum.partition("=")[2], "measure": mean(known), "gain": gain}
                for (name, stratum), gain in gains.items()
                if (known := table.get((name, stratum)) or table.get((name, "all")))
            ],
        )


def _row(classifier: str, test_set: str, measure: str, points: Points, seeds: int) -> PlausibilityGain:
    names = [str(point["generator"]) for point in points]
    count = len(set(names))
    place = Setting(classifier, BY_CLASS, "label", test_set)
    row = PlausibilityGain(
        **place._asdict(),
        measure=measure,
        n_generators=count,
        n_rows=len(points),
        points=points,
        method=METHOD,
        verdict="cannot be known from these data",
        words="",
    )
    doubt = few_generators(count, seeds)
    try:
        slope = mixed_slope(
            [point["measure"] for point in points],
            [point["gain"] for point in points],
            names,
            [str(point["label"]) for point in points],
        )
    except UserError as error:
        return row.model_copy(update={"words": f"Cannot be known: {doubt or error}."})
    if doubt is not None:
        return row.model_copy(update={"words": f"Cannot be known: {doubt}."})
    shown = slope.p < 0.05
    words = (
        f"{slope.value:.3g} [{slope.lo:.3g}, {slope.hi:.3g}] more recall per unit of {measure}, {count} generators: "
        f"{'they go together; that one causes the other is not shown' if shown else 'not shown'}."
    )
    update = {"slope": slope.value, "lo": slope.lo, "hi": slope.hi, "p": slope.p, "words": words}
    return row.model_copy(update={**update, "verdict": "shown" if shown else "not shown"})
