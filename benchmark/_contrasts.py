"""Paired contrasts of the grid: what each arm gives over real images alone, and over its controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import benjamini_hochberg, holm
from ._cell_key import CellKey
from ._cell_table import CellTable, Draws, Predictions, Side
from ._compared import ADDING, Compared, Question, compare
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
    def ratio_b(self) -> float | None: ...
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
    other claims were registered too); one without a p-value counts among them as 1. The others are adjusted by
    Benjamini and Hochberg in three families: gains over real images alone of the arms that add synthetic ones, on
    all images; the same by stratum; all else, which are controls. Their p-values are ``within_pvalue``'s.

    Fewer than 5 seeds or 10 patients (where their number was kept), a plain arm that had not converged, or a loss of
    any arm that had not: nothing is claimed. McNemar's exact test takes the test images as independent.
    A registered contrast that names no ``n_real`` or ``ratio`` is the mean over all that both sides have in every
    seed; its row says 0 there, and its words name the numbers and ratios.

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
            *zip(family, _by_family(family), strict=True),
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
    return contrast_of(registered_sides(part, cells, draws, predictions))


def registered_sides(
    part: Registered,
    cells: Sequence[CellRow],
    draws: Draws | None = None,
    predictions: Predictions | None = None,
) -> Compared:
    """The figures of one registered comparison, with the numbers and ratios that it is the mean over."""
    measured = [row for row in cells if row.metric == (part.metric or METRICS[0])]
    return _registered(CellTable(measured, draws, predictions), part)


def _holm(named: Sequence[Compared], ledger: Mapping[str, float]) -> list[float | None]:
    own = holm([1.0 if each.p_asked is None else each.p_asked for each in named]).tolist()
    return [
        None if each.p_asked is None else ledger.get(each.question.id or "", mine)
        for each, mine in zip(named, own, strict=True)
    ]


def _by_family(found: Sequence[Compared]) -> list[float | None]:
    """Adjusted p-values, each within its own family: controls that cannot but differ must not help the gains."""
    members: dict[str, list[int]] = {}
    for place, each in enumerate(found):
        members.setdefault(_family_of(each.question), []).append(place)
    adjusted: list[float | None] = [None] * len(found)
    for places in members.values():
        of_family = _adjusted([found[place] for place in places], benjamini_hochberg)
        for place, p in zip(places, of_family, strict=True):
            adjusted[place] = p
    return adjusted


def _family_of(asked: Question) -> str:
    if asked.a.partition("/")[0] not in ADDING or asked.b != "real-only":
        return "controls"
    return "gains" if asked.stratum == "all" else "gains by stratum"


def _adjusted(found: Sequence[Compared], method: Adjust) -> list[float | None]:
    known = [each.p_asked for each in found if each.p_asked is not None]
    adjusted = iter(method(known).tolist())
    return [None if each.p_asked is None else float(next(adjusted)) for each in found]


def _registered(table: CellTable, part: Registered) -> Compared:
    b = part.b or "real-only"
    classifier = part.classifier or next((key.classifier for key in table.rows), "")
    metric = part.metric or METRICS[0]
    ratio_b = part.ratio if part.ratio_b is None else part.ratio_b
    asked = [(part.a, part.ratio), (b, ratio_b)]
    sides = [_side(table, name, ratio, part, classifier, metric) for name, ratio in asked]
    pairs, (first, second) = _complete(sides, alike=part.ratio_b is None)
    question = Question(
        a=part.a,
        b=b,
        classifier=classifier,
        metric=metric,
        stratum=part.stratum,
        n_real=part.n_real or 0,
        ratio=part.ratio or 0.0,
        ratio_b=part.ratio_b,
        numbers=tuple(pairs),
        ratios=tuple(pairs.values()),
        id=part.id,
        margin=part.margin,
        asks="equivalence" if part.compare == "equivalence" else "difference",
    )
    found = compare(table, first, second, question)
    if not pairs and any(set(x) & set(y) for x in sides[0].values() for y in sides[1].values()):
        found.doubt = "both sides were measured, but at no ratio that both have in every seed"
    return found


def _side(
    table: CellTable, name: str, ratio: float | None, part: Registered, classifier: str, metric: str
) -> dict[int, dict[int, list[CellKey]]]:
    """Seed -> number of real images -> the cells of a side (several ratios where none is asked for)."""
    keys = [
        key
        for key in table.rows
        if key.side == name
        and key.classifier == classifier
        and key.test_set == "test"
        and part.n_real in (None, key.n_real)
        and table.value({key: 1.0}, metric, part.stratum) is not None
    ]
    if ratio is not None and any(_takes_ratio(key) or key.ratio == ratio for key in keys):
        keys = [key for key in keys if key.ratio == ratio]
    found: dict[int, dict[int, list[CellKey]]] = {}
    for key in keys:
        found.setdefault(key.seed, {}).setdefault(key.n_real, []).append(key)
    return found


def _takes_ratio(key: CellKey) -> bool:
    return key.generator is not None or key.arm == "extra-real"


_Held = Mapping[int, Mapping[int, Sequence[CellKey]]]
"""Seed -> number of real images -> cells."""


def _complete(sides: Sequence[_Held], alike: bool) -> tuple[dict[int, tuple[float, ...]], tuple[Side, Side]]:
    """The numbers of real images that both sides have, each with its ratios, and the seeds that lack none of them.

    Numbers weigh alike, and ratios alike within them: a missing cell would else tilt one side's mean. So a ratio
    that one seed lacks at a number (or one side, where both are asked ``alike``) is left out there; seeds that lack
    a whole number are left out.
    """
    first, second = ({n_real for by_number in side.values() for n_real in by_number} for side in sides)
    numbers = sorted(first & second)
    seeds = [
        seed
        for seed in sides[0]
        if numbers and all(set(numbers) <= set(side.get(seed, {})) for side in sides)
    ]
    kept = [{n: _shared_ratios([side[seed][n] for seed in seeds]) for n in numbers} for side in sides]
    if alike:
        both = {n: _both(*(by_number[n] for by_number in kept)) for n in numbers}
        kept = [{n: both[n] if by_number[n] else by_number[n] for n in numbers} for by_number in kept]
    numbers = [n for n in numbers if all(by_number[n] != set() for by_number in kept)]
    a, b = (
        {seed: _mix(side[seed], by_number, numbers) for seed in seeds if numbers}
        for side, by_number in zip(sides, kept, strict=True)
    )
    said = {n: kept[0][n] or kept[1][n] or () for n in numbers}
    return {n: tuple(sorted(ratios)) for n, ratios in said.items()}, (a, b)


def _shared_ratios(seeds: Sequence[Sequence[CellKey]]) -> set[float] | None:
    """The ratios that a side has in every seed; None where it takes none."""
    held = [{key.ratio for key in cells} for cells in seeds]
    return set.intersection(*held) if held and any(map(_takes_ratio, seeds[0])) else None


def _both(first: set[float] | None, second: set[float] | None) -> set[float] | None:
    return second if first is None else first if second is None else first & second


def _mix(
    cells: Mapping[int, Sequence[CellKey]], ratios: Mapping[int, set[float] | None], numbers: Sequence[int]
) -> dict[CellKey, float]:
    found = {}
    for n in numbers:
        shared = ratios[n]
        kept = [key for key in cells[n] if shared is None or key.ratio in shared]
        found.update(dict.fromkeys(kept, 1 / len(numbers) / len(kept)))
    return found


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
