"""The stages of the grid of classifiers."""

from __future__ import annotations

import math

from ..imagesets import UNKNOWN
from ._graph_keys import code_of, content_of
from ._graph_seed import SeedGraph
from ._work_data import with_groups

SYNTHETIC_ARMS = ("real+synthetic", "synthetic-only", "real+shuffled-synthetic")


def add_cells(seed: SeedGraph) -> None:
    """Add one stage for each arm, generator, number of real images and ratio."""
    grid = seed.recipe.classifiers
    if grid is None:
        return
    for n_real in grid.n_real:
        for arm in grid.arms:
            uses = arm in SYNTHETIC_ARMS
            for generator in grid.generators if uses else [None]:
                for ratio in grid.ratios if uses else [0.0]:
                    _add_cell(seed, arm, generator, n_real, ratio)


def _pool(seed: SeedGraph, per_class: int) -> int:
    """Images to sample so that every class has ``per_class``.

    Conditions are balanced over the combinations of columns, of which a class may have fewer than another.
    """
    known = with_groups(seed.images).table[seed.columns].dropna()
    combinations = known[(known != UNKNOWN).all(axis=1)].drop_duplicates()
    fewest = int(combinations["label"].value_counts().min())
    return math.ceil(per_class / fewest) * len(combinations)


def _add_cell(seed: SeedGraph, arm: str, generator: str | None, n_real: int, ratio: float) -> None:
    grid = seed.recipe.classifiers
    assert grid is not None
    if arm == "real-repeated":
        ratio = max(grid.ratios)
    config = {
        "arm": arm,
        "generator": generator,
        "n_real": n_real,
        "ratio": ratio,
        "model": grid.model,
        "code": code_of("classifiers", grid.model),
        "content": content_of(grid.model),
        "classes": seed.images.classes,
        "strata": list(seed.recipe.imageset.strata),
        "min_stratum": seed.recipe.imageset.min_stratum,
        "group": seed.graph.data.config["group"],
        "seed": seed.seed,
    }
    needs = {}
    if generator:
        fitted = seed.graph.samples[(generator, seed.seed)].needs["fit"]
        pool = _pool(seed, math.ceil(max(grid.n_real) * max(grid.ratios)))
        needs["synthetic"] = seed.sample(generator, fitted, "training", pool)
    name = f"train {arm}{'/' + generator if generator else ''} n={n_real} x{ratio:g}"
    seed.graph.cells[(arm, generator, n_real, ratio, seed.seed)] = seed.stage(
        name, "._work_cells:train_cell", config, needs
    )
