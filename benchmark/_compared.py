"""One comparison of two sides of the grid: paired by seed, with the test patients' variance within."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from ..classifiers import better_sign
from ..core import LEVEL, MIN_SEEDS, Interval, UserError, describe_seeds, paired_t_within, within_pvalue
from ._cell_key import CellKey
from ._cell_table import CellTable, Side, variance_within

PLAIN = ("real-only", "real-repeated")
"""Arms that must have converged before a difference from them says anything."""
ADDING = ("real+synthetic", "real+aimed-synthetic", "real+weighted-synthetic", "synthetic-then-real")
"""Arms that add synthetic images to real ones: what the grid is for."""
SHUFFLED = "real+shuffled-synthetic"
"""It cannot converge on its labels, and need not: it is a control."""
MIN_PATIENTS = 10
"""With fewer test patients no spread over them can be told: at 5, intervals err in a quarter of cases."""
ONE_PATIENT = "the test images are one patient's: what others would show cannot be known"
ROUNDING = 1e-12
"""An interval narrower than this has no spread: equal differences of shares are not equal numbers."""


@dataclass(frozen=True)
class Question:
    """What is compared with what, where; ``asks`` says which of the two tests answers it."""

    a: str
    b: str
    classifier: str
    metric: str
    stratum: str = "all"
    test_set: str = "test"
    n_real: int = 0
    """0: the mean over ``numbers`` of real images per class."""
    ratio: float = 0.0
    ratio_b: float | None = None
    """The ratio of side ``b``, where it is another."""
    numbers: tuple[int, ...] = ()
    ratios: tuple[tuple[float, ...], ...] = ()
    """For each of the numbers, the ratios that ``ratio`` 0 is the mean over."""
    id: str | None = None
    margin: float | None = None
    asks: Literal["difference", "equivalence"] = "difference"


@dataclass
class Compared:
    """The figures of one comparison; where nothing can be known, ``doubt`` says why and there is no p-value."""

    question: Question
    n_test: int = 0
    differences: list[float] = field(default_factory=list)
    value: float | None = None
    lo: float | None = None
    hi: float | None = None
    p: float | None = None
    p_equivalent: float | None = None
    within_margin: tuple[float, float] | None = None
    """The interval that two one-sided tests read (90%), where equivalence was asked for."""
    detectable: float | None = None
    mcnemar: list[float | None] = field(default_factory=list)
    method: str = "paired t over seeds"
    doubt: str | None = None

    @property
    def p_asked(self) -> float | None:
        """The p-value of the test that answers the question."""
        return self.p_equivalent if self.question.asks == "equivalence" else self.p


def compare(table: CellTable, a: Side, b: Side, question: Question) -> Compared:
    """Compare two sides; differences are turned so that positive means ``a`` serves better."""
    metric, stratum = question.metric, question.stratum
    seeds = table.shared_seeds(a, b, metric, stratum)
    sign = better_sign(metric, stratum)
    found = Compared(question, n_test=table.n_test(a, metric, stratum))
    for seed in seeds:
        first, second = (table.value(side[seed], metric, stratum) for side in (a, b))
        assert first is not None
        assert second is not None
        found.differences.append(sign * (first - second))
    if stratum == "all":
        single = [seed for seed in seeds if len(a[seed]) == 1 == len(b[seed])]
        known = [table.mcnemar(*a[seed], *b[seed]) for seed in single]
        found.mcnemar = known if any(p is not None for p in known) else []
    within, paired = _within(table, a, b, question, seeds)
    _judge_seeds(found, within, paired, table.patients(_cells(a, b, seeds), stratum))
    for name, side in ((question.b, b), (question.a, a)):
        if found.doubt is None:
            _doubt_training(found, table, name, _cells(side, {}, seeds))
    return found


def _cells(a: Side, b: Side, seeds: list[int]) -> list[CellKey]:
    return [key for side in (a, b) for seed in seeds for key in side.get(seed, {})]


def _within(
    table: CellTable, a: Side, b: Side, question: Question, seeds: list[int]
) -> tuple[list[float], bool]:
    metric, stratum = question.metric, question.stratum
    drawn = [table.difference_draws(a[seed], b[seed], metric, stratum) for seed in seeds]
    return variance_within(drawn, [table.safe_variance(a[seed], b[seed], metric, stratum) for seed in seeds])


def _judge_seeds(found: Compared, within: list[float], paired: bool, patients: int | None) -> None:
    differences = found.differences
    if not differences:
        found.doubt = "one of the two sides was not measured"
        return
    found.value = sum(differences) / len(differences)
    if len(differences) < MIN_SEEDS:
        found.doubt = f"difference by seed: {describe_seeds(differences)}; nothing is claimed from so few"
        return
    if any(math.isnan(each) for each in within):
        found.doubt = ONE_PATIENT
        return
    if patients is not None and patients < MIN_PATIENTS:
        found.doubt = few_patients(patients)
        return
    interval = paired_t_within(differences, within, patients=patients)
    if interval.hi - interval.lo < ROUNDING:
        found.doubt = "every seed gave the same difference: there is no spread to judge it by"
        return
    found.lo, found.hi = interval.lo, interval.hi
    found.p = within_pvalue(differences, within, patients=patients)
    found.method = (
        interval.method if paired or not any(within) else f"{interval.method}, unpaired (safe side)"
    )
    found.detectable = smallest_shown(interval)
    if found.question.margin is not None:
        found.p_equivalent = _p_equivalent(differences, within, found.question.margin, patients)
        both = paired_t_within(differences, within, 2 * LEVEL - 1, patients=patients)
        found.within_margin = (both.lo, both.hi)


def few_patients(patients: int) -> str:
    """Why nothing is claimed from so few test patients."""
    return (
        ONE_PATIENT
        if patients == 1
        else f"the test images are {patients} patients', {MIN_PATIENTS} needed: nothing is claimed from so few"
    )


def _p_equivalent(
    differences: list[float], within: list[float], margin: float, patients: int | None
) -> float:
    """Larger of the p-values of two one-sided tests, of a true mean at or beyond the margin."""
    if not margin > 0 or not math.isfinite(margin):
        raise UserError(f"a margin must be a finite number above 0, got {margin:g}")
    mean = sum(differences) / len(differences)
    half = within_pvalue(differences, within, math.copysign(margin, mean), patients=patients) / 2
    return half if abs(mean) < margin else 1 - half


def _doubt_training(found: Compared, table: CellTable, name: str, cells: list[CellKey]) -> None:
    """Doubt a difference from a plain arm that had not converged, and a loss (or equality) of any arm that had not."""
    arm, asked = name.partition("/")[0], found.question
    off = sum(key in table.off_plateau for key in cells)
    if not off or arm == SHUFFLED or found.value is None:
        return
    lost = name == asked.a and found.value <= 0
    if arm in PLAIN or asked.asks == "equivalence" or lost:
        found.doubt = (
            f"{name} had not converged in {off} of {len(cells)} cells, "
            "so a difference from it may be one of training time"
        )
        found.p = found.p_equivalent = None


def smallest_shown(interval: Interval, power: float = 0.8) -> float:
    """Smallest true mean that ``power`` of such experiments would show, from a t interval's own standard error."""
    from scipy.special import stdtrit

    freedom = 1e6 if interval.freedom is None else interval.freedom
    quantile = float(stdtrit(freedom, 0.5 + LEVEL / 2))
    error = (interval.hi - interval.value) / quantile
    return (quantile + float(stdtrit(freedom, power))) * error
