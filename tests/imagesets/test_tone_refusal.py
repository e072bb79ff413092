"""Skin tone is refused where it cannot be known, with the reason, and nowhere else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from synmedbench.core import UserError
from synmedbench.imagesets import (
    About,
    ImageSet,
    is_tone,
    open_imageset,
    phantom_blood,
    phantom_derm,
    read_folder,
    refuse_tone,
    stratum_of,
    validate_imageset,
    write_folder,
)

DATA = Path(os.environ.get("SYNMEDBENCH_DATA", "-"))


def made(modality: str = "", tone_from: str = "", **columns: list[str]) -> ImageSet:
    table = pd.DataFrame({"skin_tone": ["II", "V"], **columns})
    about = About("x", modality=modality, tone_from=tone_from)
    return ImageSet.from_arrays(np.zeros((2, 8, 8, 3), np.uint8), table, about=about)


@pytest.mark.parametrize(
    "modality", ["dermoscopy", "Dermatoscopic image", "dermatoscopy, polarised", "dermascopy"]
)
def test_dermoscopy_is_refused_with_the_reason(modality: str) -> None:
    reason = refuse_tone(made(modality), "skin_tone")
    assert reason is not None
    assert "dermoscopy" in reason
    assert "camera" in reason
    with pytest.raises(UserError, match="choose another column"):
        stratum_of(made(modality), "skin_tone")


@pytest.mark.parametrize(
    "modality", ["blood smear", "colon histology", "chest X-ray", "abdominal CT", "fundus"]
)
def test_images_without_skin_are_refused(modality: str) -> None:
    assert "show no skin" in str(refuse_tone(made(modality), "skin_tone_2"))


@pytest.mark.parametrize("modality", ["", "clinical photograph", "smartphone", "macroscopic photograph"])
def test_photographs_and_unknown_sets_are_not_refused(modality: str) -> None:
    assert refuse_tone(made(modality), "skin_tone") is None
    assert stratum_of(made(modality), "skin_tone").tolist() == ["I-II", "V-VI"]


def test_other_columns_are_never_refused() -> None:
    images = made("dermoscopy", sex=["male", "female"])
    assert refuse_tone(images, "sex") is None
    assert [is_tone(name) for name in ("sex", "label", "capital", "digital", "monkey_id")] == [False] * 5


def test_tone_noted_on_the_patient_is_kept() -> None:
    assert refuse_tone(made("dermoscopy", tone_from="patient"), "skin_tone") is None


def test_columns_and_names_tell_dermoscopy() -> None:
    mixed = made(image_type=["clinical: close-up", "dermoscopic"])
    assert "image_type is 'dermoscopic' in 1 of 2 rows" in str(refuse_tone(mixed, "skin_tone"))
    assert refuse_tone(made(image_type=["clinical: close-up", "clinical: overview"]), "skin_tone") is None
    assert "ISIC archive" in str(
        refuse_tone(made(file_name=["a/ISIC_0024309.png", "ISIC_0024310.jpg"]), "skin_tone")
    )
    assert "HAM10000" in str(refuse_tone(made(lesion_id=["HAM_0000484", "HAM_0000981"]), "skin_tone"))
    named = made("clinical photograph", file_name=["ISIC_0024309.png", "ISIC_0024310.jpg"])
    assert refuse_tone(named, "skin_tone") is None


def test_a_folder_whose_card_says_dermoscopy_counts(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    (tmp_path / "metadata.csv").write_text("file_name,label,skin_tone\na.png,x,3\n")
    assert stratum_of(read_folder(tmp_path), "skin_tone").tolist() == ["III-IV"]
    (tmp_path / "card.json").write_text(json.dumps({"name": "clinic", "modality": "dermoscopy"}))
    with pytest.raises(UserError, match="'clinic', which is dermoscopy"):
        stratum_of(read_folder(tmp_path), "skin_tone")
    warned = [fault for fault in validate_imageset(tmp_path) if "skin tone" in fault.what]
    assert [(fault.severity, fault.where) for fault in warned] == [("warning", "clinic, column 'skin_tone'")]
    assert warned == [
        fault for fault in validate_imageset(read_folder(tmp_path)) if "skin tone" in fault.what
    ]
    (tmp_path / "card.json").write_text(json.dumps({"modality": "dermoscopy", "tone_from": "patient"}))
    assert stratum_of(read_folder(tmp_path), "skin_tone").tolist() == ["III-IV"]
    (tmp_path / "card.json").unlink()
    (tmp_path / "README.md").write_text("---\nmodality: dermoscopy\n---\n")
    assert refuse_tone(read_folder(tmp_path), "skin_tone")


def test_the_phantoms_say_what_they_show() -> None:
    assert refuse_tone(phantom_derm(n=2), "skin_tone") is None
    assert refuse_tone(phantom_blood(n=2), "skin_tone")


@pytest.mark.skipif(not (DATA / "ham64").is_dir(), reason="SYNMEDBENCH_DATA has no ham64")
def test_real_dermoscopy_is_known_without_a_card() -> None:
    images = open_imageset(DATA / "ham64")
    assert refuse_tone(images.with_table(images.table.assign(skin_tone=3)), "skin_tone")
    assert refuse_tone(images, "localization") is None


def test_a_recipe_with_tone_strata_or_conditions_is_refused(tmp_path: Path) -> None:
    from synmedbench.benchmark._recipe import ImageSetPart
    from synmedbench.benchmark._work_data import open_data

    pixels = phantom_derm(n=60).images()
    table = pd.DataFrame({"label": ["a", "b"] * 30, "skin_tone": ["II", "V"] * 30})
    write_folder(ImageSet.from_arrays(pixels, table, about=About("x", modality="dermoscopy")), tmp_path / "x")
    assert len(open_data(ImageSetPart(path=str(tmp_path / "x")))) == 60
    with pytest.raises(
        UserError, match=r"imageset\.strata: skin tone cannot be known in 'x', which is dermoscopy"
    ):
        open_data(ImageSetPart(path=str(tmp_path / "x"), strata=["label", "skin_tone"]))
