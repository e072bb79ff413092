from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import false_discovery_control

from synmedbench.core import UserError, benjamini_hochberg, holm

PVALUES = arrays(np.float64, st.integers(0, 30), elements=st.floats(0, 1))


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
@given(p=PVALUES)
def test_adjusted_values_are_probabilities_no_smaller_and_in_the_same_order(adjust, p):
    adjusted = adjust(p)
    assert ((adjusted >= p - 1e-15) & (adjusted <= 1)).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= -1e-15).all()


@given(p=PVALUES)
def test_benjamini_hochberg_agrees_with_scipy(p):
    if len(p):
        assert benjamini_hochberg(p) == pytest.approx(false_discovery_control(p, method="bh"))


@given(p=arrays(np.float64, st.integers(1, 6), elements=st.floats(0, 1)))
def test_holm_is_the_closed_test_with_bonferroni(p):
    """Adjusted p of i = the largest Bonferroni p over all intersections that hold i (Marcus et al. 1976)."""
    n = len(p)
    subsets = [[i for i in range(n) if mask >> i & 1] for mask in range(1, 2**n)]
    closed = [max(min(1.0, len(s) * p[s].min()) for s in subsets if i in s) for i in range(n)]
    assert holm(p) == pytest.approx(closed)


def test_holm_keeps_the_family_wise_error():
    generator = np.random.default_rng(0)
    errors = [holm(generator.random(8)).min() < 0.05 for _ in range(3000)]
    assert np.mean(errors) <= 0.06


def test_refuses_what_is_no_probability():
    with pytest.raises(UserError, match=r"\[0, 1\]"):
        holm([0.5, 1.5])
