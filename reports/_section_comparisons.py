"""Which generators differ: all pairs on the ranking metric."""

from __future__ import annotations

from ..benchmark import Comparison, Record
from ._blocks import Block, Cell, Column, Table, block, text_cell
from ._names import clean, metric_name, plural
from ._numbers import DASH, interval, p_value, values

ALPHA = 0.05
_DIFFER = "these images differ"


def comparisons_block(record: Record) -> Block | None:
    """A table of all pairs of generators, the surest differences first; None where nothing was compared."""
    if not record.comparisons:
        return None
    first = record.comparisons[0]
    name = metric_name(first.metric)
    columns = [
        Column("Generator"), Column("Compared with"), Column("Difference [95%]", True, "first less second"),
        Column("p", True), Column("p, adjusted", True, "Benjamini-Hochberg"), Column("Reading"),
    ]  # fmt: skip
    found = sorted(record.comparisons, key=lambda each: (each.p_adjusted is None, each.p_adjusted or 0.0))
    table = Table(
        f"Differences in {name}, {clean(first.extractor)} features, all pairs of generators",
        columns,
        [_row(each) for each in found],
    )
    return block(
        "comparisons", f"Which generators differ in {name}", _says(record), table, None, "", _scope(record)
    )


def _row(each: Comparison) -> list[Cell]:
    return [
        text_cell(each.a),
        text_cell(each.b),
        Cell(interval(each.value, each.lo, each.hi), _small(each), each.value),
        Cell(_bare(each.p), "", each.p),
        Cell(_bare(each.p_adjusted), "", each.p_adjusted),
        text_cell(_reading(each)),
    ]


def _small(each: Comparison) -> str:
    """Why there is no difference, or what each of few seeds gave."""
    if each.value is None:
        return clean(each.reason or "not compared")
    return f"seeds {values(each.per_seed)}" if each.scope == "images" and len(each.per_seed) > 1 else ""


def _bare(p: float | None) -> str:
    return p_value(p).removeprefix("p ").removeprefix("= ") or DASH


def _reading(each: Comparison) -> str:
    if each.p_adjusted is None:
        return "not compared"
    if each.better:
        return f"{clean(each.better)} is better"
    if each.scope == "seeds" or each.p_adjusted >= ALPHA:
        return "cannot be told apart"
    agree = len({value > 0 for value in each.per_seed}) == 1
    return _DIFFER if agree else "seeds disagree"


def _says(record: Record) -> str:
    tested = [each for each in record.comparisons if each.p_adjusted is not None]
    if not tested:
        return "No two generators could be compared; the reasons stand in the table."
    apart, pairs = sum(each.better is not None for each in tested), plural(len(tested), "pair")
    if any(each.scope == "seeds" for each in tested):
        return f"{apart} of {pairs} can be told apart once all comparisons are counted together."
    apart = sum(_reading(each) == _DIFFER for each in tested)
    seeds = plural(len(record.seeds), "seed")
    return f"The images of {apart} of {pairs} differ in every seed; no method is claimed to be better from {seeds}."


def _scope(record: Record) -> str:
    """What a difference holds for: these sets of images, or the generators when trained again."""
    same = (
        "Both of a pair were measured against the same real images, which are left out in the same blocks "
        "for both, so what they share cancels. "
    )
    if any(each.scope == "seeds" for each in record.comparisons):
        return same + "Intervals span seeds: they hold for the generators trained again."
    seeds = plural(len(record.seeds), "seed")
    return same + (
        f"With {seeds} the intervals span images alone: they hold for these trained generators, "
        "and say nothing of the same method trained again (5 seeds needed)."
    )
