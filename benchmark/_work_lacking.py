"""A cell that is known, before any stage runs, to have nothing to be trained on."""

from __future__ import annotations

import json

from ._cell_rows import null_rows
from ._stage import Work
from ._work_cells import CELL, _test_sizes


def null_cell(work: Work) -> None:
    """Keep the cell's rows without values, each with the reason that the graph found."""
    reason = str(work.config["lacking"])
    rows = [row for name, n in _test_sizes(work) for row in null_rows(work.config, n, reason, name)]
    note = {"rows": rows, "test_sets": [], "lacking": reason}
    (work.out / CELL).write_text(json.dumps(note), encoding="utf-8")
