"""Clinical plausibility by the judges R, E and H."""

from __future__ import annotations

from ..benchmark import Record
from ._blocks import Block, Column, Table, block, text_cell, value_cell
from ._estimates import Scores, reference_names
from ._figure_plausibility import ROLES, judged, plausibility_figure, plausibility_order
from ._names import JUDGES


def plausibility_block(record: Record) -> Block | None:
    """The share judged plausible by each judge; None when no judge looked."""
    names = plausibility_order(record)
    if not names:
        return None
    scores, references = Scores(record), reference_names(record)
    kinds = {entry.name: entry.kind for entry in record.generators}
    rows = [
        [text_cell(name, kinds.get(name, ""), "reference" if name in references else "")]
        + [value_cell(judged(scores, name, judge)) for judge in JUDGES]
        for name in names
    ]
    columns = [Column("Generator"), *(Column(ROLES[judge], True) for judge in JUDGES)]
    return block(
        "plausibility-figure", "Judged plausible, before and after alignment",
        "H alone judges: R was trained to be pleased and E was used to choose, so a gain that only they see is not "
        "a clinical one.",
        Table("Plausibility by judge", columns, rows), plausibility_figure(record),
        "Dot plots of the plausibility of each generator by the judges R, E and H.",
    )  # fmt: skip
