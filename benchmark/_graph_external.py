"""External image sets, on which classifiers are tested and nothing is ever trained."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import yaml

from ..core import UserError
from ..imagesets import ImageSet, open_imageset, refuse_tone
from ._graph_seed import SeedGraph
from ._recipe_part import Component, short_name, without_alias
from ._shelf import shelve
from ._stage import Stage, Work


def external_stage(seed: SeedGraph, part: Component, strata: list[str]) -> Stage:
    """Add the stage that keeps an external set at the run's size; its labels must be among the run's."""
    name = f"external {short_name(part)}"
    if name in seed.graph.stages:
        return seed.graph.stages[name]
    imageset = seed.recipe.imageset
    spec = without_alias(part)
    images = _opened(yaml.safe_dump(spec))
    labels = _labels(images, imageset.label, seed.images.classes)
    config = {
        "spec": spec,
        "content": images.content_hash,
        "label": imageset.label,
        "size": imageset.size,
        "classes": seed.images.classes,
        "images": len(labels),
    }
    refused = [column for column in strata if refuse_tone(images, column)]
    if refused:
        config["refused"] = refused
    return seed.graph.add(Stage(name, "._graph_external:keep_external", 1, config))


@lru_cache(maxsize=8)
def _opened(spec: str) -> ImageSet:
    return open_imageset(yaml.safe_load(spec))


def _labels(images: ImageSet, column: str, classes: list[str]) -> list[int]:
    """Rows whose label is one of the run's; ``UserError`` where there are none."""
    labels = images.column(column).astype(object)
    rows = [row for row, label in enumerate(labels) if str(label) in classes]
    if not rows:
        has = ", ".join(sorted({str(label) for label in labels.dropna()})[:6])
        raise UserError(
            f"no image of the external set has a label of this run ({', '.join(classes[:6])}); it has: {has}",
            where=images.about.name,
            remedy="give the same names to the same classes",
        )
    return rows


def keep_external(work: Work) -> Any:
    """Keep the images whose label is one of the run's, without columns that these images cannot tell."""
    config = work.config
    images = open_imageset(config["spec"])
    rows = _labels(images, config["label"], config["classes"])
    chosen = images.subset(rows)
    known = chosen.table.drop(columns=config.get("refused", []), errors="ignore")
    table = known.assign(label=chosen.column(config["label"]).astype(str))
    shelve(ImageSet.from_arrays(chosen.images(size=config["size"]), table, about=images.about), work.out)
