"""The skin phantom: balanced, reproducible image by image, and clear about wrong arguments."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.core import UserError
from synmedbench.imagesets import DISEASES, phantom_derm


def test_image_depends_on_seed_and_index_alone():
    many, few = phantom_derm(n=20, seed=4), phantom_derm(n=7, seed=4)
    np.testing.assert_array_equal(many.images()[:7], few.images())
    assert many.table.iloc[:7].equals(few.table)
    assert (phantom_derm(n=7, seed=5).images() != few.images()).any()


def test_parameters_do_not_depend_on_size():
    small, large = phantom_derm(n=12, size=32).table, phantom_derm(n=12, size=64).table
    assert small.equals(large)


@pytest.mark.parametrize("size", [32, 50, 96, 256])
def test_sizes(size):
    images = phantom_derm(n=1, size=size).images()
    assert images.shape == (1, size, size, 3)
    assert images.std() > 3


def test_diseases_and_tones_are_crossed_and_balanced():
    table = phantom_derm(n=288, images_per_patient=1).table
    assert (table.groupby(["label", "skin_tone"]).size() == 4).all()
    assert set(table["label"]) == set(DISEASES)


def test_a_number_of_diseases_takes_the_first():
    assert set(phantom_derm(n=72, diseases=6).table["label"]) == set(DISEASES[:6])
    assert set(phantom_derm(n=8, diseases=["acne", "nevus"]).table["label"]) == {"acne", "nevus"}


def test_some_patients_have_two_images_of_one_lesion():
    table = phantom_derm(n=100).table
    sizes = table.groupby("patient_id").size()
    assert set(sizes) == {1, 2}
    assert (
        (table.groupby("patient_id")[["label", "skin_tone", "site", "true_diameter"]].nunique() == 1)
        .all()
        .all()
    )


def test_lightness_falls_from_type_one_to_six():
    images = phantom_derm(n=144)
    corners = images.images()[:, :3, :3].mean(axis=(1, 2, 3))
    by_tone = [corners[images.table["skin_tone"] == tone].mean() for tone in range(1, 7)]
    assert by_tone == sorted(by_tone, reverse=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"diseases": ["melanom"]}, "melanoma"),
        ({"diseases": 13}, "1 to 12"),
        ({"diseases": ["acne", "acne"]}, "once"),
        ({"size": 16}, "32 to 256"),
        ({"size": 512}, "32 to 256"),
        ({"n": 0}, "at least 1"),
        ({"tones": [0, 3]}, "1 to 6"),
        ({"images_per_patient": 0.5}, "at least 1"),
    ],
)
def test_wrong_arguments_are_explained(arguments, message):
    with pytest.raises(UserError, match=message):
        phantom_derm(**{"n": 2, **arguments})
