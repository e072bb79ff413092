"""Dots with their intervals: one row for each generator, reference arms in grey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from ._estimates import Estimate
from ._names import clean
from ._style import INK, LINE, REFERENCE, colour, marker


@dataclass(frozen=True)
class Dot:
    """A generator's row: its name, its look and its value."""

    name: str
    reference: bool
    index: int
    estimate: Estimate


def draw_dots(axis: Axes, dots: Sequence[Dot], *, labels: bool = True) -> None:
    """Draw the rows from the top down: each seed when they are few, else the mean and its interval."""
    for row, dot in enumerate(dots):
        look = REFERENCE if dot.reference else colour(dot.index)
        shape = "s" if dot.reference else marker(dot.index)
        face = "none" if dot.reference else look
        for offset, (value, lo, hi) in zip(_offsets(dot.estimate), _marks(dot.estimate), strict=True):
            y = row + offset
            if lo is not None and hi is not None:
                axis.plot([lo, hi], [y, y], color=look, linewidth=1.6, solid_capstyle="butt")
            axis.plot(
                [value], [y], linestyle="none", marker=shape, color=look, markerfacecolor=face, markersize=5.5
            )
        if dot.estimate.value is None:
            axis.text(
                0.01,
                row,
                "no value",
                transform=axis.get_yaxis_transform(),
                va="center",
                color=REFERENCE,
                fontsize=8,
            )
    axis.set_ylim(len(dots) - 0.4, -0.6)
    axis.set_yticks(range(len(dots)))
    if labels:
        axis.set_yticklabels([shorten(dot.name) for dot in dots])
        for text, dot in zip(axis.get_yticklabels(), dots, strict=True):
            text.set_color(REFERENCE if dot.reference else INK)
    else:
        axis.tick_params(labelleft=False)
    axis.grid(axis="y", visible=False)
    axis.spines["left"].set_visible(False)
    axis.hlines(
        range(len(dots)), 0, 1, transform=axis.get_yaxis_transform(), color=LINE, linewidth=0.5, zorder=0
    )


def shorten(name: str, most: int = 28) -> str:
    """The name on one line of a figure; the end stays, for names of one kind differ there."""
    text = clean(name)
    tail = most // 3
    return text if len(text) <= most else text[: most - tail - 1] + "…" + text[-tail:]


def _marks(estimate: Estimate) -> list[tuple[float, float | None, float | None]]:
    if estimate.value is None:
        return []
    if estimate.few:
        return [(value, lo, hi) for _, value, lo, hi in estimate.per_seed]
    return [(estimate.value, estimate.lo, estimate.hi)]


def _offsets(estimate: Estimate) -> list[float]:
    n = len(_marks(estimate))
    return [0.16 * (i - (n - 1) / 2) for i in range(n)]
