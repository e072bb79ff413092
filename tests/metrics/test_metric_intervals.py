"""Intervals hold their level for the expectation at the stated n."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from synmedbench.core import Interval
from synmedbench.metrics import (
    authenticity_interval,
    cmmd,
    cmmd_interval,
    frechet_distance,
    frechet_interval,
    kernel_distance,
    kernel_interval,
    prdc,
    prdc_interval,
    vendi_interval,
    vendi_score,
)

Sets = tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray | None]


def drawn(n: int, width: int, seed: int, per_patient: int) -> Sets:
    """Two sets that differ a little; with patients, half of the variance is between them."""
    rng = np.random.default_rng([7, seed, n, width])
    spectrum = 1 / np.sqrt(np.arange(1, width + 1))

    def one(shift: float, scale: float) -> tuple[np.ndarray, np.ndarray | None]:
        if per_patient == 1:
            return rng.standard_normal((n, width)) * spectrum * scale + shift, None
        patient = np.repeat(np.arange(n // per_patient), per_patient)
        both = rng.standard_normal((len(np.unique(patient)), width))[patient] + rng.standard_normal(
            (n, width)
        )
        return both / np.sqrt(2) * spectrum * scale + shift, patient

    (x, of_x), (y, of_y) = one(0, 1), one(0.1, 0.9)
    return x, y, of_x, of_y


def all_intervals(sets: Sets) -> dict[str, Interval]:
    x, y, of_x, of_y = sets
    shares = prdc_interval(x, y, groups_real=of_x, groups_synthetic=of_y, replicates=100)
    return {
        "frechet_distance": frechet_interval(x, y, of_x, of_y),
        "kernel_distance": kernel_interval(x, y, of_x, of_y),
        "cmmd": cmmd_interval(x, y, of_x, of_y),
        "vendi_score": vendi_interval(y, groups=of_y),
        **shares._asdict(),
    }


def coverages(n: int, width: int, runs: int, per_patient: int) -> dict[str, float]:
    intervals = [all_intervals(drawn(n, width, seed, per_patient)) for seed in range(runs)]
    found = {}
    for name in intervals[0]:
        mine = [each[name] for each in intervals]
        expected = np.mean([interval.value for interval in mine])
        found[name] = float(np.mean([not interval.excludes(float(expected)) for interval in mine]))
    return found


@pytest.mark.parametrize(("n", "width", "per_patient"), [(40, 60, 1), (60, 8, 1), (80, 8, 4)])
def test_intervals_cover_about_as_often_as_they_say(n: int, width: int, per_patient: int) -> None:
    for name, coverage in coverages(n, width, 40, per_patient).items():
        assert coverage >= 0.82, name


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
        print(f"  {name:18} {coverage:.3f}")
        assert coverage >= 0.90, name


@pytest.mark.slow
def test_intervals_narrow_with_n() -> None:
    for name, wide in all_intervals(drawn(100, 16, 0, 1)).items():
        narrow = all_intervals(drawn(1600, 16, 0, 1))[name]
        assert narrow.hi - narrow.lo < 0.6 * (wide.hi - wide.lo), name


def test_the_value_is_the_metric_itself() -> None:
    x, y, _, _ = drawn(60, 12, 0, 1)
    found = all_intervals((x, y, None, None))
    expected = {
        "frechet_distance": frechet_distance(x, y),
        "kernel_distance": kernel_distance(x, y),
        "cmmd": cmmd(x, y),
        "vendi_score": vendi_score(y),
        **prdc(x, y)._asdict(),
    }
    assert {name: interval.value for name, interval in found.items()} == pytest.approx(expected, rel=1e-12)


def plainly(metric: Callable[..., float], x: np.ndarray, y: np.ndarray) -> float:
    """Half-width of the jackknife, each value computed anew from the rows that are left."""
    from scipy.stats import t

    from synmedbench.metrics._blocks import paired_blocks

    of_x, of_y = paired_blocks(len(x), len(y))
    left = np.array([metric(x[of_x != block], y[of_y != block]) for block in range(20)])
    return float(t.ppf(0.975, 19) * np.sqrt(19 / 20 * ((left - left.mean()) ** 2).sum()))


@pytest.mark.parametrize(("n", "m", "width"), [(40, 60, 80), (90, 70, 6), (40, 300, 45), (50, 50, 48)])
def test_the_short_cuts_equal_leaving_out_and_computing_anew(n: int, m: int, width: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.standard_normal((n, width)) + 3, rng.standard_normal((m, width)) * 1.2
    frechet = frechet_interval(x, y)
    assert frechet.hi - frechet.value == pytest.approx(plainly(frechet_distance, x, y), rel=1e-7)
    kernel = kernel_interval(x, y, blocks=20)
    assert kernel.hi - kernel.value == pytest.approx(plainly(kernel_distance, x, y), rel=1e-7)


def test_shares_never_get_an_empty_interval() -> None:
    x = np.random.default_rng(0).standard_normal((60, 3))
    apart = prdc_interval(x, x + 1e6, replicates=20)
    assert apart.precision.value == 0 < apart.precision.hi < 0.1
    assert apart.density.value == 0 < apart.density.hi < 0.1
    together = prdc_interval(x, x, replicates=20)
    assert together.coverage.value == 1
    assert 0.9 < together.precision.lo < 1
    assert authenticity_interval(x, x).hi < 0.1


def test_seeded() -> None:
    x, y, _, _ = drawn(60, 5, 0, 1)
    assert prdc_interval(x, y, seed=1, replicates=20) == prdc_interval(x, y, seed=1, replicates=20)
    assert frechet_interval(x, y, seed=1) != frechet_interval(x, y, seed=2)
