"""The one sweep: exact decisions in either precision, whatever the tiles, and the half-samples it carries along."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.metrics import kernel_distance, kernel_interval, nearest, prdc, prdc_interval, score_panel
from synmedbench.metrics._prdc_interval import sweep_halves
from synmedbench.metrics._products import rounding, rows_of
from synmedbench.metrics._sweep import Wanted, sweep

PRODUCTS = "synmedbench.metrics._products"


@pytest.fixture
def single(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products in float32, as for large sets, in tiles of odd sizes."""
    monkeypatch.setattr(f"{PRODUCTS}.SMALL", 0)
    monkeypatch.setattr(f"{PRODUCTS}.SIDE", 37)


def all_differences(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sqrt(((x[:, None].astype(float) - y[None]) ** 2).sum(axis=2))


def by_definition(x: np.ndarray, y: np.ndarray, k: int) -> tuple[float, float, float, float]:
    reach_x, reach_y = (np.sort(all_differences(each, each), axis=1)[:, k] for each in (x, y))
    apart = all_differences(x, y)
    in_real, in_made = apart < reach_x[:, None], apart < reach_y
    return in_real.any(0).mean(), in_made.any(1).mean(), in_real.sum(0).mean() / k, in_real.any(1).mean()


def awkward(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    """Rows with duplicates, near duplicates, ties (whole numbers) and a far outlier."""
    rows = rng.standard_normal((n, width))
    rows[: n // 6] = rows[n // 2]
    rows[n // 6 : n // 3] = rows[n // 2] + rng.standard_normal((len(rows[n // 6 : n // 3]), width)) * 1e-9
    rows[n // 3 : n // 2] = rng.integers(0, 2, (len(rows[n // 3 : n // 2]), width))
    rows[-1] = 40
    return rows


@given(st.integers(0, 10**6), st.integers(14, 90), st.integers(14, 90), st.integers(1, 9), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("precise", [True, False])
def test_awkward_sets_are_decided_as_all_differences_decide(
    precise: bool, seed: int, n: int, m: int, width: int, k: int
) -> None:
    rng = np.random.default_rng(seed)
    x, y = awkward(rng, n, width), awkward(rng, m, width)
    y[: m // 4] = x[rng.integers(0, n, m // 4)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{PRODUCTS}.SIDE", 16)
        if not precise:
            patch.setattr(f"{PRODUCTS}.SMALL", 0)
        assert prdc(x, y, k) == pytest.approx(by_definition(x, y, k))
        found = nearest(x, y, k)
    np.testing.assert_allclose(found.distances, np.sort(all_differences(x, y), axis=1)[:, :k], rtol=1e-12)


def test_a_planted_copy_has_distance_zero_in_single_precision(single: None) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 512)).astype(np.float32) + 30
    y = np.concatenate([rng.standard_normal((200, 512)).astype(np.float32) + 30, x[11:12]])
    assert rows_of(x, y)[0].centred.numpy().dtype == np.float32
    found = nearest(y, x)
    assert found.distances[-1, 0] == 0.0
    assert found.indices[-1, 0] == 11
    assert (found.distances[:-1] > 1).all()


def test_single_precision_changes_no_decision_and_hardly_a_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((400, 300)) + 3, rng.standard_normal((350, 300)) * 1.02 + 3
    y[:20] = x[:20]
    exact = prdc(x, y), kernel_distance(x, y), sweep_halves(x, y, 5, replicates=60).shares
    monkeypatch.setattr(f"{PRODUCTS}.SMALL", 0)
    assert prdc(x, y) == exact[0]
    assert kernel_distance(x, y) == pytest.approx(exact[1], rel=1e-4)
    np.testing.assert_allclose(sweep_halves(x, y, 5, replicates=60).shares, exact[2], atol=0.005)


def test_rows_of_unlike_length_are_multiplied_in_double_precision(single: None) -> None:
    x = np.random.default_rng(0).standard_normal((100, 8))
    x[3] *= 1e9
    assert rows_of(x, x)[0].centred.numpy().dtype == np.float64


@pytest.mark.parametrize("per_patient", [1, 3])
def test_half_samples_are_the_numbers_of_those_halves(per_patient: int) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((120, 4)), rng.standard_normal((90, 4)) * 0.8
    patient = np.arange(120) // per_patient
    halves = sweep_halves(x, y, 3, (patient, None), replicates=12)
    swept = sweep(x, y, Wanted(k=3, halves=(patient, np.arange(90)), replicates=12))
    assert swept.halves is not None
    kept_y = swept.halves.flags(swept.halves.kept[1]).T
    assert (halves.half_kept.sum(axis=1) == 60).all()
    for number, (keep_x, keep_y) in enumerate(zip(halves.half_kept, kept_y, strict=True)):
        assert all(len(set(keep_x[patient == one])) == 1 for one in np.unique(patient))
        expected = by_definition(x[keep_x], y[keep_y], 3)
        np.testing.assert_allclose(halves.shares[number], expected, atol=0.02)


def test_replicates_are_given_up_where_every_image_lies_in_every_ball(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((200, 30)), rng.standard_normal((150, 30)) * 0.01
    assert len(sweep_halves(x, y, 5).shares) == 200
    monkeypatch.setattr("synmedbench.metrics._balls.DECISIONS", 1e6)
    assert len(sweep_halves(x, y, 5).shares) == 40


def test_the_shared_sweep_gives_what_each_metric_gives_alone() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((150, 6)), rng.standard_normal((140, 6)) * 1.1
    names = ("kernel_distance", "cmmd", "precision", "recall", "density", "coverage", "authenticity")
    together = score_panel(x, y, metrics=names, train=x)
    for score in together:
        (alone,) = score_panel(x, y, metrics=[score.metric], train=x.copy())
        assert (score.value, score.lo, score.hi) == pytest.approx((alone.value, alone.lo, alone.hi), rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("width", [64, 768, 2048, 20_000])
def test_single_precision_stays_within_its_bound(width: int) -> None:
    """Largest error of squared distances over the bound, for features of several kinds; printed."""
    rng = np.random.default_rng(width)
    kinds = {
        "normal": rng.standard_normal((300, width)),
        "positive": rng.exponential(size=(300, width)),
        "sparse": rng.standard_normal((300, width)) * (rng.random((300, width)) < 0.02),
        "heavy": rng.standard_t(3, (300, width)),
    }
    for name, rows in kinds.items():
        single = rows.astype(np.float32)
        exact = single.astype(float) @ single.astype(float).T
        norms = np.diag(exact)[:, None] + np.diag(exact)
        error = np.abs(2 * ((single @ single.T).astype(float) - exact)) / np.maximum(norms, 1e-300)
        print(f"D = {width}, {name}: {error.max() / rounding(width, 'float32'):.3f} of the bound")
        assert error.max() < rounding(width, "float32")


def test_images_of_one_patient_do_not_make_the_kernel_distance() -> None:
    """Patients of five images each, from the same distribution as single images: the distance is 0 in expectation."""
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        patient = np.repeat(np.arange(12), 5)
        x = (rng.standard_normal((12, 16))[patient] * 2 + rng.standard_normal((60, 16))) / np.sqrt(5)
        y = rng.standard_normal((80, 16))
        interval = kernel_interval(x, y, patient)
        found.append((interval.value, interval.excludes(0.0), kernel_distance(x, y)))
    values, missed, naive = np.array(found).T
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(40)
    assert missed.mean() <= 0.15
    assert naive.mean() > 5 * abs(values.mean())


def test_the_panel_knows_patients_as_the_interval_does() -> None:
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(30), 4)
    x, y = rng.standard_normal((30, 6))[patient] + rng.standard_normal((120, 6)), rng.standard_normal((100, 6))
    (score,) = score_panel(x, y, metrics=["kernel_distance"], groups=patient)
    alone = kernel_interval(x, y, patient)
    assert (score.value, score.lo, score.hi) == pytest.approx((alone.value, alone.lo, alone.hi))


def test_shares_of_few_patients_are_no_surer_than_the_patients_are_many() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((400, 3)), rng.standard_normal((300, 3)) + 100
    patient = np.repeat(np.arange(20), 20)
    few = prdc_interval(x, y, groups_real=patient).recall
    many = prdc_interval(x, y).recall
    assert few.value == many.value == 0
    assert few.hi > 5 * many.hi
