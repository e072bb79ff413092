"""Learning curves: a measure of the classifier over the number of real training images."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from ..benchmark import Record
from ._estimates import Estimate
from ._figure_dots import shorten
from ._names import metric_name
from ._style import INK, WIDTH, colour, dashes, marker, panels, styled
from ._utility import BASELINE, Series, series

MAX_PANELS = 12


def curves_figure(record: Record, classifier: str, metric: str) -> Figure | None:
    """One panel for the arms without a generator and one for each generator, real-only in all; None without data."""
    lines = series(record, classifier, metric)
    groups = curve_groups(lines)[:MAX_PANELS]
    counts = sorted({n for line in lines for n, point in line.points if point.value is not None and n > 0})
    if not groups or not counts:
        return None
    with styled():
        across = min(2 if len(groups) in (2, 4) else 3, len(groups))
        down = -(-len(groups) // across)
        figure, axes = panels(across, WIDTH if across > 1 else 6.0, 3.3 * down, rows=down, share_y=True)
        for place, axis in enumerate(axes):
            if place >= len(groups):
                axis.set_visible(False)
                continue
            title, members = groups[place]
            _draw(axis, members, counts)
            axis.set_title(shorten(title, 34))
            axis.set_xlabel("real training images per class")
            if place % across == 0:
                axis.set_ylabel(metric_name(metric))
    return figure


def curve_groups(lines: Sequence[Series]) -> list[tuple[str, list[Series]]]:
    """The lines by generator, each group opened by real-only; the arms without a generator come first."""
    baseline = [line for line in lines if line.arm == BASELINE]
    others = [line for line in lines if line.arm != BASELINE]
    groups: dict[str, list[Series]] = {}
    for line in sorted(others, key=lambda item: item.generator or ""):
        groups.setdefault(line.generator or "", []).append(line)
    if not groups:
        return [("Real images only", baseline)] if baseline else []
    return [(name or "Without synthetic images", baseline + members) for name, members in groups.items()]


def _draw(axis: Axes, members: Sequence[Series], counts: Sequence[int]) -> None:
    for index, line in enumerate(members):
        base = line.arm == BASELINE
        look = {"color": INK if base else colour(index - 1), "marker": "o" if base else marker(index)}
        shift = 1.0 + 0.035 * (index - (len(members) - 1) / 2)
        points = [
            (n * shift, point, point.value) for n, point in line.points if n > 0 and point.value is not None
        ]
        axis.plot(
            [x for x, _, _ in points], [value for _, _, value in points], color=look["color"],
            marker=look["marker"], markersize=4.5, linestyle="-" if base else dashes(index),
            label=shorten(line.label, 34), markerfacecolor="none" if base else look["color"],
        )  # fmt: skip
        for x, point, _ in points:
            _spread(axis, x, point, look)
    axis.set_xscale("log", base=2)
    axis.xaxis.set_major_locator(FixedLocator(list(counts)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xlim(min(counts) / 1.35, max(counts) * 1.35)
    axis.legend(loc="lower right", handlelength=2.6)


def _spread(axis: Axes, x: float, point: Estimate, look: dict[str, str]) -> None:
    if point.few:
        seeds = [value for _, value, _, _ in point.per_seed]
        axis.plot(
            [x] * len(seeds),
            seeds,
            linestyle="none",
            marker=look["marker"],
            color=look["color"],
            markersize=2.4,
        )
    elif point.lo is not None and point.hi is not None:
        axis.plot([x, x], [point.lo, point.hi], color=look["color"], linewidth=1.2)
