"""Claims about trained classifiers: better, or equivalent within a margin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from ._cell_table import Draws, Predictions
from ._contrasts import compare_sides
from ._recipe_claims import ClaimPart
from ._record import CellRow, Claim
from ._record_augmentation import Contrast

_VERDICTS: Mapping[str, Literal["shown", "not shown", "cannot be known from these data"]] = {
    "better": "shown",
    "equivalent": "shown",
    "worse": "not shown",
    "not shown": "not shown",
    "cannot be known from these data": "cannot be known from these data",
}


def claim_of_cells(
    part: ClaimPart, cells: Sequence[CellRow], draws: Draws, predictions: Predictions | None = None
) -> Claim:
    """Return the claim before it is adjusted for the others that were registered.

    ``compare: classifier`` says that one side is better; ``equivalence`` that the two differ by less than the margin
    (two one-sided tests). Seeds are paired; the test patients' variance is added, within the stratum that is named.
    """
    row = compare_sides(part, cells, draws, predictions)
    asks = part.compare == "equivalence"
    return Claim(
        id=part.id,
        sentence=_sentence(part),
        contrast=_contrast(part, row),
        verdict=_VERDICTS[row.verdict],
        words=_words(row),
        value=row.value,
        lo=row.lo,
        hi=row.hi,
        p=row.p_equivalent if asks else row.p,
        per_seed=row.per_seed,
        method=row.method,
    )


def _sentence(part: ClaimPart) -> str:
    other, at = part.b or "real-only", _at(part)
    at += f" ({part.classifier})" if part.classifier else ""
    if part.compare == "equivalence":
        return f"Training with {part.a} gives a classifier as good as {other} does, within {part.margin:g}, at {at}."
    return f"Training with {part.a} gives a better classifier than {other} at {at}."


def _contrast(part: ClaimPart, row: Contrast) -> str:
    model = f", {part.classifier}" if part.classifier else ""
    return (
        f"{row.metric}, {part.stratum}: {part.a} - {part.b or 'real-only'}, {_at(part)}, equal steps{model}"
    )


def _at(part: ClaimPart) -> str:
    return f"{part.n_real} real images per class" if part.n_real else "all numbers of real images"


def _words(row: Contrast) -> str:
    if row.verdict == "cannot be known from these data" or row.value is None:
        return row.words.rpartition(": ")[2] if row.lo is not None else row.words.partition(": ")[2]
    return f"difference {row.value:.3f} [{row.lo:.3f}, {row.hi:.3f}] ({len(row.per_seed)} seeds)"
