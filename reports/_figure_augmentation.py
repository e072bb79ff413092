"""Gains over real images alone, by number of real images and ratio; filled marks are what was shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from ..benchmark import Contrast
from ._augmentation import BETTER, REPEATED, SHUFFLED, WORSE, arm_of, generator_of, side_words
from ._figure_dots import shorten
from ._names import metric_name
from ._style import INK, MUTED, REFERENCE, WIDTH, colour, dashes, marker, panels, styled

MAX_PANELS = 9
MAX_LINES = 10
PANEL = 2.9
"""Inches of a panel's height."""


def gains_figure(rows: Sequence[Contrast], metric: str) -> Figure | None:
    """A panel for each arm with its generator, a line for each ratio; None without a value."""
    groups: dict[str, dict[str, list[Contrast]]] = {}
    for row in sorted(rows, key=lambda row: row.ratio):
        if row.value is not None:
            groups.setdefault(side_words(row.a), {}).setdefault(f"×{row.ratio:g}", []).append(row)
    return _figure(groups, metric, share=True)


def arms_figure(rows: Sequence[Contrast], metric: str) -> Figure | None:
    """A panel for the arms without synthetic images and one for each generator, a line for each arm."""
    groups: dict[str, dict[str, list[Contrast]]] = {}
    for row in sorted(rows, key=lambda row: generator_of(row.a) or ""):
        if row.value is not None:
            title = generator_of(row.a) or "without synthetic images"
            ratio = row.ratio if arm_of(row.a) in (REPEATED, "extra-real") or generator_of(row.a) else 0.0
            groups.setdefault(title, {}).setdefault(
                f"{arm_of(row.a)}{f', ×{ratio:g}' if ratio else ''}", []
            ).append(row)
    return _figure(groups, metric, share=False)


def _figure(
    groups: Mapping[str, Mapping[str, Sequence[Contrast]]], metric: str, *, share: bool
) -> Figure | None:
    shown = list(groups.items())[:MAX_PANELS]
    counts = sorted({row.n_real_train for _, lines in shown for rows in lines.values() for row in rows})
    if not shown:
        return None
    across = min(2 if len(shown) in (2, 4) else 3, len(shown))
    down = -(-len(shown) // across)
    labels = list(dict.fromkeys(label for _, lines in shown for label in lines))
    styles = {label: look(label, index) for index, label in enumerate(labels)}
    with styled():
        height = PANEL * down + 0.3 + 0.2 * -(-len(labels) // 4)
        figure, axes = panels(across, WIDTH if across > 1 else 6.4, height, rows=down, share_y=share)
        for place, axis in enumerate(axes):
            if place >= len(shown):
                axis.set_visible(False)
                continue
            _panel(axis, list(shown[place][1].items())[:MAX_LINES], counts, styles)
            axis.set_title(shorten(shown[place][0], 36))
            axis.set_xlabel("real training images per class")
            axis.set_ylabel(f"gain in {metric_name(metric)}" if place % across == 0 else "")
        _legend(figure, styles, "synthetic images per real one" if share else None)
    return figure


def _legend(figure: Figure, styles: Mapping[str, Mapping[str, Any]], title: str | None) -> None:
    """One legend for all panels, since a line looks alike in each."""
    for label, style in styles.items():
        figure.axes[0].plot([], [], label=shorten(label, 34), markersize=4.6, **style)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    columns = 6 if title else 4
    figure.legend(
        handles,
        labels,
        loc="outside lower left",
        ncols=columns,
        handlelength=2.6,
        title=title,
        alignment="left",
    )


def _panel(
    axis: Axes,
    lines: Sequence[tuple[str, Sequence[Contrast]]],
    counts: Sequence[int],
    styles: Mapping[str, Mapping[str, Any]],
) -> None:
    axis.axhline(0, color=MUTED, linewidth=0.9, zorder=0)
    for index, (label, rows) in enumerate(lines):
        shift = 1.0 + 0.045 * (index - (len(lines) - 1) / 2)
        draw_gains(axis, rows, shift, styles[label])
    number_axis(axis, counts)


def look(label: str, index: int) -> dict[str, Any]:
    """Controls in grey and ink, everything else in its colour."""
    if label.startswith((SHUFFLED, REPEATED)):
        return {"color": REFERENCE, "marker": "x" if label.startswith(SHUFFLED) else "s", "linestyle": ":"}
    if label.startswith("extra-real"):
        return {"color": INK, "marker": "s", "linestyle": "--"}
    return {"color": colour(index), "marker": marker(index), "linestyle": dashes(index)}


def draw_gains(axis: Axes, rows: Sequence[Contrast], shift: float, style: Mapping[str, Any]) -> None:
    """A line of gains over the number of real images (times ``shift``), each with its interval or its seeds."""
    ordered = sorted((row for row in rows if row.value is not None), key=lambda row: row.n_real_train)
    x = [row.n_real_train * shift for row in ordered]
    y = [float(row.value or 0.0) for row in ordered]
    axis.plot(x, y, color=style["color"], linestyle=style["linestyle"], linewidth=1.2)
    for at, row in zip(x, ordered, strict=True):
        mark(axis, at, row, style)


def mark(axis: Axes, x: float, row: Contrast, style: Mapping[str, Any]) -> None:
    """One gain upright: a filled mark where it was shown, an open one where it was not."""
    if row.lo is not None and row.hi is not None:
        axis.plot([x, x], [row.lo, row.hi], color=style["color"], linewidth=1.1)
    elif len(row.per_seed) > 1:
        axis.plot(
            [x] * len(row.per_seed),
            row.per_seed,
            linestyle="none",
            marker=style["marker"],
            color=style["color"],
            markersize=2.4,
        )
    axis.plot(
        [x],
        [row.value or 0.0],
        linestyle="none",
        marker=style["marker"],
        color=style["color"],
        markersize=5.2,
        markerfacecolor=style["color"] if shown(row) else "none",
    )


def shown(row: Contrast) -> bool:
    """Whether the contrast is shown in one direction."""
    return row.verdict in (BETTER, WORSE)


def number_axis(axis: Axes, counts: Sequence[float], *, upright: bool = False) -> None:
    """A logarithmic axis with a tick at each number that was trained."""
    ticks = list(counts) if len(counts) <= 8 else [*counts[:: -(-len(counts) // 7)][:-1], counts[-1]]
    target = axis.yaxis if upright else axis.xaxis
    if min(counts) > 0:
        (axis.set_yscale if upright else axis.set_xscale)("log", base=2)
        (axis.set_ylim if upright else axis.set_xlim)(min(counts) / 1.4, max(counts) * 1.4)
    target.set_major_locator(FixedLocator(ticks))
    target.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    target.set_minor_locator(NullLocator())
    if not upright:
        axis.yaxis.set_major_locator(MaxNLocator(6))
