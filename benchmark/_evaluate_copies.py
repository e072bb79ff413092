"""Copies in an evaluation: what is taken from every image for the search, and the verdict on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core import Progress, registry
from ..imagesets import ImageSet, SamePixels, same_pixels
from ._copies import CHUNK, SEEKER, Copies, CopySet, default_views, files_of, judge_copies, view_features
from ._evaluate_cache import FeatureCache
from ._evaluate_inputs import Inputs
from ._feature_input import BroughtFeatures, Floats
from ._work_data import group_of

if TYPE_CHECKING:
    from ._evaluate_material import Material, Part

FEATURES = "copies"
"""The name under which a set keeps its features for the search."""
SAME, SAME_VIEW = "same", "same view"
"""By image the row of the source that it equals pixel by pixel (-1: none), and under which view."""


def seek(inputs: Inputs, material: Material, cache: FeatureCache, progress: Progress) -> None:
    """Find equal pixels; with a hold-out take the seeker's features of all images and of the sources' views."""
    if inputs.arrays:
        return
    sets = {"synthetic": inputs.fake, "holdout": inputs.held}
    for role, images in sets.items():
        if images is not None:
            rows, views = _same(images, inputs.sources)
            material.parts[role].said.update({SAME: rows, SAME_VIEW: views})
    if inputs.held is None:
        return
    progress.say("copies: looked for as they are, mirrored, turned, cropped and shifted")
    seeker = registry("extractors").build(SEEKER)
    for part, images in (
        (material.fake, inputs.fake),
        (material.held, inputs.held),
        (material.sources, inputs.sources),
    ):
        if part is not None:
            part.features[FEATURES] = cache.features(seeker, images)
    material.sources.views.update(_views(seeker, inputs.sources))


def judge(material: Material, *, generator: str) -> Copies:
    """The verdict on copies of the images that the generator was trained on, or else of the real ones."""
    source, made, held = material.sources, material.fake, material.held
    named = SEEKER if FEATURES in made.features or material.size else BroughtFeatures.name
    again = 0 if held is None or SAME not in held.said else int((held.said[SAME] >= 0).sum())
    found = judge_copies(
        _copy_set(source),
        _copy_set(made),
        None if held is None else _copy_set(held),
        extractor=named,
        generator=generator,
        seed=material.seed,
        views=source.views,
        exact=_listed(made) if SAME in made.said else None,
        exact_holdout=again,
        patients_by=group_of(source.labelled()),
    )
    told = found.entry.words.rstrip(".")
    if material.train is not None:
        found.entry.words = f"Copies of the images it was trained on: {told}."
    else:
        found.entry.words = f"Copies of the given real images: {told}. Of others this says nothing."
    return found


def _same(images: ImageSet, sources: ImageSet) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    rows, views = np.full(len(images), -1, dtype=np.int64), np.full(len(images), "", dtype="<U16")
    for each in same_pixels(images, sources.image_keys):
        rows[each.row], views[each.row] = each.other, each.view
    return rows, views


def _views(seeker: object, images: ImageSet) -> dict[str, Floats]:
    """Features of the sources under every view; each image is read once for all of them."""
    names = default_views(SEEKER)
    parts = [
        view_features(seeker, images.images(range(start, min(start + CHUNK, len(images)))), names)
        for start in range(0, len(images), CHUNK)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def _listed(part: Part) -> list[SamePixels]:
    rows, views = part.said[SAME], part.said[SAME_VIEW]
    return [SamePixels(int(row), int(rows[row]), str(views[row])) for row in np.flatnonzero(rows >= 0)]


def _copy_set(part: Part) -> CopySet:
    features = part.features.get(FEATURES, part.features.get(BroughtFeatures.name, np.zeros((len(part), 0))))
    return CopySet(features, files_of(part.table), part.groups if group_of(part.labelled()) else None)
