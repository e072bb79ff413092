"""Saturation: planted knees are covered, the word 'saturated' needs a test, harm never pays."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from planted_grids import Grid, levels_off_at_ten, nothing, peaks_at_ten, saturates_at_ten, worth_a_fifth

from synmedbench.benchmark import fit_saturation
from synmedbench.benchmark._learning_curve import choose_law
from synmedbench.benchmark._real_equivalence import in_real_images
from synmedbench.benchmark._saturation import equivalent_beyond
from synmedbench.benchmark._seed_spread import spread_of
from synmedbench.core import UserError, wilson

RATIOS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
BEYOND = 1e6
TRUTHS = {
    "even": (saturates_at_ten, 10),
    "slowing": (levels_off_at_ten, 10),
    "peak": (peaks_at_ten, 10),
    "none": (nothing, 0),
    "linear": (worth_a_fifth, BEYOND),
}


def fit(grid: Grid, draw, unit: str):
    real, arms = grid.together(draw, 10)
    both = np.column_stack([real, real[:, 1], arms])
    drawn = grid.draws(draw, both)
    if drawn is not None:
        drawn[:, :, len(grid.numbers)] = drawn[:, :, 1] - real[:, [1]] + real[:, [1]]
    if unit == "real images":
        law, _ = choose_law(np.array(grid.numbers, float), spread_of(real))
        read = in_real_images(law, real, both[:, real.shape[1] :], drawn, n_real=10)
        if read.known.all():
            return fit_saturation(grid.ratios, read.values[:, 1:], read.values[:, 0], read.draws, scale=read.scale)
    cut = None if drawn is None else -drawn[:, :, real.shape[1] :]
    return fit_saturation(grid.ratios, -arms, -real[:, 1], cut)


def trial(truth: str, repeats: int, unit: str, **changes) -> tuple[int, Counter]:
    draw, covered, chosen = np.random.default_rng(repeats), 0, Counter()
    worth, knee = TRUTHS[truth]
    for _ in range(repeats):
        found = fit(Grid(n_eff=worth, ratios=RATIOS, **changes), draw, unit)
        lo = BEYOND if found.lo is None and found.hi is None else (found.lo or 0.0)
        covered += lo <= knee <= (np.inf if found.hi is None else found.hi)
        chosen[found.chosen] += 1
    return covered, chosen


def test_small_coverage_and_choice():
    for truth, name in (("even", "saturating"), ("peak", "peak"), ("linear", "linear")):
        covered, chosen = trial(truth, 40, "real images", noise=0.02)
        assert wilson(covered, 40, 0.99).hi >= 0.95, truth
        assert chosen[name] > 30, (truth, chosen)


def test_a_null_is_not_given_a_paying_ratio_above_nothing():
    covered, chosen = trial("none", 40, "measure", noise=0.02)
    assert wilson(covered, 40, 0.99).hi >= 0.95
    assert chosen["none"] > 20


def test_harm_never_pays():
    draw = np.random.default_rng(0)
    found = fit_saturation(RATIOS, -0.05 * np.log1p(RATIOS) + draw.normal(0, 0.005, (6, 6)), np.zeros(6))
    assert found.pays_until == 0
    assert found.lo == 0


def test_models_are_weighed():
    found = fit(Grid(n_eff=saturates_at_ten, ratios=RATIOS, noise=0.02), np.random.default_rng(0), "measure")
    assert {model.name for model in found.models} == {"none", "linear", "saturating", "peak"}
    assert sum(model.weight for model in found.models) == pytest.approx(1)
    assert min(found.models, key=lambda model: model.aicc).name == found.chosen


def test_equivalence_beyond_is_rarely_said_where_the_gain_goes_on_by_the_margin():
    draw, said = np.random.default_rng(0), 0
    for _ in range(400):
        rising = np.array([0.0, 0.05, 0.07]) + draw.normal(0, 0.01, (5, 3))
        said += equivalent_beyond([1, 10, 50], rising, 8.0, 0.02) is True
    assert wilson(said, 400, 0.99).lo <= 0.05
    assert equivalent_beyond([1, 10, 50], np.zeros((5, 3)), 40.0, 0.02) is None


def test_too_few_seeds_or_ratios_give_the_reason():
    assert "4 seeds" in (fit_saturation(RATIOS, np.ones((4, 6)), np.ones(4)).reason or "")
    assert "2 ratios" in (fit_saturation([1, 2], np.ones((5, 2)), np.ones(5)).reason or "")
    assert "no spread" in (fit_saturation(RATIOS, np.ones((5, 6)), np.ones(5)).reason or "")


def test_bad_input():
    with pytest.raises(UserError, match="must rise"):
        fit_saturation([2, 1], np.ones((5, 2)), np.ones(5))
    with pytest.raises(UserError, match="must rise"):
        fit_saturation([0, 1], np.ones((5, 2)), np.ones(5))
    with pytest.raises(UserError, match="do not belong"):
        fit_saturation(RATIOS, np.ones((5, 5)), np.ones(5))
    with pytest.raises(UserError, match="finite"):
        fit_saturation(RATIOS, np.full((5, 6), np.nan), np.ones(5))


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["real images", "measure"])
@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize(
    "changes",
    [
        {"noise": 0.02},
        {"noise": 0.04, "worth": 0.3},
        {"noise": 0.02, "seeds": 10},
        {"noise": 0.02, "patients": 0.004},
    ],
    ids=["quiet", "noisy", "10 seeds", "patients"],
)
def test_the_paying_ratio_is_covered(truth, unit, changes):
    count, _ = trial(truth, 200, unit, **changes)
    assert wilson(count, 200, 0.99).hi >= 0.95
