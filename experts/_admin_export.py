"""A study's answers as a file that the admin takes away."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ._exchange import export_ratings

if TYPE_CHECKING:
    from ._study import Study

FORMS = ("ratings", "images", "events", "preferences", "preference-events")
FORMATS = ("csv", "parquet")


def export_bytes(study: Study, form: str, format: str) -> tuple[bytes, int]:
    """Return a study's answers so far in one of `FORMS`, as the bytes of a file, and its number of rows.

    Raises ``UserError`` when the store has no answer of this study.
    """
    with tempfile.TemporaryDirectory(prefix="synmedbench-export-") as folder:
        path = Path(folder) / f"{form}.{format}"
        rows = export_ratings(study.store, path, form, study=study.name)
        return path.read_bytes(), rows
