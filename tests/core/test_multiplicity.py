from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from synmedbench.core import UserError, benjamini_hochberg, holm

PVALUES = arrays(np.float64, st.integers(0, 30), elements=st.floats(0, 1))


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
@given(p=PVALUES)
def test_adjusted_values_are_probabilities_no_smaller_and_in_the_same_order(adjust, p):
    adjusted = adjust(p)
    assert ((adjusted >= p - 1e-15) & (adjusted <= 1)).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= -1e-15).all()


@given(p=PVALUES)
def test_agrees_with_statsmodels(p):
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    if len(p):
        assert holm(p) == pytest.approx(multitest.multipletests(p, method="holm")[1])
        assert benjamini_hochberg(p) == pytest.approx(multitest.multipletests(p, method="fdr_bh")[1])


def test_holm_keeps_the_family_wise_error():
    generator = np.random.default_rng(0)
    errors = [holm(generator.random(8)).min() < 0.05 for _ in range(3000)]
    assert np.mean(errors) <= 0.06


def test_refuses_what_is_no_probability():
    with pytest.raises(UserError, match=r"\[0, 1\]"):
        holm([0.5, 1.5])
