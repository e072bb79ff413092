"""What goes with performance: shares of variance, plausibility against gain, and utility kept against memorisation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, PercentFormatter

from ..benchmark import PlausibilityGain, Sharing, VarianceShare
from ._figure_dots import shorten
from ._names import clean, metric_name
from ._style import INK, LINE, MUTED, REFERENCE, WIDTH, colour, marker, panels, styled

MAX_PANELS = 6
MAX_NAMES = 12


def variance_figure(groups: Mapping[str, Sequence[VarianceShare]]) -> Figure | None:
    """A panel for each setting, a row for each factor with its interval; None without a share."""
    known = {name: [row for row in rows if row.share is not None] for name, rows in groups.items()}
    kept = [(name, rows) for name, rows in known.items() if rows][:MAX_PANELS]
    if not kept:
        return None
    found = dict.fromkeys(row.factor for _, rows in kept for row in rows)
    factors = sorted(found, key=lambda name: LAST.index(name) if name in LAST else -1)
    across = min(3, len(kept))
    down = -(-len(kept) // across)
    with styled():
        figure, axes = panels(
            across, WIDTH if across > 1 else 6.4, (0.95 + 0.32 * len(factors)) * down, rows=down
        )
        for place, axis in enumerate(axes):
            if place >= len(kept):
                axis.set_visible(False)
                continue
            _shares(axis, kept[place][1], factors, labels=place % across == 0)
            axis.set_title(shorten(kept[place][0], 40))
    return figure


FACTORS = {
    "n_real": "number of real images",
    "ratio": "ratio",
    "generator": "generator",
    "arm": "arm",
    "stratum": "patient group",
    "seed": "seed",
    "rest": "rest",
}


LAST = ("seed", "rest")
"""Factors that nobody chooses: below the others, in grey."""


def factor_words(factor: str) -> str:
    """A factor of the grid in words."""
    return FACTORS.get(factor, clean(factor).replace("_", " "))


def _shares(axis: Axes, rows: Sequence[VarianceShare], factors: Sequence[str], *, labels: bool) -> None:
    for row in rows:
        y = factors.index(row.factor)
        look = REFERENCE if row.factor in LAST else colour(0)
        axis.barh([y], [max(row.share or 0.0, 0.0)], height=0.55, color=look, alpha=0.45, linewidth=0)
        if row.lo is not None and row.hi is not None:
            axis.plot([row.lo, row.hi], [y, y], color=INK, linewidth=1.3)
        axis.plot([row.share or 0.0], [y], marker="o", color=INK, markersize=3.6)
    axis.set_yticks(range(len(factors)), [factor_words(name) if labels else "" for name in factors])
    axis.set_ylim(len(factors) - 0.4, -0.6)
    axis.grid(axis="y", visible=False)
    axis.set_xlim(0, max([1e-3] + [max(row.share or 0.0, row.hi or 0.0) for row in rows]) * 1.05)
    axis.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.set_xlabel("share of variance")


def plausibility_figure(rows: Sequence[PlausibilityGain]) -> Figure | None:
    """A panel for each measure of plausibility, a mark for each generator and class; None without a point."""
    kept = [(row, points) for row in rows if (points := _points(row))][:MAX_PANELS]
    if not kept:
        return None
    names = list(dict.fromkeys(point["generator"] for _, points in kept for point in points))
    styles = _styles(names)
    across = min(2, len(kept))
    down = -(-len(kept) // across)
    with styled():
        figure, axes = panels(across, WIDTH if across > 1 else 6.4, 3.6 * down, rows=down)
        for place, axis in enumerate(axes):
            if place >= len(kept):
                axis.set_visible(False)
                continue
            row, points = kept[place]
            axis.axhline(0, color=MUTED, linewidth=0.9, zorder=0)
            for name in names:
                mine = [point for point in points if point["generator"] == name]
                axis.plot(
                    [p["measure"] for p in mine],
                    [p["gain"] for p in mine],
                    linestyle="none",
                    label=shorten(name),
                    **styles[name],
                )
            _slope(axis, row, points)
            axis.set(xlabel=metric_name(row.measure), ylabel=f"gain in {metric_name(row.metric)}")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(
            handles[:MAX_NAMES], labels[:MAX_NAMES], loc="outside lower left", ncols=4, handletextpad=0.3
        )
    return figure


def _points(row: PlausibilityGain) -> list[dict[str, Any]]:
    """The points that have both numbers, their generator as text."""
    found = []
    for point in row.points:
        measure, gain = point.get("measure"), point.get("gain")
        if (
            isinstance(measure, int | float)
            and isinstance(gain, int | float)
            and math.isfinite(measure)
            and math.isfinite(gain)
        ):
            found.append({"generator": clean(point.get("generator", "")), "measure": measure, "gain": gain})
    return found


def _styles(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    return {
        name: {"color": colour(i), "marker": marker(i), "markersize": 5.0} for i, name in enumerate(names)
    }


def _slope(axis: Axes, row: PlausibilityGain, points: Sequence[dict[str, Any]]) -> None:
    """The fitted slope through the points' middle, drawn only where it was shown."""
    if row.verdict != "shown" or row.slope is None:
        return
    x = [point["measure"] for point in points]
    middle = sum(x) / len(x), sum(point["gain"] for point in points) / len(points)
    ends = [min(x), max(x)]
    axis.plot(
        ends, [middle[1] + row.slope * (end - middle[0]) for end in ends], color=INK, linewidth=1.2, zorder=1
    )


def sharing_figure(rows: Sequence[Sharing]) -> Figure | None:
    """Utility kept over the share of near-copies, a mark for each generator; None where both are known of none."""
    known = [row for row in rows if row.kept is not None and row.copy_share is not None]
    if not known:
        return None
    styles = _styles(list(dict.fromkeys(row.generator for row in known)))
    told: set[str] = set()
    with styled():
        figure, (axis,) = panels(1, 7.2, 4.4)
        for row in known:
            _share(axis, row, styles[row.generator], row.generator not in told)
            told.add(row.generator)
        axis.axhline(1, color=MUTED, linewidth=0.9, linestyle=":", zorder=0)
        axis.axhline(0, color=LINE, linewidth=0.9, zorder=0)
        _share_axis(axis, max(max(row.copy_share or 0.0, row.copy_hi or 0.0) for row in known))
        axis.set(
            xlabel="share of images that are near-copies of a training image",
            ylabel="utility kept (1: as real images alone)",
        )
        figure.legend(loc="outside lower left", ncols=3, handletextpad=0.3)
    return figure


def _share_axis(axis: Axes, most: float) -> None:
    """A root scale: a few per cent of copies must be told from none beside an arm that copies everything."""
    axis.set_xscale("function", functions=(lambda x: np.sqrt(np.maximum(x, 0.0)), np.square))
    ticks = [tick for tick in (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0) if tick <= max(most, 0.05)]
    axis.xaxis.set_major_locator(FixedLocator(ticks))
    axis.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axis.set_xlim(0, max(most, 0.05) * 1.04)
    for line in axis.lines:
        line.set_clip_on(False)


def _share(axis: Axes, row: Sharing, style: Mapping[str, Any], named: bool) -> None:
    x, y = row.copy_share or 0.0, row.kept or 0.0
    if row.kept_lo is not None and row.kept_hi is not None:
        axis.plot([x, x], [row.kept_lo, row.kept_hi], color=style["color"], linewidth=1.1)
    if row.copy_lo is not None and row.copy_hi is not None:
        axis.plot([row.copy_lo, row.copy_hi], [y, y], color=style["color"], linewidth=1.1)
    face = "none" if row.memorising is None else style["color"]
    axis.plot([x], [y], linestyle="none", markerfacecolor=face, **style)
    if named:
        axis.plot([], [], linestyle="none", label=shorten(row.generator, 30), **style)
    if row.memorising:
        axis.plot([x], [y], linestyle="none", marker="x", color=INK, markersize=10)
