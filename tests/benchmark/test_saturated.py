"""A loss is never called a gain, and 'saturated' needs a shown gain that is larger than a registered margin."""

from __future__ import annotations

import numpy as np
import pytest
from planted_grids import Grid, rows_of, saturates_at_ten, worth_a_fifth

from synmedbench.benchmark._cell_table import CellTable
from synmedbench.benchmark._grid_errors import Block, GridErrors
from synmedbench.benchmark._saturated import Beyond, judge_beyond, words_of
from synmedbench.benchmark._saturation import PayingModel, SaturationFit
from synmedbench.benchmark._saturation_rows import saturation_rows

RATIOS = [1.0, 5.0, 10.0, 30.0]
GRID = Grid(
    n_eff=saturates_at_ten, noise=0.01, numbers=(10, 20, 40, 80), ratios=(1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
)


def fit_of(chosen: str, gain: float, **changes) -> SaturationFit:
    fixed = {"pays_until": 8.0, "lo": 2.0, "hi": 20.0, "censored": None, "reason": None}
    return SaturationFit((PayingModel(chosen, gain, 8.0, 0.0, 1.0),), chosen, **{**fixed, **changes})


def block_of(gains, noise: float = 0.001) -> Block:
    draw = np.random.default_rng(0)
    return Block(list(range(6)), 0.4 - np.array([0.0, *gains]) + draw.normal(0, noise, (6, 5)), None)


@pytest.mark.parametrize("chosen", ["linear", "saturating", "peak"])
def test_a_loss_is_worded_as_a_loss(chosen):
    fit = fit_of(chosen, -0.1, pays_until=0.0, lo=0.0, hi=0.0)
    beyond = judge_beyond(fit, RATIOS, block_of([-0.1] * 4), 0.02)
    words = words_of(fit, beyond, None, 0.02, "in the measure", RATIOS)
    assert beyond == Beyond()
    assert words.startswith("A loss")
    assert "gain" not in words


@pytest.mark.parametrize(
    ("changes", "margin", "why"),
    [
        ({}, None, "no margin of equivalence was registered"),
        ({"lo": 0.0}, 0.02, "a gain is not shown"),
        ({"hi": None}, 0.02, "beyond the largest ratio is not ruled out"),
        ({"pays_until": 29.0}, 0.02, "no larger ratio was trained"),
        ({"pays_until": None, "censored": "below"}, 0.02, "at or before the smallest ratio"),
        ({}, 0.2, "not shown to be larger than the margin"),
    ],
)
def test_nothing_is_tested_where_a_pass_would_mean_nothing(changes, margin, why):
    beyond = judge_beyond(
        fit_of("saturating", 0.1, **changes), RATIOS, block_of([0.02, 0.06, 0.1, 0.1]), margin
    )
    assert beyond.p is None
    assert why in beyond.why


def test_a_shown_gain_that_goes_no_further_is_tested():
    beyond = judge_beyond(fit_of("saturating", 0.1), RATIOS, block_of([0.02, 0.06, 0.1, 0.1]), 0.02)
    assert beyond.why is None
    assert beyond.p < 0.001


def test_saturated_needs_a_margin_of_its_own_measure():
    rows, draws = rows_of(GRID, np.random.default_rng(0))
    grid = GridErrors(CellTable(rows, draws))
    bare = saturation_rows(grid, {"balanced_accuracy": 0.02})
    assert all(row.equivalent_beyond is None and "; saturated" not in row.words for row in bare)
    assert any("no margin of equivalence was registered" in row.words for row in bare)
    told = saturation_rows(grid, {"macro_auroc": 0.02})
    assert any(row.equivalent_beyond and "; saturated" in row.words for row in told)
    assert all(row.pays_lo > 0 and row.pays_hi for row in told if row.equivalent_beyond)


def test_ratios_that_beat_the_curve_are_not_dropped():
    rows, draws = rows_of(GRID.with_(n_eff=worth_a_fifth), np.random.default_rng(0))
    found = saturation_rows(GridErrors(CellTable(rows, draws)))
    row = next(row for row in found if row.n_real_train == 40)
    assert "in the measure" in row.words
    assert row.pays_hi is None


def test_without_draws_the_words_say_so():
    rows, _ = rows_of(GRID, np.random.default_rng(0))
    found = saturation_rows(GridErrors(CellTable(rows)))
    assert all("patients were not redrawn" in row.words for row in found)
