"""The leaderboard: one static page, with the same tables as CSV and Markdown beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..benchmark import Record, read_record
from ..core import UserError, write_text
from ._blocks import Cell, Column, Table, render, share_cell, text_cell
from ._leaders import GATES, Leader, leaders
from ._names import capital, clean, metric_name, plural, slug
from ._tables import leaderboard_markdown
from ._utility import Gain, metric_words


@dataclass(frozen=True)
class Board:
    """One record's leaderboard; records of other data or protocols never share its table."""

    anchor: str
    record: Record
    title: str
    words: str
    ranked: Table
    unranked: Table | None
    notes: list[str]


def build_leaderboard(records: Sequence[Record] | str | Path, out_dir: str | Path) -> Path:
    """Write ``index.html``, ``leaderboard.csv`` and ``leaderboard.md`` into ``out_dir``; return the page's path.

    ``records`` are records, or a folder that is searched to the bottom for ``record.json`` (and for other ``.json``
    records at its top). Each record has a section of its own. Raises ``UserError`` where there is none.

    >>> build_leaderboard("runs", "site")  # doctest: +SKIP
    PosixPath('site/index.html')
    """
    unreadable: list[str] = []
    found = _read(Path(records), unreadable) if isinstance(records, str | Path) else list(records)
    if not found:
        remedy = unreadable[0] if unreadable else "give a folder with record.json files"
        raise UserError("there is no record to show", where=str(records)[:200], remedy=remedy)
    out = Path(out_dir)
    boards = [_board(record, number_) for number_, record in enumerate(found)]
    write_text(out / "leaderboard.csv", _csv(found))
    write_text(out / "leaderboard.md", _markdown(found))
    write_text(out / "index.html", render("leaderboard.html", boards=boards, unreadable=unreadable))
    return out / "index.html"


def _read(folder: Path, unreadable: list[str]) -> list[Record]:
    if folder.is_file():
        return [read_record(folder)]
    if not folder.is_dir():
        raise UserError("no such folder", where=folder)
    files = sorted({*folder.rglob("record.json"), *folder.rglob("record.json.gz"), *folder.glob("*.json")})
    found = []
    for file in files:
        try:
            found.append(read_record(file))
        except UserError as error:
            unreadable.append(clean(error))
    return found


def _board(record: Record, place: int) -> Board:
    lines = leaders(record)
    missing = [line for line in lines if not line.ranked]
    return Board(
        anchor=f"board-{place + 1}-{slug(record.name)}",
        record=record,
        title=clean(record.name),
        words=_words(record),
        ranked=_ranked(record, [line for line in lines if line.ranked]),
        unranked=_unranked(record, missing) if missing else None,
        notes=_notes(record),
    )


def _words(record: Record) -> str:
    if record.ranking is None:
        return "This record has no ranking."
    better = "higher" if record.ranking.higher_is_better else "lower"
    return (
        f"Ordered by {metric_name(record.ranking.metric)} in {clean(record.ranking.extractor)} features "
        f"({better} is better) against the reference split of {clean(record.data.name)}; "
        f"{plural(len(record.seeds), 'seed')}."
    )


def _columns(record: Record) -> list[Column]:
    value = metric_name(record.ranking.metric) if record.ranking else "value"
    return [
        Column("Generator"), Column(capital(value), True), Column("Reads as"), Column("Precision", True),
        Column("Recall", True), Column("Coverage", True), Column("Plausible (H)", True),
        Column(f"Gain in {metric_words(record)}", True), Column("Memorisation"),
    ]  # fmt: skip


def _ranked(record: Record, lines: Sequence[Leader]) -> Table:
    rows = [[Cell(line.place, "", place, "place"), *_cells(line)] for place, line in enumerate(lines)]
    return Table("Ranked", [Column("Place"), *_columns(record)], rows, head=1)


def _unranked(record: Record, lines: Sequence[Leader]) -> Table:
    columns = _columns(record)
    rows = []
    for line in lines:
        cells = _cells(line)
        rows.append([cells[0], text_cell(line.reason or ""), *cells[1:]])
    return Table("Unranked", [columns[0], Column("Why"), *columns[1:]], rows)


def _cells(line: Leader) -> list[Cell]:
    reference = line.kind == "reference"
    return [
        text_cell(line.generator, _kind(line), "reference" if reference else ""),
        Cell(line.value_text, "", line.value.value),
        text_cell(line.words or "–", "", "words"),
        *(share_cell(found) for found in (line.precision, line.recall, line.coverage, line.plausibility)),
        _gain_cell(line.gain),
        Cell(GATES[line.gate], "", line.gate, f"gate-{line.gate or 'none'}"),
    ]


def _kind(line: Leader) -> str:
    if line.kind == "reference":
        return "reference arm"
    known = "open-set" if line.open_set else "closed-set"
    return f"aligned, {known}" if line.kind == "aligned" else known


def _gain_cell(gain: Gain | None) -> Cell:
    if gain is None:
        return Cell("–", "", None, "null")
    return Cell(gain.text, f"{gain.setting}; {gain.seeds_text}".removesuffix("; "), gain.mean, "gain")


def _notes(record: Record) -> list[str]:
    notes = [
        "A place is the range that the intervals allow; = marks a tie with at least one other line.",
        "Gain: the best of the settings tried, paired with real images alone at the same number of real images; "
        "being the best of several, it flatters.",
    ]
    if len(record.seeds) < 5:
        notes.append(
            f"With {plural(len(record.seeds), 'seed')} a bracket spans the seeds' own intervals; "
            "5 seeds are needed for an interval over trainings."
        )
    if record.failed:
        names = clean(", ".join(cell.stage for cell in record.failed))
        notes.append(f"{plural(len(record.failed), 'stage')} failed: {names}.")
    return notes


_HEAD = (
    "record", "imageset", "licence", "content_hash", "metric", "extractor", "place", "rank_lo", "rank_hi", "generator",
    "kind", "open_set", "value", "lo", "hi", "reads_as", "precision", "recall", "coverage", "plausible_h", "gain",
    "gain_setting", "memorisation", "unranked_because",
)  # fmt: skip


def _csv(records: Sequence[Record]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEAD)
    for record in records:
        places = {row.generator: row for row in record.ranking.rows} if record.ranking else {}
        for line in leaders(record):
            row = places.get(line.generator)
            bounds = [row.rank_lo, row.rank_hi] if row else [None, None]
            ranking = [record.ranking.metric, record.ranking.extractor] if record.ranking else [None, None]
            words = [
                record.name, record.data.name, record.data.licence, record.data.content_hash, *ranking,
                row.rank if row else None, *bounds, line.generator, line.kind, line.open_set, line.value.value,
                line.value.lo, line.value.hi, line.words, line.precision.value, line.recall.value, line.coverage.value,
                line.plausibility.value, line.gain.mean if line.gain else None,
                line.gain.setting if line.gain else None, GATES[line.gate], line.reason,
            ]  # fmt: skip
            writer.writerow([_plain(word) for word in words])
    return text.getvalue()


def _plain(word: object) -> object:
    """Text that a spreadsheet would run as a formula is kept from it by an apostrophe."""
    if isinstance(word, str):
        flat = clean(word)
        return f"'{flat}" if flat[:1] in ("=", "+", "-", "@") else flat
    return "" if word is None else word


def _markdown(records: Sequence[Record]) -> str:
    parts = []
    for record in records:
        data = f"Data: {clean(record.data.name)}, {record.data.n:,} images, licence {clean(record.data.licence)}."
        parts.append(f"## {clean(record.name)}\n\n{_words(record)} {data}\n\n{leaderboard_markdown(record)}")
    return "\n".join(parts)
