"""What the synthetic images were worth to a classifier: gains over real-only, and learning curves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..benchmark import CellRow, Record
from ..core import MIN_SEEDS, paired_t
from ._estimates import Estimate, estimate
from ._names import clean, metric_name, metrics_in_order, plural
from ._numbers import bracket, signed

BASELINE = "real-only"
METRIC = "macro_auroc"
OWN_TEST = "test"
"""The run's own test images; other test sets stand in a part of their own."""
PLACES = 3
"""Decimals of a gain."""


@dataclass(frozen=True)
class Gain:
    """The paired difference of one setting from real-only at the same number of real images."""

    generator: str
    arm: str
    classifier: str
    n_real_train: int
    ratio: float
    differences: tuple[float, ...]
    lo: float | None
    hi: float | None
    of: int = 1

    @property
    def mean(self) -> float:
        """The mean difference over seeds."""
        return sum(self.differences) / len(self.differences)

    @property
    def text(self) -> str:
        """The gain with its interval, or with each seed when they are few."""
        head = signed(self.mean, PLACES)
        return f"{head} {bracket(self.lo, self.hi, PLACES)}".strip()

    @property
    def seeds_text(self) -> str:
        """What each seed gave, when they are too few for an interval."""
        if self.lo is not None:
            return ""
        each = " · ".join(signed(difference, PLACES) for difference in self.differences)
        return f"{plural(len(self.differences), 'seed')}: {each}"

    @property
    def setting(self) -> str:
        """Where the gain was seen."""
        return f"{self.n_real_train} real a class, {self.ratio:g} synthetic per real"


@dataclass(frozen=True)
class Series:
    """One line of a learning curve: an arm at a ratio, over the number of real images per class."""

    label: str
    arm: str
    generator: str | None
    ratio: float
    points: tuple[tuple[int, Estimate], ...]


def gains(record: Record, metric: str = METRIC) -> dict[str, list[Gain]]:
    """The gains of each generator's real + synthetic arms, paired by seed with real-only."""
    baseline = {
        (c.classifier, c.n_real_train, c.seed): c.value
        for c in record.cells
        if c.arm == BASELINE and c.metric == metric and _on_own_test(c) and c.value is not None
    }
    pairs: dict[tuple[str, str, str, int, float], list[float]] = defaultdict(list)
    for cell in sorted(record.cells, key=lambda c: c.seed):
        reference = baseline.get((cell.classifier, cell.n_real_train, cell.seed))
        if not _adds_synthetic(cell) or cell.metric != metric or not _on_own_test(cell):
            continue
        if cell.value is not None and reference is not None:
            key = (cell.generator or "", cell.arm, cell.classifier, cell.n_real_train, cell.ratio)
            pairs[key].append(cell.value - reference)
    result: dict[str, list[Gain]] = defaultdict(list)
    for key, differences in pairs.items():
        result[key[0]].append(Gain(*key, tuple(differences), *_gain_bounds(differences)))
    return dict(result)


def best_gain(found: Sequence[Gain]) -> Gain | None:
    """The largest mean gain, with the number of settings it was picked from."""
    if not found:
        return None
    best = max(found, key=lambda gain: gain.mean)
    return Gain(**{**best.__dict__, "of": len(found)})


def _on_own_test(cell: CellRow) -> bool:
    return (cell.stratum, cell.test_set) == ("all", OWN_TEST)


def _adds_synthetic(cell: CellRow) -> bool:
    return cell.generator is not None and cell.arm.startswith("real+") and "shuffled" not in cell.arm


def _gain_bounds(differences: Sequence[float]) -> tuple[float | None, float | None]:
    if len(differences) < MIN_SEEDS:
        return None, None
    interval = paired_t(differences, [0.0] * len(differences))
    return interval.lo, interval.hi


_ARM_WORDS = {
    "real+synthetic": "real + {}", "real+aimed-synthetic": "real + {}, aimed",
    "real+weighted-synthetic": "real + {}, weighted", "real+shuffled-synthetic": "real + {}, labels shuffled",
    "synthetic-then-real": "{}, then real", "synthetic-only": "{} alone",
}  # fmt: skip


def arm_label(arm: str, generator: str | None, ratio: float) -> str:
    """An arm in words.

    >>> arm_label("real+synthetic", "draft", 10), arm_label("real+shuffled-synthetic", "draft", 0)
    ('real + draft, ×10', 'real + draft, labels shuffled')
    """
    words = clean(arm)
    if generator and arm in _ARM_WORDS:
        words = _ARM_WORDS[arm].format(clean(generator))
    elif generator:
        words = words.replace("synthetic", clean(generator)).replace("+", " + ")
        if clean(generator) not in words:
            words = f"{words} ({clean(generator)})"
    return f"{words}, ×{ratio:g}" if ratio and arm != BASELINE else words


def series(record: Record, classifier: str, metric: str = METRIC, stratum: str = "all") -> list[Series]:
    """The learning curves of a classifier, real-only first."""
    rows: dict[tuple[str, str | None, float], dict[int, list[CellRow]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for cell in record.cells:
        if (cell.classifier, cell.metric, cell.stratum, cell.test_set) == (classifier, metric, stratum, OWN_TEST):
            ratio = 0.0 if cell.arm == BASELINE else cell.ratio
            rows[cell.arm, cell.generator, ratio][cell.n_real_train].append(cell)
    lines = [
        Series(
            arm_label(arm, generator, ratio), arm, generator, ratio,
            tuple((n, estimate(cells)) for n, cells in sorted(by_n.items())),
        )
        for (arm, generator, ratio), by_n in rows.items()
    ]  # fmt: skip
    return sorted(lines, key=lambda s: (s.arm != BASELINE, s.generator or "", s.arm, s.ratio))


def classifiers_of(record: Record) -> list[str]:
    """The classifiers trained, as they came."""
    return list(dict.fromkeys(cell.classifier for cell in record.cells))


def utility_metrics(record: Record) -> list[str]:
    """The measures of the classifiers, macro AUROC first."""
    return metrics_in_order(cell.metric for cell in record.cells)


def metric_of(record: Record) -> str:
    """The measure that curves show: macro AUROC where it was taken."""
    found = utility_metrics(record)
    return METRIC if METRIC in found or not found else found[0]


def metric_words(record: Record) -> str:
    """That measure in words."""
    return metric_name(metric_of(record))
