"""The real images of a cell: rows of the kept image set, read once by each process and mapped, never copied whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..classifiers import subset_per_class
from ..core import derive_seed, rng
from ..imagesets import UNKNOWN, ImageSet, stratum_of
from ._shelf import unshelve
from ._work_data import GROUP

Rows = NDArray[np.int64]
FEATURES = "features.npy"


@lru_cache(maxsize=16)
def shelved(folder: Path) -> ImageSet:
    """The image set that a finished stage kept; a stage's folder never changes, so it is read once."""
    return unshelve(folder)


@lru_cache(maxsize=32)
def kept_features(folder: Path) -> NDArray[np.float32]:
    """The features (N, D) that a stage kept, one row for each image of its set; mapped, not read."""
    return np.load(folder / FEATURES, mmap_mode="r", allow_pickle=False)


@lru_cache(maxsize=64)
def split_rows(folder: Path, split: str) -> Rows:
    """Rows of a split."""
    return np.flatnonzero((shelved(folder).column("split") == split).to_numpy()).astype(np.int64)


@lru_cache(maxsize=64)
def strata_of(folder: Path, column: str) -> NDArray[np.str_]:
    """Values of a column, one for each image; unknown ones by that name."""
    return stratum_of(shelved(folder), column).astype(str)


@dataclass(frozen=True)
class CellData:
    """Which real images a cell trains, is scaled and is tested on, as rows of the kept set."""

    folder: Path
    subset: Rows
    """``n_real`` of every class."""
    spare: Rows
    """Further training images, which the cell does not use (but for ``extra-real``)."""
    val: Rows
    """Real images to choose settings and the temperature on: of every class no more than ``n_real``."""
    test: Rows

    @property
    def images(self) -> ImageSet:
        """The kept set."""
        return shelved(self.folder)

    def labels(self, rows: Rows) -> list[str]:
        """Labels of rows."""
        return [str(label) for label in self.images.table["label"].to_numpy()[rows]]

    def pixels(self, rows: Rows) -> NDArray[np.uint8]:
        """Images of rows, in memory."""
        return self.images.images(rows)

    def stratum(self, column: str, rows: Rows) -> NDArray[np.str_]:
        """Values of a column in rows, unknown ones by that name."""
        return strata_of(self.folder, column)[rows]

    def patients(self, rows: Rows) -> NDArray[np.int64]:
        """The group (patient, lesion) of every row."""
        return self.images.table[GROUP].to_numpy()[rows]


def cell_data(folder: Path, config: Mapping[str, Any], seed: int) -> CellData:
    """Return the rows of a cell; all arms of a seed have the same, and those of 8 a class lie within those of 32.

    Where the configuration leaves a value out, no image of it, nor one whose value is unknown, is trained or scaled
    on, and it alone is tested. Validation images are real images too: a cell has no more of them than it trains on.
    """
    left_out = config.get("left_out")
    train, val = training_rows(folder, left_out), _seen(folder, "val", left_out)
    test = split_rows(folder, "test")
    if left_out:
        test = test[strata_of(folder, left_out[0])[test] == left_out[1]]
    labels = shelved(folder).table["label"].to_numpy()
    subset = train[own_subset(labels[train].tolist(), config["n_real"], seed)]
    val = val[own_validation(labels[val].tolist(), config["n_real"], seed)]
    return CellData(folder, subset, np.setdiff1d(train, subset), val, test)


def training_rows(folder: Path, left_out: Sequence[str] | None = None) -> Rows:
    """Rows of the training split, without those that ``outside`` tells apart."""
    return _seen(folder, "train", left_out)


def _seen(folder: Path, split: str, left_out: Sequence[str] | None) -> Rows:
    rows = split_rows(folder, split)
    return rows if not left_out else rows[outside(strata_of(folder, left_out[0])[rows], left_out[1])]


def outside(values: NDArray[np.str_], left_out: str) -> NDArray[np.bool_]:
    """Which images surely do not have the value that is left out; one of unknown value may have it.

    >>> outside(np.array(["a", "b", "unknown"]), "b").tolist()
    [True, False, False]
    """
    return (values != left_out) & (values != UNKNOWN)


def own_subset(labels: Sequence[str], n_real: int, seed: int) -> Rows:
    """Positions of a cell's own real images among the training images."""
    return subset_per_class([str(label) for label in labels], n_real, derive_seed(seed, "subset"))


def own_validation(labels: Sequence[str], n_real: int, seed: int) -> Rows:
    """Positions of a cell's own images among the validation images: ``n_real`` of every class, or all there are.

    Drawn from a stream of their own; those of 8 a class lie within those of 32.

    >>> own_validation(["a", "b", "a", "a"], 2, seed=0).size
    3
    """
    names = np.asarray([str(label) for label in labels], dtype=str)
    chosen = [np.zeros(0, dtype=np.int64)]
    for name in sorted(set(names.tolist())):
        stream = rng(derive_seed(seed, "validation"), "subset", name)
        chosen.append(stream.permutation(np.flatnonzero(names == name))[:n_real])
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def lacking(labels: Sequence[str], classes: Sequence[str], n_real: int) -> str | None:
    """Why a cell cannot be trained, or None: a class has fewer real training images than the cell takes."""
    names = np.asarray([str(label) for label in labels])
    counts = {name: int((names == name).sum()) for name in classes}
    name = min(counts, key=lambda each: counts[each])
    if counts[name] >= n_real:
        return None
    return f"not enough data: {counts[name]} training images of {name}, {n_real} needed"
