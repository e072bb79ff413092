"""The report's blocks on the reward model before and after alignment: the figure that tells how far to trust R."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import Record
from ._alignment import MISSING, RewardRow, reward_rows
from ._alignment_cells import gain_cell
from ._blocks import Block, Cell, Column, Table, block, share_cell, text_cell
from ._estimates import Estimate
from ._figure_alignment import reward_figure
from ._names import clean, listed
from ._numbers import DASH, number


def reward_blocks(record: Record) -> list[Block]:
    """How well R tells plausible from implausible before and after alignment; empty when nobody looked afterwards."""
    rows = reward_rows(record)
    if not rows:
        return []
    before, after = rows[0], rows[1:]
    columns = [
        Column("Images of"), Column("Ratings", True), Column("AUROC", True), Column("Change", True),
        Column("AUPRC", True), Column("Brier", True), Column("ECE", True), Column("Plausible", True, "to R's raters"),
    ]  # fmt: skip
    whole = block(
        "reward-after", "The reward model before and after alignment", _reward_says(before, after),
        Table("R against its raters: discrimination and calibration", columns, [_reward_cells(row) for row in rows]),
        reward_figure([(row.images, before.figures["auroc"], row.figures["auroc"]) for row in after]),
        "For each aligner R's AUROC on held-out images of the base and on the aligner's own images.",
        "Aligned images are those that R already likes, so it has less left to tell apart, and what is left it was "
        "never shown. Its calibration is the one of before.",
        open_table=True,
    )  # fmt: skip
    classes = list(dict.fromkeys(name for row in rows for name in row.by_class))
    return [whole, _class_block(rows, classes)] if classes else [whole]


def _class_block(rows: Sequence[RewardRow], classes: Sequence[str]) -> Block:
    cells = [
        [text_cell(row.images), *(_card_cell(row.by_class.get(name, MISSING), _FEW) for name in classes)]
        for row in rows
    ]
    table = Table(
        "AUROC of R by class", [Column("Images of"), *(Column(clean(n), True) for n in classes)], cells
    )
    says = "A class has a value only where every seed had enough images of both verdicts."
    return block("reward-by-class", "The reward model by class", says, table, None, "", open_table=False)


_FEW = "too few of one verdict"


def _reward_cells(row: RewardRow) -> list[Cell]:
    figures = [row.figures[name] for name in ("auroc", "auprc", "brier", "ece", "plausible_share")]
    cells = [_card_cell(found, None if i else row.reason) for i, found in enumerate(figures)]
    rated = Cell(f"{row.n:,}" if row.n else DASH, "", row.n)
    return [text_cell(row.images), rated, cells[0], gain_cell(row.change), *cells[1:]]


def _card_cell(found: Estimate, reason: str | None) -> Cell:
    return share_cell(found) if found.value is not None else Cell(DASH, clean(reason or ""), None, "null")


def _reward_says(before: RewardRow, after: Sequence[RewardRow]) -> str:
    first = before.figures["auroc"].value
    known = [
        (row.images, row.figures["auroc"].value) for row in after if row.figures["auroc"].value is not None
    ]
    if first is None or not known:
        return "R could not be measured on both sides: see the reasons in the table."
    name, lowest = min(known, key=lambda item: item[1] or 0.0)
    certain = [clean(row.images) for row in after if row.change.hi is not None and row.change.hi < 0]
    words = f"On images of the base R's AUROC is {number(first, 2)}; after {clean(name)} it is {number(lowest, 2)}"
    sure = f", and lower beyond chance for {listed(certain)}" if certain else ""
    return f"{words}{sure}. A guess has 0.50."
