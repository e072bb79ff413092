"""Agreement of predicted with requested labels, and of measured with requested skin tone."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synmedbench.core import UserError, wilson
from synmedbench.imagesets import phantom_derm, read_folder
from synmedbench.metrics import label_agreement, tone_agreement

DATA = Path(os.environ.get("SYNMEDBENCH_DATA", "/nonexistent"))


def test_classes_count_alike_however_many_images_they_have() -> None:
    asked = ["a"] * 90 + ["b"] * 10
    found = label_agreement(["a"] * 100, asked)
    assert found.balanced is not None
    assert found.balanced.value == 0.5
    assert found.overall.value == 0.9
    assert found.classes == {"a": wilson(90, 90), "b": wilson(0, 10)}
    assert found.mistaken == {"b": "a"}
    assert found.n == 100


def test_a_class_with_few_images_has_a_reason_and_no_number() -> None:
    found = label_agreement(["a"] * 49, ["a"] * 40 + ["b"] * 9)
    assert found.balanced is None
    assert found.reason == "not enough data: 9 images in b, 10 needed"
    assert found.reasons == {"b": found.reason}
    assert set(found.classes) == {"a"}
    assert label_agreement(["a"] * 49, ["a"] * 40 + ["b"] * 9, min_n=5).balanced is not None


def test_one_class_is_its_own_wilson_interval() -> None:
    found = label_agreement([1, 1, 2] * 20, [1] * 60).balanced
    assert found is not None
    assert (found.lo, found.hi) == pytest.approx((wilson(40, 60).lo, wilson(40, 60).hi), abs=0.01)


def test_perfect_and_hopeless_have_no_empty_interval() -> None:
    asked = np.repeat(["a", "b", "c"], 20)
    right, wrong = label_agreement(asked, asked).balanced, label_agreement(["d"] * 60, asked).balanced
    assert right is not None
    assert wrong is not None
    assert (right.value, right.hi) == (1.0, 1.0)
    assert 0.85 < right.lo < 0.97
    assert (wrong.value, wrong.lo) == (0.0, 0.0)
    assert 0.03 < wrong.hi < 0.15


@pytest.mark.parametrize(
    ("shares", "sizes"),
    [((0.9, 0.6, 0.99), (30, 50, 40)), ((0.5,) * 8, (12,) * 8), ((0.97,) * 7, (50,) * 7)],
)
def test_balanced_interval_holds_its_level(shares: tuple[float, ...], sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    asked, chance = np.repeat(np.arange(len(sizes)), sizes), np.repeat(shares, sizes)
    held = 0
    for _ in range(300):
        found = label_agreement(np.where(rng.random(len(asked)) < chance, asked, -1), asked).balanced
        assert found is not None
        held += not found.excludes(float(np.mean(shares)))
    assert held >= 0.92 * 300


@pytest.mark.parametrize(
    ("made", "asked"),
    [([], []), (["a"], ["a", "b"]), (["a", None], ["a", "a"]), (["a", "a"], ["a", float("nan")]),
     ([["a"]], [["a"]]), (["a", "b"], ["a", ""]), ("a", "a")],
)  # fmt: skip
def test_labels_that_are_none(made: object, asked: object) -> None:
    with pytest.raises(UserError):
        label_agreement(made, asked)  # type: ignore[arg-type]


def test_measured_tone_agrees_with_the_requested_one_and_not_with_another() -> None:
    images = phantom_derm(n=240, seed=3)
    asked = images.table["skin_tone"]
    score = tone_agreement(images, list(asked))
    assert score.value is not None
    assert score.lo is not None
    assert score.value > 0.9
    assert score.lo > 0.85
    assert (score.metric, score.extractor, score.n_synthetic) == ("tone_agreement", "pixels", 240)
    shuffled = tone_agreement(images.images(), list(asked.sample(frac=1, random_state=0)))
    assert shuffled.value is not None
    assert shuffled.value < 0.5


def test_a_generator_that_makes_one_tone_agrees_for_one_group() -> None:
    light = phantom_derm(n=60, tones=(1, 2), seed=4)
    assert tone_agreement(light, ["I"] * 20 + ["IV"] * 20 + ["V-VI"] * 20).value == pytest.approx(
        1 / 3, abs=0.02
    )


def test_images_without_a_requested_tone_are_left_out() -> None:
    images = phantom_derm(n=40, tones=(6,), seed=5).images()
    score = tone_agreement(images, [6] * 20 + [None] * 20)
    assert (score.value, score.n_synthetic) == (1.0, 20)
    assert tone_agreement(images, [None] * 40).reason == "no image has a requested skin tone"


def test_an_undefined_tone_agrees_with_none() -> None:
    images = phantom_derm(n=40, tones=(6,), seed=5).images().copy()
    images[:2] = (120, 120, 200)
    assert tone_agreement(images, [6] * 40).value == 0.95
    images[:5] = (120, 120, 200)
    score = tone_agreement(images, [6] * 40)
    assert score.value is None
    assert "undefined for 5 of 40 images (12%" in str(score.reason)


def test_numbers_that_do_not_match_raise() -> None:
    with pytest.raises(UserError, match="3 requested tones for 2 images"):
        tone_agreement(np.zeros((2, 8, 8, 3), np.uint8), [1, 2, 3])


@pytest.mark.skipif(not (DATA / "ham64").is_dir(), reason="SYNMEDBENCH_DATA has no ham64")
def test_tone_of_dermoscopy_is_refused() -> None:
    images = read_folder(DATA / "ham64").subset(np.arange(0, 2400, 8))
    score = tone_agreement(images, pd.Series(["I-II"] * len(images)))
    assert score.value is None
    assert "their border has no colour of skin" in str(score.reason)
