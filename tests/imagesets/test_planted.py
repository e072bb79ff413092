"""Planted faults do what they say, by the amount they say, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.core import UserError
from synmedbench.imagesets import (
    collapse_rows,
    damage_pixels,
    drop_value,
    exchange_rows,
    planted_fault,
    planted_faults,
    swap_labels,
)

IMAGES = np.random.default_rng(0).integers(40, 215, (6, 24, 24, 3), dtype=np.uint8)
PIXELS = [fault for fault in planted_faults().values() if fault.changes == "pixels"]


@pytest.mark.parametrize("fault", PIXELS, ids=lambda fault: fault.name)
def test_stronger_is_farther_from_the_image(fault):
    moved = [
        np.abs(damage_pixels(IMAGES, fault.name, s).astype(float) - IMAGES).mean() for s in fault.strengths
    ]
    assert moved[0] > 0
    assert (np.diff(moved) > 0).all()


@pytest.mark.parametrize("fault", PIXELS, ids=lambda fault: fault.name)
def test_an_image_does_not_depend_on_what_follows_it(fault):
    whole = damage_pixels(IMAGES, fault.name, fault.strengths[0], seed=3)
    part = damage_pixels(IMAGES[:4], fault.name, fault.strengths[0], seed=3)
    assert (whole[:4] == part).all()
    assert whole.dtype == np.uint8
    assert whole.shape == IMAGES.shape


def test_noise_has_the_spread_it_says():
    grey = np.full((4, 64, 64, 3), 128, np.uint8)
    assert damage_pixels(grey, "noise", 10.0).std() == pytest.approx(10.0, rel=0.03)


def test_no_strength_no_change():
    for name in ("blur", "noise", "cast"):
        assert (damage_pixels(IMAGES, name, 0.0) == IMAGES).all(), name
    assert len(damage_pixels(IMAGES[:0], "blur", 1.0)) == 0


@pytest.mark.parametrize(
    ("fault", "strength"),
    [("blur", -1.0), ("jpeg", 0.0), ("jpeg", 101.0), ("noise", np.nan), ("copies", 0.1)],
)
def test_what_cannot_be_planted_is_told(fault, strength):
    with pytest.raises(UserError):
        damage_pixels(IMAGES, fault, strength)


def test_unknown_faults_are_told_with_what_was_meant():
    with pytest.raises(UserError, match="jpeg"):
        planted_fault("jpg")


VALUES = np.array(["a", "b", "c"])[np.arange(300) % 3]
ROWS, SPARE = np.arange(150), np.arange(150, 300)


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 1), st.integers(0, 9))
def test_dropping_keeps_n_and_every_other_image(share, seed):
    made = drop_value(ROWS, SPARE, VALUES, "a", share, seed)
    gone = np.setdiff1d(ROWS, made)
    assert len(made) == len(set(made.tolist())) == len(ROWS)
    assert len(gone) == round(share * 50)
    assert (VALUES[gone] == "a").all()
    assert (VALUES[np.setdiff1d(made, ROWS)] != "a").all()


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 1), st.integers(0, 9))
def test_exchanging_keeps_the_classes(share, seed):
    made = exchange_rows(ROWS, SPARE, VALUES, share, seed)
    assert (VALUES[made] == VALUES[ROWS]).all()
    fresh = np.setdiff1d(made, ROWS)
    assert len(fresh) == round(share * len(ROWS))


def test_a_stronger_fault_holds_the_weaker_one():
    weak, strong = (set(exchange_rows(ROWS, SPARE, VALUES, share).tolist()) for share in (0.1, 0.4))
    assert weak - set(ROWS.tolist()) <= strong


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 1), st.integers(0, 9))
def test_swapped_labels_differ_and_are_as_many_as_said(share, seed):
    made = swap_labels(VALUES, share, seed)
    assert (made != VALUES).sum() == round(share * len(VALUES))
    assert set(made) <= set(VALUES)


def test_collapse_repeats_few_images():
    made = collapse_rows(ROWS, 1.0)
    assert len(set(made.tolist())) <= 10
    assert len(made) == len(ROWS)


@pytest.mark.parametrize(
    "plant",
    [
        lambda: drop_value(ROWS, SPARE[:10], VALUES, "a", 1.0),
        lambda: exchange_rows(ROWS, SPARE[VALUES[SPARE] != "a"], VALUES, 1.0),
        lambda: exchange_rows(ROWS, SPARE, VALUES, 1.5),
        lambda: swap_labels(np.array(["a", "a"]), 0.5),
    ],
    ids=["too few others", "no spare of a class", "a share over 1", "one class"],
)
def test_what_the_rows_do_not_allow_is_told(plant):
    with pytest.raises(UserError):
        plant()
