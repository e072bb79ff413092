"""Validation: each planted fault is found, all at once, and a sound set has none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from synmedbench.imagesets import Fault, ImageSet, has_errors, open_imageset, validate_imageset, write_folder

DATA = Path(os.environ.get("SYNMEDBENCH_DATA", "/nonexistent"))


def sound(n: int = 12) -> ImageSet:
    pixels = np.random.default_rng(1).integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)
    table = pd.DataFrame(
        {"file_name": [f"images/{i:02d}.png" for i in range(n)], "label": ["a", "b"] * (n // 2)}
    )
    table["patient_id"] = [f"p{i}" for i in range(n)]
    table["given_split"] = ["train"] * (n - 4) + ["test"] * 4
    return ImageSet.from_arrays(pixels, table)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(sound(), tmp_path / "set")


def edit(folder: Path, change: Callable[[str], str]) -> None:
    path = folder / "metadata.csv"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def texts(faults: list[Fault]) -> str:
    return "\n".join(map(str, faults))


def save(folder: Path, number: int, image: Image.Image, kind: str = "PNG") -> None:
    image.save(folder / f"images/{number:02d}.png", format=kind)


def noise(mode: str = "RGB", size: tuple[int, int] = (8, 8)) -> Image.Image:
    pixels = np.random.default_rng(9).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def test_a_sound_folder_has_no_faults(folder: Path) -> None:
    assert validate_imageset(folder) == []
    assert validate_imageset(folder / "metadata.csv") == []
    assert validate_imageset(open_imageset(folder)) == []


def test_missing_empty_truncated_and_foreign_files(folder: Path) -> None:
    (folder / "images/00.png").unlink()
    (folder / "images/01.png").write_bytes(b"")
    whole = (folder / "images/02.png").read_bytes()
    (folder / "images/02.png").write_bytes(whole[: len(whole) // 2])
    (folder / "images/03.png").write_text("not an image")
    found = texts(validate_imageset(folder))
    assert "row 1 (images/00.png): the file does not exist" in found
    assert "row 2 (images/01.png): the file is empty" in found
    assert "row 3 (images/02.png): not a whole image" in found
    assert "row 4 (images/03.png): not a readable image" in found
    assert len(validate_imageset(folder)) == 4


def test_names_outside_the_folder_and_rows_without_name(folder: Path) -> None:
    edit(folder, lambda text: text.replace("images/00.png", "../x.png").replace("images/01.png", ""))
    found = texts(validate_imageset(folder))
    assert "'../x.png' leads out of the folder" in found
    assert "row 2: the row names no file" in found
    assert found.count("no row of the table names it") == 2


def test_doubled_rows(folder: Path) -> None:
    lines = (folder / "metadata.csv").read_text().splitlines()
    edit(folder, lambda text: text + lines[1] + "\n" + lines[2].replace(",b,", ",a,") + "\n")
    found = texts(validate_imageset(folder))
    assert "images/00.png: the same row stands in rows 1, 13" in found
    assert "images/01.png: one file bears different entries in rows 2, 14" in found


def test_labels_missing_and_lonely(folder: Path) -> None:
    edit(folder, lambda text: text.replace("00.png,a", "00.png,").replace("01.png,b", "01.png,rare"))
    found = texts(validate_imageset(folder))
    assert "1 images have no label, first row 1" in found
    assert "the class 'rare' has one image" in found


def test_patients_and_images_in_two_given_splits(folder: Path) -> None:
    edit(folder, lambda text: text.replace(",p11,", ",p0,"))
    (folder / "images/10.png").write_bytes((folder / "images/02.png").read_bytes())
    found = texts(validate_imageset(folder))
    assert "patient_id 'p0' stands in 'test' and 'train' of given_split" in found
    assert "identical images stand in 'test' and 'train' of given_split" in found


def test_identical_images_under_two_labels_or_one(folder: Path) -> None:
    (folder / "images/01.png").write_bytes((folder / "images/00.png").read_bytes())
    (folder / "images/04.png").write_bytes((folder / "images/02.png").read_bytes())
    faults = validate_imageset(folder)
    assert [fault.severity for fault in faults] == ["error", "warning"]
    assert faults[0].what == "identical images bear the labels 'a' and 'b'"
    assert "images/00.png" in faults[0].where
    assert "images/01.png" in faults[0].where


def test_the_same_pixels_in_another_encoding_are_identical(folder: Path) -> None:
    with Image.open(folder / "images/00.png") as image:
        image.save(folder / "images/01.png", format="BMP")
    assert "identical images bear the labels" in texts(validate_imageset(folder))


def test_mixed_sizes_modes_formats_and_depth(folder: Path) -> None:
    save(folder, 0, noise(size=(9, 8)))
    save(folder, 1, noise("L"))
    save(folder, 2, noise(), "JPEG")
    Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 900).save(folder / "images/03.png")
    faults = validate_imageset(folder)
    found = texts(faults)
    assert "mixed sizes: 8 x 8 (11), 9 x 8 (1)" in found
    assert "mixed pixel modes: RGB (10)" in found
    assert "mixed file formats: PNG (11), JPEG (1)" in found
    assert "1 images have up to 16 bits" in found
    assert not has_errors(faults)


def test_sixteen_bit_colour_is_seen_in_the_header(folder: Path) -> None:
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + os.urandom(8 * 6) for _ in range(8))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    (folder / "images/05.png").write_bytes(data)
    assert "1 images have up to 16 bits" in texts(validate_imageset(folder))


def test_a_format_that_gives_the_label_away_is_an_error(folder: Path) -> None:
    for number in range(0, 12, 2):
        with Image.open(folder / f"images/{number:02d}.png") as image:
            image.load()
            save(folder, number, image, "JPEG")
    faults = validate_imageset(folder)
    assert [fault.severity for fault in faults] == ["error"]
    assert "gives the label away" in faults[0].what


def test_files_that_no_row_names(folder: Path) -> None:
    save(folder, 99, noise())
    faults = validate_imageset(folder)
    assert [fault.severity for fault in faults] == ["warning"]
    assert "images/99.png" in faults[0].where


def with_backgrounds(odd_class: str) -> ImageSet:
    dice = np.random.default_rng(3)
    labels = [("a", "b", "c", "d")[i % 4] for i in range(200)]
    pixels = np.full((200, 16, 16, 3), (240, 210, 190), np.int64) + dice.integers(-3, 4, (200, 16, 16, 3))
    odd = [i for i in range(200) if labels[i] == odd_class or odd_class == "any"][:24:1]
    pixels[odd] -= np.array([50, 20, -30])
    table = pd.DataFrame({"label": labels})
    return ImageSet.from_arrays(np.clip(pixels, 0, 255).astype(np.uint8), table)


def test_background_that_betrays_a_class() -> None:
    faults = validate_imageset(with_backgrounds("c"))
    assert len(faults) == 1
    assert "24 images have another background colour than most, and 100% of them are 'c'" in faults[0].what
    assert validate_imageset(with_backgrounds("any")) == []


def test_inputs_that_cannot_be_opened_are_one_fault(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent", tmp_path / "no.npz"):
        faults = validate_imageset(path)
        assert len(faults) == 1
        assert str(path) in faults[0].where
        assert faults[0].remedy


def test_broken_card_is_told_beside_the_rest(folder: Path) -> None:
    (folder / "card.json").write_text("{")
    (folder / "images/00.png").unlink()
    assert len(validate_imageset(folder)) == 2


@pytest.mark.skipif(
    not (DATA / "pbc28_medmnist.npz").is_file(), reason="SYNMEDBENCH_DATA has no pbc28_medmnist.npz"
)
def test_known_truths_of_the_blood_cells() -> None:
    found = texts(validate_imageset(f"{DATA / 'pbc28_medmnist.npz'}?labels=bloodmnist"))
    assert "identical images bear the labels 'eosinophil' and 'neutrophil'" in found
    assert "of them are 'immature granulocyte'" in found


@pytest.mark.skipif(not (DATA / "pbc64").is_dir(), reason="SYNMEDBENCH_DATA has no pbc64")
def test_known_shortcut_of_the_small_blood_set() -> None:
    assert "of them are 'ig' (12% of the set): a shortcut" in texts(validate_imageset(DATA / "pbc64"))
