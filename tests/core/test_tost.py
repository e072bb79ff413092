"""Two one-sided tests: what they call equivalent, how often they err at the margin, what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from synmedbench.core import UserError, paired_t_within, tost, wilson

finite = st.floats(-1, 1, allow_nan=False, width=32)


@given(st.lists(finite, min_size=5, max_size=12), st.floats(0.01, 2))
def test_p_is_the_larger_of_two_one_sided_t_tests(values, margin):
    found = tost(values, margin)
    if found.p is None:
        assert np.std(values) < 1e-8
        return
    low = ttest_1samp(values, -margin, alternative="greater").pvalue
    high = ttest_1samp(values, margin, alternative="less").pvalue
    assert found.p == pytest.approx(max(low, high), rel=1e-6, abs=1e-12)
    assert found.equivalent == (found.p < 0.05)


@given(st.lists(finite, min_size=5, max_size=12), st.floats(0.01, 2))
def test_equivalent_is_the_interval_within_the_margin(values, margin):
    found = tost(values, margin)
    if found.equivalent is None or abs(found.p - 0.05) < 1e-9:
        return
    assert found.equivalent == (-margin < found.lo and found.hi < margin)
    wider = tost(values, 2 * margin)
    assert wider.p <= found.p
    assert tost([-value for value in values], margin).p == pytest.approx(found.p)


def test_patients_within_widen_the_interval_as_in_the_t_interval():
    values, within = [0.01, -0.02, 0.0, 0.015, -0.01], [4e-4] * 5
    found = tost(values, 0.05, within)
    expected = paired_t_within(values, within, 0.9)
    assert (found.lo, found.hi, found.freedom) == (expected.lo, expected.hi, expected.freedom)
    assert found.p > tost(values, 0.05).p


def test_nothing_is_known_without_seeds_or_spread():
    assert tost([], 0.1).equivalent is None
    few = tost([0.001, 0.002, -0.001, 0.0], 0.1)
    assert (few.equivalent, few.p) == (None, None)
    assert "5 needed" in few.words
    same = tost([0.1 + 0.2 - 0.3] * 5, 0.1)
    assert same.equivalent is None
    assert "no spread" in same.words
    assert tost([0.6 - 0.5, 0.7 - 0.6, 0.8 - 0.7, 0.9 - 0.8, 0.5 - 0.4], 0.2).equivalent is None
    assert tost([0.001, 0.002, -0.001], 0.1, min_seeds=3).equivalent is True


@pytest.mark.parametrize("margin", [0.0, -0.1, math.nan, math.inf])
def test_margins_must_be_above_zero(margin):
    with pytest.raises(UserError, match="margin"):
        tost([0.1] * 5, margin)


def test_values_must_be_finite():
    with pytest.raises(UserError, match="finite"):
        tost([0.1, 0.2, math.nan, 0.1, 0.1], 0.1)


def errors_at_the_margin(seeds: int, patients: float, n: int, mean: float = 0.05) -> float:
    """Share of experiments called equivalent whose true mean is ``mean``; the margin is .05."""
    draw = np.random.default_rng([seeds, round(1000 * patients)])
    shared = draw.normal(0, patients, (n, 1))
    data = mean + shared + draw.normal(0, 0.02, (n, seeds))
    return float(np.mean([tost(row, 0.05, np.full(seeds, patients**2)).equivalent for row in data]))


def test_size_at_the_margin_and_power_at_zero():
    n = 800
    assert wilson(errors_at_the_margin(5, 0.0, n) * n, n, 0.99).lo <= 0.05
    assert errors_at_the_margin(5, 0.0, 200, mean=0.0) > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [5, 10])
@pytest.mark.parametrize("patients", [0.0, 0.01, 0.02, 0.05])
@pytest.mark.parametrize("mean", [0.05, -0.05])
def test_size_is_at_most_nominal(seeds, patients, mean):
    n = 3000
    assert wilson(errors_at_the_margin(seeds, patients, n, mean) * n, n, 0.99).lo <= 0.05
