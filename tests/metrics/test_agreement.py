"""Agreement of extractors against scipy, against counts by hand, and null where nothing can be told."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from synmedbench.metrics import extractor_agreement
from synmedbench.metrics._agreement import kendall_p, kendall_tau, spearman_p, spearman_rho


def of(*orders: list[float]) -> dict[str, dict[str, float | None]]:
    return {f"e{i}": {f"g{j}": value for j, value in enumerate(order)} for i, order in enumerate(orders)}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=5, max_size=12))
def test_with_ties_as_scipy(pairs: list[tuple[int, int]]) -> None:
    x, y = ([float(pair[k]) for pair in pairs] for k in (0, 1))
    assume(len(set(x)) > 1 and len(set(y)) > 1)
    assert kendall_tau(x, y) == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)
    assert spearman_rho(x, y) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(5, 12), st.integers(0, 10**6))
def test_p_without_ties_is_exact_as_scipy_has_it(n: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    x, y = generator.permutation(n).astype(float).tolist(), generator.permutation(n).astype(float).tolist()
    assert kendall_p(x, y) == pytest.approx(stats.kendalltau(x, y, method="exact").pvalue, rel=1e-9)
    if n > 9:
        assert spearman_p(x, y) == pytest.approx(stats.spearmanr(x, y).pvalue, rel=1e-6, abs=1e-12)


def test_spearman_over_all_orders() -> None:
    assert spearman_p([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]) == pytest.approx(2 / math.factorial(5))
    table = {0.9: 0.0833, 0.8: 0.1333, 0.5: 0.45}
    for y, rho in (([1, 2, 3, 5, 4], 0.9), ([2, 1, 3, 5, 4], 0.8), ([3, 2, 1, 5, 4], 0.5)):
        assert spearman_rho([1, 2, 3, 4, 5], y) == pytest.approx(rho)
        assert spearman_p([1, 2, 3, 4, 5], y) == pytest.approx(table[rho], abs=1e-4)


def test_the_same_and_the_reversed_order() -> None:
    same, turned = extractor_agreement(of([1, 2, 3, 4, 5, 6], [2, 4, 9, 16, 25, 36], [6, 5, 4, 3, 2, 1]))[:2]
    assert (same.tau, same.rho, same.n) == (1.0, pytest.approx(1.0), 6)
    assert same.p == pytest.approx(2 / 720)
    assert (same.lo, same.hi) == (None, None), "full agreement has no spread to take an interval from"
    assert turned.tau == -1.0


def test_what_cannot_be_told_is_null_with_its_reason() -> None:
    (few,) = extractor_agreement(of([1, 2, 3, 4], [1, 2, 3, 4]))
    assert few.tau is few.p is few.rho is None
    assert few.reason == "not enough data: 4 generators scored by both, 5 needed"
    holed = of([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6])
    holed["e1"] |= {"g0": None, "g1": math.nan}
    assert extractor_agreement(holed)[0].n == 4
    (flat,) = extractor_agreement(of([1, 2, 3, 4, 5], [7, 7, 7, 7, 7]))
    assert flat.reason == "e1 gives all generators the same score"
    assert extractor_agreement({"alone": {"g": 1.0}}) == []
    assert extractor_agreement({}) == []


def test_the_interval_holds_tau_and_stays_within_bounds() -> None:
    generator = np.random.default_rng(0)
    base = generator.standard_normal(12)
    (found,) = extractor_agreement(of(base.tolist(), (base + generator.standard_normal(12)).tolist()))
    assert found.lo is not None
    assert found.hi is not None
    assert -1 <= found.lo < found.tau < found.hi <= 1  # type: ignore[operator]


@pytest.mark.slow
def test_coverage_of_the_interval(capsys: pytest.CaptureFixture[str]) -> None:
    """Bivariate normal scores: tau = 2/pi asin(r)."""
    generator, lines = np.random.default_rng(0), []
    for n in (8, 15, 30):
        for r in (0.3, 0.7):
            truth, hits, given = 2 / np.pi * np.arcsin(r), 0, 0
            for _ in range(400):
                x = generator.standard_normal(n)
                y = r * x + math.sqrt(1 - r**2) * generator.standard_normal(n)
                (found,) = extractor_agreement(of(x.tolist(), y.tolist()))
                if found.lo is not None and found.hi is not None:
                    given, hits = given + 1, hits + (found.lo <= truth <= found.hi)
            lines.append((n, r, hits / given, given))
    with capsys.disabled():
        for n, r, share, given in lines:
            print(
                f"\nextractor agreement, {n} generators, r = {r}: coverage {share:.3f} of {given} intervals",
                end="",
            )
    assert min(share for _, _, share, _ in lines) > 0.9
