"""The oracles judge pixels: real phantoms pass, mismatches, noise, blanks and blur do not, on every skin tone."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from synmedbench.core import UserError
from synmedbench.imagesets import ImageSet, open_oracle, phantom_blood, phantom_derm, tone_group

MAKERS = {"phantom-derm": phantom_derm, "phantom-blood": phantom_blood}
BOTH = pytest.mark.parametrize("name", sorted(MAKERS))


@lru_cache(maxsize=4)
def phantom(name: str, n: int = 960, size: int = 32) -> ImageSet:
    return MAKERS[name](n=n, size=size, seed=2024)


@lru_cache(maxsize=4)
def verdicts(name: str, n: int = 960, size: int = 32) -> pd.DataFrame:
    images = phantom(name, n, size)
    return open_oracle(name).judge(images.images(), images.table)


def blurred(images: np.ndarray, sigma: float) -> np.ndarray:
    return np.rint(ndimage.gaussian_filter(images.astype(float), (0, sigma, sigma, 0))).astype(np.uint8)


@BOTH
def test_real_images_are_plausible(name):
    judged = verdicts(name)
    assert list(judged.columns) == [*open_oracle(name).criteria, "plausible"]
    assert judged.dtypes.eq(bool).all()
    assert judged["plausible"].equals(judged.drop(columns="plausible").all(axis=1))
    assert 0.88 <= judged["plausible"].mean() <= 0.97
    assert judged["plausible"].groupby(phantom(name).table["label"]).mean().min() >= 0.8


@BOTH
def test_the_rules_hold_at_64_px(name):
    assert verdicts(name, 240, 64)["plausible"].mean() >= 0.85


def test_every_skin_tone_is_judged_alike():
    groups = phantom("phantom-derm").table["skin_tone"].map(tone_group)
    by_group = verdicts("phantom-derm")["plausible"].groupby(groups).mean()
    assert abs(by_group["V-VI"] - by_group["I-II"]) <= 0.06
    by_tone = verdicts("phantom-derm")["plausible"].groupby(phantom("phantom-derm").table["skin_tone"]).mean()
    assert by_tone.min() >= 0.85


@BOTH
def test_another_label_is_implausible(name):
    images, oracle = phantom(name), open_oracle(name)
    table = images.table[:240].drop(columns="subtype", errors="ignore")
    shares = []
    for label in images.classes:
        judged = oracle.judge(images.images()[:240], table.assign(label=label))
        shares.append(judged.loc[table["label"] != label, "plausible"].mean())
    assert np.mean(shares) < 0.03
    assert max(shares) < 0.1


def test_another_tone_fails_the_tone_alone():
    images = phantom("phantom-derm")
    table = images.table[:300]
    far = table.assign(skin_tone=np.where(table["skin_tone"] > 3, 1, 6))
    oracle = open_oracle("phantom-derm")
    right, wrong = oracle.judge(images.images()[:300], table), oracle.judge(images.images()[:300], far)
    assert wrong["tone"].mean() == 0
    assert wrong.drop(columns=["tone", "plausible"]).equals(right.drop(columns=["tone", "plausible"]))


def test_tone_groups_and_unknown_tones():
    images = phantom("phantom-derm")
    table, pixels = images.table[:300], images.images()[:300]
    oracle = open_oracle("phantom-derm")
    grouped = oracle.judge(pixels, table.assign(skin_tone=table["skin_tone"].map(tone_group)))
    assert grouped["tone"].mean() > 0.95
    assert oracle.judge(pixels, table.assign(skin_tone="unknown"))["tone"].all()
    assert oracle.judge(pixels, table.drop(columns="skin_tone"))["tone"].all()
    assert oracle.judge(pixels, table.assign(label=None))["size"].all()


@BOTH
def test_what_is_no_picture_fails(name):
    images = phantom(name)
    table, pixels = images.table[:300], images.images()[:300]
    oracle, random = open_oracle(name), np.random.default_rng(0)
    for wrong in (
        random.integers(0, 256, pixels.shape, dtype=np.uint8),
        np.full_like(pixels, 150),
        np.zeros_like(pixels),
        np.broadcast_to(pixels.mean(axis=(1, 2), keepdims=True), pixels.shape).astype(np.uint8),
        blurred(pixels, 2.0),
    ):
        assert oracle.judge(wrong, table)["plausible"].mean() <= 0.01
    halves = pixels.copy()
    halves[:, :, 16:] = pixels[random.permutation(300)][:, :, 16:]
    assert oracle.judge(halves, table)["plausible"].mean() <= 0.1
    real = oracle.judge(pixels, table)["plausible"].mean()
    assert oracle.judge(blurred(pixels, 1.0), table)["plausible"].mean() < real - 0.5


def test_subtypes_of_neutrophils_are_told_apart():
    images = phantom("phantom-blood").where(label="neutrophil")
    swapped = images.table.assign(
        subtype=images.table["subtype"].map({"band": "segmented", "segmented": "band"})
    )
    oracle = open_oracle("phantom-blood")
    assert oracle.judge(images.images(), images.table)["nucleus_shape"].mean() > 0.85
    assert oracle.judge(images.images(), swapped)["nucleus_shape"].mean() < 0.15


@BOTH
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(32, 70), st.integers(1, 255))
def test_any_image_can_be_measured(name, seed, side, top):
    random = np.random.default_rng(seed)
    images = random.integers(0, top + 1, (2, side, side + 3, 3), dtype=np.uint8)
    images[1, : side // 2] = images[1, 0, 0]
    measured = open_oracle(name).measure(images)
    assert len(measured) == 2
    assert not np.isinf(measured.to_numpy(float)).any()


@BOTH
def test_a_verdict_does_not_depend_on_its_neighbours(name):
    images, oracle = phantom(name), open_oracle(name)
    alone = oracle.measure(images.images()[7:8])
    pd.testing.assert_frame_equal(
        alone, oracle.measure(images.images()[:20]).iloc[7:8].reset_index(drop=True), rtol=1e-6, atol=1e-9
    )


def test_wrong_input_is_explained():
    oracle = open_oracle("phantom-derm")
    good = np.zeros((1, 32, 32, 3), np.uint8)
    with pytest.raises(UserError, match="phantom-derm"):
        open_oracle("phantom-drem")
    with pytest.raises(UserError, match="uint8"):
        oracle.measure(good.astype(float))
    with pytest.raises(UserError, match="32 px"):
        oracle.measure(good[:, :16])
    with pytest.raises(UserError, match="2 conditions"):
        oracle.judge(good, pd.DataFrame({"label": ["acne", "acne"]}))
    with pytest.raises(UserError, match="melanoma"):
        oracle.judge(good, pd.DataFrame({"label": ["melanom"]}))
