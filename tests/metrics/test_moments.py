"""Moments merge to those of the whole, and give the Frechet distance that the features give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.core import UserError
from synmedbench.metrics import Moments, frechet_distance, frechet_distance_from_moments


def sets(n: int, m: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, n, m, width])
    return rng.standard_normal((n, width)), rng.standard_normal((m, width)) * 1.2 + 0.3


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(2, 60),
    width=st.integers(1, 9),
    cuts=st.lists(st.integers(0, 60), max_size=5),
    offset=st.sampled_from([0.0, 1e6, -3e9]),
    seed=st.integers(0, 99),
)
def test_any_shards_in_any_order_give_the_whole(n, width, cuts, offset, seed):
    x = np.random.default_rng(seed).standard_normal((n, width)) + offset
    parts = [part for part in np.split(x, sorted(min(cut, n) for cut in cuts)) if len(part)]
    merged = Moments.empty(width)
    for part in reversed(parts):
        merged = Moments.of(part).merge(merged)
    centred = x - x.mean(axis=0)
    rounding = 1e-13 * max(1.0, abs(offset)) * 10
    assert merged.n == n
    np.testing.assert_allclose(merged.mean, x.mean(axis=0), rtol=1e-13, atol=1e-12)
    np.testing.assert_allclose(merged.m2, centred.T @ centred, rtol=1e-10, atol=n * rounding)


@pytest.mark.parametrize(
    ("n", "m", "width"), [(300, 200, 16), (40, 60, 80), (20, 300, 45), (2, 2, 5), (46, 300, 45)]
)
def test_the_distance_is_that_of_the_features(n, m, width):
    x, y = sets(n, m, width)
    found = frechet_distance_from_moments(Moments.of(x), Moments.from_batches(np.array_split(y, min(m, 7))))
    assert found == pytest.approx(frechet_distance(x, y), rel=1e-9)


def test_float32_features_are_not_summed_in_float32():
    x = (np.random.default_rng(0).standard_normal((5000, 3)) + 1000).astype(np.float32)
    exact = np.cov(x.astype(np.float64).T)
    np.testing.assert_allclose(Moments.of(x).covariance, exact, rtol=1e-12, atol=1e-12)


def test_a_set_is_at_zero_from_itself():
    for n, width in ((100, 8), (20, 40)):
        x = Moments.of(np.random.default_rng(0).standard_normal((n, width)))
        assert frechet_distance_from_moments(x, x) == pytest.approx(0, abs=1e-6)


def test_constant_and_singular_features():
    x = np.ones((30, 4))
    assert frechet_distance_from_moments(Moments.of(x), Moments.of(x + 1)) == pytest.approx(4)
    y = np.random.default_rng(0).standard_normal((50, 1)) @ np.ones((1, 4))
    assert frechet_distance_from_moments(Moments.of(y), Moments.of(2 * y)) == pytest.approx(
        frechet_distance(y, 2 * y), rel=1e-7
    )


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0, 4.0])
def test_features_of_every_spread(power):
    """From equal variances to ones 1e-14 apart, where an eigenvalue route alone would lose the small ones."""
    x, y = sets(400, 300, 60)
    scale = 1 / np.arange(1, 61) ** power
    x, y = x * scale, y * scale
    xc, yc = x - x.mean(axis=0), y - y.mean(axis=0)
    shared = np.linalg.svd(xc @ yc.T, compute_uv=False).sum() / np.sqrt(399 * 299)
    gap = x.mean(axis=0) - y.mean(axis=0)
    expected = gap @ gap + (xc**2).sum() / 399 + (yc**2).sum() / 299 - 2 * shared
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-9)


def test_kept_and_read_again(tmp_path):
    moments = Moments.of(sets(30, 2, 4)[0])
    moments.save(tmp_path / "réal.npz")
    again = Moments.load(tmp_path / "réal.npz")
    assert again.n == moments.n
    np.testing.assert_array_equal(again.mean, moments.mean)
    np.testing.assert_array_equal(again.m2, moments.m2)


def test_what_is_no_file_of_moments_is_told(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        Moments.load(tmp_path / "none.npz")
    good = tmp_path / "good.npz"
    Moments.of(sets(30, 2, 4)[0]).save(good)
    whole = good.read_bytes()
    bad = tmp_path / "bad.npz"
    for content in (b"", b"PK", whole[: len(whole) // 2], whole[:200] + b"\0" * 50 + whole[250:]):
        bad.write_bytes(content)
        with pytest.raises(UserError, match="not a file of moments"):
            Moments.load(bad)
    np.savez(
        bad, format=np.array("synmedbench moments 1"), n=np.array(3), mean=np.zeros(4), m2=np.zeros((3, 3))
    )
    with pytest.raises(UserError, match="not a file of moments"):
        Moments.load(bad)
    np.savez(
        bad,
        format=np.array("synmedbench moments 1"),
        n=np.array(3),
        mean=np.zeros(2),
        m2=np.full((2, 2), np.nan),
    )
    with pytest.raises(UserError, match="NaN"):
        Moments.load(bad)


@pytest.mark.parametrize("bad", [np.zeros((0, 3)), np.zeros(3), [[np.nan]], [[np.inf, 1]], np.zeros((2, 0))])
def test_bad_features(bad):
    with pytest.raises(UserError):
        Moments.of(bad)


def test_what_cannot_be_merged_or_compared():
    three, four, one = Moments.of(np.eye(3)), Moments.of(np.eye(4)), Moments.of([[1.0, 2.0, 3.0]])
    with pytest.raises(UserError, match="3 and of 4 columns"):
        three.merge(four)
    with pytest.raises(UserError, match="3 and of 4 columns"):
        frechet_distance_from_moments(three, four)
    with pytest.raises(UserError, match="at least 2"):
        frechet_distance_from_moments(three, one)
    with pytest.raises(UserError, match="no batch"):
        Moments.from_batches([])
