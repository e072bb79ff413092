"""Texture: co-occurrence and shape against what is known of drawn images; features of every image alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.core import UserError
from synmedbench.imagesets import ImageSet, phantom_blood
from synmedbench.metrics import TextureExtractor, extract
from synmedbench.metrics._texture_matrix import LEVELS, co_occurrence, haralick
from synmedbench.metrics._texture_shape import largest_region, shapes

Y, X = np.mgrid[:64, :64]


def drawn(*masks: np.ndarray) -> np.ndarray:
    """Grey 0.9 images whose object, where the mask is, is dark and red."""
    return np.where(np.stack(masks)[..., None], np.array([0.5, 0.2, 0.2]), 0.9).astype(np.float32)


def by_hand(grey: np.ndarray, distance: int) -> np.ndarray:
    level = np.minimum((grey * LEVELS).astype(int), LEVELS - 1)
    counts = np.zeros((LEVELS, LEVELS))
    side = len(level)
    for y in range(side):
        for x in range(side):
            for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
                v, u = y + down * distance, x + across * distance
                if 0 <= v < side and 0 <= u < side:
                    counts[level[y, x], level[v, u]] += 1
                    counts[level[v, u], level[y, x]] += 1
    return counts / counts.sum()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 2, 4]), st.sampled_from([6, 9]))
def test_co_occurrence_is_the_count_of_pairs(seed: int, distance: int, side: int) -> None:
    grey = np.random.default_rng(seed).random((2, side, side)).astype(np.float32)
    grey[1, 0, 0] = 1.0
    found = co_occurrence(grey, distance)
    for i in range(2):
        np.testing.assert_allclose(found[i], by_hand(grey[i], distance), atol=1e-12)


def test_haralick_of_known_images() -> None:
    board = ((Y + X) % 2).astype(np.float32)
    found = haralick(np.stack([np.full((64, 64), 0.5, np.float32), board]))
    np.testing.assert_allclose(found[0], [0, 1, 1, 1] * 3)
    contrast, _, _, correlation = found[1][4:8]
    assert contrast == pytest.approx(0), "two pixels apart a chessboard repeats itself"
    assert correlation == pytest.approx(1)
    assert found[1][0] == pytest.approx(np.sqrt(0.5), abs=0.01), (
        "half of the neighbours are of the other colour"
    )


def test_the_disc_is_round_and_the_bar_is_not() -> None:
    disc = (Y - 32) ** 2 + (X - 20) ** 2 < 12**2
    bar = (abs(Y - 40) < 4) & (abs(X - 30) < 20)
    area, down, across, _, eccentricity, solidity, round_, skew, _, contrast = shapes(drawn(disc, bar)).T
    np.testing.assert_allclose(area, [disc.mean(), bar.mean()])
    assert across[0] == pytest.approx((20.5 / 64) * 2 - 1, abs=0.01)
    assert down[1] == pytest.approx((40.5 / 64) * 2 - 1, abs=0.01)
    assert eccentricity[0] < 0.1
    assert eccentricity[1] > 0.97
    assert solidity[1] == pytest.approx(1, abs=0.01)
    assert round_[0] == pytest.approx(1, abs=0.01)
    assert skew[0] < 1e-6
    assert contrast[0] == pytest.approx(contrast[1])


def test_a_crescent_is_less_solid_than_a_disc() -> None:
    disc = (Y - 32) ** 2 + (X - 32) ** 2 < 20**2
    crescent = disc & ~((Y - 32) ** 2 + (X - 42) ** 2 < 18**2)
    solid = shapes(drawn(disc, crescent))[:, 5]
    assert solid[0] > 0.95
    assert solid[1] < 0.75


def test_the_largest_region_is_taken_of_each_image() -> None:
    masks = np.zeros((3, 8, 8), bool)
    masks[0, 0, :2] = masks[0, 4:7, 4:7] = True
    masks[1, 2, 2] = masks[1, 3, 3] = True
    found = largest_region(masks)
    assert found.sum(axis=(1, 2)).tolist() == [9, 2, 0], "diagonal neighbours are together"
    assert not found[0, 0].any()


def test_the_middle_of_an_object_does_not_change_its_shape_when_it_moves() -> None:
    a = (Y - 20) ** 2 / 36 + (X - 20) ** 2 / 100 < 1
    one, two = shapes(drawn(a, np.roll(a, (15, 12), (0, 1))))
    np.testing.assert_allclose(np.delete(one, [1, 2]), np.delete(two, [1, 2]), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("size", [16, 33, 64])
def test_features_are_of_each_image_alone(size: int, tmp_path: Path) -> None:
    images = phantom_blood(n=30, size=48, seed=0)
    extractor = TextureExtractor(size=size)
    extractor.fit(images)
    found = extract(extractor, images, tmp_path)
    assert found.shape == (30, 307)
    np.testing.assert_allclose(found[7:9], extractor.features(images.subset([7, 8])), atol=1e-4)
    np.testing.assert_allclose(found, extractor.features(images, batch_size=7), atol=1e-4)
    np.testing.assert_allclose(found, extractor.features(images.images()), atol=1e-4)
    assert extractor.features(images.subset([])).shape == (0, 307)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_flat_images_have_finite_features(value: int) -> None:
    images = ImageSet.from_arrays(np.full((3, 20, 30, 3), value, np.uint8))
    extractor = TextureExtractor()
    extractor.fit(images)
    np.testing.assert_allclose(extractor.features(images), 0, atol=1e-3)


def test_the_key_follows_what_was_learned(tmp_path: Path) -> None:
    extractor = TextureExtractor(size=32)
    with pytest.raises(UserError, match="not fitted"):
        extractor.features(phantom_blood(n=3))
    extractor.fit(phantom_blood(n=20))
    before = extractor.key
    extractor.save(tmp_path / "kept")
    assert TextureExtractor.load(tmp_path / "kept").key == before
    extractor.fit(phantom_blood(n=20, seed=1))
    assert extractor.key != before
    with pytest.raises(UserError, match="16 pixels"):
        TextureExtractor(size=8)
