"""Views: what they do to pixels, how they are named, and equal pixels found under any turn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synmedbench.core import UserError
from synmedbench.imagesets import ImageSet, check_view, flip_views, same_pixels, view, view_words
from synmedbench.imagesets._views import TURNS


def pictures(n: int = 3, height: int = 16, width: int = 16) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    rng = np.random.default_rng(0)
    smooth = [120 + 100 * np.sin(rng.uniform(0.1, 0.5) * x + rng.uniform(0.1, 0.5) * y + i) for i in range(n)]
    return np.repeat(np.stack(smooth)[..., None], 3, axis=-1).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", TURNS)
def test_turns_move_pixels_and_change_none(name: str) -> None:
    images = pictures()
    turned = view(images, name)
    assert not np.array_equal(turned, images)
    for before, after in zip(images, turned, strict=True):
        assert np.array_equal(np.sort(before.ravel()), np.sort(after.ravel()))


def test_all_turns_are_different() -> None:
    images = pictures()
    assert len({view(images, name).tobytes() for name in ("as-is", *TURNS)}) == 8


@pytest.mark.parametrize(
    "name", ["crop:0.9", "crop:0.8", "jpeg:75", "brightness:0.8", "shift:0.1,-0.1", "blur:1"]
)
@pytest.mark.parametrize("shape", [(16, 16), (12, 20)])
def test_a_view_keeps_the_shape_and_leaves_its_input(name: str, shape: tuple[int, int]) -> None:
    images = pictures(2, *shape)
    before = images.copy()
    seen = view(images, name)
    assert (seen.shape, seen.dtype) == (images.shape, np.uint8)
    assert np.array_equal(images, before)
    assert not np.array_equal(seen, images)


def test_what_each_view_does() -> None:
    images = pictures(1)
    assert np.array_equal(view(images, "shift:0.125,0")[:, :, 2:], images[:, :, :-2])
    assert np.array_equal(view(images, "shift:0,-0.125")[:, :-2], images[:, 2:])
    assert np.array_equal(view(images, "brightness:0.5"), np.rint(images * 0.5).astype(np.uint8))
    assert view(np.full_like(images, 200), "brightness:2").max() == 255
    assert np.array_equal(view(images, "across+down"), view(images, "both"))
    assert np.array_equal(view(images, "crop:1"), images)
    flat = np.full((1, 16, 16, 3), 77, np.uint8)
    assert np.array_equal(view(flat, "crop:0.8"), flat)


def test_no_images_and_the_smallest_shift() -> None:
    assert view(np.zeros((0, 8, 8, 3), np.uint8), "across+crop:0.9").shape == (0, 8, 8, 3)
    images = pictures(1)
    assert np.array_equal(view(images, "shift:0.001,0")[:, :, 1:], images[:, :, :-1])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("acros", "did you mean 'across'"),
        ("crop", "write for example crop:0.9"),
        ("crop:2", "from 0.2 to 1"),
        ("crop:x", "cannot be read"),
        ("turn:45", "cannot be read"),
        ("across:1", "write across"),
        ("jpeg:nan", "cannot be read"),
        ("", "no view"),
        ("across+", "no view"),
    ],
)
def test_a_wrong_view_is_told_with_its_remedy(name: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        check_view(name)


def test_only_squares_are_turned_by_a_quarter() -> None:
    with pytest.raises(UserError, match="20 x 12"):
        view(pictures(1, 12, 20), "turn:90")


def test_views_have_words() -> None:
    assert view_words("across+crop:0.9") == "mirrored left to right, cropped to 90%"
    assert view_words("brightness:0.8") == "brightness times 0.8"
    assert [flip_views(flips) for flips in ("none", "horizontal")] == [(), ("across",)]


@given(st.sampled_from(["as-is", *TURNS]), st.integers(0, 4))
def test_equal_pixels_are_found_under_any_turn(name: str, row: int) -> None:
    pixels = np.random.default_rng(row).integers(0, 256, (5, 6, 6, 3)).astype(np.uint8)
    real, made = ImageSet.from_arrays(pixels), ImageSet.from_arrays(view(pixels[row : row + 1], name))
    (found,) = same_pixels(made, real.image_keys)
    assert found.other == row
    assert np.array_equal(view(pixels[row : row + 1], found.view)[0], made.image(0))


def test_one_grey_level_less_is_no_equal_and_a_flat_image_is_nobodys() -> None:
    pixels = np.random.default_rng(0).integers(1, 256, (2, 6, 6, 3)).astype(np.uint8)
    pixels[1] = [10, 20, 30]
    changed = pixels.copy()
    changed[0, 0, 0, 0] -= 1
    keys = ImageSet.from_arrays(pixels).image_keys
    assert same_pixels(ImageSet.from_arrays(changed), keys) == []
    assert same_pixels(ImageSet.from_arrays(pixels[1:]), keys) == []
    oblong = np.random.default_rng(0).integers(0, 256, (1, 4, 6, 3)).astype(np.uint8)
    assert (
        same_pixels(ImageSet.from_arrays(oblong[:, ::-1]), ImageSet.from_arrays(oblong).image_keys)[0].view
        == "down"
    )
