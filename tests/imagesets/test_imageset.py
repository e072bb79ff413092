"""The image set: parts of it, its labels and its content hash."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synmedbench.core import UserError, rng
from synmedbench.imagesets import About, ImageSet, concatenate


def make(n: int = 6, size: int = 8, seed: int = 0) -> ImageSet:
    pixels = rng(seed, "pixels").integers(0, 256, (n, size, size, 3), dtype=np.uint8)
    table = pd.DataFrame({"label": [("a", "b")[i % 2] for i in range(n)], "age": range(n)})
    return ImageSet.from_arrays(pixels, table, about=About("made"))


def test_parts_keep_pixels_and_rows_together() -> None:
    whole = make()
    part = whole.where(label="b").subset([2, 0])
    assert part.table["age"].tolist() == [5, 1]
    assert np.array_equal(part.images(), whole.images([5, 1]))
    assert list(part.table.index) == [0, 1]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_keys_and_hash_of_a_part_do_not_depend_on_what_was_asked_before(rows: list[int]) -> None:
    fresh, warmed = make(), make()
    assert len(warmed.image_keys) == 6
    assert warmed.subset(rows).content_hash == fresh.subset(rows).content_hash
    assert warmed.subset(rows).image_keys == [warmed.image_keys[i] for i in rows]


def test_hash_sees_one_grey_level_and_one_cell() -> None:
    base = make()
    pixels = base.images().copy()
    pixels[3, 0, 0, 0] ^= 1
    assert ImageSet.from_arrays(pixels, base.table).content_hash != base.content_hash
    assert base.with_table(base.table.assign(age=0)).content_hash != base.content_hash
    assert make().content_hash == base.content_hash


def test_missing_labels_are_an_error_and_never_a_class_called_nan() -> None:
    base = make()
    broken = base.with_table(base.table.assign(label=["a", None, "b", "a", "b", None]))
    with pytest.raises(UserError, match="2 images have no label, first row 2"):
        _ = broken.labels


def test_unknown_column_names_the_near_one() -> None:
    with pytest.raises(UserError, match="label") as caught:
        make().where(lable="a")
    assert "did you mean 'label'?" in str(caught.value)


def test_sets_survive_pickling() -> None:
    base = make()
    assert pickle.loads(pickle.dumps(base)).content_hash == base.content_hash


def test_concatenated_sets_keep_the_columns_of_both() -> None:
    both = concatenate([make(2), make(3, seed=1).with_table(pd.DataFrame({"label": ["c"] * 3}))])
    assert len(both) == 5
    assert both.table["age"].isna().tolist() == [False, False, True, True, True]


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(UserError, match="uint8"):
        ImageSet.from_arrays(np.zeros((2, 4, 4, 3), np.float32))  # type: ignore[arg-type]
    with pytest.raises(UserError, match="2 images but 3 table rows"):
        ImageSet.from_arrays(np.zeros((2, 4, 4, 3), np.uint8), pd.DataFrame({"file_name": list("abc")}))
