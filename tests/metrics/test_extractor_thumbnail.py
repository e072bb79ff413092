"""``thumbnail``: blind to light, sharp on layout."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.core import UserError, registry
from synmedbench.imagesets import ImageSet, damage_pixels, open_imageset, view
from synmedbench.metrics import Extractor, ThumbnailExtractor
from synmedbench.metrics._extractor_thumbnail import averaging


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return open_imageset("phantom-blood?n=40&size=32").images()


def test_it_is_an_extractor_of_the_registry(tmp_path) -> None:
    built = registry("extractors").build("thumbnail?cells=4")
    assert isinstance(built, Extractor)
    built.fit(ImageSet.from_arrays(np.zeros((2, 8, 8, 3), np.uint8)))
    built.save(tmp_path)
    assert ThumbnailExtractor.load(tmp_path).key == built.key != ThumbnailExtractor().key


def test_light_and_compression_hardly_move_it_and_layout_does(pixels: np.ndarray) -> None:
    thumbnail = ThumbnailExtractor().features
    plain = thumbnail(pixels)
    between = np.linalg.norm(plain[:, None] - plain[None], axis=-1)[np.triu_indices(40, 1)]
    for change in ("brightness:0.7", "jpeg:50", "blur:1"):
        moved = np.linalg.norm(thumbnail(view(pixels, change)) - plain, axis=1)
        assert np.median(moved) < 0.15 * np.median(between), change
    moved = np.linalg.norm(thumbnail(damage_pixels(pixels, "noise", 10.0)) - plain, axis=1)
    assert np.median(moved) < 0.25 * np.median(between)
    for change in ("across", "crop:0.7", "shift:0.15,0"):
        moved = np.linalg.norm(thumbnail(view(pixels, change)) - plain, axis=1)
        assert np.median(moved) > 0.3 * np.median(between), change


def test_flat_images_are_zero_and_nothing_is_not_finite() -> None:
    flat = np.repeat(np.array([0, 128, 255], np.uint8), 16 * 16 * 3).reshape(3, 16, 16, 3)
    features = ThumbnailExtractor().features(flat)
    assert np.abs(features).max() < 1e-5
    assert ThumbnailExtractor().features(np.zeros((0, 8, 8, 3), np.uint8)).shape == (0, 192)


@pytest.mark.parametrize("side", [8, 13, 64, 5])
def test_cells_average_every_pixel_equally(side: int) -> None:
    weights = averaging(side, 8)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(weights.sum(axis=0), 8 / side, rtol=1e-5)


def test_images_of_any_shape_and_of_several_sizes() -> None:
    oblong = np.random.default_rng(0).integers(0, 255, (2, 12, 30, 3)).astype(np.uint8)
    assert ThumbnailExtractor(cells=4).features(oblong).shape == (2, 48)


def test_the_batch_changes_nothing(pixels: np.ndarray) -> None:
    extractor = ThumbnailExtractor()
    assert np.array_equal(extractor.features(pixels), extractor.features(pixels, batch_size=7))


@pytest.mark.parametrize("cells", [1, 65])
def test_cells_out_of_range_are_refused(cells: int) -> None:
    with pytest.raises(UserError, match="choose 2 to 64"):
        ThumbnailExtractor(cells=cells)
