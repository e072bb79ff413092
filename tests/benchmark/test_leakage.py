"""Leakage: what crosses the test's border is counted, named, or stops the run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synmedbench.benchmark._leakage import leakage, leakage_between, near_test_rows
from synmedbench.core import UserError
from synmedbench.imagesets import ImageSet, fingerprints, phantom_blood, phantom_derm, view

DRAWN = phantom_derm(n=40, size=32)


def data(pixels: np.ndarray | None = None, **columns: list[object]) -> ImageSet:
    """40 images; the last 10 are the test's."""
    table = pd.DataFrame(
        {"label": ["a", "b"] * 20, "split": ["train"] * 25 + ["val"] * 5 + ["test"] * 10, **columns}
    )
    return ImageSet.from_arrays(DRAWN.images() if pixels is None else pixels, table)


def counts(found: list) -> dict[str, tuple[int, int]]:
    return {each.kind: (each.images, each.of) for each in found}


def test_a_clean_set_has_zeros_not_silence() -> None:
    found = leakage(data(patient_id=[f"p{i}" for i in range(40)]))
    assert counts(found) == {"patient": (0, 10), "duplicate": (0, 10), "near-duplicate": (0, 10)}
    assert {each.policy for each in found} == {"counted"}
    assert found[0].words == "0 of 10 images of test share a patient with an image of the other splits"


def test_each_kind_is_counted() -> None:
    pixels = DRAWN.images().copy()
    pixels[30] = pixels[0]
    pixels[31] = view(pixels[1:2], "across+jpeg:75")[0]
    patients = [f"p{i}" for i in range(40)]
    patients[32] = patients[33] = "p3"
    lesions: list[object] = [None] * 40
    lesions[34], lesions[26] = "l1", "l1"
    found = leakage(data(pixels, patient_id=patients, lesion_id=lesions))
    assert counts(found) == {
        "patient": (2, 10),
        "lesion": (1, 10),
        "duplicate": (1, 10),
        "near-duplicate": (2, 10),
    }
    with pytest.raises(UserError, match=r"2 of 10 images of test share a patient.*near_duplicates: group"):
        leakage(data(pixels, patient_id=patients), policy="stop")


def test_another_group_column_and_missing_cells() -> None:
    found = leakage(data(clinic=["c1"] * 20 + ["c2"] * 15 + [None] * 5), "clinic", near_duplicates="off")
    assert counts(found) == {"patient": (5, 10), "duplicate": (0, 10)}
    assert "the same clinic" in found[0].words


def test_near_duplicates_kept_together_are_said_to_be() -> None:
    found = leakage(data(), near_duplicates="group")
    assert found[-1].policy == "grouped"
    assert "keep near-duplicates together" in found[-1].words
    assert [each.kind for each in leakage(data(), near_duplicates="off")] == ["duplicate"]


def test_pools_are_looked_at_by_fingerprint_or_by_features() -> None:
    images = data()
    copied = np.concatenate(
        [view(images.images(range(30, 33)), "jpeg:75"), phantom_blood(n=5, size=32).images()]
    )
    mask = np.array([True, False, False, False])
    found = leakage(
        images,
        pools={"diffusion": copied, "gan": copied},
        near_test={"gan": (mask, 0.123)},
        near_duplicates="off",
    )
    near = {each.where: each for each in found if each.kind == "synthetic near test"}
    assert (near["diffusion"].images, near["diffusion"].of, near["diffusion"].threshold) == (3, 8, None)
    assert (near["gan"].images, near["gan"].of, near["gan"].threshold) == (1, 4, 0.123)
    assert (
        near_test_rows(copied, fingerprints(images.images(range(30, 40)))).tolist()
        == [True] * 3 + [False] * 5
    )
    with pytest.raises(UserError, match="3 of 8 images of diffusion are near-duplicates of a test image"):
        leakage(images, pools={"diffusion": copied}, policy="stop")


def test_an_external_test_set_is_looked_for_in_the_training_images() -> None:
    images = data()
    outside = ImageSet.from_arrays(images.images(range(3)), pd.DataFrame({"label": ["a"] * 3}))
    found = leakage(images, tests={"external:clinic": outside})
    rows = {(each.where, each.kind): each.images for each in found}
    assert rows["external:clinic, against unnamed", "duplicate"] == 3
    assert rows["external:clinic, against unnamed", "near-duplicate"] == 3


def test_a_site_left_out_is_compared_with_the_rest() -> None:
    images = data(patient_id=["p"] * 40)
    found = leakage_between(
        images.subset(range(5)), images.subset(range(5, 40)), where="site=x, against the rest"
    )
    assert counts(found) == {"patient": (5, 5), "duplicate": (0, 5)}


def test_a_split_without_test_images_has_nothing_to_leak() -> None:
    images = data()
    none = images.with_table(images.table.assign(split="train"))
    assert counts(leakage(none, pools={"g": images.images()})) == {
        "duplicate": (0, 0),
        "near-duplicate": (0, 0),
        "synthetic near test": (0, 40),
    }
