"""The stages that fit closed-set generators and sample the images that classifiers are trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ..imagesets import UNKNOWN, stratum_of
from ._cell_data import lacking, outside, own_subset
from ._graph_seed import SeedGraph
from ._grid import TEST, GridCell, closed_components
from ._recipe_classifiers import AIMED, ClassifiersPart
from ._stage import Stage
from ._work_data import with_groups

_Own = tuple[int, str]
"""Real images per class, and the value that is left out (or ``test``): what a closed set is fitted on."""


class Pools:
    """Synthetic images by generator: as many as the largest cell of the seed takes, sampled once."""

    def __init__(self, seed: SeedGraph, part: ClassifiersPart, cells: Sequence[GridCell]) -> None:
        self.seed, self.part, self.cells = seed, part, cells
        self.columns = list(seed.columns)
        self._lacks: dict[_Own, str | None] = {}
        self._combined: dict[tuple[_Own | None, bool], pd.DataFrame] = {}
        self._fits: dict[tuple[str, int, str], Stage] = {}
        self._pools: dict[tuple[Any, ...], Stage] = {}

    @cached_property
    def _train(self) -> pd.DataFrame:
        """The table of the training split."""
        images = self.seed.graph.divided(self.seed.images)
        table = with_groups(images).table
        if self.part.leave_out:
            table = table.assign(**{_SITE: stratum_of(images, self.part.leave_out).astype(str)})
        return table[(table["split"] == "train").to_numpy()].reset_index(drop=True)

    def lacking(self, cell: GridCell) -> str | None:
        """Why the cell cannot be trained: a class has too few real images."""
        own = (cell.n_real, cell.test_set)
        if own not in self._lacks:
            labels = self._without(cell.test_set)["label"].astype(str).tolist()
            self._lacks[own] = lacking(labels, self.seed.images.classes, cell.n_real)
        return self._lacks[own]

    def empty(self, cell: GridCell) -> str | None:
        """Why the cell's generator can be asked for nothing: none of its real images is of whom it is aimed at."""
        if cell.generator is None or self.lacking(cell) or len(self._asked(cell)):
            return None
        aim = self.part.aim if cell.arm == AIMED else None
        wanted = f"with {aim.column} {', '.join(aim.values)}" if aim else f"of known {', '.join(self.columns)}"
        among = "its own real images" if cell.closed else "the training images"
        return f"not enough data: no image {wanted} among {among}"

    def of(self, cell: GridCell) -> Stage | None:
        """The stage that samples the cell's synthetic images; None for an arm without any."""
        if cell.generator is None:
            return None
        aimed = cell.arm == AIMED
        own = (cell.n_real, cell.test_set) if cell.closed else (None, TEST)
        key = (cell.generator, *own, aimed)
        if key not in self._pools:
            self._pools[key] = self._sample(cell, aimed)
        return self._pools[key]

    def _sample(self, cell: GridCell, aimed: bool) -> Stage:
        assert cell.generator is not None
        combinations = self._asked(cell)
        fitted = self._fit(cell) if cell.closed else self._open_fit(cell.generator)
        more: dict[str, Any] = {}
        if cell.closed:
            more["closed"] = fitted.config["closed"]
        if aimed and self.part.aim:
            more["aim"] = self.part.aim.model_dump()
        name = cell.generator + (f" n={cell.n_real}" if cell.closed else "")
        name += f" without {cell.test_set}" if cell.test_set != TEST else ""
        purpose = "aimed training" if aimed else "training"
        stage = self.seed.sample(name, fitted, purpose, self._number(cell, combinations, aimed), more)
        self.seed.graph.pools.setdefault((cell.generator, self.seed.seed), []).append(stage)
        return stage

    def _number(self, cell: GridCell, combinations: pd.DataFrame, aimed: bool) -> int:
        """Images to sample so that every class has enough; of aimed ones, so that there are enough in all.

        Conditions are balanced over the combinations of columns, of which a class may have fewer than another.
        A class's number is rounded up to a power of two, so that a slightly larger grid finds its pools again.
        """
        largest = math.ceil(max(other.n_real * other.ratio for other in self._alike(cell, aimed)))
        per_class = 1 << (largest - 1).bit_length()
        if aimed:
            total = per_class * len(self.seed.images.classes)
            return math.ceil(total / max(1, len(combinations))) * max(1, len(combinations))
        fewest = int(combinations["label"].value_counts().min())
        return math.ceil(per_class / fewest) * len(combinations)

    def _alike(self, cell: GridCell, aimed: bool) -> list[GridCell]:
        """The cells that draw from the same pool."""
        same = [each for each in self.cells if each.generator == cell.generator and not self.lacking(each)]
        if cell.closed:
            own = (cell.n_real, cell.test_set)
            same = [each for each in same if (each.n_real, each.test_set) == own]
        return [each for each in same if (each.arm == AIMED) == aimed]

    def _asked(self, cell: GridCell) -> pd.DataFrame:
        """The combinations of columns that its generator is asked for: those among the images it was fitted on."""
        aimed = cell.arm == AIMED
        own = (cell.n_real, cell.test_set) if cell.closed else None
        if (own, aimed) not in self._combined:
            table = self._own(cell) if cell.closed else self._train
            self._combined[own, aimed] = self._combinations(table, aimed)
        return self._combined[own, aimed]

    def _combinations(self, table: pd.DataFrame, aimed: bool) -> pd.DataFrame:
        known = table[self.columns].dropna()
        found = known[(known != UNKNOWN).all(axis=1)].drop_duplicates()
        aim = self.part.aim
        return found[found[aim.column].astype(str).isin(aim.values)] if aimed and aim else found

    def _open_fit(self, name: str) -> Stage:
        fitted = self.seed.graph.samples.get((name, self.seed.seed))
        return fitted.needs["fit"] if fitted else self.seed.fits[name]

    def _fit(self, cell: GridCell) -> Stage:
        """The stage that fits a generator on the cell's own real images; cells that have the same share it."""
        assert cell.generator is not None
        key = (cell.generator, cell.n_real, cell.test_set)
        if key not in self._fits:
            part = closed_components(self.seed.recipe)[cell.generator]
            left_out = cell.test_set.split("=", 1) if cell.test_set != TEST else None
            config = {
                **self.seed.fit_config(part),
                "closed": {
                    "n_real": cell.n_real,
                    "left_out": left_out,
                    **({"of_unknown": "left out"} if left_out else {}),
                },
            }
            name = f"fit {cell.generator} n={cell.n_real}" + (f" without {cell.test_set}" if left_out else "")
            self._fits[key] = self.seed.stage(name, "._work_generate:fit", config, {})
        return self._fits[key]

    def _without(self, test_set: str) -> pd.DataFrame:
        if test_set == TEST:
            return self._train
        sites = self._train[_SITE].to_numpy().astype(str)
        return self._train[outside(sites, test_set.split("=", 1)[1])]

    def _own(self, cell: GridCell) -> pd.DataFrame:
        """The table of the cell's own real images."""
        table = self._without(cell.test_set)
        chosen = own_subset(table["label"].tolist(), cell.n_real, self.seed.seed)
        return table.iloc[np.asarray(chosen)]


_SITE = "_left_out_value"
