"""Intervals of the metrics that are there for parity: their coverage by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.core import Interval
from synmedbench.metrics import (
    alpha_beta_interval,
    closest_record_ratio,
    data_copying_interval,
    frechet_infinity_interval,
    inception_score_interval,
    intra_class_interval,
    sliced_wasserstein_interval,
)

Array = np.ndarray
Sets = tuple[Array, Array, Array | None, Array | None]


def drawn(n: int, width: int, seed: int, per_patient: int) -> Sets:
    """Two sets that differ a little; with patients, half of the variance is between them."""
    rng = np.random.default_rng([7, seed, n, width])
    spectrum = 1 / np.sqrt(np.arange(1, width + 1))
    patient = np.repeat(np.arange(n // per_patient), per_patient)

    def one(shift: float, scale: float) -> Array:
        own, shared = rng.standard_normal((n, width)), rng.standard_normal((n // per_patient, width))[patient]
        mixed = own if per_patient == 1 else (own + shared) / np.sqrt(2)
        return mixed * spectrum * scale + shift

    groups = None if per_patient == 1 else patient
    return one(0, 1), one(0.1, 0.9), groups, groups


def all_intervals(sets: Sets) -> dict[str, Interval]:
    x, y, of_x, of_y = sets
    p = np.exp(2 * y[:, :6])
    alpha, beta = alpha_beta_interval(x, y, groups_real=of_x, groups_synthetic=of_y, replicates=100)
    found = {
        "sliced_wasserstein": sliced_wasserstein_interval(x, y, of_x, of_y),
        "intra_class_distance": intra_class_interval(x, y, of_x, of_y),
        "inception_score": inception_score_interval(p / p.sum(axis=1, keepdims=True), groups=of_y),
        "alpha_precision": alpha,
        "beta_recall": beta,
    }
    if len(x) >= 5 * x.shape[1]:
        found["frechet_distance_infinity"] = frechet_infinity_interval(x, y, of_x, of_y)
    return found


def coverages(n: int, width: int, runs: int, per_patient: int) -> dict[str, float]:
    intervals = [all_intervals(drawn(n, width, seed, per_patient)) for seed in range(runs)]
    found = {}
    for name in intervals[0]:
        mine = [each[name] for each in intervals]
        expected = float(np.mean([interval.value for interval in mine]))
        found[name] = float(np.mean([not interval.excludes(expected) for interval in mine]))
    return found


@pytest.mark.parametrize(("n", "width", "per_patient"), [(60, 40, 1), (80, 8, 1), (80, 8, 4)])
def test_intervals_cover_about_as_often_as_they_say(n: int, width: int, per_patient: int) -> None:
    for name, coverage in coverages(n, width, 30, per_patient).items():
        assert coverage >= 0.8, name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "width", "per_patient"),
    [(60, 128, 1), (120, 100, 1), (200, 16, 1), (400, 16, 1), (80, 128, 4), (200, 16, 4)],
)
def test_coverage_by_simulation(n: int, width: int, per_patient: int) -> None:
    """Nominal .95; prints what was measured over 200 draws (its own standard error: .015)."""
    found = coverages(n, width, 200, per_patient)
    print(f"n = {n}, D = {width}, {per_patient} images a patient:")
    for name, coverage in found.items():
        print(f"  {name:26} {coverage:.3f}")
        assert coverage >= 0.90, name


@pytest.mark.slow
@pytest.mark.parametrize(("n", "holdout", "width"), [(200, 200, 4), (500, 100, 8), (500, 200, 32)])
def test_a_fair_generator_is_called_a_copier_as_rarely_as_stated(n: int, holdout: int, width: int) -> None:
    """Train, synthetic and hold-out of one distribution: C_T covers 0, the closest record one half."""
    rng = np.random.default_rng([n, holdout, width])
    sets = [[rng.standard_normal((count, width)) for count in (n, n, holdout)] for _ in range(200)]
    copying = [data_copying_interval(*each) for each in sets]
    closest = [closest_record_ratio(*each) for each in sets]
    shares = {
        "C_T covers 0": np.mean([not each.excludes(0) for each in copying]),
        "closest record covers 1/2": np.mean([not each.share.excludes(0.5) for each in closest]),
        "closest record, p < .05": np.mean([each.p_value < 0.05 for each in closest]),
        "closest record, binomial p < .05": np.mean([each.p_binomial < 0.05 for each in closest]),
    }
    print(f"train and synthetic {n}, hold-out {holdout}, D = {width}:")
    for name, share in shares.items():
        print(f"  {name:34} {share:.3f}")
    assert shares["C_T covers 0"] >= 0.90
    assert shares["closest record covers 1/2"] >= 0.90
    assert shares["closest record, p < .05"] <= 0.09
