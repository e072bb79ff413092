"""CIELAB coordinates, and the individual typology angle with its refusals."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from synmedbench.core import UserError
from synmedbench.imagesets import (
    individual_typology_angle,
    measured_tones,
    phantom_blood,
    phantom_derm,
    read_folder,
)
from synmedbench.imagesets._cielab import srgb_to_lab

DATA = Path(os.environ.get("SYNMEDBENCH_DATA", "/nonexistent"))
SKIN = (205, 160, 130)


def plain(*colours: tuple[int, int, int], size: int = 20) -> np.ndarray:
    return np.stack([np.full((size, size, 3), colour, np.uint8) for colour in colours])


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 0, 0), (53.2408, 80.0925, 67.2032)),
        ((0, 255, 0), (87.7347, -86.1827, 83.1793)),
        ((0, 0, 255), (32.2970, 79.1875, -107.8602)),
        ((128, 128, 128), (53.5850, 0.0, 0.0)),
        ((10, 10, 10), (2.7418, 0.0, 0.0)),
    ],
)
def test_cielab_of_known_colours(rgb: tuple[int, ...], lab: tuple[float, ...]) -> None:
    """Published coordinates of the primaries under D65."""
    assert srgb_to_lab(np.array(rgb, np.uint8)) == pytest.approx(lab, abs=0.02)


def test_cielab_of_scikit_image() -> None:
    colour = pytest.importorskip("skimage.color")
    pixels = np.random.default_rng(0).integers(0, 256, (2000, 3)).astype(np.uint8)
    assert np.abs(srgb_to_lab(pixels) - colour.rgb2lab(pixels)).max() < 0.01


def test_greys_have_no_hue_at_all() -> None:
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    assert np.abs(srgb_to_lab(grey)[:, 1:]).max() < 1e-9
    assert (np.diff(srgb_to_lab(grey)[:, 0]) > 0).all()


@pytest.mark.parametrize("pixels", [np.zeros((4, 3)), np.zeros((4, 4), np.uint8), np.uint8(3)])
def test_cielab_takes_bytes_in_threes(pixels: np.ndarray) -> None:
    with pytest.raises(UserError, match=r"\(\.\.\., 3\) uint8"):
        srgb_to_lab(pixels)


def test_angle_is_that_of_the_border() -> None:
    image = plain(SKIN, SKIN)
    image[1, 4:-4, 4:-4] = (60, 20, 20)
    angle = individual_typology_angle(image)
    lightness, _, b = srgb_to_lab(np.array(SKIN, np.uint8))
    assert angle == pytest.approx([np.degrees(np.arctan2(lightness - 50, b))] * 2)


@pytest.mark.parametrize("size", [32, 64])
def test_measured_angle_follows_the_drawn_one_and_the_requested_tone(size: int) -> None:
    images = phantom_derm(n=300, size=size, seed=1)
    angle = individual_typology_angle(images)
    assert np.isfinite(angle).all()
    assert np.corrcoef(angle, images.table["true_typology_angle"])[0, 1] > 0.99
    assert np.abs(angle - images.table["true_typology_angle"]).mean() < 5
    by_tone = [np.median(angle[images.table["skin_tone"] == tone]) for tone in range(1, 7)]
    assert by_tone == sorted(by_tone, reverse=True)


@pytest.mark.parametrize(
    ("name", "colour"),
    [("b* at most 2", (200, 170, 195)), ("pink", (230, 150, 150)), ("grey", (128, 128, 128)), ("black", (0, 0, 0)),
     ("white", (255, 255, 255)), ("green", (90, 160, 80)), ("blue", (80, 90, 200)), ("yellow", (250, 240, 60))],
)  # fmt: skip
def test_what_is_no_skin_has_no_angle(name: str, colour: tuple[int, int, int]) -> None:
    assert np.isnan(individual_typology_angle(plain(colour))).all()


def test_dark_corners_on_half_of_the_border_leave_no_angle() -> None:
    image = plain(SKIN, SKIN)
    image[0, :, :8] = 0
    image[1, :, :12] = 0
    assert np.isfinite(individual_typology_angle(image)).tolist() == [True, False]


def test_groups_by_angle() -> None:
    assert measured_tones(plain((235, 205, 180), (190, 140, 100), (90, 60, 45))) == ["I-II", "III-IV", "V-VI"]


def test_a_set_that_is_a_tenth_undefined_is_the_last_to_be_read() -> None:
    images = np.concatenate([plain(*[SKIN] * 9), plain((128, 128, 128))])
    assert measured_tones(images)[-1] == "undefined"
    with pytest.raises(UserError, match=r"undefined for 1 of 9 images \(11%; at most 10% allowed\)"):
        measured_tones(images[1:])
    with pytest.raises(UserError, match="0 images"):
        measured_tones(images[:0])


@pytest.mark.parametrize("shape", [(8, 8, 3), (2, 8, 8), (2, 8, 8, 4), (2, 0, 8, 3)])
def test_other_arrays_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="uint8"):
        individual_typology_angle(np.zeros(shape, np.uint8))
    with pytest.raises(UserError, match="float"):
        individual_typology_angle(np.zeros((2, 8, 8, 3)))  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(1, 1, 1, 3), (1, 2, 2, 3), (1, 3, 40, 3)])
def test_tiny_images_are_all_border(shape: tuple[int, ...]) -> None:
    assert np.isfinite(individual_typology_angle(np.full(shape, SKIN, np.uint8))).all()


def test_blood_cells_have_no_skin_tone() -> None:
    with pytest.raises(UserError, match="use tone labels given by people"):
        measured_tones(phantom_blood(n=30))


@pytest.mark.skipif(not (DATA / "ham64").is_dir(), reason="SYNMEDBENCH_DATA has no ham64")
def test_dermoscopy_has_no_skin_tone() -> None:
    with pytest.raises(UserError, match="undefined"):
        measured_tones(read_folder(DATA / "ham64").subset(np.arange(0, 2400, 8)))
