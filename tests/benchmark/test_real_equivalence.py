"""Real-image equivalence: planted worth is read off, intervals cover, nothing is extrapolated."""

from __future__ import annotations

import numpy as np
import pytest
from planted_grids import Grid, nothing, worth_a_fifth

from synmedbench.benchmark import real_image_equivalence
from synmedbench.benchmark._learning_curve import choose_law
from synmedbench.benchmark._real_equivalence import in_real_images
from synmedbench.benchmark._seed_spread import spread_of
from synmedbench.core import UserError, wilson

GRID = Grid(n_eff=worth_a_fifth)


def read(grid: Grid, draw, n: int = 10, ratio: float = 10.0):
    real, arms = grid.together(draw, n)
    arm = arms[:, list(grid.ratios).index(ratio)]
    both = np.column_stack([real, arm])
    return real_image_equivalence(
        grid.numbers, real, arm, n_real=n, synthetic=n * ratio, draws=grid.draws(draw, both)
    )


def coverage(grid: Grid, repeats: int, ratio: float = 10.0) -> int:
    draw, count = np.random.default_rng(repeats), 0
    truth = grid.n_eff(10, ratio)
    for _ in range(repeats):
        found = read(grid, draw, ratio=ratio)
        count += (found.lo or 0) <= truth <= (found.hi or np.inf)
    return count


def test_a_planted_fifth_is_read_off():
    found = [read(GRID.with_(seeds=10), np.random.default_rng(seed)) for seed in range(20)]
    assert np.median([each.ere for each in found]) == pytest.approx(0.2, abs=0.03)
    assert all(each.lo < each.n_eff < each.hi for each in found)
    assert all(each.ere_lo == pytest.approx((each.lo - 10) / 100) for each in found)


def test_small_coverage():
    assert wilson(coverage(GRID, 100), 100, 0.99).hi >= 0.95


def test_a_planted_null_is_worth_nothing():
    found = [read(GRID.with_(n_eff=nothing), np.random.default_rng(seed)) for seed in range(60)]
    shown = sum(each.ere_lo is not None and each.ere_lo > 0 for each in found)
    assert wilson(shown, 60, 0.99).lo <= 0.025
    assert abs(np.median([each.ere for each in found])) < 0.02


def test_beyond_the_numbers_nothing_is_extrapolated():
    found = read(GRID.with_(n_eff=lambda n, r: 5000.0, noise=0.01), np.random.default_rng(0))
    assert found.censored == "above"
    assert found.n_eff is None
    assert found.ere is None
    assert found.lo is not None
    assert found.lo > 40
    assert found.hi is None
    below = read(GRID.with_(n_eff=lambda n, r: 1.0, noise=0.01), np.random.default_rng(0))
    assert (below.censored, below.n_eff, below.lo) == ("below", None, None)
    assert below.hi is not None
    assert below.hi < 10


def test_a_flat_curve_says_nothing():
    draw = np.random.default_rng(0)
    found = [read(GRID.with_(a=0.0, c=0.3), draw) for _ in range(20)]
    assert sum(each.reason is not None and "would do" in each.reason for each in found) > 10
    assert all(each.n_eff is None for each in found if each.reason)


def test_two_numbers_far_apart_tell_the_bracket_alone():
    found = read(GRID.with_(numbers=(5, 80), noise=0.01), np.random.default_rng(0), n=5)
    assert (found.lo, found.hi) == (5.0, 80.0)


def test_too_few_seeds_or_numbers_give_the_reason():
    assert "3 seeds, 5 needed" in (read(GRID.with_(seeds=3), np.random.default_rng(0)).reason or "")
    one = real_image_equivalence([10], np.full((5, 1), 0.3), np.arange(5) / 50, n_real=10, synthetic=10)
    assert "one number only" in (one.reason or "")


def test_no_spread_over_seeds():
    same = real_image_equivalence([5, 10, 20], [[0.4, 0.3, 0.2]] * 5, [0.25] * 5, n_real=5, synthetic=5)
    assert "no spread" in (same.reason or "")


def test_bad_input():
    with pytest.raises(UserError, match="4 seeds of the arm"):
        real_image_equivalence([5, 10], np.ones((5, 2)), np.ones(4), n_real=5, synthetic=5)
    with pytest.raises(UserError, match="above 0"):
        real_image_equivalence([5, 10], np.ones((5, 2)), np.ones(5), n_real=5, synthetic=0)
    with pytest.raises(UserError, match="finite"):
        real_image_equivalence([5, 10], np.ones((5, 2)), [np.nan] * 5, n_real=5, synthetic=5)


def test_in_real_images_agrees_with_the_reading():
    real, arms = GRID.with_(noise=0.01).together(np.random.default_rng(1), 10)
    law, _ = choose_law(np.array(GRID.numbers, float), spread_of(real))
    found = in_real_images(law, real, np.column_stack([real[:, 1], arms]), None, n_real=10)
    one = real_image_equivalence(GRID.numbers, real, arms[:, 3], n_real=10, synthetic=100)
    assert 10 + found.values[:, 4].mean() == pytest.approx(one.n_eff, rel=1e-3)
    assert found.known.tolist() == [True, True, True, True, True, True, False]


@pytest.mark.slow
@pytest.mark.parametrize(
    "grid",
    [
        GRID,
        GRID.with_(noise=0.08),
        GRID.with_(seeds=10),
        GRID.with_(worth=0.3),
        GRID.with_(patients=0.008),
        GRID.with_(a=0.1),
        GRID.with_(numbers=(5, 20, 80)),
        GRID.with_(law=lambda n: 0.1 + 0.35 / (1 + (n / 15) ** 1.2)),
        GRID.with_(law=lambda n: 0.45 - 0.08 * np.log(n)),
    ],
    ids=[
        "plain",
        "noisy",
        "10 seeds",
        "worth differs",
        "patients",
        "flatter",
        "3 numbers",
        "S-shaped",
        "log-linear",
    ],
)
def test_intervals_cover(grid):
    """Measured in 1,000 grids each: .95 to .96, S-shaped .935; a percentile bootstrap over 5 seeds .88 (250 grids)."""
    count = coverage(grid, 600)
    assert wilson(count, 600, 0.99).hi >= 0.95
    assert count / 600 > 0.91


def test_the_worth_of_an_image_counts_those_that_were_trained_on():
    from synmedbench.benchmark._cell_key import CellKey
    from synmedbench.benchmark._grid_errors import Block, Setting
    from synmedbench.benchmark._worth_rows import equivalence_row

    real, arms = GRID.together(np.random.default_rng(0), 10)
    key = CellKey("real+synthetic", "gan", 5, 0.5, "c", 0)
    block = Block(list(range(len(real))), np.column_stack([real, arms[:, 0]]), None)
    row = equivalence_row(Setting("c", "macro_auroc", "all", "test"), key, list(GRID.numbers), block)
    assert row.synthetic == round(0.5 * 5) == 2
