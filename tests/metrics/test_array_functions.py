"""The array functions against agreed values, closed forms and invariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.metrics import (
    auth_pct,
    authenticity,
    cmmd,
    frechet_distance,
    kernel_distance,
    prdc,
    vendi_score,
)


def fixture_sets() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(20240101)
    return rng.standard_normal((512, 64)), rng.standard_normal((384, 64)) * 1.1 + 0.1


REAL, FAKE = fixture_sets()
shapes = st.tuples(st.integers(3, 40), st.integers(3, 40), st.integers(1, 20), st.integers(0, 10**6))


def drawn(shape: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    n, m, width, seed = shape
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, width)) * 2 + 1, rng.standard_normal((m, width)), rng


@pytest.mark.parametrize(
    ("value", "agreed"),
    [
        (frechet_distance(REAL, FAKE), 6.547050457968),
        (kernel_distance(REAL, FAKE), 0.026094084941),
        (kernel_distance(REAL[:384], FAKE), 0.023861397575),
        (vendi_score(FAKE), 59.043741858),
        (cmmd(REAL, FAKE), 0.106683580513),
        (authenticity(REAL[:384], FAKE), 353 / 384),
        (authenticity(REAL, FAKE), 359 / 384),
        (auth_pct(REAL, FAKE), 100 * 359 / 384),
    ],
)
def test_value_agreed_by_the_peers(value: float, agreed: float) -> None:
    assert value == pytest.approx(agreed, rel=1e-9)


@pytest.mark.parametrize(
    ("k", "agreed"),
    [
        (5, (0.3723958333333333, 0.939453125, 0.21197916666666666, 0.54296875)),
        (3, (0.25, 0.89453125, 0.19791666666666666, 0.337890625)),
    ],
)
def test_prdc_agreed_by_the_peers(k: int, agreed: tuple[float, ...]) -> None:
    assert prdc(REAL, FAKE, k) == pytest.approx(agreed, rel=1e-12)


@given(shapes)
def test_frechet_of_equal_covariances_is_the_squared_gap(shape: tuple[int, int, int, int]) -> None:
    x, _, rng = drawn(shape)
    gap = rng.standard_normal(x.shape[1])
    assert frechet_distance(x, x + gap) == pytest.approx(float(gap @ gap), rel=1e-9, abs=1e-9)


@given(st.integers(1, 8), st.integers(0, 10**6))
def test_frechet_of_diagonal_gaussians(width: int, seed: int) -> None:
    """Points on the axes have exactly diagonal covariances: the distance is sum (s1 - s2)^2."""
    spread_x, spread_y = np.random.default_rng(seed).uniform(0, 3, (2, width))
    x, y = (np.concatenate([np.diag(s), -np.diag(s)]) for s in (spread_x, spread_y))
    expected = ((spread_x - spread_y) ** 2).sum() * 2 / (2 * width - 1)
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-8, abs=1e-8)


@given(shapes)
def test_self_distance_is_zero(shape: tuple[int, int, int, int]) -> None:
    x, _, rng = drawn(shape)
    again = rng.permutation(x)
    assert frechet_distance(x, again) == pytest.approx(0, abs=1e-10)
    assert cmmd(x, again) == pytest.approx(0, abs=1e-9)
    assert prdc(x, again, 1)[0::3] == (1.0, 1.0)


def test_self_distance_is_zero_when_the_spectrum_falls_steeply() -> None:
    x = np.random.default_rng(0).standard_normal((400, 100)) * np.logspace(3, -6, 100)
    assert frechet_distance(x, x[::-1]) < 1e-12 * x.var(axis=0).sum()


@given(shapes)
@settings(max_examples=40)
def test_rotation_permutation_and_common_shift_change_nothing(shape: tuple[int, int, int, int]) -> None:
    x, y, rng = drawn(shape)
    turn = np.linalg.qr(rng.standard_normal((x.shape[1], x.shape[1])))[0]
    turned = rng.permutation(x @ turn), rng.permutation(y @ turn)
    assert kernel_distance(*turned) == pytest.approx(kernel_distance(x, y), rel=1e-7, abs=1e-7)
    assert vendi_score(turned[1]) == pytest.approx(vendi_score(y), rel=1e-8)
    assert cmmd(*turned) == pytest.approx(cmmd(x, y), rel=1e-6, abs=1e-8)
    moved = turned[0] + 7.25, turned[1] + 7.25
    assert frechet_distance(*moved) == pytest.approx(frechet_distance(x, y), rel=1e-7, abs=1e-8)
    assert prdc(*moved, 2) == pytest.approx(prdc(x, y, 2), abs=1e-12)
    assert authenticity(*moved) == authenticity(x, y)


def test_a_large_common_offset_costs_no_digits() -> None:
    assert frechet_distance(REAL + 1e7, FAKE + 1e7) == pytest.approx(6.547050457968, rel=1e-7)
    assert prdc(REAL + 2.0**20, FAKE + 2.0**20) == pytest.approx(prdc(REAL, FAKE), abs=1e-12)


def test_few_and_many_images_give_one_frechet_distance() -> None:
    """Columns of zeros change the branch (n <= D), never the distance."""
    wide = [np.pad(z, ((0, 0), (0, 600))) for z in (REAL, FAKE)]
    assert frechet_distance(*wide) == pytest.approx(frechet_distance(REAL, FAKE), rel=1e-10)
    mixed = frechet_distance(wide[0], wide[1][:50])
    assert mixed == pytest.approx(frechet_distance(REAL, FAKE[:50]), rel=1e-10)


def test_a_collapsed_generator_is_precise_and_recalls_little() -> None:
    rng = np.random.default_rng(0)
    real, collapsed = rng.standard_normal((300, 8)), rng.standard_normal((300, 8)) * 0.1
    wild = rng.standard_normal((300, 8)) * 3
    assert prdc(real, collapsed).precision > 0.95 > 0.1 > prdc(real, collapsed).recall
    assert prdc(real, wild).recall > 0.9 > 0.3 > prdc(real, wild).precision


@pytest.mark.parametrize("q", [0.5, 1, 2, np.inf])
def test_vendi_score_counts_kinds(q: float) -> None:
    kinds = np.repeat(np.eye(6), 7, axis=0)
    assert vendi_score(kinds, q) == pytest.approx(6, rel=1e-9)
    assert vendi_score(np.ones((9, 4)), q) == pytest.approx(1, rel=1e-7)


def test_vendi_score_falls_with_its_order() -> None:
    scores = [vendi_score(FAKE, q) for q in (0.5, 1, 2, np.inf)]
    assert scores == sorted(scores, reverse=True)


def test_copies_are_not_authentic_and_strangers_are() -> None:
    rng = np.random.default_rng(0)
    train = rng.standard_normal((100, 6))
    assert authenticity(train, train) == 0
    assert authenticity(train, train + 100) == 1


def test_blocks_of_rows_give_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = prdc(REAL, FAKE), kernel_distance(REAL, FAKE)
    monkeypatch.setattr("synmedbench.metrics._products.SIDE", 37)
    assert prdc(REAL, FAKE) == whole[0]
    assert kernel_distance(REAL, FAKE) == pytest.approx(whole[1], rel=1e-10)


@pytest.mark.gpu
def test_a_cuda_device_gives_the_same_numbers() -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    assert prdc(REAL, FAKE, device="cuda") == prdc(REAL, FAKE)
    assert kernel_distance(REAL, FAKE, device="cuda") == pytest.approx(kernel_distance(REAL, FAKE), rel=1e-10)
