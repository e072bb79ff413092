"""Memorisation as a risk to people: the verdicts, the nearest pairs, and what the test could have found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..benchmark import CopyPower, Memorisation, Record
from ._blocks import Block, Cell, Column, Table, block, text_cell
from ._estimates import reference_names
from ._figure_power import EXACT, POOLED, kind_words, power_figure
from ._gallery import PAIR_BUDGET, affordable, closest_pairs, read_gallery, sides
from ._leaders import GATES, gate_of
from ._names import clean, column_name, listed, plural
from ._numbers import DASH, interval, number, p_value
from ._pairs import Pair
from ._section_people import MAX_SHOWN, shown_names

PAIRS = 6
CONTROL = "Control: real hold-out images"


@dataclass(frozen=True)
class Neighbours:
    """A generator's images that lie closest to real training images."""

    generator: str
    gate: str
    verdict: str
    pairs: list[Pair]
    folded: bool


def memorisation_table(record: Record) -> Table | None:
    """One row for each generator and seed; None when it was not measured."""
    if not record.memorisation:
        return None
    columns = [
        Column("Generator"), Column("Seed", True), Column("Verdict"), Column("Near-copies, share", True),
        Column("Same share, real hold-out", True), Column("p, adjusted", True), Column("Images", True),
        Column("Equal pixels", True), Column("Patients with a near-copy", True),
        Column("Fewest that could be found", True),
    ]  # fmt: skip
    rows = [_row(found) for found in record.memorisation]
    return Table("Memorisation, calibrated against real held-out images", columns, rows, note=_note(record))


def _row(found: Memorisation) -> list[Cell]:
    gate, _ = gate_of([found])
    p = found.p if found.p_adjusted is None else found.p_adjusted
    return [
        text_cell(found.generator),
        Cell(str(found.seed), "", found.seed),
        text_cell(GATES[gate], found.words, f"gate-{gate}"),
        Cell(interval(found.copy_share, found.lo, found.hi), "", found.copy_share),
        Cell(number(found.holdout_share), "", found.holdout_share),
        Cell(p_value(p) or DASH, "", p),
        Cell(f"{found.n:,}", "", found.n),
        Cell(DASH if found.exact_copies is None else str(found.exact_copies), "", found.exact_copies),
        _patients_cell(found),
        _fewest_cell(found),
    ]


def _patients_cell(found: Memorisation) -> Cell:
    if found.patients_copied is None:
        return Cell(DASH)
    share = interval(found.patients_share, found.patients_lo, found.patients_hi)
    most = found.most_copied[0] if found.most_copied else None
    small = f"share {share}"
    if most and most.images > 1:
        small += f"; most often {clean(most.train_file) or f'row {most.train_row + 1}'}, {most.images} times"
    return Cell(f"{found.patients_copied:,} of {found.n_patients:,}", small, found.patients_copied)


def _fewest_cell(found: Memorisation) -> Cell:
    if found.fewest_copies is None or not found.n:
        return Cell(DASH)
    return Cell(
        f"{found.fewest_copies:,}", f"{found.fewest_copies / found.n:.1%} of the images", found.fewest_copies
    )


def _note(record: Record) -> str:
    views = max((len(found.views) for found in record.memorisation), default=0)
    by = next((found.patients_by for found in record.memorisation if found.patients_by), None)
    words = f"Training images were looked for as they are and in {plural(views, 'view')}. " if views else ""
    told = (
        f"Patients are told apart by {column_name(by)}"
        if by
        else "Patients are not known: images stand for them"
    )
    return words + told + ". A patient is counted once, however often copied."


def memorisation_says(record: Record) -> str:
    """Who gives back training patients, in one sentence."""
    if not record.memorisation:
        return "Memorisation was not measured in this run: whether patients are given back cannot be known."
    gates = {
        name: gate_of(m for m in record.memorisation if m.generator == name)[0] for name in _measured(record)
    }
    parts = []
    for gate, words in (
        ("copies", "give back training patients and must not be shared as if they were new people"),
        ("unknown", "could not be judged"),
        ("clear", "did not show more near-copies than chance allows beside real held-out images"),
    ):
        names = [clean(name) for name, found in gates.items() if found == gate]
        if names:
            parts.append(f"{listed(names)} {words if len(names) > 1 else _singular(words)}")
    return "; ".join(parts) + "." + _least(record)


def _least(record: Record) -> str:
    """What a verdict that shows nothing leaves open."""
    if not any(found.memorising is False for found in record.memorisation):
        return ""
    smallest = next((power.smallest.get(EXACT) for power in record.copy_power), None)
    if smallest is not None:
        unseen = f" A share of near-copies below {smallest:.1%} would mostly have gone unseen"
        return f"{unseen}: this shows of no patient that no copy was made."
    fewest = [m.fewest_copies / m.n for m in record.memorisation if m.memorising is False and m.fewest_copies]
    return f" Fewer than {max(fewest):.1%} of copies could not have been found." if fewest else ""


def _measured(record: Record) -> list[str]:
    return list(dict.fromkeys(found.generator for found in record.memorisation))


def _singular(words: str) -> str:
    return words.replace("give back", "gives back", 1).replace(
        "they were new people", "it held new people", 1
    )


def neighbours(record: Record, run: Path) -> list[Neighbours]:
    """The closest pairs of each generator that has a gallery with them, those that copy first, the control last.

    The control are the hold-out's closest pairs: real people whom no generator saw, as near as strangers come.
    """
    found = [
        (name, gallery) for name in shown_names(record) if (gallery := read_gallery(run, name)) is not None
    ]
    with_pairs = [(name, gallery) for name, gallery in found if gallery.pairs is not None][:MAX_SHOWN]
    galleries = [gallery for _, gallery in with_pairs]
    each, side = affordable(PAIR_BUDGET // 2, PAIRS, len(with_pairs) + 1, sides(galleries))
    references, result = reference_names(record), []
    for name, gallery in with_pairs:
        gate, _ = gate_of(m for m in record.memorisation if m.generator == name)
        pairs = closest_pairs(gallery.pairs, each, side)
        if pairs:
            folded = name in references and gate != "copies"
            result.append(Neighbours(clean(name), gate, GATES[gate], pairs, folded))
    result.sort(key=lambda group: (group.gate != "copies", group.folded))
    control = next((gallery.control for gallery in galleries if gallery.control is not None), None)
    strangers = closest_pairs(control, each, side)
    if strangers:
        place = sum(not group.folded for group in result)
        result.insert(place, Neighbours(CONTROL, "", "nobody was copied here", strangers, False))
    return result


def power_blocks(record: Record) -> list[Block]:
    """For each search, the share of planted copies that it finds: figure, sentence, table."""
    return [_power_block(power) for power in record.copy_power]


def _power_block(power: CopyPower) -> Block:
    columns = [
        Column("Copies"), Column("Share planted", True), Column("Images", True), Column("Found, share of trials", True),
        Column("Single copies recognised", True),
    ]  # fmt: skip
    rows = [
        [
            text_cell(kind_words(row.kind)),
            Cell(f"{100 * row.share:.3g}%", "", row.share),
            Cell(str(row.copies), "", row.copies),
            Cell(interval(row.value, row.lo, row.hi), "", row.value),
            _recognised(power, row.kind),
        ]
        for row in power.rows
    ]
    caption = (
        f"{power.repeats:,} trials for each line: {power.n_holdout:,} real unseen images calibrate, "
        f"{power.n_synthetic:,} others play the generator; {clean(power.extractor)} features"
    )
    note = (
        "Images equal pixel by pixel are found one by one, whatever their number. Disguised copies bear changes that "
        "were not looked for; recognised means below the copy threshold."
    )
    return block(
        f"power-{power.extractor}", "What this test could have found", clean(power.words),
        Table(caption, columns, rows, note) if rows else None, power_figure(power),
        "Curve of the share of trials in which planted copies are found, over the share of copies planted, for exact "
        "and for disguised copies.",
        _disguised_says(power),
    )  # fmt: skip


def _recognised(power: CopyPower, kind: str) -> Cell:
    value = 1.0 if kind == EXACT else power.recognised.get(kind)
    return Cell(DASH if value is None else f"{value:.0%}", "", value)


def _disguised_says(power: CopyPower) -> str:
    if POOLED not in power.smallest:
        return ""
    smallest = power.smallest[POOLED]
    least = f"from {smallest:.1%} on" if smallest is not None else "not even where half the images are copies"
    worst = sorted(
        (share, kind) for kind, share in power.recognised.items() if share is not None and kind != POOLED
    )
    missed = [f"{kind_words(kind)} ({share:.0%})" for share, kind in worst if share < 0.5]
    words = f"Copies that were changed in a way nobody looked for are found in 80% of trials {least}"
    return words + (f"; hard to recognise: {listed(missed)}." if missed else ".")
