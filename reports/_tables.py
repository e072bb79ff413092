"""Tables for the terminal and for the README."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from ..benchmark import Record
from ._estimates import Estimate
from ._leaders import GATES, Leader, leaders
from ._names import capital, clean, metric_name, plural
from ._numbers import DASH

_SHORT_GATES = {"copies": "COPIES", "clear": "none", "unknown": "unknown", "": DASH}


def leaderboard_table(record: Record) -> Table:
    """The leaderboard for a terminal, within 100 columns; unranked generators below, with their reasons.

    >>> from rich.console import Console
    >>> Console(width=100).print(leaderboard_table(record))  # doctest: +SKIP
    """
    lines = leaders(record)
    table = _table(f"{clean(record.name)}: {_ranking_words(record)}", _caption(record))
    for name in ("Place", "Generator"):
        table.add_column(name, overflow="fold")
    table.add_column(capital(_metric(record)), justify="right", overflow="fold")
    table.add_column("Reads", overflow="fold", max_width=18)
    for name in ("Prec.", "Rec.", "Cov.", "H", "Gain"):
        table.add_column(name, justify="right")
    table.add_column("Copies", overflow="fold")
    for line in lines:
        table.add_row(
            *(Text(cell) for cell in _cells(line)), style="dim" if line.kind == "reference" else None
        )
    return table


def _cells(line: Leader) -> list[str]:
    return [
        line.place or DASH,
        clean(line.generator),
        line.value_text,
        _reads(line),
        *(_brief(found) for found in (line.precision, line.recall, line.coverage, line.plausibility)),
        f"{line.gain.mean:+.3f}" if line.gain else DASH,
        _SHORT_GATES[line.gate],
    ]


def _reads(line: Leader) -> str:
    """The ruler's reading in a word or two."""
    if line.blur_sigma is not None:
        return "as real" if line.blur_sigma == 0 else f"blur {line.blur_sigma:.2g} px"
    return clean(line.words).replace("farther from real than a ", "beyond ").replace("of sigma ", "")


def _brief(found: Estimate) -> str:
    if found.value is None:
        return DASH
    text = f"{found.value:.2f}"
    return text.removeprefix("0") if text.startswith("0.") else text


def _metric(record: Record) -> str:
    return metric_name(record.ranking.metric) if record.ranking else "value"


def _ranking_words(record: Record) -> str:
    if record.ranking is None:
        return "no ranking in this record"
    better = "higher" if record.ranking.higher_is_better else "lower"
    return f"{_metric(record)} in {clean(record.ranking.extractor)} features, {better} is better"


def _caption(record: Record) -> str:
    unranked = [line for line in leaders(record) if not line.ranked]
    names: dict[str, list[str]] = {}
    for line in unranked:
        names.setdefault(str(line.reason), []).append(clean(line.generator))
    reasons = [f"{DASH} {', '.join(found)}: {reason}" for reason, found in names.items()]
    n = plural(len(record.seeds), "seed")
    notes = f"{n}; = tied; H: share that judge H calls plausible; Gain: a classifier's best over real images alone"
    return "\n".join([notes, *reasons])


def leaderboard_markdown(record: Record) -> str:
    """The leaderboard as a Markdown table, with the unranked generators and their reasons below it."""
    head = ["Place", "Generator", f"{capital(_metric(record))} [interval]", "Reads", "Precision", "Recall", "Coverage",
            "Plausible (H)", "Gain", "Memorisation"]  # fmt: skip
    lines = [head, ["---"] * 2 + ["---:"] + ["---"] + ["---:"] * 5 + ["---"]]
    for line in leaders(record):
        cells = _cells(line)
        cells[3], cells[-1] = clean(line.words) or DASH, GATES[line.gate]
        if line.kind == "reference":
            cells[1] = f"{cells[1]} (reference)"
        lines.append(cells)
    table = "\n".join("| " + " | ".join(_markdown(cell) for cell in cells) + " |" for cells in lines)
    below = [
        f"- {_markdown(line.generator)}: {_markdown(line.reason or '')}"
        for line in leaders(record)
        if not line.ranked
    ]
    return "\n".join([table, *(["", "Unranked:", *below] if below else [])]) + "\n"


def _markdown(text: str) -> str:
    flat = clean(text)
    for sign, safe in (
        ("\\", "\\\\"),
        ("|", "\\|"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("*", "\\*"),
        ("_", "\\_"),
        ("`", "\\`"),
    ):
        flat = flat.replace(sign, safe)
    return flat


def _table(title: str, caption: str) -> Table:
    return Table(
        title=Text(title),
        caption=Text(caption),
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        title_justify="left",
        caption_justify="left",
        title_style="bold",
        header_style="bold",
    )
