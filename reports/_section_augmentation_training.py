"""What could have spoiled the comparison, and how the classifiers were trained: leakage, tuning, speed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ..benchmark import Leakage, Tuning
from ._augmentation import Grid
from ._augmentation_cells import bounded, count_cell
from ._blocks import Cell, Column, Table, text_cell
from ._names import capital, clean, listed, plural
from ._numbers import DASH, number
from ._parts import Part


def training_parts(grid: Grid) -> list[Part | None]:
    """Leakage, tuning and speed, each as a table."""
    return [leakage_part(grid), tuning_part(grid), speed_part(grid)]


def leakage_part(grid: Grid) -> Part | None:
    """Images that could carry the test into the training; None where nobody looked."""
    rows = grid.part.leakage
    if not rows:
        return None
    cells = [
        [
            text_cell(capital(row.kind), row.where),
            Cell(f"{row.images:,} of {row.of:,}", _share(row), row.images, "share"),
            text_cell(row.policy),
            text_cell(row.words, "", "words"),
        ]
        for row in rows
    ]
    columns = [Column("Kind"), Column("Images", True), Column("What was done"), Column("In words")]
    return Part(
        "leakage",
        "Images that could carry the test into the training",
        _leak_says(rows),
        bounded(Table("Leakage that was looked for", columns, cells)),
    )


def _share(row: Leakage) -> str:
    share = f"{100 * row.images / row.of:.1f}%" if row.of else ""
    return ", ".join(
        filter(None, [share, f"threshold {number(row.threshold)}" if row.threshold is not None else ""])
    )


def _leak_says(rows: Sequence[Leakage]) -> str:
    left = [row for row in rows if row.images and row.policy == "counted"]
    if not left:
        return (
            "Of what was looked for, no image is left that carries the test into the training; "
            "what was not looked for is not known."
        )
    parts = [f"{plural(row.images, 'image')} ({row.kind}, {clean(row.where)})" for row in left[:4]]
    more = f" and {len(left) - 4} more rows" if len(left) > 4 else ""
    return f"Counted and left in: {listed(parts)}{more}; gains may be flattered by them."


def tuning_part(grid: Grid) -> Part | None:
    """What the real-only arm chose on validation images; None without tuning."""
    rows = grid.part.tuning
    if not rows:
        return None
    grouped: dict[tuple[str, int, str], list[Tuning]] = defaultdict(list)
    for row in rows:
        grouped[row.classifier, row.n_real_train, row.test_set].append(row)
    cells = [
        [
            text_cell(classifier, "" if test_set == "test" else f"without {test_set}"),
            count_cell(n),
            _validation(found),
            text_cell(_chosen(found)),
            Cell(f"{max(len(row.tried) for row in found)}", "", max(len(row.tried) for row in found)),
            text_cell(next((row.words for row in found if row.words), ""), "", "words"),
        ]
        for (classifier, n, test_set), found in grouped.items()
    ]
    columns = [
        Column("Classifier"),
        Column("Real per class", True),
        Column("Validation images", True),
        Column("Chosen", False, "seeds"),
        Column("Tried", True),
        Column("In words"),
    ]
    return Part(
        "tuning",
        "What the real-only arm chose",
        "Every arm trains with what was best for real images alone on the real validation images. These are real "
        "images too, beside those that are trained on; all arms of a seed have the same ones.",
        bounded(Table("Tuning on the real-only arm", columns, cells)),
        None,
    )


def _validation(rows: Sequence[Tuning]) -> Cell:
    """How many validation images the seeds had: one number, or the fewest and the most."""
    numbers = sorted({row.n_val for row in rows if row.n_val is not None})
    if not numbers:
        return Cell(DASH, "", None, "null")
    ends = dict.fromkeys((numbers[0], numbers[-1]))
    return Cell(" to ".join(f"{number:,}" for number in ends), "", numbers[-1])


def _chosen(rows: Sequence[Tuning]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        counts[_options(row.chosen) or DASH] += 1
    if len(counts) == 1:
        return next(iter(counts))
    return "; ".join(
        f"{chosen} ({times})" for chosen, times in sorted(counts.items(), key=lambda item: -item[1])
    )


def _options(chosen: Mapping[str, Any]) -> str:
    return ", ".join(f"{clean(name).replace('_', ' ')} {_plain(value)}" for name, value in chosen.items())


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else clean(value)


def speed_part(grid: Grid) -> Part | None:
    """Which precision and memory layout trained fastest; None where it was not measured."""
    rows = grid.part.speed
    if not rows:
        return None
    tried = list(dict.fromkeys(name for row in rows for name in row.seconds_per_step))
    cells = [
        [
            text_cell(row.classifier),
            text_cell(
                f"{clean(row.precision)}{', channels last' if row.channels_last else ''}", "", "verdict"
            ),
            *(_step(row.seconds_per_step.get(name)) for name in tried),
        ]
        for row in rows
    ]
    columns = [
        Column("Classifier"),
        Column("Used"),
        *(Column(clean(name).replace("_", " "), True, "ms a step") for name in tried),
    ]
    return Part(
        "speed",
        "Precision and memory layout",
        "The fastest of a short measurement was used for all arms of a classifier.",
        bounded(Table("Time of a training step", columns, cells)),
    )


def _step(seconds: float | None) -> Cell:
    return Cell(DASH, "", None, "null") if seconds is None else Cell(number(1000 * seconds), "", seconds)
