"""Influence of single images, against leaving each out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from synmedbench.core import UserError
from synmedbench.metrics import frechet_distance, frechet_influence, kernel_distance, kernel_influence


def left_out(distance, x, y):
    whole = distance(x, y)
    of_x = [whole - distance(np.delete(x, row, 0), y) for row in range(len(x))]
    of_y = [whole - distance(x, np.delete(y, row, 0)) for row in range(len(y))]
    return np.array(of_x), np.array(of_y)


def two_sets(n: int, m: int, width: int, seed: int = 0):
    generator = np.random.default_rng(seed)
    spread = np.linspace(2, 0.2, width)
    x, y = (
        generator.standard_normal((n, width)) * spread,
        generator.standard_normal((m, width)) * spread * 1.2 + 0.1,
    )
    y[:3] *= 3
    return x, y


@settings(deadline=None, max_examples=30)
@given(st.integers(3, 20), st.integers(3, 20), st.integers(1, 30), st.integers(0, 99))
def test_kernel_influence_is_that_of_leaving_the_image_out(n, m, width, seed):
    x, y = two_sets(n, m, width, seed)
    for found, truth in zip(kernel_influence(x, y), left_out(kernel_distance, x, y), strict=True):
        np.testing.assert_allclose(found, truth, rtol=1e-7, atol=1e-9 * (1 + np.abs(truth).max()))


@pytest.mark.parametrize(
    ("n", "m", "width"), [(60, 50, 8), (60, 50, 64), (40, 80, 300), (30, 150, 50), (150, 30, 50)]
)
def test_frechet_influence_orders_images_as_leaving_them_out_does(n, m, width):
    x, y = two_sets(n, m, width)
    for found, truth in zip(frechet_influence(x, y), left_out(frechet_distance, x, y), strict=True):
        assert spearmanr(found, truth)[0] > 0.8
        assert set(np.argsort(found)[-3:]) & set(np.argsort(truth)[-3:])
        assert 0.7 < np.polyfit(truth, found, 1)[0] < 1.4


def test_frechet_influence_is_exact_where_every_image_has_a_direction_of_its_own():
    x = np.eye(12)[:6] * 2
    y = np.eye(12)[6:] * 3
    found, truth = frechet_influence(x, y), left_out(frechet_distance, x, y)
    np.testing.assert_allclose(found.synthetic, truth[1], rtol=1e-9)


def test_frechet_influence_is_the_derivative_where_there_are_many_images():
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((800, 3)), generator.standard_normal((600, 3)) * [1, 2, 0.5] + [0, 1, 0]
    whole = frechet_distance(x, y)
    truth = np.array([whole - frechet_distance(x, np.delete(y, row, 0)) for row in range(0, 600, 10)])
    np.testing.assert_allclose(frechet_influence(x, y).synthetic[::10], truth, rtol=0.05, atol=2e-5)


def test_the_sets_may_be_exchanged():
    x, y = two_sets(20, 30, 6)
    for influence in (kernel_influence, frechet_influence):
        one, two = influence(x, y), influence(y, x)
        np.testing.assert_allclose(one.real, two.synthetic)
        np.testing.assert_allclose(one.synthetic, two.real)


def test_constant_and_doubled_features_have_finite_influence():
    ones = np.ones((5, 4))
    for influence in (kernel_influence, frechet_influence):
        assert all(np.abs(each).max() < 1e-9 for each in influence(ones, ones))
        doubled = np.repeat(np.random.default_rng(0).standard_normal((4, 4)), 3, axis=0)
        assert all(np.isfinite(each).all() for each in influence(doubled, ones))


@pytest.mark.parametrize("influence", [kernel_influence, frechet_influence])
def test_bad_features_are_refused(influence):
    good = np.random.default_rng(0).standard_normal((9, 3))
    for bad in (good[:2], good[:, :2], good.ravel(), np.where(good == good[3, 1], np.nan, good), good[:0]):
        with pytest.raises(UserError):
            influence(good, bad)
