"""What must hold for every metric on arrays: invariances, behaviour under scale, analytic cases, directions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.metrics import (
    alpha_precision_beta_recall,
    authenticity,
    closest_record_ratio,
    cmmd,
    data_copying_score,
    frechet_distance,
    frechet_distance_infinity,
    inception_score,
    intra_class_ratio,
    kernel_distance,
    prdc,
    sliced_wasserstein,
    vendi_score,
)

Array = np.ndarray
Metric = Callable[[Array, Array], float]


def third(x: Array) -> Array:
    """A hold-out as large as ``x``, the same for every rotation, shift and scale of it."""
    return 2 * x.mean(axis=0) - x


METRICS: dict[str, Metric] = {
    "frechet_distance": frechet_distance,
    "frechet_distance_infinity": frechet_distance_infinity,
    "kernel_distance": kernel_distance,
    "cmmd": cmmd,
    "sliced_wasserstein": sliced_wasserstein,
    "precision": lambda x, y: prdc(x, y, 2).precision,
    "recall": lambda x, y: prdc(x, y, 2).recall,
    "density": lambda x, y: prdc(x, y, 2).density,
    "coverage": lambda x, y: prdc(x, y, 2).coverage,
    "alpha_precision": lambda x, y: alpha_precision_beta_recall(x, y).alpha_precision,
    "beta_recall": lambda x, y: alpha_precision_beta_recall(x, y).beta_recall,
    "vendi_score": lambda x, y: vendi_score(y),
    "vendi_score_q0.5": lambda x, y: vendi_score(y, 0.5),
    "vendi_score_q2": lambda x, y: vendi_score(y, 2),
    "vendi_score_qinf": lambda x, y: vendi_score(y, np.inf),
    "intra_class_distance": intra_class_ratio,
    "authenticity": authenticity,
    "data_copying_score": lambda x, y: data_copying_score(x, y, third(x), cells=1),
    "closest_record_ratio": lambda x, y: closest_record_ratio(x, y, third(x)).share.value,
}
DIRECTIONS_ARE_FIXED = {"sliced_wasserstein"}
ORDER_MATTERS = {"frechet_distance_infinity"}
ORIGIN_MATTERS = {
    "kernel_distance", "cmmd", "vendi_score", "vendi_score_q0.5", "vendi_score_q2", "vendi_score_qinf",
}  # fmt: skip
POWER_OF_SCALE = {"frechet_distance": 2, "frechet_distance_infinity": 2, "sliced_wasserstein": 1}
NO_POWER = {"kernel_distance"}

drawn_sets = st.builds(
    lambda n, m, width, seed: (
        np.random.default_rng(seed).standard_normal((n, width)) * 2 + 1,
        np.random.default_rng([seed, 1]).standard_normal((m, width)),
    ),
    st.integers(20, 40), st.integers(20, 40), st.integers(1, 4), st.integers(0, 10**6),
)  # fmt: skip
few = settings(max_examples=15, deadline=None)


def close(value: float) -> object:
    return pytest.approx(value, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("name", sorted(set(METRICS) - DIRECTIONS_ARE_FIXED))
@given(sets=drawn_sets)
@few
def test_rotation_of_both_changes_nothing(name: str, sets: tuple[Array, Array]) -> None:
    x, y = sets
    turn = np.linalg.qr(np.random.default_rng(len(x)).standard_normal((x.shape[1], x.shape[1])))[0]
    assert METRICS[name](x @ turn, y @ turn) == close(METRICS[name](x, y))


@pytest.mark.parametrize("name", sorted(set(METRICS) - ORDER_MATTERS))
@given(sets=drawn_sets)
@few
def test_order_of_images_changes_nothing(name: str, sets: tuple[Array, Array]) -> None:
    x, y = sets
    rng = np.random.default_rng(len(x))
    assert METRICS[name](rng.permutation(x), rng.permutation(y)) == close(METRICS[name](x, y))


@pytest.mark.parametrize("name", sorted(set(METRICS) - ORIGIN_MATTERS))
@given(sets=drawn_sets)
@few
def test_common_shift_changes_nothing(name: str, sets: tuple[Array, Array]) -> None:
    x, y = sets
    assert METRICS[name](x + 7.25, y + 7.25) == close(METRICS[name](x, y))


@pytest.mark.parametrize("name", sorted(set(METRICS) - NO_POWER))
@given(sets=drawn_sets)
@few
def test_common_scale_multiplies_by_its_power(name: str, sets: tuple[Array, Array]) -> None:
    x, y = sets
    factor = 8.0 ** POWER_OF_SCALE.get(name, 0)
    assert METRICS[name](x * 8, y * 8) / factor == close(METRICS[name](x, y))


@pytest.mark.parametrize("name", sorted(ORIGIN_MATTERS))
def test_metrics_with_an_origin_do_move_under_a_shift(name: str) -> None:
    """So that the exceptions above are ones."""
    x, y = np.random.default_rng(0).standard_normal((2, 40, 3))
    assert METRICS[name](x + 5, y + 5) != pytest.approx(METRICS[name](x, y), rel=1e-3)


@given(drawn_sets)
@few
def test_symmetry(sets: tuple[Array, Array]) -> None:
    x, y = sets
    for metric in (frechet_distance, kernel_distance, cmmd, sliced_wasserstein):
        assert metric(x, y) == close(metric(y, x))
    there, back = prdc(x, y, 3), prdc(y, x, 3)
    assert (there.precision, there.recall) == (back.recall, back.precision)
    assert intra_class_ratio(x, y) * intra_class_ratio(y, x) == close(1.0)


@given(drawn_sets)
@few
def test_a_set_and_itself(sets: tuple[Array, Array]) -> None:
    x, _ = sets
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-12)
    assert sliced_wasserstein(x, x) == 0
    assert cmmd(x, x) == pytest.approx(0, abs=1e-9)
    assert intra_class_ratio(x, x) == 1
    assert alpha_precision_beta_recall(x, x) == pytest.approx((1 - 1 / len(x),) * 2)
    assert authenticity(x, x) == 0
    assert closest_record_ratio(x, x, third(x) + 50).share.value == 1


@given(drawn_sets)
@few
def test_sliced_wasserstein_of_a_shift(sets: tuple[Array, Array]) -> None:
    """Every quantile moves by u.d: the mean over directions of (u.d)^2 is |d|^2 / D."""
    x, _ = sets
    gap = np.full(x.shape[1], 3.0)
    assert sliced_wasserstein(x, x + gap, projections=4000) == pytest.approx(3.0, rel=0.05)
    assert sliced_wasserstein(x[:, :1], x[:, :1] + 3) == close(3.0)


def test_equal_covariances_leave_the_gap_at_every_number_of_images() -> None:
    x = np.random.default_rng(0).standard_normal((200, 6))
    gap = np.arange(6.0)
    assert frechet_distance(x, x + gap) == pytest.approx(55, rel=1e-12)
    same_draws = [frechet_distance_infinity(x, x + gap, seed=seed) for seed in range(20)]
    assert np.mean(same_draws) == pytest.approx(55, rel=0.05)


def test_diagonal_gaussians_far_out() -> None:
    """sum (s1 - s2)^2 = 4 * .25, extrapolated from 400 images whose plain distance is a third too large."""
    rng = np.random.default_rng(0)
    found = [
        (frechet_distance_infinity(x, y), frechet_distance(x, y))
        for x, y in ((rng.standard_normal((400, 4)), rng.standard_normal((400, 4)) * 1.5) for _ in range(40))
    ]
    infinite, plain = np.mean(found, axis=0)
    assert infinite == pytest.approx(1.0, abs=0.03)
    assert plain > 1.03


def test_inception_score_is_free_of_the_order_of_classes_and_images() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(5) * 0.3, 60)
    assert inception_score(rng.permutation(p)[:, ::-1]) == pytest.approx(inception_score(p), rel=1e-12)


REAL = np.concatenate([np.random.default_rng(9).standard_normal((150, 6)) + shift for shift in (0, 8)])
MADE = np.concatenate([np.random.default_rng(8).standard_normal((150, 6)) + shift for shift in (0, 8)])


def values(made: Array) -> dict[str, float]:
    return {name: metric(REAL, made) for name, metric in METRICS.items()}


GOOD = values(MADE)


def test_a_collapsed_generator_is_precise_and_has_no_diversity() -> None:
    rng = np.random.default_rng(0)
    found = values(REAL[:3].mean(axis=0) + rng.standard_normal((300, 6)) * 0.05)
    assert found["precision"] > 0.9
    assert found["recall"] < 0.05
    assert found["coverage"] < 0.05
    assert found["beta_recall"] < 0.1
    assert found["intra_class_distance"] < 0.1
    assert found["vendi_score"] < 1.1 < GOOD["vendi_score"]


def test_a_blurring_generator_pulls_to_the_middle() -> None:
    centres = np.repeat([[0.0], [8.0]], 150, axis=0)
    found = values(centres + (MADE - centres) * 0.4)
    assert found["precision"] > GOOD["precision"]
    for name in ("recall", "beta_recall", "intra_class_distance", "coverage"):
        assert found[name] < GOOD[name], name
    for name in ("frechet_distance", "frechet_distance_infinity", "kernel_distance", "sliced_wasserstein"):
        assert found[name] > GOOD[name], name


def test_a_dropped_mode_shows_in_diversity_and_hardly_in_precision() -> None:
    found = values(MADE[:150])
    assert found["precision"] == pytest.approx(GOOD["precision"], abs=0.1)
    for name in ("recall", "coverage"):
        assert found[name] < 0.6 * GOOD[name], name
    assert found["beta_recall"] < GOOD["beta_recall"]
    assert found["intra_class_distance"] < 0.5


def test_noise_is_diverse_and_not_precise() -> None:
    found = values(MADE + np.random.default_rng(0).standard_normal(MADE.shape) * 3)
    assert found["intra_class_distance"] > 1.1
    assert found["precision"] < 0.2
    assert found["density"] < 0.2 * GOOD["density"]
    assert found["authenticity"] > GOOD["authenticity"]


@pytest.mark.parametrize(
    "name",
    ["frechet_distance", "frechet_distance_infinity", "kernel_distance", "cmmd", "sliced_wasserstein"],
)
def test_distances_rise_with_a_rising_shift(name: str) -> None:
    found = [METRICS[name](REAL, MADE + step) for step in (0, 0.5, 1, 2)]
    assert found == sorted(found)
    assert found[0] < 0.5 * found[-1]


def test_copies_are_seen_as_copies() -> None:
    train, holdout, fresh = np.random.default_rng(3).standard_normal((3, 200, 6))
    copies = train + np.random.default_rng(4).standard_normal(train.shape) * 0.01
    assert authenticity(train, copies) == 0
    assert data_copying_score(train, copies, holdout) < -5 < -3 < data_copying_score(train, fresh, holdout)
    fair, copied = closest_record_ratio(train, fresh, holdout), closest_record_ratio(train, copies, holdout)
    assert copied.share.lo > 0.9
    assert copied.p_value < 0.001 < 0.05 < fair.p_value
