"""Readers: image folders in three forms, MedMNIST files, Parquet, and the door that tells them apart."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from synmedbench.core import UserError
from synmedbench.imagesets import ImageSet, open_imageset, read_folder, read_medmnist, read_table


def put(folder: Path, name: str, grey: int = 7) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4), (grey, grey, grey)).save(path)


def put_table(folder: Path, text: str) -> None:
    (folder / "metadata.csv").write_text(text, encoding="utf-8")


def write_npz(path: Path, n: int = 3, shape: tuple[int, ...] = (28, 28, 3), **changed: np.ndarray) -> Path:
    arrays: dict[str, np.ndarray] = {}
    for number, split in enumerate(("train", "val", "test")):
        arrays[f"{split}_images"] = np.full((n, *shape), number, np.uint8)
        arrays[f"{split}_labels"] = np.arange(n, dtype=np.uint8)[:, None] % 8
    np.savez(path, **{**arrays, **changed})
    return path


def test_folder_with_table_keeps_every_column_and_row_order(tmp_path: Path) -> None:
    for number, name in enumerate(("b.png", "a.png")):
        put(tmp_path, f"images/{name}", number)
    put_table(
        tmp_path, "file_name,label,age,code,lesion_id\nimages/b.png,x,40,007,12\nimages/a.png,y,,010,13\n"
    )
    images = read_folder(tmp_path)
    assert images.images()[:, 0, 0, 0].tolist() == [0, 1]
    assert images.labels == ["x", "y"]
    assert images.table["code"].tolist() == ["007", "010"]
    assert images.table["lesion_id"].tolist() == ["12", "13"]
    assert images.table["age"].tolist()[0] == 40
    assert images.table["age"].isna().tolist() == [False, True]


def test_label_column_can_be_chosen(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    put_table(tmp_path, "file_name,label,grade\na.png,x,3\n")
    images = open_imageset(f"{tmp_path}?label=grade")
    assert images.labels == ["3"]
    assert images.table["original_label"].tolist() == ["x"]
    with pytest.raises(UserError, match="no column 'grad'") as caught:
        read_folder(tmp_path, label="grad")
    assert "did you mean 'grade'?" in str(caught.value)


def test_all_unusable_rows_are_named_at_once(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    put(tmp_path.parent, "outside.png")
    put_table(tmp_path, "file_name\na.png\n../outside.png\na.png\nabsent.png\n" + "gone.png\n" * 0)
    with pytest.raises(UserError) as caught:
        read_folder(tmp_path)
    text = str(caught.value)
    assert "3 of 4 rows" in text
    assert "row 2: '../outside.png' leads out of the folder" in text
    assert "row 3: 'a.png' is also row 1" in text
    assert "row 4: 'absent.png' does not exist" in text


def test_long_lists_of_faults_are_cut_with_a_count(tmp_path: Path) -> None:
    put_table(tmp_path, "file_name\n" + "".join(f"x{i}.png\n" for i in range(25)))
    with pytest.raises(UserError, match="and 15 more"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    "name", ["/etc/passwd.png", "C:\\a.png", "a/../../b.png", "..\\b.png", "\\\\host\\b.png"]
)
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    put_table(tmp_path, f'file_name\n"{name}"\n')
    with pytest.raises(UserError, match="leads out of the folder"):
        read_folder(tmp_path)


def test_class_folders_are_labels_and_split_folders_are_kept(tmp_path: Path) -> None:
    for name in ("train/mel/1.png", "train/nv/2.png", "test/mel/3.png", "train/.hidden/4.png"):
        put(tmp_path, name)
    images = read_folder(tmp_path)
    assert images.table["file_name"].tolist() == ["test/mel/3.png", "train/mel/1.png", "train/nv/2.png"]
    assert images.labels == ["mel", "mel", "nv"]
    assert images.table["given_split"].tolist() == ["test", "train", "train"]


def test_plain_class_folders(tmp_path: Path) -> None:
    put(tmp_path, "mel/1.png")
    put(tmp_path, "nävus/é.png")
    images = read_folder(tmp_path)
    assert sorted(images.labels) == ["mel", "nävus"]
    assert "given_split" not in images.table


def test_loose_images_have_no_label(tmp_path: Path) -> None:
    put(tmp_path, "1.png")
    put(tmp_path, "2.JPG")
    assert list(read_folder(tmp_path).table.columns) == ["file_name"]
    put(tmp_path, "mel/3.png")
    with pytest.raises(UserError, match="some images lie loose"):
        read_folder(tmp_path)


def test_card_and_readme_tell_licence_and_lineage(tmp_path: Path) -> None:
    put(tmp_path, "1.png")
    (tmp_path / "README.md").write_text("---\nlicense: cc-by-4.0\npretty_name: Cells\n---\nText\n")
    assert (read_folder(tmp_path).about.licence, read_folder(tmp_path).about.name) == ("cc-by-4.0", "Cells")
    lineage = {"generator": "g", "seed": 3, "trained_on": "cells", "unheard": 1}
    (tmp_path / "card.json").write_text(json.dumps({"name": "s", "licence": "MIT", "lineage": lineage}))
    images = read_folder(tmp_path)
    assert images.about.licence == "MIT"
    assert images.lineage is not None
    assert (images.lineage.generator, images.lineage.seed) == ("g", 3)
    (tmp_path / "card.json").write_text("{")
    with pytest.raises(UserError, match="not readable as JSON"):
        read_folder(tmp_path)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"", "the table is empty"),
        (b"file_name,label\na.png\n", "line 2 has 1 cells"),
        (b"file_name,label,label\n", "names 'label' twice"),
        (b"file_name\n", "the table has no rows"),
        (b"image;label\na.png;x\n", "no column 'file_name'"),
        (b"file_name,label\na.png,\xff\n", "not UTF-8"),
    ],
)
def test_broken_tables_are_told_by_file(tmp_path: Path, text: bytes, what: str) -> None:
    (tmp_path / "metadata.csv").write_bytes(text)
    with pytest.raises(UserError, match=what) as caught:
        read_folder(tmp_path)
    assert "metadata.csv" in str(caught.value)


def test_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbffile_name,n\r\na.png,1\r\n")
    assert read_table(tmp_path / "t.csv").to_dict("list") == {"file_name": ["a.png"], "n": [1]}


def test_parquet_table_beside_the_images(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    pd.DataFrame({"file_name": ["a.png"], "label": [4], "x": [1.5]}).to_parquet(tmp_path / "metadata.parquet")
    images = read_folder(tmp_path)
    assert images.labels == ["4"]
    assert images.table["x"].tolist() == [1.5]
    (tmp_path / "metadata.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(UserError, match="not a readable Parquet table"):
        read_folder(tmp_path)


def test_empty_and_absent_folders(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no images are there"):
        read_folder(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        read_folder(tmp_path / "absent")


def test_pixels_are_read_only_when_used(tmp_path: Path) -> None:
    put(tmp_path, "a.png")
    images = read_folder(tmp_path)
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(UserError, match="the file is empty"):
        images.image(0)


def test_medmnist_has_names_splits_and_grey_made_colour(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "m.npz", n=8, shape=(28, 28))
    plain = read_medmnist(path)
    assert plain.images().shape == (24, 28, 28, 3)
    assert plain.labels[:2] == ["class-0", "class-1"]
    assert plain.table["given_split"].value_counts().to_dict() == {"train": 8, "val": 8, "test": 8}
    assert "split" not in plain.table
    named = open_imageset(f"medmnist:{path}?labels=bloodmnist&use_splits=true")
    assert named.labels[3] == "immature granulocyte"
    assert (named.table["split"] == named.table["given_split"]).all()
    assert read_medmnist(path, labels=dict.fromkeys(range(8), "all")).classes == ["all"]


def test_medmnist_faults(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "m.npz")
    with pytest.raises(UserError, match="no name for class 2"):
        read_medmnist(path, labels=["a", "b"])
    with pytest.raises(UserError, match="did you mean 'bloodmnist'"):
        read_medmnist(path, labels="bloodmnst")
    volume = np.zeros((3, 8, 8, 8), np.uint8)
    with pytest.raises(UserError, match="volumes are not read"):
        read_medmnist(write_npz(tmp_path / "v.npz", train_images=volume))
    with pytest.raises(UserError, match="must be uint8, got float32"):
        read_medmnist(write_npz(tmp_path / "f.npz", val_images=np.zeros((3, 28, 28), np.float32)))
    with pytest.raises(UserError, match=r"labels must be \(3, 1\)"):
        read_medmnist(write_npz(tmp_path / "n.npz", test_labels=np.zeros((2, 1), np.uint8)))
    several = {f"{s}_labels": np.eye(3, dtype=np.uint8) for s in ("train", "val", "test")}
    many = write_npz(tmp_path / "c.npz", **several)
    with pytest.raises(UserError, match="every image bears 3 findings"):
        read_medmnist(many)
    assert read_medmnist(many, column=1).labels[:3] == ["class-0", "class-1", "class-0"]


def test_medmnist_never_unpickles(tmp_path: Path) -> None:
    trap = np.array([os.getcwd], dtype=object)
    path = tmp_path / "trap.npz"
    np.savez(path, train_images=trap, train_labels=trap)
    with pytest.raises(UserError, match="not a readable"):
        read_medmnist(path)


@pytest.mark.parametrize("keep", [0, 10, 200, 0.5, 0.99])
def test_truncated_npz_is_a_clear_error(tmp_path: Path, keep: float) -> None:
    path = write_npz(tmp_path / "m.npz")
    data = path.read_bytes()
    path.write_bytes(data[: int(keep if keep >= 1 or keep == 0 else keep * len(data))])
    with pytest.raises(UserError, match=r"not a readable \.npz") as caught:
        read_medmnist(path)
    assert str(path) in str(caught.value)


def test_damaged_npz_is_a_clear_error_or_read(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "m.npz")
    whole = path.read_bytes()
    for place in range(0, len(whole), len(whole) // 150):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(bytes(damaged))
        try:
            outcome: ImageSet | str = read_medmnist(path)
        except UserError as error:
            outcome = str(error)
        assert isinstance(outcome, ImageSet) or str(path) in outcome


def test_open_tells_forms_apart(tmp_path: Path) -> None:
    put(tmp_path, "cells/x/1.png")
    put(tmp_path, "tabled/1.png")
    put_table(tmp_path / "tabled", "file_name,label\n1.png,q\n")
    assert open_imageset(tmp_path / "cells").labels == ["x"]
    assert open_imageset(str(tmp_path / "tabled" / "metadata.csv")).labels == ["q"]
    assert open_imageset(f"folder:{tmp_path / 'tabled'}").labels == ["q"]
    assert open_imageset({"name": "folder", "argument": str(tmp_path / "tabled")}).labels == ["q"]
    assert len(open_imageset(write_npz(tmp_path / "m.npz"))) == 9


def test_open_names_what_it_cannot_open(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file or folder"):
        open_imageset(str(tmp_path / "absent"))
    with pytest.raises(UserError, match="no imageset is called 'foldr'"):
        open_imageset("foldr")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UserError, match="not a form of image set"):
        open_imageset(tmp_path / "a.txt")
    put(tmp_path, "a/1.png")
    with pytest.raises(UserError, match="no option 'lable'"):
        open_imageset(f"{tmp_path / 'a'}?lable=x")
