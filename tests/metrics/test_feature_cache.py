"""Features kept by content: computed once, never half read, never another set's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synmedbench.core import UserError
from synmedbench.imagesets import ImageSet
from synmedbench.metrics import extract


class Counting:
    """An extractor that counts how often it is asked."""

    learns = False

    def __init__(self, key: str = "k", value: float = 1.0) -> None:
        self.name, self.key, self.value, self.asked = "counting", key, value, 0

    def fit(self, train: ImageSet, *, seed: int = 0, progress: object = None) -> None:
        return None

    def features(self, images: ImageSet, *, batch_size: int = 128) -> np.ndarray:
        self.asked += 1
        return np.full((len(images), 3), self.value, np.float32)


def images(n: int = 5, seed: int = 0) -> ImageSet:
    pixels = np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)
    return ImageSet.from_arrays(pixels, pd.DataFrame({"label": ["a"] * n}))


def test_the_second_time_nothing_is_computed(tmp_path: Path) -> None:
    one = Counting()
    first = extract(one, images(), tmp_path)
    np.testing.assert_array_equal(extract(one, images(), tmp_path), first)
    assert one.asked == 1
    assert not list(tmp_path.glob("*.tmp"))


def test_other_images_or_another_extractor_are_computed(tmp_path: Path) -> None:
    one, other = Counting(), Counting("another", 2.0)
    extract(one, images(), tmp_path)
    extract(one, images(seed=1), tmp_path)
    assert one.asked == 2
    assert extract(other, images(), tmp_path)[0, 0] == 2.0


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", None])
def test_a_damaged_file_is_computed_anew(tmp_path: Path, damage: bytes | None) -> None:
    one = Counting()
    extract(one, images(), tmp_path)
    (file,) = tmp_path.glob("*.npy")
    file.write_bytes(file.read_bytes()[:-5] if damage is None else damage)
    np.testing.assert_array_equal(extract(one, images(), tmp_path), np.ones((5, 3), np.float32))
    assert one.asked == 2


def test_without_a_folder_nothing_is_kept(tmp_path: Path) -> None:
    one = Counting()
    extract(one, images())
    extract(one, images())
    assert one.asked == 2


def test_features_that_are_not_numbers_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not finite"):
        extract(Counting(value=float("nan")), images(), tmp_path)
    assert not list(tmp_path.iterdir())
