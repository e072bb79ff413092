"""What was run: the claims, the data, the generators, the machine, the time it took."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..benchmark import Claim, Record
from ._blocks import Cell, Column, Table, text_cell
from ._names import clean, column_name
from ._numbers import decimals, duration, interval, number, p_value, values

CHIPS = {"shown": "shown", "not shown": "notshown", "cannot be known from these data": "unknown"}
_TOPICS = (
    ("memorisation", ("memoris", "memoriz", "copies patients", "near-cop", "copy_share")),
    ("plausibility", ("plausib", "judge", "align", " h ", "rater", "on h", "audit")),
    ("utility", ("auroc", "accuracy", "arm", "classifier", "utility", "gain", "real-only")),
    ("groups", ("stratum", "strata", "worst", "skin_tone", "group")),
)


@dataclass(frozen=True)
class ClaimLine:
    """A claim as the ledger shows it."""

    claim: Claim
    chip: str
    figures: str
    anchor: str


def claim_lines(record: Record) -> list[ClaimLine]:
    """The claims in the record's order, each with its figures and the section that bears it."""
    return [ClaimLine(claim, CHIPS[claim.verdict], _figures(claim), evidence(claim)) for claim in record.claims]


def evidence(claim: Claim) -> str:
    """The anchor of the section that bears a claim, told from its contrast, else from its sentence."""
    for text in (claim.contrast, claim.sentence):
        padded = f" {text.casefold()} "
        for anchor, words in _TOPICS:
            if any(word in padded for word in words):
                return anchor
    return "scores"


def _figures(claim: Claim) -> str:
    parts = []
    if claim.value is not None:
        parts.append(interval(claim.value, claim.lo, claim.hi))
    if claim.p is not None:
        parts.append(p_value(claim.p))
    if claim.p_adjusted is not None:
        parts.append(p_value(claim.p_adjusted) + " adjusted")
    if len(claim.per_seed) > 1:
        parts.append(f"seeds {values(claim.per_seed)}")
    return "; ".join(parts)


def split_table(record: Record) -> Table:
    """Images per split."""
    rows = [[text_cell(split), Cell(f"{n:,}", "", n)] for split, n in record.data.splits.items()]
    return Table("Images by split", [Column("Split"), Column("Images", True)], rows)


def stratum_tables(record: Record) -> list[Table]:
    """Images per value of each stratum column."""
    return [
        Table(
            f"Images by {column_name(column)}",
            [Column(column_name(column).capitalize()), Column("Images", True)],
            [[text_cell(value), Cell(f"{n:,}", "", n)] for value, n in counts.items()],
        )
        for column, counts in record.data.strata.items()
    ]


def cards_table(record: Record) -> Table:
    """The generators' cards."""
    names = ("Generator", "Kind", "Saw other patients' images", "Conditions", "Trained on", "Licence", "Settings")
    rows = [
        [
            text_cell(entry.name, f"version {entry.version}"),
            text_cell(entry.kind, entry.notes),
            text_cell("open-set" if entry.open_set else "closed-set", "", "open" if entry.open_set else ""),
            text_cell(", ".join(entry.columns) or "none"),
            text_cell(_short(entry.trained_on), entry.citation),
            text_cell(entry.licence),
            text_cell(settings_text(entry.settings)),
        ]
        for entry in record.generators
    ]
    note = (
        "Open-set: the generator saw real training images beyond those a classifier cell was given, so its gains "
        "include their information."
    )
    columns = [Column(name) for name in names]
    columns[2] = Column("Set")
    return Table("Generators and reference arms", columns, rows, note)


def settings_text(settings: Mapping[str, Any]) -> str:
    """Settings on one line."""
    return clean(", ".join(f"{key} {_plain(value)}" for key, value in settings.items()))


def _plain(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def facts(record: Record) -> list[tuple[str, str]]:
    """Data, code, seeds and machine, as pairs of a term and its words."""
    data, code = record.data, record.code
    grouped = f"by {column_name(data.group_column)}" if data.group_column else "none given: images count as independent"
    pairs = [
        ("Image set", f"{data.name}, {data.n:,} images at {data.image_size} px, {len(data.classes)} classes"),
        ("Classes", ", ".join(data.classes)),
        ("Licence", data.licence),
        ("Source", data.source),
        ("Citation", data.citation),
        ("Decoding", data.decoding),
        ("Grouping", grouped),
        ("Content hash", data.content_hash),
        *(("Note", note) for note in data.notes),
        ("Seeds", ", ".join(map(str, record.seeds))),
        ("Code", ", ".join(f"{key} {value}" for key, value in code.items() if value)),
        ("Machine", ", ".join(f"{key} {value}" for key, value in record.machine.items())),
        ("Asked", str(record.asked.get("typed", ""))),
    ]
    return [(term, clean(words)) for term, words in pairs if words]


def duration_table(record: Record) -> Table | None:
    """Seconds of work by stage, the longest first; None when none were kept."""
    if not record.durations:
        return None
    total = sum(record.durations.values())
    rows = [
        [text_cell(stage), Cell(duration(seconds), "", seconds), Cell(_share(seconds, total), "", seconds)]
        for stage, seconds in sorted(record.durations.items(), key=lambda item: -item[1])
    ]
    rows.append([text_cell("all stages", "", "total"), Cell(duration(total), "", total), Cell("100%", "", total)])
    return Table("Work by stage", [Column("Stage"), Column("Time", True), Column("Share", True)], rows)


def _share(part: float, total: float) -> str:
    return f"{100 * part / total:.0f}%" if total > 0 else "–"


def judge_table(record: Record) -> Table | None:
    """The cards of R, E and H; None when there were none."""
    if not record.judges:
        return None
    rows = []
    for judge, card in record.judges.items():
        inner = card if isinstance(card, dict) else {"": card}
        flat = {key: _rounded(value) for key, value in inner.items()}
        rows.append([text_cell(judge), text_cell(settings_text(flat))])
    return Table("Judges: how good R, E and H are themselves", [Column("Judge"), Column("Card")], rows)


def _rounded(value: Any) -> Any:
    return number(value, decimals(value)) if isinstance(value, float) else value


def _short(text: str) -> str:
    return f"{text[:12]}…" if len(text) == 32 and text.isalnum() else text
