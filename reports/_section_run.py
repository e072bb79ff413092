"""What was run: the claims, the data, the generators, the machine, the time it took."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..benchmark import Claim, Record
from ._blocks import Cell, Column, Table, text_cell
from ._names import capital, clean, column_name
from ._numbers import duration, interval, p_value, values

CHIPS = {"shown": "shown", "not shown": "notshown", "cannot be known from these data": "unknown"}
_TOPICS = (
    ("memorisation", ("memoris", "memoriz", "copy_share", "copies", "gives back")),
    ("plausibility", ("plausib", "judge", "rater")),
    ("utility", ("auroc", "accuracy", "f1", "ece", "classifier")),
    ("groups", ("=", "worst:")),
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
    return [
        ClaimLine(claim, CHIPS[claim.verdict], _figures(claim), evidence(claim)) for claim in record.claims
    ]


def ledger_summary(record: Record) -> str:
    """How many claims ended in each verdict."""
    counts = {verdict: sum(claim.verdict == verdict for claim in record.claims) for verdict in CHIPS}
    return "; ".join(f"{n} {verdict}" for verdict, n in counts.items() if n)


def evidence(claim: Claim) -> str:
    """The anchor of the section that bears a claim, told from the measure that its contrast names first."""
    head = (claim.contrast.partition(":")[0] or claim.sentence).casefold()
    return next((anchor for anchor, words in _TOPICS if any(word in head for word in words)), "scores")


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
    names = ("Generator", "Version", "Kind", "Set", "Conditions", "Trained on", "Licence", "Settings")
    rows = [
        [
            text_cell(entry.name, entry.citation, "reference" if entry.kind == "reference" else ""),
            text_cell(_short(entry.version)),
            text_cell(entry.kind, entry.notes),
            text_cell("–" if entry.kind == "reference" else "open-set" if entry.open_set else "closed-set"),
            text_cell(", ".join(entry.columns) or "none"),
            text_cell(_short(entry.trained_on)),
            text_cell(entry.licence),
            text_cell(settings_text(entry.settings), "", "long"),
        ]
        for entry in record.generators
    ]
    note = (
        "Open-set: the generator saw real training images beyond those a classifier cell was given, so its gains "
        "include their information."
    )
    return Table("Generators and reference arms", [Column(name) for name in names], rows, note)


def settings_text(settings: Mapping[str, Any]) -> str:
    """Settings on one line."""
    return clean(", ".join(f"{key} {_plain(value)}" for key, value in settings.items()))


def moment(created: str) -> str:
    """The time of the record to the minute, as it stands where it is no ISO time."""
    try:
        return datetime.fromisoformat(created).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return clean(created)


def _plain(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def facts(record: Record) -> list[tuple[str, str]]:
    """Data, code, seeds and machine, as pairs of a term and its words."""
    data, code = record.data, record.code
    grouped = (
        f"by {column_name(data.group_column)}"
        if data.group_column
        else "none given: images count as independent"
    )
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
    rows.append(
        [text_cell("all stages", "", "total"), Cell(duration(total), "", total), Cell("100%", "", total)]
    )
    return Table("Work by stage", [Column("Stage"), Column("Time", True), Column("Share", True)], rows)


def _share(part: float, total: float) -> str:
    return f"{100 * part / total:.0f}%" if total > 0 else "–"


_JUDGE_FIGURES = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "brier": "Brier",
    "ece": "ECE",
    "swap_auroc": "Wrong class",
}


def judge_table(record: Record) -> Table | None:
    """How well R and E predict the raters on held-out ratings; None when no judge was fitted."""
    rows = []
    for judge, card in record.judges.items():
        for seed, part in card.items() if isinstance(card, dict) else ():
            if isinstance(part, dict) and "auroc" in part:
                rows.append([text_cell(judge, seed), *_judge_cells(part)])
    if not rows:
        return None
    columns = [
        Column("Judge"),
        *(Column(name, numeric=True) for name in ("Ratings", *_JUDGE_FIGURES.values())),
    ]
    return Table("Judges: how well R and E predict the raters, on ratings held out", columns, rows)


def _judge_cells(card: Mapping[str, Any]) -> list[Cell]:
    def bounds(key: str) -> str:
        lo, hi = card.get(f"{key}_lo"), card.get(f"{key}_hi")
        return "" if lo is None or hi is None else f"[{lo:.3f}, {hi:.3f}]"

    cells = [text_cell(str(card.get("n_ratings", "–")))]
    for key in _JUDGE_FIGURES:
        value = card.get(key)
        cells.append(text_cell("–" if value is None else f"{value:.3f}", bounds(key)))
    return cells


def judge_words(record: Record) -> str:
    """What H is, and how far R and E can be believed."""
    h = record.judges.get("H")
    if not isinstance(h, dict):
        return ""
    said = [f"H, who alone judges, is {clean(h.get('what', 'not described'))}."]
    if h.get("unreliable"):
        said.append(capital(clean(h["unreliable"])) + ": nothing is decided by H here.")
    said.append("Wrong class: AUROC of telling a real image's own class from another; AUROC .5 is a guess.")
    return " ".join(said)


def _short(text: str) -> str:
    return f"{text[:12]}…" if len(text) == 32 and text.isalnum() else text
