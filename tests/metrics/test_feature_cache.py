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


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), None])
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


@pytest.mark.parametrize(
    "other",
    [
        np.ones((4, 3), np.float32),
        np.ones((5, 3)),
        np.ones(5, np.float32),
        np.full((5, 3), np.nan, np.float32),
    ],
)
def test_a_file_that_does_not_fit_is_computed_anew(tmp_path: Path, other: np.ndarray) -> None:
    one = Counting()
    extract(one, images(), tmp_path)
    (file,) = tmp_path.glob("*.npy")
    np.save(file, other)
    np.testing.assert_array_equal(extract(one, images(), tmp_path), np.ones((5, 3), np.float32))
    assert one.asked == 2
    extract(one, images(), tmp_path)
    assert one.asked == 2, "the file was mended"


def test_pickled_features_are_never_run(tmp_path: Path) -> None:
    one = Counting()
    extract(one, images(), tmp_path)
    (file,) = tmp_path.glob("*.npy")
    np.save(file, np.array([{}] * 5, object), allow_pickle=True)
    extract(one, images(), tmp_path)
    assert one.asked == 2


def test_a_full_disk_costs_the_cache_and_not_the_features(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    one = Counting()
    monkeypatch.setattr(np, "save", full)
    with pytest.warns(UserWarning, match="No space left"):
        found = extract(one, images(), tmp_path)
    np.testing.assert_array_equal(found, np.ones((5, 3), np.float32))
    assert not list(tmp_path.iterdir()), "nothing half written is left"


def test_a_folder_that_is_a_file_costs_the_cache_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.warns(UserWarning, match="not kept"):
        assert extract(Counting(), images(), tmp_path / "file").shape == (5, 3)


def _fill(folder: str) -> int:
    one = Counting()
    for _ in range(20):
        found = extract(one, images(), folder)
        assert (found == 1.0).all()
        for file in Path(folder).glob("*.npy"):
            file.unlink(missing_ok=True)
    return one.asked


def test_processes_that_write_at_once(tmp_path: Path) -> None:
    import multiprocessing

    with multiprocessing.get_context("fork").Pool(3) as pool:
        asked = pool.map(_fill, [str(tmp_path)] * 3)
    assert sum(asked) > 3
    found = extract(Counting(), images(), tmp_path)
    np.testing.assert_array_equal(found, np.ones((5, 3), np.float32))
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]
