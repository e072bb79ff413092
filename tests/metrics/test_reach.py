"""How far images lie outside balls: the shares below 1 are precision, recall and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from synmedbench.core import UserError
from synmedbench.metrics import coverage_reach, prdc, precision_reach, recall_reach


@settings(deadline=None, max_examples=40)
@given(st.integers(7, 40), st.integers(7, 40), st.integers(1, 12), st.integers(1, 5), st.integers(0, 99))
def test_shares_inside_are_precision_recall_and_coverage(n, m, width, k, seed):
    generator = np.random.default_rng(seed)
    x, y = generator.standard_normal((n, width)), generator.standard_normal((m, width)) * 1.3
    y[:3] = x[:3]
    whole = prdc(x, y, k)
    assert (precision_reach(x, y, k).ratio < 1).mean() == whole.precision
    assert (recall_reach(x, y, k).ratio < 1).mean() == whole.recall
    assert (coverage_reach(x, y, k).ratio < 1).mean() == whole.coverage


def test_ratios_and_partners_are_those_of_all_pairs():
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((50, 5)) + 1e4, generator.standard_normal((40, 5)) + 1e4
    radii = np.sort(cdist(x, x), axis=1)[:, 5]
    table = cdist(y, x) / radii
    found = precision_reach(x, y)
    np.testing.assert_allclose(found.ratio, table.min(axis=1), rtol=1e-9)
    np.testing.assert_array_equal(found.other, table.argmin(axis=1))


def test_whole_numbers_on_the_boundary_are_outside():
    grid = np.arange(10.0)[:, None]
    assert precision_reach(grid, grid + 1, 1).ratio.tolist() == [0.0] * 9 + [1.0]


def test_copies_of_doubled_images_lie_in_no_ball():
    twice = np.zeros((6, 2))
    assert np.isinf(precision_reach(twice, twice, 2).ratio).all()
    assert np.isinf(coverage_reach(twice, twice, 2).ratio).all()


@pytest.mark.parametrize("reach", [precision_reach, recall_reach, coverage_reach])
def test_bad_features_are_refused(reach):
    good = np.random.default_rng(0).standard_normal((9, 3))
    for real, fake, k in ((good, good[:, :2], 1), (good, good * np.nan, 1), (good, good, 9), (good, good, 0)):
        with pytest.raises(UserError):
            reach(real, fake, k)
