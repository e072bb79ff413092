from __future__ import annotations

import numpy as np
import pytest

from synmedbench.core import (
    UserError,
    detectable_mean_difference,
    detectable_share_difference,
    ratings_needed,
    t_pvalue,
)


def test_two_hundred_ratings_an_arm_tell_80_from_90_percent_and_64_do_not():
    assert detectable_share_difference(200, 200, 0.8) <= 0.101
    assert detectable_share_difference(64, 64, 0.8) > 0.1
    assert 190 <= ratings_needed(0.8, 0.9) <= 205


def test_the_planned_number_has_the_planned_power():
    n, generator = ratings_needed(0.6, 0.75), np.random.default_rng(0)
    a, b = generator.binomial(n, 0.6, 4000) / n, generator.binomial(n, 0.75, 4000) / n
    pooled = (a + b) / 2
    z = (b - a) / np.sqrt(2 * pooled * (1 - pooled) / n)
    assert np.mean(np.abs(z) > 1.96) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("seeds", [5, 10])
def test_the_detectable_mean_difference_has_the_planned_power(seeds):
    effect = detectable_mean_difference(seeds, 1.0)
    data = np.random.default_rng(seeds).normal(effect, 1.0, size=(1500, seeds))
    assert np.mean([t_pvalue(row) < 0.05 for row in data]) == pytest.approx(0.8, abs=0.06)


def test_impossible_plans_are_refused():
    with pytest.raises(UserError):
        detectable_share_difference(0, 10)
    with pytest.raises(UserError):
        ratings_needed(0.5, 0.5)
    with pytest.raises(UserError):
        detectable_mean_difference(1, 1.0)
