"""Writing: what was written is what is read, whole or not at all."""

from __future__ import annotations

import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.core import UserError
from synmedbench.imagesets import (
    About,
    ImageSet,
    Lineage,
    open_imageset,
    read_folder,
    read_table,
    write_csv,
    write_folder,
    write_parquet,
)

ABOUT = About(
    "cells", licence="CC-BY-4.0", source="a clinic", citation="Someone 2020", oracle="phantom-blood"
)
LINEAGE = Lineage("diffusion", 3, "cells", open_set=False, notes="steps 250")


def make(n: int = 4, **columns: list[Any]) -> ImageSet:
    pixels = np.random.default_rng(0).integers(0, 256, (n, 5, 6, 3), dtype=np.uint8)
    names = [f"images/x{i}.png" for i in range(n)]
    return ImageSet.from_arrays(
        pixels, pd.DataFrame({"file_name": names, **columns}), about=ABOUT, lineage=LINEAGE
    )


def test_folder_round_trip_keeps_content_card_and_lineage(tmp_path: Path) -> None:
    images = make(
        label=["a", "b", "a", "b"],
        age=[1, 2, 3, 4],
        score=[0.1, 1e-300, math.nan, 3.0],
        code=["007", "1", "2", "3"],
        truth=[True, False, True, True],
        note=["a,b", 'he said "x"', "line\nbreak", None],
    )
    back = read_folder(write_folder(images, tmp_path / "out"))
    assert back.content_hash == images.content_hash
    assert back.about == ABOUT
    assert back.lineage == LINEAGE
    assert [str(kind) for kind in back.table.dtypes[["age", "score", "truth"]]] == [
        "int64",
        "float64",
        "bool",
    ]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            texts, st.integers(-(10**15), 10**15), st.floats(allow_nan=False), st.one_of(st.none(), texts)
        ),
        min_size=1,
        max_size=6,
    )
)
def test_tables_round_trip(rows: list[tuple[str, int, float, str | None]]) -> None:
    table = pd.DataFrame(rows, columns=["word", "whole", "real", "gap"])
    types = {"word": "text", "whole": "integer", "real": "number", "gap": "text"}
    with TemporaryDirectory() as folder:
        write_csv(table, Path(folder) / "t.csv")
        back = read_table(Path(folder) / "t.csv", types=types)
    assert back["word"].tolist() == [row[0] for row in rows]
    assert back["whole"].tolist() == [row[1] for row in rows]
    assert [value.hex() for value in back["real"]] == [row[2].hex() for row in rows]
    assert [None if pd.isna(value) else value for value in back["gap"]] == [row[3] for row in rows]


def test_names_in_any_script_and_other_suffixes(tmp_path: Path) -> None:
    images = make(label=["皮膚", "β", "é", "x"])
    names = ["皮膚/一.png", "β.jpg", "sub dir/é.tif", "noext"]
    renamed = images.with_table(images.table.assign(file_name=names))
    back = read_folder(write_folder(renamed, tmp_path / "ausgabe-ü"))
    assert np.array_equal(back.images(), images.images())
    assert back.table["file_name"].tolist() == ["皮膚/一.png", "β.jpg.png", "sub dir/é.tif.png", "noext.png"]
    assert back.labels == ["皮膚", "β", "é", "x"]


def test_clashing_or_leaving_names_are_refused(tmp_path: Path) -> None:
    images = make()
    with pytest.raises(UserError, match="rows 1 and 2 would both be written"):
        write_folder(
            images.with_table(images.table.assign(file_name=["A.png", "a.png", "b", "c"])), tmp_path / "o"
        )
    with pytest.raises(UserError, match="row 2 has no usable file name"):
        write_folder(
            images.with_table(images.table.assign(file_name=["A.png", "../a", "b", "c"])), tmp_path / "o"
        )
    assert list(tmp_path.iterdir()) == []


def test_nothing_half_written_remains(tmp_path: Path) -> None:
    class Failing:
        def __len__(self) -> int:
            return 4

        def read(self, row: int) -> np.ndarray:
            if row == 2:
                raise OSError("disk full")
            return np.zeros((2, 2, 3), np.uint8)

    with pytest.raises(OSError, match="disk full"):
        write_folder(ImageSet(Failing(), make().table), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_kept_unless_asked(tmp_path: Path) -> None:
    write_folder(make(), tmp_path / "out")
    with pytest.raises(UserError, match="exists already"):
        write_folder(make(2), tmp_path / "out")
    assert len(read_folder(write_folder(make(2), tmp_path / "out", replace=True))) == 2


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert len(read_folder(write_folder(make(), tmp_path / "out"))) == 4


def test_card_bears_licence_lineage_and_extra_entries(tmp_path: Path) -> None:
    card = json.loads(
        (write_folder(make(), tmp_path / "out", card={"task": "blood"}) / "card.json").read_text()
    )
    assert (card["licence"], card["lineage"]["generator"], card["task"]) == (
        "CC-BY-4.0",
        "diffusion",
        "blood",
    )


def test_real_set_has_no_lineage(tmp_path: Path) -> None:
    real = ImageSet.from_arrays(make().images(), make().table)
    assert read_folder(write_folder(real, tmp_path / "out")).lineage is None


def test_parquet_round_trip(tmp_path: Path) -> None:
    images = make(label=["a", "b", "a", "b"], age=[1, 2, 3, 4], gap=[None, "x", None, "y"])
    write_parquet(images, tmp_path / "é.parquet")
    back = open_imageset(tmp_path / "é.parquet")
    assert back.content_hash == images.content_hash
    assert (back.about, back.lineage) == (ABOUT, LINEAGE)
    (tmp_path / "é.parquet").write_bytes((tmp_path / "é.parquet").read_bytes()[:-9])
    with pytest.raises(UserError, match="not a readable Parquet"):
        open_imageset(tmp_path / "é.parquet")


def test_parquet_without_images_is_refused(tmp_path: Path) -> None:
    pd.DataFrame({"label": ["a"]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(UserError, match="no column 'image'"):
        open_imageset(tmp_path / "t.parquet")
