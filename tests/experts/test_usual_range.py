"""What is usual in an image: measures move as they should, distances tell real from other, numbers stay finite."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.core import UserError
from synmedbench.experts._drawn_features import drawn_features, otsu
from synmedbench.experts._usual_range import UsualRange, background, fine_structure, seams
from synmedbench.imagesets import damage_pixels

from .planted_cells import discs


def test_blur_lowers_and_noise_raises_the_finest_band() -> None:
    pixels = discs(24).images()
    plain, soft, rough = (
        fine_structure(each)[:, 0]
        for each in (pixels, damage_pixels(pixels, "blur", 1.0), damage_pixels(pixels, "noise", 15.0))
    )
    assert (soft < plain).all()
    assert (rough > plain).all()


def test_a_seam_is_seen_in_its_direction() -> None:
    pixels = discs(24).images()
    cut = pixels.copy()
    cut[:, :, 12:] = np.clip(cut[:, :, 12:].astype(int) - 40, 0, 255).astype(np.uint8)
    plain, joined = seams(pixels), seams(cut)
    assert (joined[:, 1] > plain[:, 1] + 0.5).mean() > 0.9
    assert np.abs(joined[:, 0] - plain[:, 0]).max() < np.abs(joined[:, 1] - plain[:, 1]).max()


def test_background_looks_at_the_rim_alone() -> None:
    pixels = discs(8).images()
    inner = pixels.copy()
    inner[:, 6:-6, 6:-6] = 0
    np.testing.assert_array_equal(background(pixels), background(inner))


@pytest.mark.parametrize("nearest", [False, True])
def test_distances_tell_what_is_usual(nearest: bool) -> None:
    dice = np.random.default_rng(0)
    mixing = dice.normal(size=(6, 6))
    real, more = dice.normal(size=(200, 6)) @ mixing, dice.normal(size=(200, 6)) @ mixing
    usual = UsualRange.fit(real, nearest=nearest)
    inside, outside = usual.distance(more), usual.distance(more + 8 * mixing[0])
    assert np.median(outside) > np.quantile(inside, 0.98)
    np.testing.assert_allclose(usual.distance(more[:3]), inside[:3])


def test_constant_and_few_images_do_no_harm() -> None:
    usual = UsualRange.fit(np.ones((20, 3)))
    assert np.isfinite(usual.distance(np.ones((2, 3)))).all()
    with pytest.raises(UserError, match="at least 10 real images, got 9"):
        UsualRange.fit(np.ones((9, 3)))


@pytest.mark.parametrize("side", [16, 17, 32, 64])
def test_drawn_features_are_finite_and_an_images_own(side: int) -> None:
    dice = np.random.default_rng(side)
    pixels = dice.integers(0, 256, (5, side, side, 3), dtype=np.uint8)
    pixels[0], pixels[1] = 0, 255
    found = drawn_features(pixels)
    assert np.isfinite(found).all()
    assert found.shape[1] == drawn_features(np.zeros((1, 32, 32, 3), np.uint8)).shape[1]
    np.testing.assert_array_equal(drawn_features(pixels[3:4]), found[3:4])


def test_otsu_parts_two_groups() -> None:
    values = np.concatenate([np.full(90, 0.2), np.full(10, 0.7)])
    assert 0.2 <= otsu(values) < 0.7
