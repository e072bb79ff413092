"""Axes that stay readable when one arm is a hundred times farther away than the others."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator, SymmetricalLogLocator

from ._estimates import Estimate

SKEWED = 12.0
"""Beyond this ratio between the largest and the median value the axis is logarithmic."""


def scale(axis: Axes, estimates: Sequence[Estimate], ticks: int) -> None:
    """Set a linear x axis, or a logarithmic one for skewed values (linear around 0 where bounds reach it)."""
    values = sorted(found.value for found in estimates if found.value is not None)
    lows = [bound for found in estimates for bound in (found.lo, found.value) if bound is not None]
    positive = [value for value in values if value > 0]
    median = values[len(values) // 2] if values else 0.0
    if median <= 0 or max(values) < SKEWED * median:
        axis.xaxis.set_major_locator(MaxNLocator(ticks))
        return
    if min(lows) > 0:
        axis.set_xscale("log")
        few = max(values) > 300 * min(values) or ticks < 5
        axis.xaxis.set_major_locator(LogLocator(subs=(1.0,) if few else (1.0, 2.0, 5.0), numticks=ticks + 4))
    else:
        near = positive[len(positive) // 4]
        axis.set_xscale("symlog", linthresh=near)
        axis.xaxis.set_major_locator(_Sparse(base=10, linthresh=near))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))


def _tick(value: float) -> str:
    return f"{value:,g}" if abs(value) < 1e6 else f"{value:.0e}".replace("e+0", "e")


class _Sparse(SymmetricalLogLocator):
    """The positive decades and 0: negative ones would crowd the axis beside 0."""

    def tick_values(self, vmin: float, vmax: float) -> list[float]:
        return [float(tick) for tick in super().tick_values(vmin, vmax) if tick >= 0]
