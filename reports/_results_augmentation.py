"""The results page of augmentation: what committed records say, in Markdown, every word of it from the records."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..benchmark import Record
from ._blocks import Cell, Column, Table
from ._names import clean, slug
from ._parts import Part
from ._results_augmentation_words import doubts, in_short, protocol
from ._results_markdown import bullets, data_words, flat, markdown_table, write_png
from ._section_augmentation import augmentation_parts

MAX_ROWS = 60
"""Rows of a table on the page; the record has all."""
OPEN_ROWS = 12
"""A longer table is folded."""


def augmentation_markdown(records: Mapping[str, Record]) -> str:
    """The page: one part for each record whose grid of classifiers was analysed, under the name of its folder.

    >>> augmentation_markdown({}).splitlines()[-1]
    'There is no record of an augmentation grid yet.'
    """
    told = {name: record for name, record in records.items() if record.augmentation is not None}
    found = [_record(name, record) for name, record in sorted(told.items())]
    body = "\n".join(found) if found else "There is no record of an augmentation grid yet.\n"
    return f"{_HEAD}\n{body}"


_HEAD = """# Results: synthetic images in the training of classifiers

Made by `python docs/make_augmentation.py` from `results/*/record.json`; nothing here is written by hand.
How to read it: [augmentation](../augmentation.md). Gains are over real images alone with equal steps, the
same real images and the same initial weights, paired over seeds, with 95% intervals from five seeds on; *shown* is
after correction for the number of comparisons.
"""


def write_augmentation_figures(name: str, record: Record, folder: Path) -> list[Path]:
    """Draw the record's figures as small PNG files into the folder; return those that there are."""
    return [
        write_png(part.figure, folder / _file(name, part))
        for part in augmentation_parts(record)
        if part.figure is not None
    ]


def _file(name: str, part: Part) -> str:
    return f"augmentation-{slug(name)}-{slug(part.anchor).replace(':', '-')}.png"


def _record(name: str, record: Record) -> str:
    parts = augmentation_parts(record)
    head = [
        f"## {_safe(clean(name))}\n\n{_safe(data_words(record))}\n\n{_safe(protocol(record))}\n",
        "### In short\n\n" + _safe(bullets(in_short(parts))),
    ]
    if record.claims:
        head.append("### Claims registered before the run\n\n" + _claims(record))
    shown = [_part(name, part) for part in parts]
    return "\n".join([*head, *shown, "### What it does not say\n\n" + _safe(bullets(doubts(record)))])


def _claims(record: Record) -> str:
    rows = [
        [_safe(clean(claim.id)), _safe(clean(claim.sentence)), claim.verdict, _safe(clean(claim.words))]
        for claim in record.claims
    ]
    return markdown_table(["Claim", "Sentence", "Verdict", "In words"], rows)


def _part(name: str, part: Part) -> str:
    said = [f"### {_safe(part.title)}\n\n{_safe(part.says)}\n"]
    if part.figure is not None:
        said.append(f"![{_safe(clean(part.alt))}](../images/{_file(name, part)})\n")
    if part.table is not None and part.table.rows:
        said.append(_table(part.table))
    notes = [note for note in part.notes if note]
    if notes:
        said.append(_safe(" ".join(notes)) + "\n")
    return "\n".join(said)


def _table(table: Table) -> str:
    rows = list(table.rows)[:MAX_ROWS]
    left = f"The first {MAX_ROWS} of {len(table.rows):,} rows." if len(table.rows) > MAX_ROWS else ""
    drawn = markdown_table([_head(column) for column in table.columns], [_cells(row) for row in rows])
    below = " ".join(filter(None, [left, table.note]))
    whole = f"{drawn}\n{_safe(below)}\n" if below else drawn
    if len(rows) <= OPEN_ROWS:
        return whole
    return f"<details><summary>{_safe(table.caption)}</summary>\n\n{whole}\n</details>\n"


def _head(column: Column) -> str:
    return _safe(f"{column.name} ({column.note})" if column.note else column.name)


def _cells(row: Sequence[Cell]) -> list[str]:
    return [_safe(flat(cell)) for cell in row]


def _safe(text: str) -> str:
    """The text without the beginnings of HTML tags; what an interval or a p-value says stays as it is."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text)
