"""Write docs/results/alignment.md and its figures from the committed records: ``python docs/make_alignment.py``.

Every ``results/NAME/record.json`` (or ``.json.gz``) that holds an audit gives one part of the page.
"""

from __future__ import annotations

from pathlib import Path

from synmedbench.benchmark import Record, read_record
from synmedbench.reports import alignment_markdown, write_alignment_figures

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "results" / "alignment.md"
IMAGES = ROOT / "docs" / "images"


def committed_records(folder: Path = ROOT / "results") -> dict[str, Record]:
    """The records of alignments by the name of their folder."""
    found = {path.parent.name: read_record(path) for path in sorted(folder.glob("*/record.json*"))}
    return {name: record for name, record in found.items() if record.audits}


def main() -> None:
    """Write the page and the figures."""
    records = committed_records()
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(alignment_markdown(records), encoding="utf-8")
    IMAGES.mkdir(exist_ok=True)
    for name, record in records.items():
        write_alignment_figures(name, record, IMAGES)


if __name__ == "__main__":
    main()
