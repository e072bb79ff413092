"""What a record of an augmentation grid says in short, how it was made, and what must not be read into it."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import Record
from ..core import MIN_SEEDS
from ._names import clean, listed, plural
from ._parts import Part

SHORT = (
    "gains-",
    "arms-",
    "by-",
    "other-test-sets",
    "fairness-",
    "worth-",
    "saturation-",
    "variance",
    "plausibility-",
    "sharing",
)
"""Parts whose sentence stands in the summary."""
BY_GROUP = "-by-group"


def in_short(parts: Sequence[Part]) -> list[str]:
    """The sentences of the parts, each under its title."""
    return [
        f"**{part.title}**: {part.says}"
        for part in parts
        if part.anchor.startswith(SHORT) and not part.anchor.endswith(BY_GROUP)
    ]


def protocol(record: Record) -> str:
    """What was trained on what: arms, numbers, ratios, classifiers and seeds, counted from the cells."""
    cells = {
        (cell.arm, cell.generator, cell.n_real_train, cell.ratio, cell.classifier, cell.seed)
        for cell in record.cells
    }
    if not cells:
        return "Protocol: the cells are not in this record."
    arms, generators, numbers, ratios, classifiers, seeds = (
        _distinct(column) for column in zip(*cells, strict=True)
    )
    said = [
        f"{plural(len(cells), 'cell')} of {plural(len(seeds), 'seed')}",
        f"classifiers {listed(classifiers)}",
        f"{listed(numbers)} real images per class",
        f"{listed(ratio for ratio in ratios if ratio != '0')} synthetic images per real one",
        f"arms {listed(arms)}",
    ]
    if generators:
        said.append(f"generators {listed(f'{name} ({_openness(record, name)})' for name in generators)}")
    return f"Protocol: {'; '.join(said)}."


def _distinct(values: Sequence[object]) -> list[str]:
    """The distinct values in order, numbers as numbers; None is left out."""
    known = {value for value in values if value is not None}
    numbers = sorted(value for value in known if isinstance(value, int | float))
    return [f"{value:g}" for value in numbers] + sorted(
        clean(value) for value in known if isinstance(value, str)
    )


def _openness(record: Record, generator: str) -> str:
    known = {cell.open_set for cell in record.cells if clean(cell.generator or "") == generator}
    if known == {False}:
        return "closed-set"
    return "open-set" if True in known else "unknown what it saw"


def doubts(record: Record) -> list[str]:
    """What must not be read into it."""
    data, seeds = record.data, len(record.seeds)
    said = [f"One image set at {data.image_size} px, {plural(seeds, 'seed')}: nothing about others."]
    if seeds < MIN_SEEDS:
        said.append(f"With fewer than {MIN_SEEDS} seeds no arm is claimed to help or to harm.")
    if "phantom" in data.name:
        said.append("The images are drawn phantoms: the figures tell of the method, nothing clinical.")
    said.append("'Not shown' is not 'no effect': the intervals say how large an effect may have been missed.")
    opened = sorted({clean(cell.generator) for cell in record.cells if cell.generator and cell.open_set})
    if opened:
        said.append(
            f"{listed(opened)}: open-set, fitted on more real images than a cell was given; a gain at few real images "
            "is partly hidden real data."
        )
    off = sum(cell.reason is not None and "plateau" in cell.reason for cell in record.cells)
    if off:
        said.append(
            f"{plural(off, 'value')} of cells whose training had not reached its plateau are marked so."
        )
    if not data.group_column:
        said.append("No patient or lesion column: images of one person may stand on both sides of a split.")
    if record.failed:
        said.append(
            f"{plural(len(record.failed), 'stage')} failed: what depends on them is missing, not zero."
        )
    if record.unfinished is not None:
        said.append(f"The run ended at its budget: {clean(record.unfinished.words)}.")
    elif record.status == "partial":
        said.append("The run is partial: what is missing is null, with its reason in the record.")
    return said
