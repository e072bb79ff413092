"""Which images must stay together: those of one patient or lesion, and those with identical pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._imageset import ImageSet

GROUP_COLUMNS = ("patient_id", "lesion_id")
NEAR = "near_duplicate"
"""Column that binds near-duplicates, whatever else binds images (`with_near_duplicates`)."""


def group_columns(images: ImageSet, group: str | None) -> list[str]:
    """Return the columns that bind images: the one asked for, else ``patient_id`` and ``lesion_id`` where
    present."""
    if group is not None:
        images.column(group)
        return [group]
    return [name for name in GROUP_COLUMNS if name in images.table.columns]


def group_numbers(images: ImageSet, group: str | None = None) -> NDArray[np.int64]:
    """Return a group number for every image: equal for images that share a patient, a lesion, all their pixels, or
    a cell of the column ``near_duplicate``.

    The relation is closed: when A and B share a patient, and B and C are byte-identical, A, B and C are one
    group. A missing patient or lesion binds nothing.
    """
    parent = list(range(len(images)))
    columns = [*group_columns(images, group), *({NEAR} & set(images.table.columns))]
    for bonds in (images.image_keys, *(images.table[name].tolist() for name in columns)):
        _unite(parent, bonds)
    roots = [_root(parent, i) for i in range(len(parent))]
    return np.unique(np.asarray(roots, dtype=np.int64), return_inverse=True)[1].astype(np.int64)


def _unite(parent: list[int], bonds: Sequence[Any]) -> None:
    first: dict[str, int] = {}
    for i, bond in enumerate(bonds):
        if bond is None or bool(pd.isna(bond)) or bond == "":
            continue
        j = first.setdefault(str(bond), i)
        parent[_root(parent, i)] = _root(parent, j)


def _root(parent: list[int], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i
