"""Paired contrasts of the grid: what each arm gives over real images alone, and over its controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import benjamini_hochberg, holm
from ._cell_key import CellKey
from ._cell_table import CellTable, Draws, Predictions, Side
from ._compared import Compared, Question, compare
from ._contrast_words import contrast_of
from ._labellers import add_labellers
from ._record import CellRow
from ._record_augmentation import Contrast

BASELINES = ("real-only", "real-repeated", "real+shuffled-synthetic")
METRICS = ("macro_auroc", "balanced_accuracy")
BY_STRATUM = ("macro_auroc", "recall")
Adjust = Callable[[ArrayLike], NDArray[np.float64]]


class Registered(Protocol):
    """A comparison that the recipe wrote down before the run."""

    @property
    def id(self) -> str: ...
    @property
    def compare(self) -> str: ...
    @property
    def a(self) -> str: ...
    @property
    def b(self) -> str | None: ...
    @property
    def n_real(self) -> int | None: ...
    @property
    def ratio(self) -> float | None: ...
    @property
    def classifier(self) -> str | None: ...
    @property
    def metric(self) -> str | None: ...
    @property
    def stratum(self) -> str: ...
    @property
    def margin(self) -> float | None: ...


def contrasts(
    cells: Sequence[CellRow],
    draws: Draws | None = None,
    predictions: Predictions | None = None,
    registered: Sequence[Registered] = (),
    *,
    metrics: Sequence[str] = METRICS,
    by_stratum: Sequence[str] = BY_STRATUM,
    baselines: Sequence[str] = BASELINES,
    ledger: Mapping[str, float] | None = None,
) -> list[Contrast]:
    """Compare the arms of a grid by paired seeds: the registered contrasts first, then the family of all gains.

    Every arm is compared with ``real-only`` of the same classifier, seeds, test set and number of real images; arms
    with synthetic images also with the other ``baselines`` (the shuffled control of the same generator and ratio).
    ``metrics`` are compared on all test images, ``by_stratum`` also in every stratum, against ``real-only``.
    Positive values mean that ``a`` serves better, whatever the metric's direction.

    The interval is Student's t over seeds with the test patients' variance added (``paired_t_within``). Registered
    contrasts are adjusted by Holm over all of them (``ledger``: claim id -> the claims ledger's adjusted p, where
    other claims were registered too), the others by Benjamini and Hochberg. Fewer than 5 seeds, or a plain baseline
    that had not converged: nothing is claimed. McNemar's exact test takes the test images as independent.
    A registered contrast that names no ``n_real`` or ``ratio`` is the mean over all that both sides have; its row
    says 0 there, and its words name the numbers.

    >>> contrasts([])
    []
    """
    table = CellTable(cells, draws, predictions)
    asked = [part for part in registered if part.compare in ("classifier", "equivalence")]
    named = [_registered(table, part) for part in asked]
    family = list(_family(table, metrics, by_stratum, baselines))
    found = [
        contrast_of(each, adjusted)
        for each, adjusted in [
            *zip(named, _holm(named, ledger or {}), strict=True),
            *zip(family, _adjusted(family, benjamini_hochberg), strict=True),
        ]
    ]
    return add_labellers(found)


def compare_sides(
    part: Registered,
    cells: Sequence[CellRow],
    draws: Draws | None = None,
    predictions: Predictions | None = None,
) -> Contrast:
    """The row of one registered comparison, its verdict before any adjustment for the others."""
    measured = [row for row in cells if row.metric == (part.metric or METRICS[0])]
    return contrast_of(_registered(CellTable(measured, draws, predictions), part))


def _holm(named: Sequence[Compared], ledger: Mapping[str, float]) -> list[float | None]:
    own = _adjusted(named, holm)
    return [
        None if mine is None else ledger.get(each.question.id or "", mine)
        for each, mine in zip(named, own, strict=True)
    ]


def _adjusted(found: Sequence[Compared], method: Adjust) -> list[float | None]:
    known = [each.p_asked for each in found if each.p_asked is not None]
    adjusted = iter(method(known).tolist())
    return [None if each.p_asked is None else float(next(adjusted)) for each in found]


def _registered(table: CellTable, part: Registered) -> Compared:
    b = part.b or "real-only"
    classifier = part.classifier or next((key.classifier for key in table.rows), "")
    metric = part.metric or METRICS[0]
    sides = [_side(table, name, part, classifier, metric) for name in (part.a, b)]
    numbers, (first, second) = _complete(sides)
    question = Question(
        a=part.a,
        b=b,
        classifier=classifier,
        metric=metric,
        stratum=part.stratum,
        n_real=part.n_real or 0,
        ratio=part.ratio or 0.0,
        numbers=numbers,
        id=part.id,
        margin=part.margin,
        asks="equivalence" if part.compare == "equivalence" else "difference",
    )
    return compare(table, first, second, question)


def _side(
    table: CellTable, name: str, part: Registered, classifier: str, metric: str
) -> dict[int, dict[int, list[CellKey]]]:
    """Seed -> number of real images -> the cells of a side (several ratios where the part names none)."""
    keys = [
        key
        for key in table.rows
        if key.side == name
        and key.classifier == classifier
        and key.test_set == "test"
        and part.n_real in (None, key.n_real)
        and table.value({key: 1.0}, metric, part.stratum) is not None
    ]
    if part.ratio is not None and any(_takes_ratio(key) or key.ratio == part.ratio for key in keys):
        keys = [key for key in keys if key.ratio == part.ratio]
    found: dict[int, dict[int, list[CellKey]]] = {}
    for key in keys:
        found.setdefault(key.seed, {}).setdefault(key.n_real, []).append(key)
    return found


def _takes_ratio(key: CellKey) -> bool:
    return key.generator is not None or key.arm == "extra-real"


def _complete(
    sides: Sequence[Mapping[int, Mapping[int, list[CellKey]]]],
) -> tuple[tuple[int, ...], tuple[Side, Side]]:
    """The numbers of real images that both sides have, and the seeds in which neither lacks one of them.

    Numbers weigh alike, and ratios alike within them: a missing cell would else tilt one side's mean.
    """
    first, second = ({n_real for by_number in side.values() for n_real in by_number} for side in sides)
    numbers = tuple(sorted(first & second))
    seeds = [
        seed
        for seed in sides[0]
        if numbers and all(set(numbers) <= set(side.get(seed, {})) for side in sides)
    ]
    a, b = (
        {
            seed: {key: 1 / len(numbers) / len(side[seed][n]) for n in numbers for key in side[seed][n]}
            for seed in seeds
        }
        for side in sides
    )
    return numbers, (a, b)


def _family(
    table: CellTable, metrics: Sequence[str], by_stratum: Sequence[str], baselines: Sequence[str]
) -> Iterator[Compared]:
    lines = table.lines()
    for line, cells in lines.items():
        for arm in baselines:
            base = _baseline(lines, line, arm)
            if base is None:
                continue
            a = {seed: {key: 1.0} for seed, key in cells.items()}
            b = {seed: {key: 1.0} for seed, key in lines[base].items()}
            for metric, stratum in _measured(table, cells, metrics, by_stratum if arm == "real-only" else ()):
                yield compare(table, a, b, _question(line, base, metric, stratum))


def _baseline(lines: Mapping[CellKey, object], line: CellKey, arm: str) -> CellKey | None:
    """The line that ``line`` is compared with: the same setting, and the nearest ratio where it has several."""
    if line.arm == arm or (arm != "real-only" and line.generator is None):
        return None
    generator = line.generator if arm == "real+shuffled-synthetic" else None
    same = [
        key
        for key in lines
        if (key.arm, key.generator, key.n_real, key.classifier, key.test_set)
        == (arm, generator, line.n_real, line.classifier, line.test_set)
        and (generator is None or key.ratio == line.ratio)
    ]
    return min(same, key=lambda key: abs(key.ratio - line.ratio), default=None)


def _measured(
    table: CellTable, cells: Mapping[int, CellKey], metrics: Sequence[str], by_stratum: Sequence[str]
) -> list[tuple[str, str]]:
    """(Metric, stratum) of a line that have a value in some seed, in the rows' order."""
    found: dict[tuple[str, str], None] = {}
    for key in cells.values():
        for (metric, stratum), row in table.rows[key].items():
            wanted = metrics if stratum == "all" else by_stratum
            if metric in wanted and row.value is not None:
                found[metric, stratum] = None
    return list(found)


def _question(line: CellKey, base: CellKey, metric: str, stratum: str) -> Question:
    return Question(
        a=line.side,
        b=base.side,
        classifier=line.classifier,
        metric=metric,
        stratum=stratum,
        test_set=line.test_set,
        n_real=line.n_real,
        ratio=line.ratio,
    )
