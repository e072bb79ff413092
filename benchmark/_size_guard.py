"""How large a run with a grid is, before it begins: cells, gigabytes, hours; a very large one must be meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core import UserError
from ..imagesets import ImageSet
from ._estimate import minutes
from ._graph import Graph
from ._grid import grid_cells
from ._recipe import Recipe

MOST_CELLS, MOST_GIGABYTES, MOST_HOURS = 2_000, 20.0, 24.0
_LAID_OUT = 20_000
"""Cells up to which the stages are laid out and estimated one by one."""
_SECONDS_A_CELL = 5.0
"""Of one small cell on one core, where nothing better is known: mostly its measures and their draws."""
_CELL_BYTES = 250_000
"""Rows and bootstrap draws of one cell and test set."""
_WIDTH = 1280
"""Features of an image where the backbone is not known."""


@dataclass(frozen=True)
class Size:
    """What a run would take."""

    cells: int
    gigabytes: float
    seconds: float
    known: bool
    """Whether the time is an estimate from finished stages or the recipe, not a bare guess by the number of cells."""

    @property
    def too_large(self) -> bool:
        """Whether it should only begin with a yes."""
        return self.cells > MOST_CELLS or self.gigabytes > MOST_GIGABYTES or self.seconds > 3600 * MOST_HOURS

    def words(self) -> str:
        """One line."""
        guess = "" if self.known else ", guessed by the number of cells"
        disk = f"about {self.gigabytes:.1f} GB" if self.gigabytes >= 0.1 else "under 0.1 GB"
        return f"{self.cells:,} cells, {disk} of disk and about {minutes(self.seconds)}{guess}"


def cells_asked(recipe: Recipe, sites: Sequence[str] = ()) -> int:
    """Classifiers that the recipe trains, all seeds together."""
    return len(grid_cells(recipe, sites)) * len(recipe.seeds)


def refuse_unmeant(recipe: Recipe, workers: int, *, yes: bool) -> None:
    """Refuse a grid that is too large to be laid out without a yes; no image is opened for it."""
    cells = cells_asked(recipe)
    if cells > _LAID_OUT and not yes:
        # a left-out column multiplies it further, which only the images tell
        refuse(Size(cells, cells * _CELL_BYTES / 1e9, cells * _SECONDS_A_CELL / workers, False))


def size_of_run(
    recipe: Recipe, graph: Graph, images: ImageSet, seconds: float, *, unknown: int, workers: int
) -> Size:
    """Return the size; ``seconds`` is the estimate of the stages whose time is known, ``unknown`` how many are not."""
    cells = len(graph.cells)
    guessed = max(seconds, cells * _SECONDS_A_CELL / workers) if unknown else seconds
    return Size(cells, _bytes(recipe, graph, images) / 1e9, guessed, not unknown)


def refuse(size: Size) -> None:
    """Raise ``UserError`` with the size of the run."""
    limits = f"{MOST_CELLS:,} cells, {MOST_GIGABYTES:g} GB or {MOST_HOURS:g} hours"
    raise UserError(
        f"this run is large: {size.words()}",
        remedy=f"say --yes if you mean it (asked beyond {limits}), or ask for fewer arms, ratios, models or seeds",
    )


def _bytes(recipe: Recipe, graph: Graph, images: ImageSet) -> float:
    """Upper estimate of what stages keep: pixels of the set and of every sample, features, draws, probabilities."""
    pixels = 3 * recipe.imageset.size**2
    sampled = sum(
        stage.config["n"] for stage in graph.stages.values() if stage.function == "._work_generate:sample"
    )
    embedded = [stage for stage in graph.stages.values() if stage.function == "._work_embed:embed"]
    rows = sum(stage.needs["images"].config.get("n", len(images)) for stage in embedded)
    tests = 1 + len(recipe.classifiers.external if recipe.classifiers else ())
    probabilities = 4 * len(images.classes) * len(images) * recipe.splits.test
    cells = len(graph.cells) * tests * (_CELL_BYTES + probabilities)
    return (len(images) + sampled) * pixels + 4 * _WIDTH * rows + cells
