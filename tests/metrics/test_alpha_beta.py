"""Alpha-precision and beta-recall: exact integrals, the published grid, and what the supports are of."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.metrics import alpha_beta_from, alpha_beta_interval, alpha_precision_beta_recall

SETS = tuple(np.random.default_rng(0).standard_normal((2, 500, 6)))


def on_a_grid(x: np.ndarray, y: np.ndarray, steps: int = 20001) -> tuple[float, float]:
    """The definitions, read aloud: supports at many alphas, distances by brute force."""
    alphas = np.linspace(0, 1, steps)
    real, made = (np.linalg.norm(each - x.mean(axis=0), axis=1) for each in (x, y))
    own = np.linalg.norm(y - y.mean(axis=0), axis=1)
    within = np.linalg.norm(x[:, None] - x[None], axis=2)
    np.fill_diagonal(within, np.inf)
    across = np.linalg.norm(x[:, None] - y[None], axis=2)
    reached = across.min(axis=1) <= within.min(axis=1)
    radii = [np.quantile(each, alphas, method="inverted_cdf") for each in (real, own)]
    curve_p = np.array([(made <= radius).mean() for radius in radii[0]])
    curve_r = np.array([(reached & (own[across.argmin(axis=1)] <= radius)).mean() for radius in radii[1]])
    return tuple(1 - 2 * np.abs(curve - alphas).mean() for curve in (curve_p, curve_r))  # type: ignore[return-value]


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (0.5, 0.0), (1.3, 0.2), (0.05, 1.0)])
def test_exact_integrals_are_the_limit_of_the_grid(scale: float, shift: float) -> None:
    x, y = SETS[0][:90], SETS[1][:70] * scale + shift
    assert alpha_precision_beta_recall(x, y) == pytest.approx(on_a_grid(x, y), abs=2e-4)


def test_inner_function_takes_what_a_sweep_knows() -> None:
    x, y = SETS[0][:40], SETS[1][:30]
    across = np.linalg.norm(x[:, None] - y[None], axis=2)
    within = np.linalg.norm(x[:, None] - x[None], axis=2) + np.diag(np.full(40, np.inf))
    radii = [np.linalg.norm(a - b.mean(axis=0), axis=1) for a, b in ((x, x), (y, x), (y, y))]
    found = alpha_beta_from(*radii, within.min(axis=1), across.min(axis=1), across.argmin(axis=1))
    assert found == pytest.approx(alpha_precision_beta_recall(x, y), abs=1e-12)


def test_real_against_real_is_near_one_and_near_one_half() -> None:
    alpha, beta = alpha_precision_beta_recall(*SETS)
    assert alpha > 0.93
    assert beta == pytest.approx(0.5, abs=0.15)


def test_images_that_are_near_to_nothing_real_count_in_the_synthetic_support() -> None:
    """Three quarters of the generator far away: its support's radii are theirs, and beta-recall falls. Radii of the
    images that are some real image's nearest one alone (as published in code) would not see them."""
    x, y = SETS
    far = np.concatenate([y[:125], y[125:] + 60.0])
    assert (
        alpha_precision_beta_recall(x, far).beta_recall
        < 0.6 * alpha_precision_beta_recall(x, y[:125]).beta_recall
    )


def test_shell_and_collapse_are_no_alpha_precision() -> None:
    x, y = SETS
    shell = y / np.linalg.norm(y, axis=1, keepdims=True) * 20
    assert alpha_precision_beta_recall(x, shell) == (0.0, 0.0)
    assert alpha_precision_beta_recall(x, y * 0.01).alpha_precision < 0.05


def test_blindness_to_direction_is_as_stated() -> None:
    """Mirrored at the centre: other images, the same distances to it."""
    x = np.abs(SETS[0])
    mirrored = 2 * x.mean(axis=0) - x
    assert alpha_precision_beta_recall(x, mirrored).alpha_precision > 0.99


def test_shares_of_zero_have_no_empty_interval() -> None:
    x, y = SETS[0][:60], SETS[1][:60] + 100
    alpha, beta = alpha_beta_interval(x, y)
    assert alpha.value == beta.value == 0
    assert 0 < alpha.hi < 0.1
    assert 0 < beta.hi < 0.1


def test_interval_is_seeded_and_holds_the_value() -> None:
    x, y = SETS[0][:80], SETS[1][:60]
    whole, intervals = alpha_precision_beta_recall(x, y), alpha_beta_interval(x, y, seed=1, replicates=30)
    assert [each.value for each in intervals] == pytest.approx(whole, abs=1e-12)
    assert intervals == alpha_beta_interval(x, y, seed=1, replicates=30)
    assert intervals != alpha_beta_interval(x, y, seed=2, replicates=30)


def test_whole_patients_widen_the_interval() -> None:
    rng = np.random.default_rng(1)
    patient = np.repeat(np.arange(30), 8)
    x, y = (rng.standard_normal((30, 4))[patient] + 0.1 * rng.standard_normal((240, 4)) for _ in range(2))
    alone = alpha_beta_interval(x, y).alpha_precision
    together = alpha_beta_interval(x, y, groups_real=patient, groups_synthetic=patient).alpha_precision
    assert together.hi - together.lo > 1.5 * (alone.hi - alone.lo)
