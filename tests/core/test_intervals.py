from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synmedbench.core import (
    UserError,
    describe_seeds,
    interval_pvalue,
    jackknife,
    mcnemar,
    paired_t,
    paired_t_within,
    t_interval,
    t_pvalue,
    wilson,
    within_pvalue,
)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_lies_in_the_unit_interval_around_the_share(pair):
    successes, n = pair
    interval = wilson(successes, n)
    assert 0 <= interval.lo <= interval.value <= interval.hi <= 1


def test_wilson_matches_a_published_example():
    # Newcombe 1998, table I: 81 of 263.
    interval = wilson(81, 263)
    assert interval.lo == pytest.approx(0.2553, abs=5e-5)
    assert interval.hi == pytest.approx(0.3662, abs=5e-5)


@pytest.mark.parametrize("pair", [(0, 0), (3, 2), (-1, 5)])
def test_wilson_refuses_impossible_counts(pair):
    with pytest.raises(UserError, match="share"):
        wilson(*pair)


@pytest.mark.parametrize(("n", "p"), [(20, 0.1), (60, 0.5), (300, 0.95)])
def test_wilson_covers(n, p):
    draws = np.random.default_rng(0).binomial(n, p, size=4000)
    covered = np.mean(
        [
            wilson(int(x), n).lo <= p <= wilson(int(x), n).hi
            for x in np.unique(draws)
            for _ in range(int((draws == x).sum()))
        ]
    )
    assert 0.925 <= covered <= 0.985


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_t_interval_covers_at_few_seeds_where_a_percentile_bootstrap_does_not(seeds):
    generator = np.random.default_rng(seeds)
    data = generator.normal(1.0, 2.0, size=(3000, seeds))
    covered = np.mean([not t_interval(row).excludes(1.0) for row in data])
    assert 0.935 <= covered <= 0.965


def test_paired_t_is_the_t_interval_of_the_differences():
    a, b = [3.0, 5.0, 9.0], [1.0, 2.0, 3.0]
    assert paired_t(a, b).value == t_interval([2.0, 3.0, 6.0]).value
    assert paired_t(a, b).hi == t_interval([2.0, 3.0, 6.0]).hi
    with pytest.raises(UserError, match="differ in number"):
        paired_t(a, b[:2])


def test_patients_within_seeds_cover_where_seeds_alone_do_not():
    generator = np.random.default_rng(1)
    seeds, runs, truth = 6, 3000, 0.5
    shared = generator.normal(0, 0.4, size=runs)
    differences = truth + shared[:, None] + generator.normal(0, 0.3, size=(runs, seeds))
    within = np.full(seeds, 0.4**2)
    honest = np.mean([not paired_t_within(row, within).excludes(truth) for row in differences])
    naive = np.mean([not t_interval(row).excludes(truth) for row in differences])
    assert honest >= 0.94
    assert naive < 0.75


@pytest.mark.parametrize("n", [100, 400])
def test_block_jackknife_covers_the_mean(n):
    generator = np.random.default_rng(n)

    def covered() -> bool:
        blocks = generator.exponential(1.0, size=n).reshape(20, -1)
        total = blocks.sum()
        left_out = (total - blocks.sum(axis=1)) / (n - n // 20)
        return not jackknife(left_out, total / n).excludes(1.0)

    assert 0.91 <= np.mean([covered() for _ in range(2000)]) <= 0.975


def test_few_seeds_are_shown_one_by_one_and_nothing_is_claimed():
    assert describe_seeds([0.1, 0.25]) == "0.100, 0.250 (2 seeds, 5 needed)"
    assert "[" in describe_seeds([0.1, 0.2, 0.3, 0.4, 0.5])


def test_intervals_refuse_what_is_not_finite_or_too_few():
    with pytest.raises(UserError, match="finite"):
        t_interval([1.0, float("nan")])
    with pytest.raises(UserError, match="at least 2"):
        t_interval([1.0])
    with pytest.raises(UserError, match="at least 2 blocks"):
        jackknife([1.0], 1.0)


@pytest.mark.parametrize("stream", range(5))
def test_the_intervals_pvalue_agrees_with_its_bounds(stream):
    data = np.random.default_rng(stream).normal(0.5, 1.0, 6)
    for interval in (t_interval(data), paired_t(data, np.zeros(6)), paired_t_within(data, np.full(6, 0.1))):
        assert (interval_pvalue(interval) < 0.05) == interval.excludes(0.0)
        assert interval_pvalue(interval, interval.lo) == pytest.approx(0.05)
    assert interval_pvalue(t_interval(data)) == pytest.approx(t_pvalue(data))


def test_within_pvalue_is_students_where_patients_add_nothing_and_grows_with_what_they_add():
    data = np.random.default_rng(3).normal(0.5, 0.3, 6)
    assert within_pvalue(data, np.zeros(6)) == pytest.approx(t_pvalue(data))
    assert within_pvalue(data, np.full(6, 1e-9)) == pytest.approx(t_pvalue(data), rel=1e-3)
    found = [within_pvalue(data, np.full(6, each)) for each in (0.0, 0.02, 0.1, 1.0)]
    assert found == sorted(found)
    few = [within_pvalue(data, np.full(6, 0.1), patients=each) for each in (5, 20, 1000, None)]
    assert few == sorted(few, reverse=True)
    assert within_pvalue([0.2] * 5, [0.01] * 5) == pytest.approx(0.0455, abs=1e-4)
    assert within_pvalue([0.2] * 5, [0.0] * 5) == 0.0
    assert within_pvalue([0.0] * 5, [0.0] * 5) == 1.0
    with pytest.raises(UserError, match="at least 2 of them"):
        within_pvalue([0.2] * 5, [0.01] * 5, patients=1)


def test_small_pvalues_are_not_too_many_where_one_number_of_freedoms_errs():
    draw, runs, seeds = np.random.default_rng(7), 20000, 5
    part = np.full(seeds, 0.1)
    spread = draw.normal(0, np.sqrt(0.9 * seeds), (runs, seeds)) + draw.normal(0, np.sqrt(0.1), (runs, 1))
    far = spread[np.abs(spread.mean(1)) > 2 * spread.std(1, ddof=1) / np.sqrt(seeds)]
    p = np.array([within_pvalue(row, part) for row in far])
    assert wilson(int((p <= 0.001).sum()), runs, 0.99).lo <= 0.001
    assert wilson(int((p <= 0.05).sum()), runs, 0.99).lo <= 0.05
    assert (p <= 0.05).mean() > 0


def test_few_patients_are_covered():
    draw, runs, seeds, patients = np.random.default_rng(8), 3000, 5, 10
    shared = draw.normal(0, 1, (runs, patients))
    data = shared.mean(1, keepdims=True) + draw.normal(0, 0.1, (runs, seeds))
    bootstrap = shared.var(1) / patients
    given = np.mean([
        not paired_t_within(row, [each] * seeds, patients=patients).excludes(0)
        for row, each in zip(data, bootstrap, strict=True)
    ])  # fmt: skip
    unknown = np.mean([
        not paired_t_within(row, [each] * seeds).excludes(0) for row, each in zip(data, bootstrap, strict=True)
    ])  # fmt: skip
    assert given > 0.94
    assert unknown < 0.93


def test_pvalues():
    assert t_pvalue([0.0, 0.0, 0.0]) == 1.0
    assert t_pvalue([1.0, 1.1, 0.9, 1.05, 0.95]) < 1e-4
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(10, 0) == pytest.approx(2 * 0.5**10)
