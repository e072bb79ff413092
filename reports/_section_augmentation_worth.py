"""What a synthetic image was worth in real ones, read off the learning curve of real images alone."""

from __future__ import annotations

from collections.abc import Sequence

from ..benchmark import Equivalence, LearningCurve
from ._augmentation import ADDING, Grid, is_main, row_side, setting_order, setting_words, side_words
from ._augmentation_cells import bounded, count_cell, nowhere, open_cell, value_cell
from ._blocks import Cell, Column, Table, text_cell
from ._figure_augmentation_worth import worth_figure
from ._names import capital, clean, plural
from ._numbers import DASH, bracket, number
from ._openness import open_note, side_small
from ._parts import Part


def worth_parts(grid: Grid) -> list[Part | None]:
    """For each classifier the learning curve with the equivalents; then the same by group and measure."""
    own = [worth_part(grid, classifier) for classifier in grid.classifiers]
    return [*own, group_worth_part(grid), group_curves_part(grid)]


def worth_part(grid: Grid, classifier: str) -> Part | None:
    """The learning curve of real images alone, and every arm's place on it."""
    curve = next(
        (row for row in grid.part.curves if row.classifier == classifier and is_main(row, grid)), None
    )
    rows = [row for row in grid.part.equivalences if row.classifier == classifier and is_main(row, grid)]
    if curve is None and not rows:
        return None
    adding = [row for row in rows if row.arm in ADDING]
    drawn = _one_ratio(adding)
    return Part(
        f"worth-{classifier}",
        grid.titled("What a synthetic image was worth in real ones", classifier),
        _worth_says(adding),
        bounded(_worth_table(grid, rows)) if rows else _curve_table(curve),
        worth_figure(curve, drawn),
        f"Left: error of {clean(classifier)} trained on real images alone, over their number per class. Right: the "
        "number of real images alone that would have done as well as each arm; on the dotted diagonal synthetic images "
        "are worth nothing.",
        notes=(
            _curve_note(curve),
            _ARROWS if any(row.n_eff or row.censored for row in drawn) else "",
            open_note(map(row_side, rows), grid),
        ),
    )


_ARROWS = (
    "Arrows: beyond the numbers that were trained, where nothing is extrapolated. Right: the largest ratio of each "
    "arm; the table has all."
)


def _one_ratio(rows: Sequence[Equivalence]) -> list[Equivalence]:
    """The largest ratio of each arm with synthetic images: one line for each."""
    most: dict[tuple[str, str | None], float] = {}
    for row in rows:
        key = row.arm, row.generator
        most[key] = max(most.get(key, 0.0), row.ratio)
    return [row for row in rows if row.ratio == most[row.arm, row.generator]]


def _worth_says(rows: Sequence[Equivalence]) -> str:
    if not rows:
        return "No arm with synthetic images could be set beside the learning curve."
    sure = [row for row in rows if row.ere_lo is not None and row.ere_lo > 0]
    costs = [row for row in rows if row.ere_hi is not None and row.ere_hi < 0]
    worth = [row.ere for row in sure if row.ere is not None]
    above, below = (sum(row.censored == side for row in rows) for side in ("above", "below"))
    settings = plural(len(rows), "setting")
    left = _left(above, below)
    if not (sure or costs or any(row.ere is not None for row in rows)):
        return f"What a synthetic image was worth is not known {nowhere(len(rows))}: {left or 'see the table for why'}."
    said = f"By 95% intervals, each on its own, one synthetic image was worth something in {len(sure)} of {settings}"
    there = f" ({_range(worth)} real ones where it can be read off)" if worth else ""
    return f"{said}{there} and less than nothing in {len(costs) or 'none'}{f'; {left}' if left else ''}."


def _range(values: Sequence[float]) -> str:
    least, most = number(min(values), 3), number(max(values), 3)
    return least if least == most else f"{least} to {most}"


def _left(above: int, below: int) -> str:
    parts = []
    if above:
        parts.append(f"{above} did better than the most real images that were trained")
    if below:
        parts.append(f"{below} did worse than the fewest")
    return "by their means, " + " and ".join(parts) + ", and nothing is extrapolated" if parts else ""


def _curve_note(curve: LearningCurve | None) -> str:
    if curve is None:
        return ""
    if curve.a is None or curve.b is None or curve.c is None:
        return capital(clean(curve.reason or curve.words)).rstrip(".") + "."
    exponent = f"{number(curve.b)} {bracket(curve.b_lo, curve.b_hi)}".strip()
    floor = f"{number(curve.c)} {bracket(curve.c_lo, curve.c_hi)}".strip()
    seeds = plural(curve.seeds, "seed")
    but = f"; {clean(curve.reason)}" if curve.reason else ""
    return (
        f"Learning curve: error = {number(curve.a)} × n^-b + c with b = {exponent} and c = {floor}, {seeds}{but}."
    )


def _curve_table(curve: LearningCurve | None) -> Table | None:
    if curve is None:
        return None
    cells = [[count_cell(p.n), value_cell(p.value, p.lo, p.hi), count_cell(p.seeds)] for p in curve.points]
    columns = [Column("Real per class", True), Column("Error", True), Column("Seeds", True)]
    return Table("Error of real images alone", columns, cells)


def _worth_table(grid: Grid, rows: Sequence[Equivalence]) -> Table:
    ordered = sorted(
        rows,
        key=lambda row: (
            *setting_order(row, grid),
            row.arm,
            row.generator or "",
            row.n_real_train,
            row.ratio,
        ),
    )
    cells = [
        [
            text_cell(side_words(row_side(row)), side_small(row, grid)),
            count_cell(row.n_real_train),
            count_cell(row.ratio),
            _equivalent_cell(row),
            _worth_cell(row),
        ]
        for row in ordered
    ]
    columns = [
        Column("Arm"),
        Column("Real per class", True),
        Column("Synthetic per real", True),
        Column("As good as", True, "real images a class"),
        Column("One synthetic is worth", True, "real images"),
    ]
    return Table("Worth of synthetic images in real ones", columns, cells)


def _equivalent_cell(row: Equivalence) -> Cell:
    if row.n_eff is not None:
        return open_cell(row.n_eff, row.n_eff_lo, row.n_eff_hi)
    if row.censored == "above":
        least = f", at least {number(row.n_eff_lo)}" if row.n_eff_lo is not None else ""
        return Cell(DASH, f"more than were trained{least}", None, "null")
    if row.censored == "below":
        most = f", at most {number(row.n_eff_hi)}" if row.n_eff_hi is not None else ""
        return Cell(DASH, f"fewer than were trained{most}", None, "null")
    return Cell(DASH, clean(row.reason or row.words), None, "null")


def _worth_cell(row: Equivalence) -> Cell:
    if row.ere is None:
        if row.ere_lo is not None or row.ere_hi is not None:
            bound = row.ere_hi if row.ere_lo is None else row.ere_lo
            return Cell(DASH, f"{'below' if row.ere_lo is None else 'above'} {number(bound, 3)}", None, "null")
        why = clean(row.reason or "") if row.n_eff is not None else ""
        return Cell(DASH, why or "not known", None, "null")
    return open_cell(row.ere, row.ere_lo, row.ere_hi, places=3, sign=True)


def group_worth_part(grid: Grid) -> Part | None:
    """The same by group, by other measures and on other test sets: a table."""
    rows = [row for row in grid.part.equivalences if not is_main(row, grid)]
    if not rows:
        return None
    return Part(
        "worth-by-group",
        "What a synthetic image was worth, by group and measure",
        _worth_says([row for row in rows if row.arm in ADDING]),
        bounded(_worth_table(grid, rows)),
        notes=(open_note(map(row_side, rows), grid),),
    )


def group_curves_part(grid: Grid) -> Part | None:
    """The learning curves of groups, other measures and other test sets: a table of what was fitted."""
    rows = sorted(
        (row for row in grid.part.curves if not is_main(row, grid)), key=lambda row: setting_order(row, grid)
    )
    if not rows:
        return None
    cells = [
        [
            text_cell(setting_words(row, grid)),
            *_ends(row),
            value_cell(row.b, row.b_lo, row.b_hi, row.reason or row.words),
            value_cell(row.c, row.c_lo, row.c_hi),
        ]
        for row in rows
    ]
    columns = [
        Column("Setting"),
        Column("Error, fewest", True, "real images"),
        Column("Error, most", True, "real images"),
        Column("Exponent b", True),
        Column("Floor c", True),
    ]
    known = sum(row.b is not None for row in rows)
    return Part(
        "curves-by-group",
        "Learning curves by group and measure",
        f"A curve could be fitted to the errors of real images alone in {known} of {plural(len(rows), 'setting')}.",
        bounded(Table("Error of real images alone: error = a × n^-b + c", columns, cells)),
    )


def _ends(row: LearningCurve) -> list[Cell]:
    """The errors at the fewest and at the most real images."""
    if not row.points:
        return [value_cell(None, None, None, "not measured")] * 2
    points = sorted(row.points, key=lambda point: point.n)
    return [value_cell(point.value, point.lo, point.hi) for point in (points[0], points[-1])]
