from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synmedbench.core import UserError, silent
from synmedbench.generators import (
    Blur,
    Classical,
    Conditions,
    Copy,
    Noise,
    RealHoldout,
    conditions_like,
    matching_columns,
    sample_images,
)
from synmedbench.imagesets import ImageSet


def rows_of(images: np.ndarray, among: ImageSet) -> list[int]:
    """Which image of the set each one is."""
    apart = (images[:, None].astype(int) - among.images()[None].astype(int)).reshape(
        len(images), len(among), -1
    )
    nearest = np.abs(apart).sum(-1)
    assert (nearest.min(1) == 0).all()
    return [int(row) for row in nearest.argmin(1)]


def test_copies_bear_all_that_was_asked_and_repeat_only_when_all_were_used(shades: ImageSet) -> None:
    copy = Copy()
    copy.fit(shades, seed=0, progress=silent())
    asked = conditions_like(shades.table, 48, ("label", "skin_tone"), balanced=False)
    rows = rows_of(sample_images(copy, asked, seed=0).images(), shades)
    assert [shades.labels[row] for row in rows] == asked.table["label"].tolist()
    assert sorted(rows) == list(range(48))
    assert {"label", "skin_tone"} <= set(copy.card.columns)
    assert "patient_id" not in copy.card.columns
    assert copy.card.kind == "reference"
    assert copy.card.trained_on == shades.content_hash
    assert copy.card.licence == "CC0-1.0"


def test_an_unknown_tone_and_a_missing_column_match_anything(shades: ImageSet) -> None:
    copy = Copy()
    copy.fit(shades)
    asked = pd.DataFrame({"label": ["dark"] * 4, "skin_tone": [None] * 4, "camera": ["x"] * 4})
    rows = copy.assign(asked, seed=0)
    assert {shades.labels[row] for row in rows} == {"dark"}


def test_holdout_runs_out_with_a_count_and_the_seed_shuffles(shades: ImageSet) -> None:
    holdout = RealHoldout(shades)
    asked = pd.DataFrame({"label": ["dark"] * 24})
    assert sorted(holdout.assign(asked, 0)) == sorted(holdout.assign(asked, 1))
    assert holdout.assign(asked, 0) != holdout.assign(asked, 1)
    with pytest.raises(UserError, match="has 24 images with label 'dark', 25 are needed"):
        holdout.assign(pd.DataFrame({"label": ["dark"] * 25}), 0)
    assert holdout.card.name == "real-holdout"
    assert holdout.card.trained_on == "nothing"


def test_blur_is_a_gaussian_of_the_stated_width() -> None:
    spot = np.zeros((1, 33, 33, 3), np.uint8)
    spot[0, 13:20, 13:20] = 255
    images = ImageSet.from_arrays(spot, pd.DataFrame({"label": ["a"]}))
    blur = Blur("2")
    blur.fit(images)
    asked = Conditions(pd.DataFrame({"label": ["a"]}))
    soft = next(blur.sample(asked, indices=[0], seed=0, batch_size=1))[0, ..., 0].astype(float)
    places = np.arange(33) - 16
    variance = (soft.sum(0) * places**2).sum() / soft.sum()
    assert variance == pytest.approx(4.0 + (7**2 - 1) / 12, rel=0.03)
    assert blur.card.name == "blur-2"


@pytest.mark.parametrize("wrong", ["much", "0", "-1", "1000"])
def test_a_blur_that_makes_no_sense_is_refused(wrong: str) -> None:
    with pytest.raises(UserError, match="blur"):
        Blur(wrong)


def test_classical_augmentation_changes_images_mildly_and_by_index(shades: ImageSet) -> None:
    arm = Classical()
    arm.fit(shades)
    asked = Conditions(pd.DataFrame({"label": ["bright"] * 24}))
    images = sample_images(arm, asked, seed=0, batch_size=5).images()
    again = sample_images(arm, asked, seed=0, batch_size=24).images()
    assert (images == again).all()
    with pytest.raises(AssertionError):
        rows_of(images, shades)
    assert images.mean() == pytest.approx(shades.where(label="bright").images().mean(), rel=0.1)


def test_noise_has_the_training_images_colours_and_honours_nothing(shades: ImageSet) -> None:
    noise = Noise()
    with pytest.raises(UserError, match="call fit first"):
        sample_images(noise, conditions_like(shades.table, 2), seed=0)
    noise.fit(shades)
    images = sample_images(noise, conditions_like(shades.table, 64), seed=0).images()
    assert images.mean((0, 1, 2)) == pytest.approx(shades.images().mean((0, 1, 2)), rel=0.1)
    assert noise.card.columns == ()


def test_columns_that_identify_or_measure_are_not_matched() -> None:
    table = pd.DataFrame(
        {
            "file_name": list("abc"), "label": list("xyz"), "age": [31.0, 42.0, 53.0],
            "ratio": [0.1, 0.2, 0.3], "true_depth": [1, 2, 3], "sex": list("fmf"),
        }
    )  # fmt: skip
    assert matching_columns(table) == ("label", "age", "sex")
