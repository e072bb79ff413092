"""The worth of synthetic images in real ones: learning curve, equivalents on it, and where they stop paying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from ..benchmark import Contrast, Equivalence, LearningCurve, Saturation
from ._augmentation import side_words
from ._figure_augmentation import MAX_LINES, number_axis, shown
from ._figure_dots import shorten
from ._names import metric_name
from ._style import INK, MUTED, WIDTH, colour, dashes, marker, panels, styled

MAX_PANELS = 9


def worth_figure(curve: LearningCurve | None, rows: Sequence[Equivalence]) -> Figure | None:
    """Left: error of real images alone over their number; right: real images that would have done as well.

    An arrow marks what lies beyond the numbers that were trained: nothing is extrapolated. None without two numbers.
    """
    points = [point for point in curve.points if np.isfinite(point.value)] if curve else []
    points = points if len({point.n for point in points}) > 1 else []
    known = [row for row in rows if row.n_eff is not None or row.censored is not None]
    if not points and not known:
        return None
    count = bool(points) + bool(known)
    with styled():
        figure, axes = panels(count, WIDTH if count > 1 else 6.0, 4.2)
        if curve is not None and points:
            _curve(axes[0], curve)
        if known:
            trained = [point.n for point in points] or [row.n_real_train for row in known]
            _equivalents(axes[-1], known, sorted(set(trained)))
            handles, labels = axes[-1].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside lower left", ncols=4, handletextpad=0.3)
    return figure


def _curve(axis: Axes, curve: LearningCurve) -> None:
    x = [point.n for point in curve.points]
    if curve.a is not None and curve.b is not None and curve.c is not None and min(x) > 0:
        fine = np.geomspace(min(x), max(x), 120)
        axis.plot(fine, curve.a * fine**-curve.b + curve.c, color=colour(0), linewidth=1.4)
    else:
        axis.plot(x, [point.value for point in curve.points], color=colour(0), linewidth=1.0, linestyle=":")
    for point in curve.points:
        if point.lo is not None and point.hi is not None:
            axis.plot([point.n, point.n], [point.lo, point.hi], color=INK, linewidth=1.1)
    axis.plot(
        x, [point.value for point in curve.points], linestyle="none", marker="o", color=INK, markersize=4.8
    )
    axis.set(xlabel="real training images per class", ylabel=f"error (1 - {metric_name(curve.metric)})")
    axis.set_title("Real images alone")
    number_axis(axis, sorted(set(x)))


def _equivalents(axis: Axes, rows: Sequence[Equivalence], trained: Sequence[int]) -> None:
    low, high = min(trained), max(trained)
    span = [low, high]
    axis.plot(span, span, color=MUTED, linewidth=0.9, linestyle=":", zorder=0)
    labels = list(dict.fromkeys(_label(row) for row in rows))[:MAX_LINES]
    numbers = sorted({row.n_real_train for row in rows})
    for index, label in enumerate(labels):
        style: dict[str, Any] = {"color": colour(index), "marker": marker(index)}
        axis.plot([], [], linestyle="none", label=shorten(label, 34), **style)
        for row in rows:
            if _label(row) == label:
                shift = 1 + 0.05 * (index - (len(labels) - 1) / 2)
                _equivalent(axis, row, row.n_real_train * shift, style, (low, high))
    number_axis(axis, numbers)
    number_axis(axis, trained, upright=True)
    axis.set(xlabel="real images per class that were trained", ylabel="real images alone that do as well")
    axis.set_title("Worth in real images")


def _label(row: Equivalence) -> str:
    return side_words(f"{row.arm}/{row.generator}" if row.generator else row.arm, row.ratio)


def _equivalent(
    axis: Axes, row: Equivalence, x: float, style: Mapping[str, Any], reach: tuple[float, float]
) -> None:
    low, high = reach
    if row.n_eff is None:
        up = row.censored == "above"
        axis.plot(
            [x],
            [high * 1.18 if up else low / 1.18],
            linestyle="none",
            marker="^" if up else "v",
            color=style["color"],
            markersize=6.5,
            markerfacecolor="none",
        )
        return
    if row.n_eff_lo is not None or row.n_eff_hi is not None:
        ends = [
            low / 1.35 if row.n_eff_lo is None else row.n_eff_lo,
            high * 1.35 if row.n_eff_hi is None else row.n_eff_hi,
        ]
        axis.plot([x, x], ends, color=style["color"], linewidth=1.1)
    axis.plot([x], [row.n_eff], linestyle="none", markersize=5.0, **style)


def saturation_figure(
    groups: Mapping[str, Sequence[tuple[Saturation, Sequence[Contrast]]]], metric: str
) -> Figure | None:
    """A panel for each arm with its generator, a line of gains over the ratio for each number of real images.

    Below the lines stands where the next synthetic image stops paying, with its interval. None without a gain.
    """
    kept = {
        name: [pair for pair in pairs if any(row.value is not None for row in pair[1])]
        for name, pairs in groups.items()
    }
    shown_groups = [(name, pairs) for name, pairs in kept.items() if pairs][:MAX_PANELS]
    if not shown_groups:
        return None
    across = min(2 if len(shown_groups) in (2, 4) else 3, len(shown_groups))
    down = -(-len(shown_groups) // across)
    numbers = sorted({pair.n_real_train for _, pairs in shown_groups for pair, _ in pairs})[:MAX_LINES]
    with styled():
        figure, axes = panels(across, WIDTH if across > 1 else 6.0, 3.5 * down, rows=down)
        for place, axis in enumerate(axes):
            if place >= len(shown_groups):
                axis.set_visible(False)
                continue
            name, pairs = shown_groups[place]
            _ratios(axis, pairs, numbers)
            axis.set_title(shorten(name, 36))
            axis.set_xlabel("synthetic images per real one")
            axis.set_ylabel(f"gain in {metric_name(metric)}" if place % across == 0 else "")
        for index, n in enumerate(numbers):
            axes[0].plot(
                [],
                [],
                label=f"{n} real a class",
                color=colour(index),
                marker=marker(index),
                linestyle=dashes(index),
            )
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=5, handlelength=2.6)
    return figure


def _ratios(
    axis: Axes, pairs: Sequence[tuple[Saturation, Sequence[Contrast]]], numbers: Sequence[int]
) -> None:
    axis.axhline(0, color=MUTED, linewidth=0.9, zorder=0)
    ratios: set[float] = {0.0}
    for found, rows in pairs:
        if found.n_real_train not in numbers:
            continue
        index = numbers.index(found.n_real_train)
        known = sorted((row for row in rows if row.value is not None), key=lambda row: row.ratio)
        ratios |= {row.ratio for row in known}
        style: dict[str, Any] = {"color": colour(index), "marker": marker(index)}
        axis.plot(
            [row.ratio for row in known],
            [row.value or 0.0 for row in known],
            color=style["color"],
            linestyle=dashes(index),
            linewidth=1.2,
        )
        for row in known:
            if row.lo is not None and row.hi is not None:
                axis.plot([row.ratio, row.ratio], [row.lo, row.hi], color=style["color"], linewidth=1.0)
            axis.plot(
                [row.ratio],
                [row.value or 0.0],
                linestyle="none",
                markersize=5.0,
                markerfacecolor=style["color"] if shown(row) else "none",
                **style,
            )
    _ratio_axis(axis, sorted(ratios))
    _paying(axis, [found for found, _ in pairs if found.n_real_train in numbers], numbers, max(ratios))


def _paying(axis: Axes, pairs: Sequence[Saturation], numbers: Sequence[int], most: float) -> None:
    """Strips under the lines: until which ratio the next image pays, and how sure that is."""
    low, high = axis.get_ylim()
    step = 0.055 * (high - low)
    strips = [found for found in pairs if found.pays_until is not None]
    for place, found in enumerate(strips):
        y, look = low - step * (place + 1), colour(numbers.index(found.n_real_train))
        if found.pays_lo is not None or found.pays_hi is not None:
            ends = [
                0.0 if found.pays_lo is None else found.pays_lo,
                most if found.pays_hi is None else found.pays_hi,
            ]
            axis.plot([ends[0], min(ends[1], most)], [y, y], color=look, linewidth=1.6)
        axis.plot(
            [min(found.pays_until or 0.0, most)], [y], marker="|", color=look, markersize=9, markeredgewidth=2
        )
    axis.set_ylim(low - step * (len(strips) + 0.8), high)
    axis.yaxis.set_major_locator(MaxNLocator(6))


def _ratio_axis(axis: Axes, ratios: Sequence[float]) -> None:
    positive = [ratio for ratio in ratios if ratio > 0]
    if positive and max(positive) > 8 * min(positive):
        axis.set_xscale("symlog", base=2, linthresh=min(positive), linscale=0.6)
    axis.xaxis.set_major_locator(FixedLocator(list(ratios)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.xaxis.set_minor_locator(NullLocator())
