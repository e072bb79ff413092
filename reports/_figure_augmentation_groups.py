"""Gains as dots on rows: registered contrasts, patient groups, test sets; and fairness against performance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..benchmark import Contrast, Levelling
from ._augmentation import side_words
from ._figure_augmentation import shown
from ._figure_dots import shorten
from ._style import INK, LINE, MAX_ROWS, MUTED, WIDTH, colour, marker, panels, styled

MAX_SERIES = 8
MAX_NUMBERS = 3
Named = tuple[str, Sequence[Contrast]]


def registered_figure(rows: Sequence[Contrast]) -> Figure | None:
    """A row for each registered contrast, its margin of equivalence as a pale band; None without a value."""
    known = [row for row in rows if row.value is not None][:MAX_ROWS]
    if not known:
        return None
    with styled():
        figure, (axis,) = panels(1, 7.6, 0.9 + 0.34 * len(known))
        for place, row in enumerate(known):
            if row.margin is not None:
                axis.fill_between(
                    [-row.margin, row.margin], place - 0.36, place + 0.36, color=LINE, linewidth=0, zorder=0
                )
            _dot(axis, row, place, {"color": colour(0), "marker": "o"})
        _rows(axis, [f"{row.id}" for row in known])
        axis.set_xlabel("difference, positive where the first arm serves better")
    return figure


def groups_figure(groups: Sequence[Named], metric: str, numbers: Sequence[int]) -> Figure | None:
    """A row for each group, a mark for each arm, a panel for each number of real images; None without a value.

    >>> groups_figure([], "macro AUROC", [8]) is None
    True
    """
    known = [(name, rows) for name, rows in groups if any(row.value is not None for row in rows)][:MAX_ROWS]
    labels = list(dict.fromkeys(side_words(row.a, row.ratio) for _, rows in known for row in rows))[
        :MAX_SERIES
    ]
    kept = _spread(numbers)
    if not known:
        return None
    styles = {label: {"color": colour(i), "marker": marker(i)} for i, label in enumerate(labels)}
    with styled():
        figure, axes = panels(
            len(kept), WIDTH if len(kept) > 1 else 7.2, 1.3 + len(known) * (0.2 + 0.1 * len(labels))
        )
        for place, (axis, n) in enumerate(zip(axes, kept, strict=True)):
            for at, (_, rows) in enumerate(known):
                for row in rows:
                    label = side_words(row.a, row.ratio)
                    if row.n_real_train == n and row.value is not None and label in styles:
                        shift = 0.7 * ((labels.index(label) + 0.5) / len(labels) - 0.5)
                        _dot(axis, row, at + shift, styles[label])
            _rows(axis, [name for name, _ in known] if place == 0 else [""] * len(known))
            axis.set_title(f"{n} real a class")
            axis.set_xlabel(f"gain in {metric}")
        _same_range(axes)
        _legend(figure, styles)
    return figure


def _same_range(axes: Sequence[Axes]) -> None:
    """One range for all panels: a gain that shrinks must look smaller."""
    low, high = min(axis.get_xlim()[0] for axis in axes), max(axis.get_xlim()[1] for axis in axes)
    for axis in axes:
        axis.set_xlim(low, high)


def _spread(numbers: Sequence[int]) -> list[int]:
    """At most three numbers: the first, the last and the middle one."""
    if len(numbers) <= MAX_NUMBERS:
        return list(numbers)
    return [numbers[0], numbers[len(numbers) // 2], numbers[-1]]


def _dot(axis: Axes, row: Contrast, y: float, style: Mapping[str, Any]) -> None:
    if row.lo is not None and row.hi is not None:
        axis.plot([row.lo, row.hi], [y, y], color=style["color"], linewidth=1.2)
    elif len(row.per_seed) > 1:
        axis.plot(row.per_seed, [y] * len(row.per_seed), linestyle="none", markersize=2.4, **style)
    axis.plot(
        [row.value or 0.0],
        [y],
        linestyle="none",
        markersize=5.0,
        markerfacecolor=style["color"] if shown(row) else "none",
        **style,
    )


def _rows(axis: Axes, names: Sequence[str]) -> None:
    axis.axvline(0, color=MUTED, linewidth=0.9, zorder=0)
    axis.set_ylim(len(names) - 0.45, -0.55)
    axis.set_yticks(range(len(names)), [shorten(name, 30) for name in names])
    axis.hlines(
        [at - 0.5 for at in range(1, len(names))],
        0,
        1,
        transform=axis.get_yaxis_transform(),
        color=LINE,
        linewidth=0.6,
    )
    axis.grid(axis="y", visible=False)
    axis.xaxis.set_major_locator(MaxNLocator(5))


def _legend(figure: Figure, styles: Mapping[str, Mapping[str, Any]]) -> None:
    axis = figure.axes[0]
    for label, style in styles.items():
        axis.plot([], [], linestyle="none", markersize=5.0, label=shorten(label, 34), **style)
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower left",
        ncols=3 if figure.get_figwidth() > 8 else 2,
        handletextpad=0.3,
    )


def fairness_figure(
    means: Sequence[tuple[Contrast, Contrast]], levels: Sequence[Levelling], worst: str, better: str
) -> Figure | None:
    """Left: gain of the worst group over the gain of all; right: of the group served worst over the one served best.

    ``means`` are pairs (all groups, worst group). Above the dotted diagonal the gap closes; in the shaded part of the
    right panel it closes because the better group got worse. None without a value on either side.
    """
    pairs = [(a, w) for a, w in means if a.value is not None and w.value is not None]
    known = [row for row in levels if row.better_change is not None and row.worse_change is not None]
    count = bool(pairs) + bool(known)
    if not count:
        return None
    sides = [side_words(row.a) for row, _ in pairs] + [side_words(row.a) for row in known]
    styles = {side: {"color": colour(i), "marker": marker(i)} for i, side in enumerate(dict.fromkeys(sides))}
    with styled():
        figure, axes = panels(count, WIDTH if count > 1 else 5.6, 4.4)
        if pairs:
            points = [(side_words(a.a), _three(a), _three(w), shown(w)) for a, w in pairs]
            _plane(axes[0], points, styles)
            axes[0].set(
                xlabel="gain over all groups", ylabel=f"gain of the {worst}", title="Worst group and mean"
            )
        if known:
            _plane(
                axes[-1], [(side_words(row.a), *_changes(row), row.flagged is True) for row in known], styles
            )
            _shade(axes[-1])
            axes[-1].set(
                xlabel=f"change of the {better} served best",
                ylabel="change of the one served worst",
                title="Does the gap close, and how",
            )
        kept = dict(list(styles.items())[:MAX_SERIES])
        _legend(figure, kept)
    return figure


Triple = tuple[float, float | None, float | None]


def _three(row: Contrast) -> Triple:
    return row.value or 0.0, row.lo, row.hi


def _changes(row: Levelling) -> tuple[Triple, Triple]:
    return (
        (row.better_change or 0.0, row.better_lo, row.better_hi),
        (row.worse_change or 0.0, row.worse_lo, row.worse_hi),
    )


def _plane(
    axis: Axes, points: Sequence[tuple[str, Triple, Triple, bool]], styles: Mapping[str, Mapping[str, Any]]
) -> None:
    low, high = _reach([value for _, x, y, _ in points for value in (*x, *y) if value is not None])
    axis.plot([low, high], [low, high], color=MUTED, linewidth=0.9, linestyle=":", zorder=0)
    axis.axhline(0, color=MUTED, linewidth=0.8, zorder=0)
    axis.axvline(0, color=MUTED, linewidth=0.8, zorder=0)
    for name, (x, x_lo, x_hi), (y, y_lo, y_hi), filled in points:
        style = styles[name]
        if x_lo is not None and x_hi is not None:
            axis.plot([x_lo, x_hi], [y, y], color=style["color"], linewidth=0.7, alpha=0.35, zorder=1)
        if y_lo is not None and y_hi is not None:
            axis.plot([x, x], [y_lo, y_hi], color=style["color"], linewidth=0.7, alpha=0.35, zorder=1)
        axis.plot(
            [x],
            [y],
            linestyle="none",
            markersize=5.2,
            markerfacecolor=style["color"] if filled else "none",
            **style,
        )
    axis.set_xlim(low, high)
    axis.set_ylim(low, high)
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.yaxis.set_major_locator(MaxNLocator(5))


def _reach(values: Sequence[float]) -> tuple[float, float]:
    """One range for both axes that holds zero, all points and their bounds."""
    low, high = min([0.0, *values]), max([0.0, *values])
    room = 0.08 * max(high - low, 1e-3)
    return low - 2 * room, high + room


def _shade(axis: Axes) -> None:
    low, high = axis.get_xlim()
    axis.fill([low, 0, 0, low], [low, 0, high, high], color=MUTED, alpha=0.12, linewidth=0, zorder=0)
    axis.text(0.03, 0.97, "levelled down", transform=axis.transAxes, va="top", color=INK, fontsize=8.5)
