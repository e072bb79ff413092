"""The results page of alignment: what committed records say, in Markdown, every word of it from the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..benchmark import Audit, Record
from ._alignment import AlignmentRow, RewardRow, alignment_asked, alignment_rows, reward_rows
from ._alignment_cells import change_cell, gain_cell, path_cell, price_cell, stop_cell, time_cell
from ._estimates import Estimate
from ._figure_alignment import reward_figure, trajectory_figure
from ._figure_plausibility import gains_figure
from ._names import JUDGES, clean, plural, slug
from ._numbers import DASH, bracket, number
from ._results_markdown import bullets, data_words, flat, markdown_table, write_png
from ._results_unstopped import unstopped_table
from ._results_words import doubts, findings, reference_lines


def alignment_markdown(records: Mapping[str, Record]) -> str:
    """The page: one part for each record that has audits, under the name of its folder.

    >>> alignment_markdown({}).splitlines()[-1]
    'There is no record of an alignment yet.'
    """
    told = {name: record for name, record in records.items() if record.audits}
    parts = [_part(name, record) for name, record in sorted(told.items())]
    body = "\n".join(parts) if parts else "There is no record of an alignment yet.\n"
    return f"{_HEAD}\n{body}"


_HEAD = """# Results: feedback and alignment

Made by `python docs/make_alignment.py` from `results/*/record.json`; nothing here is written by hand.
How to read it: [alignment](../alignment.md). R aligns, E selects, H alone judges; gains are paired over seeds,
with 95% t intervals from five seeds on. A method **helped** only where the lower bound of its gain on H over the
control with the same extra steps is above 0.
"""


def write_alignment_figures(name: str, record: Record, folder: Path) -> list[Path]:
    """Draw the record's figures as small PNG files into the folder; return those that there are."""
    rows = reward_rows(record)
    pairs = [(row.images, rows[0].figures["auroc"], row.figures["auroc"]) for row in rows[1:]]
    drawn = {
        "gains": gains_figure(record, record.audits),
        "way": trajectory_figure(record),
        "reward": reward_figure(pairs),
    }
    return [write_png(figure, folder / _file(name, kind)) for kind, figure in drawn.items() if figure is not None]


def _file(name: str, kind: str) -> str:
    return f"alignment-{slug(name)}-{kind}.png"


def _part(name: str, record: Record) -> str:
    rows, rewards = alignment_rows(record), reward_rows(record)
    parts = [
        f"## {clean(name)}\n\n{data_words(record)}\n\n{_protocol(record)}\n",
        "### Verdicts\n\n" + bullets([f"**{clean(a.aligner)}**: {a.verdict}. {clean(a.words)}" for a in record.audits]),
        f"### Judged plausible\n\n{_shares(rows)}",
        f"### Gain over the control and over the base\n\n{_gains(rows)}\n{_picture(name, 'gains', record)}",
        f"### What it cost\n\n{_prices(rows)}",
    ]  # fmt: skip
    if record.trajectories:
        parts.append(f"### Along the way\n\n{_picture(name, 'way', record)}")
        unstopped = unstopped_table(record)
        parts += [f"### At the last step, whether or not E stopped earlier\n\n{unstopped}"] if unstopped else []
    if rewards:
        parts.append(
            f"### The reward model before and after\n\n{_rewards(rewards)}\n{_picture(name, 'reward', record)}"
        )
    parts += [
        "### Against the reference lines\n\n" + bullets(reference_lines(record, rows)),
        "### What it says\n\n" + bullets(findings(record, rows, rewards)),
        "### What it does not say\n\n" + bullets(doubts(record, rows)),
    ]
    return "\n".join(parts)


def _protocol(record: Record) -> str:
    part = alignment_asked(record)
    said = [f"{plural(len(record.seeds), 'seed')}, a base of its own for each"]
    if part:
        experts = part.get("experts") or {}
        said.append(
            f"{part.get('steps')} extra steps of {part.get('batch_size')} images for every method that trains"
        )
        said.append(
            f"{experts.get('ratings')} ratings for R and as many others for E, "
            f"a rater's answer flipped with chance {experts.get('noise')}"
        )
        if part.get("snapshots"):
            stop = "stopped where E is highest" if part.get("stop_early") else "run to the end"
            said.append(f"measured at {part['snapshots']} states along the way and {stop}")
    seconds = [second for audit in record.audits for second in audit.seconds]
    if seconds:
        said.append(
            f"aligning and sampling took {min(seconds):,.0f} to {max(seconds):,.0f} s a seed (each method's time below)"
        )
    h = record.judges.get("H")
    judge = f" H is {clean(h['what'])}." if isinstance(h, Mapping) and h.get("what") else ""
    return f"Protocol: {'; '.join(said)}.{judge}"


def _named(row: AlignmentRow) -> str:
    notes = {"base": " (base)", "control": " (control)", "chosen": "", "method": ""}
    return clean(row.name) + notes[row.role]


def _value(found: Estimate) -> str:
    if found.value is None:
        return DASH
    seeds = " · ".join(number(value, 3) for _, value, _, _ in found.per_seed)
    return f"{number(found.value, 3)} {bracket(found.lo, found.hi, 3) or f'(seeds {seeds})'}"


def _shares(rows: Sequence[AlignmentRow]) -> str:
    known = [row for row in rows if row.role != "chosen"]
    return markdown_table(
        ["Images of", *JUDGES], [[_named(row), *(_value(row.shares[j]) for j in JUDGES)] for row in known]
    )


def _gains(rows: Sequence[AlignmentRow]) -> str:
    head = ["Method", "Verdict", *(f"{j} over control" for j in JUDGES), *(f"{j} over base" for j in JUDGES)]
    lines = [
        [
            _named(row), row.audit.verdict if row.audit else DASH,
            *(flat(gain_cell(over[judge])) for over in (row.over_control, row.over_base) for judge in JUDGES),
        ]
        for row in rows
        if row.role != "base"
    ]  # fmt: skip
    return markdown_table(head, lines)


def _prices(rows: Sequence[AlignmentRow]) -> str:
    head = [
        "Method", "Recall less control's", "Coverage less control's", "Vendi", "Near-copies", "Label agreement",
        "Path KL (nats)", "Stopped at", "Time a seed",
    ]  # fmt: skip
    return markdown_table(head, [[_named(row), *_price_cells(row)] for row in rows])


def _price_cells(row: AlignmentRow) -> list[str]:
    audit = row.audit or Audit(aligner=row.name, control="", verdict="not shown", words="", gains={})
    prices = {price.metric: price for price in audit.prices}
    cells = [
        *(price_cell(prices.get(metric), row.lost[metric]) for metric in ("recall", "coverage")),
        *(change_cell(row, metric) for metric in ("vendi_score", "copy_share", "label_agreement")),
        path_cell(audit), stop_cell(audit), time_cell(audit),
    ]  # fmt: skip
    return [flat(cell) for cell in cells]


def _rewards(rows: Sequence[RewardRow]) -> str:
    head = ["R on images of", "Ratings", "AUROC", "Change", "Brier", "ECE", "Plausible to its raters"]
    lines = [
        [
            clean(row.images), f"{row.n:,}", _value(row.figures["auroc"]), flat(gain_cell(row.change)),
            *(_value(row.figures[name]) for name in ("brier", "ece", "plausible_share")),
        ]
        for row in rows
    ]  # fmt: skip
    return markdown_table(head, lines)


_ALT = {
    "gains": "gain of each method over its control on R, E and H",
    "way": "R, E, H, coverage, Vendi score and near-copies over the path KL from the base",
    "reward": "AUROC of R on images of the base and after alignment",
}


def _picture(name: str, kind: str, record: Record) -> str:
    return f"![{clean(record.data.name)}: {_ALT[kind]}](../images/{_file(name, kind)})\n"
