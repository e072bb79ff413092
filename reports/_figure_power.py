"""The power curve: how often the memorisation test finds planted copies, over their share."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from ..benchmark import CopyPower, PowerRow
from ._style import MUTED, colour, dashes, marker, panels, styled

EXACT, POOLED = "exact", "disguised"
_WORDS = {EXACT: "exact copies", POOLED: "disguised copies"}
ENOUGH = 0.8


def kind_words(kind: str) -> str:
    """A kind of copies in words: its view where it is one."""
    from ..core import UserError
    from ..imagesets import view_words

    if kind in _WORDS:
        return _WORDS[kind]
    try:
        return f"copies {view_words(kind)}"
    except UserError:
        return f"copies: {kind}"


def power_figure(power: CopyPower) -> Figure | None:
    """Detection over the planted share, for exact and for disguised copies; None without trials."""
    curves = [
        (kind, [row for row in power.rows if row.kind == kind])
        for kind in (EXACT, POOLED)
        if any(row.kind == kind for row in power.rows)
    ]
    if not curves:
        return None
    shares = sorted({row.share for _, rows in curves for row in rows})
    with styled():
        figure, (axis,) = panels(1, 6.4, 3.2)
        if power.false_alarm is not None:
            label = f"no copies at all: {power.false_alarm:.1%}"
            axis.axhline(power.false_alarm, color=MUTED, linewidth=0.9, linestyle=":", label=label)
        axis.axhline(ENOUGH, color=MUTED, linewidth=0.6)
        for index, (kind, rows) in enumerate(curves):
            _draw(axis, index, kind_words(kind), sorted(rows, key=lambda row: row.share))
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(FixedLocator(shares))
        axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g}%"))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.set_ylim(-0.04, 1.04)
        axis.set_xlabel("share of copies planted among real unseen images")
        axis.set_ylabel("found, share of trials")
        axis.legend(loc="upper left", handlelength=2.6)
    return figure


def _draw(axis: Axes, index: int, label: str, rows: Sequence[PowerRow]) -> None:
    shift = 1 + 0.03 * index
    x = [row.share * shift for row in rows]
    values = [row.value for row in rows]
    axis.plot(x, values, label=label, color=colour(index), marker=marker(index), linestyle=dashes(index))
    for at, row in zip(x, rows, strict=True):
        axis.plot([at, at], [row.lo, row.hi], color=colour(index), linewidth=1.1)
