"""All that a grid of classifiers is analysed for, from its finished cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ._cell_table import CellTable, Draws, Predictions
from ._contrasts import METRICS, Registered, contrasts
from ._grid_errors import GridErrors
from ._levelling import levelling
from ._plausibility_rows import plausibility_rows
from ._recipe_classifiers import ClassifiersPart
from ._record import CellRow, Memorisation, ScoreRow
from ._record_augmentation import Augmentation
from ._saturation_rows import saturation_rows
from ._sharing import sharing_rows
from ._variance import variance_rows
from ._worth_rows import curve_rows, equivalence_rows


def analyse(
    cells: Sequence[CellRow],
    draws: Draws | None = None,
    predictions: Predictions | None = None,
    recipe_part: ClassifiersPart | None = None,
    claims: Sequence[Registered] = (),
    scores: Sequence[ScoreRow] = (),
    memorisation: Sequence[Memorisation] = (),
    *,
    ledger: Mapping[str, float] | None = None,
) -> Augmentation:
    """Analyse a grid: contrasts, levelling down, learning curves, equivalences, saturation, variance, sharing.

    ``draws`` are the cells' bootstrap draws over test patients (without them intervals speak of seeds alone, and say
    so); ``predictions`` serve McNemar's test; ``claims`` are the registered contrasts, whose margins of equivalence
    are also those beyond the paying ratio of the same measure; ``ledger`` maps a claim's id to its adjusted p in the
    claims ledger; ``scores`` and ``memorisation`` tell of the generators. Leakage, tuning and speed are not known from
    cells and stay empty.

    >>> analyse([]).curves
    []
    """
    grid = GridErrors(CellTable(cells, draws))
    return Augmentation(
        contrasts=contrasts(cells, draws, predictions, claims, ledger=ledger),
        levelling=levelling(cells, draws),
        curves=curve_rows(grid),
        equivalences=equivalence_rows(grid),
        saturation=saturation_rows(grid, _margins(claims)),
        variance=variance_rows(grid.table),
        plausibility=plausibility_rows(grid, scores),
        sharing=sharing_rows(grid, memorisation),
    )


def _margins(claims: Sequence[Registered]) -> dict[str, float]:
    """The smallest margin of equivalence that was registered for each measure."""
    found: dict[str, float] = {}
    for claim in claims:
        if claim.compare == "equivalence" and claim.margin:
            metric = claim.metric or METRICS[0]
            found[metric] = min(claim.margin, found.get(metric, claim.margin))
    return found
