"""The first stage: open, bring to one size, split by group."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..core import UserError, content_key, rng
from ..imagesets import (
    ImageSet,
    age_group,
    group_numbers,
    open_imageset,
    refuse_tone,
    split_by_group,
    tone_group,
    with_near_duplicates,
)
from ._recipe import ImageSetPart, SplitsPart
from ._shelf import shelve
from ._stage import Stage, Work

GROUP = "group_number"
"""Column of the kept table: equal for images that share a patient, a lesion or all their pixels."""
AGE_GROUP = "age_group"
"""Made of the column ``age`` where it is asked for and the set has none."""
_GROUPS = ("patient_id", "lesion_id")
SMALLEST, LARGEST = 8, 1024
"""Sides in pixels at which images are measured and learnt from."""


def open_data(part: ImageSetPart) -> ImageSet:
    """Open the recipe's image set, check that it can be used, and bring all images to one size, in memory."""
    found = open_imageset(part.path)
    table = found.table.copy()
    if part.label != "label":
        table["label"] = found.column(part.label)
    if "label" not in table.columns:
        raise UserError(
            f"the image set {found.about.name!r} has no column 'label'",
            remedy=f"choose one with --set imageset.label=COLUMN; it has: {', '.join(map(str, table.columns))}",
        )
    keep = table["label"].notna().to_numpy()
    if not keep.any():
        raise UserError(f"no image of {found.about.name!r} has a label")
    table["label"] = table["label"].astype(str)
    if AGE_GROUP in part.strata and AGE_GROUP not in table.columns and "age" in table.columns:
        table[AGE_GROUP] = [age_group(age) for age in table["age"]]
    for column in part.strata:
        if reason := refuse_tone(found, column):
            raise UserError(reason, where="imageset.strata", remedy="choose other strata")
        found.with_table(table).column(column)
    images = found.with_table(table).subset(keep)
    height, width = images.image(0).shape[:2]
    if min(height, width) < SMALLEST:
        raise UserError(
            f"the first image is {width} x {height} pixels, too small to learn from",
            where=found.about.name,
            remedy=f"give images of {SMALLEST} pixels a side or more",
        )
    images = _sample(images, part)
    if len(images.classes) < 2:
        raise UserError(f"a run needs at least 2 classes, {found.about.name!r} has {len(images.classes)}")
    images = ImageSet.from_arrays(images.images(size=part.size), images.table, about=images.about)
    return with_near_duplicates(images) if part.near_duplicates == "group" else images


def with_groups(images: ImageSet) -> ImageSet:
    """Skin tone by group, so that generators are asked for I-II, III-IV or V-VI."""
    if "skin_tone" not in images.table.columns:
        return images
    table = images.table.assign(skin_tone=images.table["skin_tone"].map(tone_group))
    return images.with_table(table)


def group_column(images: ImageSet, part: ImageSetPart) -> str | None:
    """The column whose images must never cross a split."""
    if part.group:
        images.column(part.group)
        return part.group
    return group_of(images)


def group_of(images: ImageSet) -> str | None:
    """``patient_id`` or ``lesion_id``, whichever the table has first."""
    return next((name for name in _GROUPS if name in images.table.columns), None)


def _sample(images: ImageSet, part: ImageSetPart) -> ImageSet:
    """A seeded sample of whole groups, balanced over classes, when the recipe limits the number of images."""
    if part.max_images is None or len(images) <= part.max_images:
        return images
    group = group_column(images, part)
    owner = images.table[group].astype(str) if group else pd.Series(np.arange(len(images)).astype(str))
    order = rng(0, "sample").permutation(len(images))
    labels = np.array(images.labels)
    turn = np.zeros(len(images), dtype=np.int64)
    turn[order] = pd.Series(labels[order]).groupby(labels[order]).cumcount().to_numpy()
    ranked = np.argsort(turn, kind="stable")
    keep = set(owner.iloc[ranked[: part.max_images]])
    return images.subset(owner.isin(keep).to_numpy())


def data_stage(images: ImageSet, part: ImageSetPart, splits: SplitsPart) -> Stage:
    """The stage that keeps the split images; its key rests on every pixel and table cell."""
    config = {
        "content": content_key(
            images.images(), images.table.astype(object).where(images.table.notna(), None)
        ),
        "group": group_column(images, part),
        "splits": splits.model_dump(),
    }
    return Stage("data", "._work_data:keep", 2, config)


def keep_data(stage: Stage, images: ImageSet, cache: Path) -> None:
    """Split the images and write them under the stage's key, unless that was done before."""
    import json

    from ..core import atomic_folder

    if stage.done(cache):
        return
    with atomic_folder(stage.folder(cache)) as out:
        shelve(divide(images, stage.config["splits"], stage.config["group"]), out)
        (out / "stage.json").write_text(json.dumps({"name": "data", "seconds": 0.0}))


def divide(images: ImageSet, shares: Mapping[str, float], group: str | None) -> ImageSet:
    """Split the images by group; the group's number stands in the table."""
    divided = split_by_group(images, fractions=dict(shares), group=group, stratify="label", seed=0)
    return divided.with_table(divided.table.assign(**{GROUP: group_numbers(divided, group)}))


def keep(work: Work) -> Any:
    """Never called by an engine: the data stage is kept by the parent process, before the pool starts."""
    raise UserError("the data stage is missing", where=work.out, remedy="run the recipe again")
