"""Claims about trained classifiers: better, or equivalent within a margin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from ._cell_table import Draws, Predictions
from ._compared import Compared
from ._contrast_words import contrast_of, interval_asked, place_words
from ._contrasts import registered_sides
from ._recipe_claims import ClaimPart
from ._record import CellRow, Claim

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
    found = registered_sides(part, cells, draws, predictions)
    row = contrast_of(found)
    asks = part.compare == "equivalence"
    lo, hi = row.lo, row.hi
    if found.lo is not None:
        lo, hi, _ = interval_asked(found)
    return Claim(
        id=part.id,
        sentence=_sentence(part, found),
        contrast=_contrast(part, found),
        verdict=_VERDICTS[row.verdict],
        words=_words(found),
        value=row.value,
        lo=lo,
        hi=hi,
        p=row.p_equivalent if asks else row.p,
        per_seed=row.per_seed,
        method=f"{row.method}, two one-sided tests: a 90% interval" if asks and lo is not None else row.method,
    )


def _sentence(part: ClaimPart, found: Compared) -> str:
    measure = found.question.metric.replace("_", " ")
    where = "" if part.stratum == "all" else f" in {part.stratum}"
    model = f" ({part.classifier})" if part.classifier else ""
    asked = f"by {measure}{where}, {_at(found)}{model}"
    other = part.b or "real-only"
    if part.compare == "equivalence":
        return (
            f"Training with {part.a} gives a classifier as good as {other} does, within {part.margin:g} {asked}."
        )
    return f"Training with {part.a} gives a better classifier than {other} {asked}."


def _at(found: Compared) -> str:
    """Where, as a mean where it is one: a test of a mean does not say that it holds at every number."""
    place = place_words(found.question)
    return f"on {place}" if place.startswith("the mean") else f"at {place}"


def _contrast(part: ClaimPart, found: Compared) -> str:
    asked, model = found.question, f", {part.classifier}" if part.classifier else ""
    return (
        f"{asked.metric}, {part.stratum}: {part.a} - {asked.b}, {place_words(asked)}, equal steps{model}"
    )


def _words(found: Compared) -> str:
    if found.doubt is not None or found.value is None or found.lo is None:
        known = "" if found.value is None or found.lo is None else f"difference {found.value:.3f}; "
        return f"{known}{found.doubt or 'nothing was measured'}"
    lo, hi, level = interval_asked(found)
    return f"difference {found.value:.3f} [{lo:.3f}, {hi:.3f}]{level} ({len(found.differences)} seeds)"
