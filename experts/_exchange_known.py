"""Which image a file's row means: found in an image set, or among the images of a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import pandas as pd

from ..core import UserError, content_key
from ..imagesets import ImageSet
from ._count_words import counted
from ._exchange_cells import Cells, records
from ._ratings import as_json
from ._simulated import requested_of

_SHOWN = 10


@dataclass
class Known:
    """Images by content key and by file name, with what is known of each."""

    where: str
    by_key: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    by_name: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def find(self, name: str | None, key: str | None) -> Mapping[str, str | None] | None:
        """Return what is known of an image: by its content where the file tells it, else by its name.

        A name is looked up whole, then without its folders; several images of one name are none.
        """
        if key is not None:
            return self.by_key.get(key)
        for candidate in (name, PurePosixPath(name).name) if name else ():
            keys = self.by_name.get(candidate, ())
            if keys:
                return self.by_key[keys[0]] if len(keys) == 1 else None
        return None


def known_of_set(images: ImageSet) -> Known:
    """Return the images of a set; keys are made from the pixels, so every image is read."""
    wishes = [as_json(row) for row in requested_of(images).to_dict("records")]
    labels = images.table["label"].tolist() if "label" in images.table.columns else [None] * len(images)
    origin = images.lineage.generator if images.lineage else None
    rows = [
        {
            "image": str(name),
            "image_key": key,
            "imageset": images.about.name,
            "label": None if pd.isna(label) else str(label),
            "requested": wish,
            "origin": origin,
        }
        for name, key, label, wish in zip(
            images.column("file_name"), images.image_keys, labels, wishes, strict=True
        )
    ]
    return _known(rows, f"the image set {images.about.name!r}")


def known_of_store(rated: pd.DataFrame) -> Known:
    """Return the images that a store has ratings of (a table of ratings)."""
    names = ["image", "image_key", "imageset", "label", "requested", "origin"]
    return _known(records(rated[names].drop_duplicates("image_key")), "the store")


def match_images(
    table: pd.DataFrame,
    known: Known,
    *,
    where: object,
    keep_unknown: bool = False,
    all_known: bool = True,
    suffix: str = "",
) -> tuple[pd.DataFrame, list[str]]:
    """Return the table with ``image_key``, ``imageset``, ``label``, ``requested`` and ``origin`` filled in where they
    were missing, and what is to be told.

    With ``all_known`` every image must be known; else only those without a content key must, since their key
    comes from there. Unknown ones are refused by name, or kept with a key made from their name. ``suffix`` is the
    ``_a`` or ``_b`` of a pair's columns.
    """
    cells = Cells(table)
    names, keys = cells.text(f"image{suffix}"), cells.text(f"image_key{suffix}")
    found = [known.find(name, key) for name, key in zip(names, keys, strict=True)]
    unknown = sorted(
        {
            str(name)
            for name, key, one in zip(names, keys, found, strict=True)
            if name is not None and one is None and (all_known or key is None)
        }
    )
    if unknown and not keep_unknown:
        shown = ", ".join(map(repr, unknown[:_SHOWN])) + (", ..." if len(unknown) > _SHOWN else "")
        remedy = (
            "take them all the same with --keep-unknown"
            if all_known
            else "name their image set: --images SET"
        )
        raise UserError(
            f"{counted(len(unknown), 'image', 'is', 'are')} not in {known.where}: {shown}", where=where, remedy=remedy
        )
    whole = table.reset_index(drop=True).copy()
    made = [
        key or (f"name-{content_key(name)[:24]}" if name else None)
        for name, key in zip(names, keys, strict=True)
    ]
    whole[f"image_key{suffix}"] = pd.Series(
        [one["image_key"] if one else key for one, key in zip(found, made, strict=True)], dtype=object
    )
    for name in ("image", "imageset", "label", "requested", "origin"):
        column = f"{name}{suffix}" if name in ("image", "origin") else name
        given = Cells(whole).text(column)
        kept = [one.get(name) if one and (cell is None or name == "image") else cell
                for one, cell in zip(found, given, strict=True)]  # fmt: skip
        whole[column] = pd.Series(kept, dtype=object)
    told = f"{counted(len(unknown), 'image', 'is', 'are')} not in {known.where}, and kept all the same"
    return whole, [told] if unknown else []


def _known(rows: Sequence[Mapping[str, str | None]], where: str) -> Known:
    by_name: dict[str, list[str]] = {}
    for row in rows:
        name, key = str(row["image"]), str(row["image_key"])
        for one in {name, PurePosixPath(name).name}:
            if key not in by_name.setdefault(one, []):
                by_name[one].append(key)
    return Known(where, {str(row["image_key"]): row for row in rows}, by_name)
