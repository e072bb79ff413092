"""How often each interval holds the expectation at its n: simulated and printed, for n < D and n > D.

Run with ``-m slow -s``. What is covered is the *expected* value at the stated numbers of images (for distances that
fall with n never the limit), estimated by the mean over the draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from scipy.stats import binom

from synmedbench.core import Interval, wilson
from synmedbench.metrics import (
    Difference,
    alpha_beta_interval,
    cmmd_interval,
    difference_of,
    frechet_interval,
    kernel_interval,
    kernel_test,
    left_out,
    prdc_interval,
    share_difference,
    vendi_interval,
)
from synmedbench.metrics._differences import joined

COMPARED = (
    "frechet_distance",
    "kernel_distance",
    "cmmd",
    "vendi_score",
    "precision",
    "recall",
    "density",
    "coverage",
)
RUNS = 150
LEAST = 0.90
"""Nominal .95; the standard error of a measured coverage over 150 draws is .018."""

Array = np.ndarray


@dataclass(frozen=True)
class Case:
    """n images of each set, D columns, so many images a patient."""

    n: int
    width: int
    per_patient: int = 1

    @property
    def name(self) -> str:
        patients = f", {self.per_patient} a patient" if self.per_patient > 1 else ""
        return f"n={self.n} D={self.width}{patients}"


CASES = (Case(60, 128), Case(120, 256), Case(80, 128, 4), Case(80, 16), Case(200, 16), Case(200, 16, 4))


class Draw:
    """A real set and two generators, one nearer than the other; with patients half of the variance is theirs."""

    def __init__(self, case: Case, seed: int) -> None:
        self.case, self.rng = case, np.random.default_rng([11, seed, case.n, case.width, case.per_patient])
        self.real, self.of_real = self.one(0.0, 1.0)
        self.made, self.of_made = self.one(0.1, 0.9)
        self.worse, self.of_worse = self.one(0.25, 0.8)
        self.equal, self.of_equal = self.one(0.1, 0.9)

    def one(self, shift: float, scale: float) -> tuple[Array, Array | None]:
        n, width, each = self.case.n, self.case.width, self.case.per_patient
        spectrum = scale / np.sqrt(np.arange(1, width + 1))
        own = self.rng.standard_normal((n, width))
        if each == 1:
            return own * spectrum + shift, None
        patient = np.repeat(np.arange(n // each), each)
        shared = self.rng.standard_normal((n // each, width))[patient]
        return (own + shared) / np.sqrt(2) * spectrum + shift, patient


def single_intervals(draw: Draw) -> dict[str, Interval]:
    pair, groups = (draw.real, draw.made), (draw.of_real, draw.of_made)
    balls = prdc_interval(*pair, groups_real=groups[0], groups_synthetic=groups[1], replicates=100)
    found: dict[str, Interval] = {
        "frechet_distance": frechet_interval(*pair, *groups),
        "kernel_distance": kernel_interval(*pair, *groups),
        "cmmd": cmmd_interval(*pair, *groups),
        "vendi_score": vendi_interval(draw.made, groups=draw.of_made),
        **balls._asdict(),
    }
    alpha_beta = alpha_beta_interval(*pair, groups_real=groups[0], groups_synthetic=groups[1], replicates=100)
    return found | alpha_beta._asdict()


def differences(draw: Draw) -> dict[str, Interval]:
    """Differences of two generators that differ, and the null: of two that do not."""
    sets = ((draw.made, draw.of_made), (draw.worse, draw.of_worse), (draw.equal, draw.of_equal))
    made, worse, equal = (
        left_out(draw.real, rows, COMPARED, groups=(draw.of_real, groups)) for rows, groups in sets
    )
    found: dict[str, Interval] = {}
    for name, a, b, c in zip(COMPARED, made, worse, equal, strict=True):
        found[f"difference, {name}"] = difference_of(a, b)
        found[f"null, {name}"] = difference_of(a, c)
    return found


def measured(case: Case, intervals: Callable[[Draw], dict[str, Interval]], runs: int) -> dict[str, float]:
    drawn = [intervals(Draw(case, seed)) for seed in range(runs)]
    covered = {}
    for name in drawn[0]:
        mine = [each[name] for each in drawn]
        expected = 0.0 if name.startswith("null") else float(np.mean([interval.value for interval in mine]))
        covered[name] = float(np.mean([not interval.excludes(expected) for interval in mine]))
    return covered


def print_table(table: dict[str, dict[str, float]]) -> None:
    names = list(dict.fromkeys(name for column in table.values() for name in column))
    print("\n" + f"{'coverage (nominal .95)':32}" + "".join(f"{case:>24}" for case in table))
    for name in names:
        cells = "".join(
            f"{column[name]:24.3f}" if name in column else f"{'-':>24}" for column in table.values()
        )
        print(f"{name:32}{cells}")


@pytest.mark.slow
def test_single_intervals_cover_as_often_as_they_say() -> None:
    table = {case.name: measured(case, single_intervals, RUNS) for case in CASES}
    print_table(table)
    low = {
        (case, name): share for case, found in table.items() for name, share in found.items() if share < LEAST
    }
    assert not low


@pytest.mark.slow
def test_differences_cover_as_often_as_they_say() -> None:
    """Also the null: two generators of one distribution differ significantly in at most about 5% of draws."""
    table = {case.name: measured(case, differences, 100) for case in (CASES[0], CASES[2], CASES[3])}
    print_table(table)
    low = {
        (case, name): share for case, found in table.items() for name, share in found.items() if share < LEAST
    }
    assert not low


SHARES = ((0.8, 0.6, 0.0), (0.8, 0.6, 0.7), (0.98, 0.95, 0.0), (0.98, 0.95, 0.7), (0.5, 0.5, 0.7))
"""Shares of a and of b, and how often b's verdict is made by the same draw as a's."""


@cache
def of_table(both: int, first: int, second: int, neither: int, paired: bool) -> Difference:
    a = np.repeat([True, True, False, False], [both, first, second, neither])
    b = np.repeat([True, False, True, False], [both, first, second, neither])
    return share_difference(a, b, paired=paired)


def exact_unpaired(p_a: float, p_b: float, n: int) -> float:
    """The chance of all tables whose interval holds the truth: no draw, so no luck in it."""
    single = [wilson(count, n) for count in range(n + 1)]
    chance = [binom.pmf(range(n + 1), n, share) for share in (p_a, p_b)]
    return sum(
        float(chance[0][i] * chance[1][j])
        for i, a in enumerate(single)
        for j, b in enumerate(single)
        if not joined(a, b, 0.0).excludes(p_a - p_b)
    )


def drawn_paired(p_a: float, p_b: float, together: float, n: int, runs: int) -> list[Difference]:
    both = together * min(p_a, p_b) + (1 - together) * p_a * p_b
    cells = [both, p_a - both, p_b - both, 1 - p_a - p_b + both]
    tables = np.random.default_rng([13, n]).multinomial(n, cells, size=runs)
    return [of_table(*map(int, table), True) for table in tables]


@pytest.mark.slow
def test_differences_of_shares_cover_as_often_as_they_say() -> None:
    """Unpaired by enumeration, exactly; paired over 3,000 draws (standard error .004)."""
    table: dict[str, dict[str, float]] = {}
    for n in (20, 60, 200):
        column = table.setdefault(f"n={n}", {})
        for p_a, p_b, together in SHARES:
            name = f"{p_a}-{p_b}"
            if not together:
                column[f"{name} unpaired, exact"] = exact_unpaired(p_a, p_b, n)
            drawn = drawn_paired(p_a, p_b, together, n, 3000)
            column[f"{name} r={together} paired"] = float(
                np.mean([not each.excludes(p_a - p_b) for each in drawn])
            )
            if p_a == p_b:
                column[f"{name} r={together} paired, p >= .05"] = float(
                    np.mean([each.p >= 0.05 for each in drawn])
                )
    print_table(table)
    assert min(min(column.values()) for column in table.values()) >= 0.93


@pytest.mark.slow
def test_the_permutation_test_keeps_its_level() -> None:
    table: dict[str, dict[str, float]] = {}
    for case in (CASES[0], CASES[2], CASES[4]):
        drawn = [Draw(case, seed) for seed in range(150)]
        column = table.setdefault(case.name, {})
        for metric in ("kernel_distance", "cmmd"):
            p = [
                kernel_test(
                    each.made, each.equal, each.of_made, each.of_equal, metric=metric, permutations=199
                ).p
                for each in drawn
            ]
            column[f"p > .05, {metric}"] = float(np.mean(np.array(p) > 0.05))
    print_table(table)
    assert all(0.90 <= share <= 0.995 for column in table.values() for share in column.values())
