"""Write docs/results/augmentation.md and its figures from the committed records: ``python docs/make_augmentation.py``.

Every ``results/NAME/record.json`` (or ``.json.gz``) whose grid of classifiers was analysed gives one part of the page.
"""

from __future__ import annotations

from pathlib import Path

from synmedbench.benchmark import Record, read_record
from synmedbench.reports import augmentation_markdown, write_augmentation_figures

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "results" / "augmentation.md"
IMAGES = ROOT / "docs" / "images"


def committed_records(folder: Path = ROOT / "results") -> dict[str, Record]:
    """The records of grids of classifiers by the name of their folder."""
    found = {path.parent.name: read_record(path) for path in sorted(folder.glob("*/record.json*"))}
    return {name: record for name, record in found.items() if record.augmentation is not None}


def main() -> None:
    """Write the page and the figures; the page's earlier figures are taken away first."""
    records = committed_records()
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(augmentation_markdown(records), encoding="utf-8")
    IMAGES.mkdir(exist_ok=True)
    for old in IMAGES.glob("augmentation-*.png"):
        old.unlink()
    for name, record in records.items():
        write_augmentation_figures(name, record, IMAGES)


if __name__ == "__main__":
    main()
