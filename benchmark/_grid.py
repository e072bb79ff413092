"""Which cells a recipe asks for, before any image is opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..classifiers import WITH_SYNTHETIC
from ._cell_key import CellKey
from ._recipe import Recipe
from ._recipe_claims import ClaimPart
from ._recipe_classifiers import CLOSED, ClassifiersPart, classifier_name
from ._recipe_part import Component, short_name

TEST = "test"


@dataclass(frozen=True)
class GridCell:
    """One classifier to be trained for each seed."""

    arm: str
    generator: str | None
    n_real: int
    ratio: float
    classifier: str
    test_set: str = TEST
    """``test``, or the ``COLUMN=VALUE`` that training leaves out."""

    def key(self, seed: int) -> CellKey:
        """The cell under a seed."""
        return CellKey(
            self.arm, self.generator, self.n_real, self.ratio, self.classifier, seed, self.test_set
        )

    @property
    def closed(self) -> bool:
        """Whether its generator is fitted on its own real images."""
        return self.generator is not None and self.generator.endswith(CLOSED)


def grid_cells(recipe: Recipe, sites: Sequence[str] = ()) -> list[GridCell]:
    """Return every cell of one seed, each once; ``sites`` are the ``COLUMN=VALUE`` that are left out in turn.

    A registered model has only the cells that claims name. Where a value is left out, generators of the open set have
    none: they saw its images.
    """
    grid = recipe.classifiers
    if grid is None:
        return []
    cells: dict[GridCell, None] = {}
    for part in grid.grid_models():
        for test_set in [TEST, *sites]:
            cells.update(dict.fromkeys(_of_model(grid, classifier_name(part), test_set)))
    for part in grid.registered_models:
        name = classifier_name(part)
        claims = [claim for claim in recipe.claims if claim.of_cells() and claim.classifier == name]
        wanted = [
            cell for cell in _of_model(grid, name, TEST) if any(_names(claim, cell) for claim in claims)
        ]
        cells.update(dict.fromkeys(wanted))
    return list(cells)


def closed_components(recipe: Recipe) -> dict[str, Component]:
    """Name in rows -> component, of the generators that are fitted on each cell's own images."""
    grid = recipe.classifiers
    fitted = {
        short_name(part): part for part in [*([recipe.base] if recipe.base else []), *recipe.generators]
    }
    parts = grid.closed_set if grid else []
    return {
        short_name(part) + CLOSED: fitted.get(part, part) if isinstance(part, str) else part for part in parts
    }


def open_generators(recipe: Recipe) -> list[str]:
    """Names of the open-set generators whose images train classifiers."""
    return list(dict.fromkeys(recipe.classifiers.generators)) if recipe.classifiers else []


def _of_model(grid: ClassifiersPart, model: str, test_set: str) -> Iterator[GridCell]:
    for n_real in grid.n_real:
        ratios = [ratio for ratio in grid.ratios if _affordable(grid, n_real, ratio)]
        for arm in grid.arms:
            for generator in _generators(grid, arm, n_real, test_set):
                for ratio in _ratios(arm, ratios):
                    yield GridCell(arm, generator, n_real, ratio, model, test_set)


def _affordable(grid: ClassifiersPart, n_real: int, ratio: float) -> bool:
    return grid.max_synthetic is None or n_real * ratio <= grid.max_synthetic


def _generators(grid: ClassifiersPart, arm: str, n_real: int, test_set: str) -> list[str | None]:
    if arm not in WITH_SYNTHETIC:
        return [None]
    closed = [short_name(part) + CLOSED for part in grid.closed_set if n_real in grid.at_closed()]
    return [*(grid.generators if test_set == TEST else []), *closed]


def _ratios(arm: str, ratios: Sequence[float]) -> Sequence[float]:
    """The steps control repeats the real images to the largest number; other arms without additions have none."""
    if arm in WITH_SYNTHETIC or arm == "extra-real":
        return ratios
    return [max(ratios)] if arm == "real-repeated" and ratios else [] if arm == "real-repeated" else [0.0]


def _names(claim: ClaimPart, cell: GridCell) -> bool:
    return any(is_side(name, ratio, claim.n_real, cell) for name, ratio in sides_of(claim))


def sides_of(claim: ClaimPart) -> list[tuple[str, float | None]]:
    """The two sides of a claim about cells, each with the ratio that it is asked at."""
    return [
        (claim.a, claim.ratio),
        (claim.b or "real-only", claim.ratio if claim.ratio_b is None else claim.ratio_b),
    ]


def is_side(name: str, ratio: float | None, n_real: int | None, cell: GridCell) -> bool:
    """Whether the cell is one of those that a side of a claim names."""
    side = f"{cell.arm}/{cell.generator}" if cell.generator else cell.arm
    takes_ratio = cell.generator is not None or cell.arm == "extra-real"
    return side == name and n_real in (None, cell.n_real) and (not takes_ratio or ratio in (None, cell.ratio))
