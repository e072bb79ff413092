"""Readers of published sets, on tiny folders in the published layouts with their quirks."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from published_layouts import (
    FITZPATRICK_ROWS,
    md5,
    put_ddi,
    put_fitzpatrick17k,
    put_ham10000,
    put_image,
    put_isic_2019,
    put_isic_archive,
    put_pbc,
    put_wbcatt,
)

from synmedbench.core import UserError, registry
from synmedbench.imagesets import (
    ImageSet,
    age_group,
    group_numbers,
    open_imageset,
    read_ddi,
    read_fitzpatrick17k,
    read_ham10000,
    read_isic,
    read_pbc,
    refuse_tone,
    stratum_of,
    tone_group,
)

DATA = Path(os.environ.get("SYNMEDBENCH_DATA", "-"))


def test_every_reader_opens_by_its_name_and_states_licence_and_modality(tmp_path: Path) -> None:
    made = {
        "fitzpatrick17k": put_fitzpatrick17k(tmp_path / "f"),
        "ddi": put_ddi(tmp_path / "d"),
        "ham10000": put_ham10000(_new(tmp_path / "h")),
        "isic": put_isic_2019(_new(tmp_path / "i")),
        "pbc": put_pbc(tmp_path / "p"),
    }
    assert set(made) <= set(registry("imagesets").names())
    for name, folder in made.items():
        if name == "pbc":
            with pytest.warns(UserWarning, match="two classes"):
                images = open_imageset(f"{name}:{folder}")
        else:
            images = open_imageset(f"{name}:{folder}")
        assert images.about.name == name
        assert images.about.licence.startswith(("CC", "Stanford", "by image", "images CC"))
        assert images.about.modality
        assert images.about.citation
        assert images.image(0).shape == (8, 8, 3)
        assert images.table["file_name"].is_unique


def cells(images: ImageSet, column: str) -> list[object]:
    """A column's cells, None where missing, whatever type pandas gave it."""
    return [None if pd.isna(value) else value for value in images.table[column]]


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


# Fitzpatrick17k


def test_fitzpatrick17k_has_both_labellers_and_no_tone_where_they_wrote_minus_one(tmp_path: Path) -> None:
    images = read_fitzpatrick17k(put_fitzpatrick17k(tmp_path))
    assert images.labels == [row[2] for row in FITZPATRICK_ROWS]
    assert cells(images, "skin_tone") == [3, None, 6, 1, 5, 2]
    assert cells(images, "skin_tone_2") == [3, 1, None, 2, 6, 2]
    assert stratum_of(images, "skin_tone").tolist() == ["III-IV", "unknown", "V-VI", "I-II", "V-VI", "I-II"]
    assert stratum_of(images, "skin_tone_2").tolist() == ["III-IV", "I-II", "unknown", "I-II", "V-VI", "I-II"]
    assert cells(images, "site")[:4] == ["dermaamin", "dermaamin", "atlasdermatologico", None]
    assert images.table["file_name"][5].endswith("d,e".replace(",", "") + "jpg.jpg")


def test_fitzpatrick17k_classes_by_number_and_name(tmp_path: Path) -> None:
    folder = put_fitzpatrick17k(tmp_path)
    assert read_fitzpatrick17k(folder, classes=1).classes == ["psoriasis"]
    assert read_fitzpatrick17k(folder, classes=["melanoma", "lichen planus"]).classes == [
        "lichen planus",
        "melanoma",
    ]
    assert read_fitzpatrick17k(folder, label="three_partition_label").classes == [
        "malignant",
        "non-neoplastic",
    ]
    with pytest.raises(UserError, match="did you mean 'psoriasis'"):
        read_fitzpatrick17k(folder, classes="psoriasi")
    with pytest.raises(UserError, match="from 1 to 3"):
        read_fitzpatrick17k(folder, classes=4)


def test_fitzpatrick17k_quality_and_cleaned_list(tmp_path: Path) -> None:
    folder = put_fitzpatrick17k(tmp_path)
    assert len(read_fitzpatrick17k(folder, qc="not-wrong")) == 5
    assert read_fitzpatrick17k(folder, qc="diagnostic").labels == ["psoriasis"]
    (folder / "clean.csv").write_text(
        f"filepath,partition,md5hash,fitzpatrick\nps/x.jpg,train,{md5(0)},3\nme/y.jpg,test,{md5(2)},6\n"
    )
    kept = read_fitzpatrick17k(folder, keep="clean.csv")
    assert kept.labels == ["psoriasis", "melanoma"]
    assert cells(kept, "given_split") == ["train", "test"]
    (folder / "other.csv").write_text(f"md5hash\n{md5(77)}\n")
    with pytest.raises(UserError, match="no image of the table"):
        read_fitzpatrick17k(folder, keep="other.csv")


def test_fitzpatrick17k_first_release_has_one_labeller(tmp_path: Path) -> None:
    put_image(tmp_path / f"{md5(1)}.jpg", 0)
    (tmp_path / "fitzpatrick17k.csv").write_text(f"md5hash,fitzpatrick,label\n{md5(1)},4,acne\n")
    table = read_fitzpatrick17k(tmp_path).table
    assert table["skin_tone"].tolist() == [4]
    assert "skin_tone_2" not in table.columns


def test_rows_without_image_are_an_error_or_are_left_out(tmp_path: Path) -> None:
    folder = put_fitzpatrick17k(tmp_path, without=(0, 4))
    with pytest.raises(UserError, match=rf"2 of 6 rows have no image: {md5(0)}, {md5(4)}.*missing=drop"):
        read_fitzpatrick17k(folder)
    with pytest.warns(UserWarning, match="2 of 6 rows"):
        images = read_fitzpatrick17k(folder, missing="drop")
    assert len(images) == 4
    with pytest.raises(UserError, match="none of the 6 rows has an image"):
        read_fitzpatrick17k(put_fitzpatrick17k(tmp_path / "empty", without=tuple(range(6))), missing="drop")


def test_wrong_tables_say_what_they_lack(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_fitzpatrick17k(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"put fitzpatrick17k\.csv"):
        read_fitzpatrick17k(tmp_path)
    (tmp_path / "fitzpatrick17k.csv").write_text("md5,label\na,b\n")
    with pytest.raises(UserError, match="no column 'md5hash', 'fitzpatrick'"):
        read_fitzpatrick17k(tmp_path)
    doubled = f"md5hash,fitzpatrick,label\n{md5(1)},4,acne\n{md5(1)},3,acne\n"
    (tmp_path / "fitzpatrick17k.csv").write_text(doubled)
    put_image(tmp_path / f"{md5(1)}.jpg", 0)
    with pytest.raises(UserError, match="1 images have two rows: rows 1 and 2"):
        read_fitzpatrick17k(tmp_path)


@pytest.mark.skipif(
    not (DATA / "fitzpatrick17k_labels_only.csv").is_file(), reason="SYNMEDBENCH_DATA has no labels"
)
def test_the_real_labels_of_fitzpatrick17k(tmp_path: Path) -> None:
    shutil.copy(DATA / "fitzpatrick17k_labels_only.csv", tmp_path)
    table = pd.read_csv(tmp_path / "fitzpatrick17k_labels_only.csv")
    image = put_image(tmp_path / "one.jpg", 0).read_bytes()
    for name in table["md5hash"]:
        (tmp_path / f"{name}.jpg").write_bytes(image)
    images = read_fitzpatrick17k(tmp_path)
    assert (len(images), len(images.classes)) == (16577, 114)
    first, second = images.table["skin_tone"], images.table["skin_tone_2"]
    both = first.notna() & second.notna()
    assert (int(first.isna().sum()), int(second.isna().sum())) == (565, 1073)
    assert float((first[both] == second[both]).mean()) == pytest.approx(0.479, abs=0.001)
    assert float(((first - second)[both].abs() <= 1).mean()) == pytest.approx(0.910, abs=0.001)
    assert {tone_group(each) for each in first} == {"I-II", "III-IV", "V-VI", "unknown"}
    ten = read_fitzpatrick17k(tmp_path, classes=10)
    assert float(ten.table["skin_tone"].isin([5, 6]).mean()) == pytest.approx(0.127, abs=0.001)


# DDI


@pytest.mark.parametrize("inside", ["images", ".", "ddidiversedermatologyimages"])
def test_ddi_tones_are_groups_and_malignancy_the_class(tmp_path: Path, inside: str) -> None:
    images = read_ddi(put_ddi(tmp_path, inside))
    assert images.labels == ["malignant", "benign", "benign", "benign"]
    assert cells(images, "skin_tone") == ["V-VI", "I-II", "III-IV", "V-VI"]
    assert stratum_of(images, "skin_tone").tolist() == ["V-VI", "I-II", "III-IV", "V-VI"]
    by_disease = read_ddi(tmp_path, label="disease")
    assert by_disease.classes == ["melanocytic-nevi", "melanoma-in-situ", "seborrheic-keratosis"]
    assert by_disease.table["malignancy"].tolist()[0] == "malignant"


def test_ddi_older_key_and_wrong_cells(tmp_path: Path) -> None:
    path = put_ddi(tmp_path) / "ddi_metadata.csv"
    text = path.read_text()
    path.write_text(
        text.replace("malignant,", "malignancy(malig=1),").replace("True", "1").replace("False", "0")
    )
    assert read_ddi(tmp_path).labels[0] == "malignant"
    path.write_text(text.replace(",34,", ",7,"))
    with pytest.raises(UserError, match="row 3: skin_tone is '7'"):
        read_ddi(tmp_path)
    path.write_text(text.replace("True", "perhaps"))
    with pytest.raises(UserError, match="row 1: malignant is 'perhaps'"):
        read_ddi(tmp_path)


# HAM10000


@pytest.mark.parametrize("table", ["HAM10000_metadata.csv", "HAM10000_metadata"])
def test_ham10000_in_two_parts_with_missing_ages(tmp_path: Path, table: str) -> None:
    images = read_ham10000(put_ham10000(tmp_path, table))
    assert images.labels == ["bkl", "bkl", "nv", "mel"]
    assert group_numbers(images).tolist()[0] == group_numbers(images).tolist()[1]
    assert len(set(group_numbers(images).tolist())) == 3
    assert cells(images, "age_group") == ["80+", "80+", None, "0-19"]
    assert np.isnan(images.table["age"][2])
    assert cells(images, "sex") == ["male", "male", None, "female"]
    assert stratum_of(images, "localization").tolist() == ["scalp", "scalp", "unknown", "ear"]
    assert cells(images, "site") == ["vidir_modern", "vidir_modern", "rosendahl", "vienna_dias"]


def test_ham10000_without_the_column_dataset_has_no_site(tmp_path: Path) -> None:
    put_ham10000(tmp_path)
    path = tmp_path / "HAM10000_metadata.csv"
    path.write_text("\n".join(line.rpartition(",")[0] for line in path.read_text().splitlines()) + "\n")
    assert "site" not in read_ham10000(tmp_path).table.columns


def test_age_groups_have_no_holes() -> None:
    groups = [age_group(age) for age in range(121)]
    assert None not in groups
    assert len(set(groups)) == 5
    assert [age_group(each) for each in ("", "old", -5, 121, float("inf"), None)] == [None] * 6


# ISIC


def test_isic_2019_joins_ground_truth_and_metadata(tmp_path: Path) -> None:
    images = read_isic(put_isic_2019(tmp_path))
    assert images.labels == ["NV", "NV", "MEL"]
    assert cells(images, "lesion_id") == [None, "BCN_0000001", "MSK4_0011169"]
    assert cells(images, "age_group") == ["40-59", "20-39", None]
    assert cells(images, "localization") == ["anterior torso", None, "upper extremity"]
    assert images.table["file_name"][2].endswith("_downsampled.jpg")
    assert "given_split" not in images.table.columns
    assert images.about.modality == "dermoscopy"


def test_isic_train_and_test_tables_become_given_splits(tmp_path: Path) -> None:
    put_isic_2019(tmp_path)
    (tmp_path / "ISIC_2019_Test_GroundTruth.csv").write_text("image,MEL,NV\nISIC_0000009,1,0\n")
    put_image(tmp_path / "ISIC_2019_Test_Input" / "ISIC_0000009.jpg", 9)
    images = read_isic(tmp_path)
    assert dict(zip(images.table["image_id"], images.table["given_split"], strict=True)) == {
        "ISIC_0000000": "train",
        "ISIC_0000001": "train",
        "ISIC_0000002_downsampled": "train",
        "ISIC_0000009": "test",
    }


def test_isic_archive_download_and_image_types(tmp_path: Path) -> None:
    images = read_isic(put_isic_archive(tmp_path))
    assert images.labels == ["Benign", "Malignant", "Malignant"]
    assert cells(images, "patient_id") == ["IP_1", "IP_2", "IP_2"]
    assert images.table["site"].tolist()[0] == "Hospital Clínic de Barcelona"
    with pytest.raises(UserError, match="dermoscopy"):
        stratum_of(images, "skin_tone")
    clinical = read_isic(tmp_path, image_type="clinical")
    assert stratum_of(clinical, "skin_tone").tolist() == ["V-VI"]
    noted = read_isic(tmp_path, tone_from="patient")
    assert stratum_of(noted, "skin_tone").tolist() == ["I-II", "V-VI", "V-VI"]


def test_isic_2020_and_ground_truth_by_lesion(tmp_path: Path) -> None:
    for number in range(2):
        put_image(tmp_path / f"ISIC_263701{number}.jpg", number)
    header = "image_name,patient_id,sex,age_approx,anatom_site_general_challenge,diagnosis,benign_malignant,target\n"
    rows = (
        "ISIC_2637010,IP_7279968,male,45,head/neck,unknown,benign,0\nISIC_2637011,,,,,melanoma,malignant,1\n"
    )
    (tmp_path / "train.csv").write_text(header + rows)
    images = read_isic(tmp_path, label="benign_malignant")
    assert images.labels == ["benign", "malignant"]
    assert cells(images, "patient_id") == ["IP_7279968", None]
    milk = tmp_path / "milk"
    for number in range(2):
        put_image(milk / "IL_1" / f"ISIC_814921{number}.jpg", number)
    (milk / "MILK10k_Training_Metadata.csv").write_text(
        "lesion_id,image_type,isic_id,age_approx,sex,skin_tone_class,site\n"
        "IL_1,clinical: close-up,ISIC_8149210,65,male,3,trunk\nIL_1,dermoscopic,ISIC_8149211,65,male,3,trunk\n"
    )
    (milk / "MILK10k_Training_GroundTruth.csv").write_text("lesion_id,AKIEC,BCC\nIL_1,0.0,1.0\n")
    assert read_isic(milk).labels == ["BCC", "BCC"]


def test_isic_faults(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no table that names ISIC images"):
        read_isic(tmp_path)
    put_isic_2019(tmp_path)
    path = tmp_path / "ISIC_2019_Training_GroundTruth.csv"
    text = path.read_text()
    path.write_text(text.replace("ISIC_0000001,0.0,1.0", "ISIC_0000001,1.0,1.0"))
    with pytest.raises(UserError, match="1 rows have no class or several: ISIC_0000001"):
        read_isic(tmp_path)
    path.write_text(text)
    (tmp_path / "again_GroundTruth.csv").write_text("image,MEL,NV\nISIC_0000000,1,0\n")
    with pytest.raises(UserError, match="two values of truth"):
        read_isic(tmp_path)
    with pytest.raises(UserError, match="no column 'sexx'"):
        read_isic(put_isic_archive(_new(tmp_path / "a")), label="sexx")


# PBC


def test_pbc_leaves_the_image_of_two_classes_and_hidden_files_out(tmp_path: Path) -> None:
    put_pbc(tmp_path)
    with pytest.warns(UserWarning, match="2 images lie in two classes.*EO_225902"):
        images = read_pbc(tmp_path)
    names = {name.rpartition("/")[2] for name in images.table["file_name"]}
    assert not names & {"EO_225902.jpg", "BNE_191112.jpg", ".DS_169665.jpg"}
    assert len(read_pbc(tmp_path, conflicts="keep")) == len(images) + 2
    kept = read_pbc(tmp_path / "PBC_dataset_normal_DIB", conflicts="keep").table
    assert set(kept["subtype"][kept["label"] == "ig"]) == {"MMY", "PMY", "IG"}
    assert set(kept["subtype"][kept["label"] == "neutrophil"]) == {"BNE", "SNE", "NEUTROPHIL"}


@pytest.mark.filterwarnings("ignore:.*two classes")
def test_pbc_with_the_attributes_of_wbcatt(tmp_path: Path) -> None:
    put_pbc(tmp_path)
    table = read_pbc(tmp_path, wbcatt=str(put_wbcatt(tmp_path / "wbcatt"))).table
    given = table[table["wbcatt_split"].notna()]
    assert sorted(given["file_name"]) == ["basophil/BA_100102.jpg", "neutrophil/SNE_7.jpg"]
    assert set(given["nucleus_shape"]) == {"segmented-bilobed"}
    assert table["cell_size"].isna().sum() == len(table) - 2
    path = tmp_path / "wbcatt" / "pbc_attr_v1_val.csv"
    path.write_text(path.read_text().replace("SNE_7.jpg,Neutrophil", "SNE_7.jpg,Monocyte"))
    with pytest.raises(UserError, match=r"another class: SNE_7.jpg \(neutrophil, there Monocyte\)"):
        read_pbc(tmp_path, wbcatt=str(tmp_path / "wbcatt"))
    with pytest.raises(UserError, match="no table of WBCAtt"):
        read_pbc(tmp_path, wbcatt=str(tmp_path))


def test_pbc_needs_its_classes(tmp_path: Path) -> None:
    put_image(tmp_path / "cat" / "a.png", 0)
    with pytest.raises(UserError, match="no class of PBC"):
        read_pbc(tmp_path)


# MedMNIST

TWO_D = {
    "pathmnist": 9, "dermamnist": 7, "octmnist": 4, "pneumoniamnist": 2, "retinamnist": 5, "breastmnist": 2,
    "bloodmnist": 8, "tissuemnist": 8, "organamnist": 11, "organcmnist": 11, "organsmnist": 11,
}  # fmt: skip


def put_npz(path: Path, classes: int, columns: int = 1) -> Path:
    labels = np.arange(3 * classes, dtype=np.uint8)[:, None].repeat(columns, axis=1) % classes
    images = np.zeros((3 * classes, 28, 28), np.uint8)
    np.savez(path, **{f"{s}_{kind}": value for s in ("train", "val", "test")
                      for kind, value in (("images", images), ("labels", labels))})  # fmt: skip
    return path


@pytest.mark.parametrize("name", TWO_D)
def test_every_flat_medmnist_set_is_known_by_its_file(tmp_path: Path, name: str) -> None:
    images = open_imageset(put_npz(tmp_path / f"{name}_64.npz", TWO_D[name]))
    assert len(images.classes) == TWO_D[name]
    assert not any(label.startswith("class-") for label in images.classes)
    assert images.about.licence == ("CC BY-NC 4.0" if name == "dermamnist" else "CC BY 4.0")
    assert images.about.modality
    tone = images.with_table(images.table.assign(skin_tone=3))
    assert refuse_tone(tone, "skin_tone"), images.about.modality


def test_chestmnist_is_refused_without_a_finding(tmp_path: Path) -> None:
    path = put_npz(tmp_path / "chestmnist.npz", 2, columns=14)
    with pytest.raises(UserError, match=r"14 findings at once.*column=effusion"):
        open_imageset(path)
    assert open_imageset(f"{path}?column=effusion").classes == ["effusion", "no effusion"]
    assert open_imageset(f"{path}?column=13").classes == ["hernia", "no hernia"]
    with pytest.raises(UserError, match="did you mean 'effusion'"):
        open_imageset(f"{path}?column=efusion")


def test_names_that_were_asked_for_claim_no_source(tmp_path: Path) -> None:
    images = open_imageset(f"{put_npz(tmp_path / 'mine.npz', 8)}?labels=bloodmnist")
    assert images.about.source == "mine.npz"
    assert images.about.licence.startswith("unknown")
    assert images.about.modality == "blood smear"
    assert "basophil" in images.classes
