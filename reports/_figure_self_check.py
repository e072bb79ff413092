"""Curves of the self-check: how far each metric moves as a fault grows, in spreads of real against real."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from ..benchmark import CheckCurve, SelfCheck
from ..imagesets import planted_fault
from ._figure_dots import shorten
from ._names import metrics_in_order
from ._self_check_words import row_name
from ._style import INK, LINE, MUTED, WIDTH, colour, dashes, marker, panels, styled

FARTHEST = 100.0
"""Moves end here in the figure, in spreads; the table has the values."""
MOST_LINES = 8
LINEAR = 3.0
"""Up to so many spreads the axis is linear."""


def drawn_curves(document: SelfCheck, fault: str, extractor: str) -> list[CheckCurve]:
    """The curves of the metrics that this fault should move; all of them for the control."""
    mine = [c for c in document.curves if (c.fault, c.extractor) == (fault, extractor)]
    mine = [c for c in mine if c.undamaged.value is not None]
    asked = [c for c in mine if c.expected or fault == "control"]
    order = metrics_in_order(c.metric for c in asked)
    return sorted(asked, key=lambda c: (c.stratum != "all", order.index(c.metric)))[:MOST_LINES]


def self_check_figure(document: SelfCheck, fault: str) -> Figure | None:
    """One panel for each extractor; None where nothing was measured."""
    found = {name: drawn_curves(document, fault, name) for name in document.extractors}
    found = {name: curves for name, curves in found.items() if curves}
    if not found:
        return None
    rows = list(dict.fromkeys((c.metric, c.stratum) for curves in found.values() for c in curves))
    across = min(3, len(found))
    down = -(-len(found) // across)
    with styled():
        figure, axes = panels(across, WIDTH, 3.0 * down + 0.9, rows=down, share_y=True)
        for axis in axes[len(found) :]:
            axis.set_visible(False)
        for axis, (extractor, curves) in zip(axes, found.items(), strict=False):
            _draw(axis, fault, curves, rows)
            axis.set_title(shorten(extractor, 34))
        axes[0].set_ylabel("move, in spreads of real against real")
        handles, names = _legend(axes[: len(found)])
        figure.legend(handles, names, loc="outside lower center", ncols=min(4, len(names)), handlelength=2.6)
    return figure


def moves(curve: CheckCurve) -> list[tuple[float, float, float, bool]]:
    """Move, its bounds, and whether it is significant, for each point; in spreads, the right way upwards.

    A score that never varies among real sets has no spread: any move of it is drawn at the end of the axis.
    """
    sign = curve.expected or 1
    found = []
    for point in curve.points:
        if point.difference is None or point.difference_lo is None or point.difference_hi is None:
            continue
        ends = [_spreads(sign * v, curve.spread) for v in (point.difference_lo, point.difference_hi)]
        found.append(
            (_spreads(sign * point.difference, curve.spread), min(ends), max(ends), point.significant)
        )
    return found


def _spreads(move: float, spread: float | None) -> float:
    if move == 0:
        return 0.0
    if not spread:
        return FARTHEST if move > 0 else -FARTHEST
    return max(-FARTHEST, min(FARTHEST, move / spread))


def _draw(axis: Axes, fault: str, curves: Sequence[CheckCurve], rows: Sequence[tuple[str, str]]) -> None:
    planted = planted_fault(fault)
    strengths = next(iter(curves)).points
    axis.axhspan(-LINEAR, LINEAR, color=LINE, alpha=0.45, linewidth=0)
    axis.axhline(0.0, color=MUTED, linewidth=0.8)
    for curve in curves:
        index = rows.index((curve.metric, curve.stratum))
        found = moves(curve)
        shift = 0.05 * (index - (len(rows) - 1) / 2)
        places = [i + 1 + shift for i in range(len(found))]
        look = INK if index == 0 else colour(index - 1)
        axis.plot(
            [0, *places], [0.0, *(move for move, *_ in found)], color=look, linestyle=dashes(index),
            label=row_name((curve.metric, curve.stratum)), marker=marker(index), markersize=5, markevery=slice(1, None),
            markerfacecolor="none",
        )  # fmt: skip
        for x, (move, low, high, sure) in zip(places, found, strict=True):
            axis.plot([x, x], [low, high], color=look, linewidth=1.0)
            if sure:
                axis.plot([x], [move], color=look, marker=marker(index), markersize=5, linestyle="none")
    axis.set_yscale("symlog", linthresh=LINEAR, linscale=0.6)
    axis.yaxis.set_major_locator(FixedLocator([-100, -30, -10, -3, 0, 3, 10, 30, 100]))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_locator(NullLocator())
    ticks = ["none", *(planted.number(point.strength) for point in strengths)]
    axis.set_xticks(range(len(ticks)), ticks)
    axis.set_xlabel(f"{planted.title.lower()}: {planted.unit}")


def _legend(axes: Sequence[Axes]) -> tuple[list[Artist], list[str]]:
    found: dict[str, Artist] = {}
    for axis in axes:
        for handle, name in zip(*axis.get_legend_handles_labels(), strict=True):
            found.setdefault(name, handle)
    return list(found.values()), list(found)
