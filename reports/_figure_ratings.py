"""Figures of the ratings page: shares beside the ceiling, differences, agreement, raters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ._figure_dots import shorten
from ._names import capital, clean, column_name
from ._ratings_cells import criterion_of
from ._style import INK, LINE, MAX_ROWS, MUTED, REFERENCE, WIDTH, colour, marker, panels, styled

REAL = "real"
Row = dict[Any, Any]


def ceiling_figure(
    table: pd.DataFrame, origins: Sequence[str], share: str = "judged plausible"
) -> Figure | None:
    """Shares with the ceiling as a line, and differences to it; one row for each origin, or group and origin."""
    rows = [row for row in table.to_dict("records") if pd.notna(row["share"])][:MAX_ROWS]
    if not rows:
        return None
    several = any(pd.notna(row["difference"]) for row in rows)
    with styled():
        figure, axes = panels(2 if several else 1, WIDTH if several else WIDTH * 0.62, 0.95 + 0.3 * len(rows))
        for place, row in enumerate(rows):
            _share(axes[0], place, row, origins)
        _ceilings(axes[0], rows)
        _named(axes[0], [_name(row) for row in rows])
        axes[0].set_xlim(-0.03, 1.03)
        axes[0].set_xlabel(f"{share} (thick: these raters; thin: other raters too)")
        if several:
            axes[1].axvline(0, color=MUTED, linewidth=0.9, zorder=0)
            _margin(axes[1], rows)
            for place, row in enumerate(rows):
                _difference(axes[1], place, row, origins)
            _named(axes[1], [""] * len(rows))
            axes[1].set_xlabel("difference to real images, within raters (grey: the margin)")
    return figure


def agreement_figure(summary: pd.DataFrame) -> Figure | None:
    """Agreement by criterion: the share of equal answers, alpha and AC1."""
    measures = ("share equal", "krippendorff alpha", "gwet ac1")
    found = summary[summary["measure"].isin(measures) & summary["value"].notna()]
    criteria = [str(name) for name in dict.fromkeys(found["criterion"])][:MAX_ROWS]
    if not criteria:
        return None
    with styled():
        figure, axes = panels(1, WIDTH * 0.75, 0.95 + 0.42 * len(criteria))
        for index, measure in enumerate(measures):
            for row in found[found["measure"] == measure].to_dict("records"):
                if row["criterion"] not in criteria:
                    continue
                y = criteria.index(row["criterion"]) + 0.2 * (index - 1)
                label = {"share equal": "share of equal answers", "krippendorff alpha": "Krippendorff's alpha",
                         "gwet ac1": "Gwet's AC1"}[measure]  # fmt: skip
                _dot(axes[0], y, row["value"], row["lo"], row["hi"], index, label=label)
        axes[0].axvline(0, color=MUTED, linewidth=0.9, zorder=0)
        _named(axes[0], [criterion_of(name) for name in criteria])
        _legend(axes[0])
        axes[0].set_xlabel("agreement of raters")
    return figure


def raters_figure(rates: pd.DataFrame, drifts: pd.DataFrame) -> Figure | None:
    """Each rater's pass rate of real and synthetic images, and his pace in the first and last third."""
    raters = [str(name) for name in dict.fromkeys(rates["group"])][:MAX_ROWS]
    shown = rates[rates["share"].notna()]
    if not len(shown):
        return None
    pace = drifts[(drifts["what"] == "pace trend") & drifts["first"].notna()]
    with styled():
        figure, axes = panels(2 if len(pace) else 1, WIDTH if len(pace) else 6.5, 1.1 + 0.42 * len(raters))
        names = sorted(set(shown["origin"]) - {REAL}) + ([REAL] if (shown["origin"] == REAL).any() else [])
        for index, origin in enumerate(names[:6]):
            for row in shown[shown["origin"] == origin].to_dict("records"):
                if row["group"] in raters:
                    y = raters.index(row["group"]) + 0.6 * ((index + 0.5) / min(6, len(names)) - 0.5)
                    look = -1 if origin == REAL else index
                    _dot(axes[0], y, row["share"], row["lo"], row["hi"], look, label=shorten(origin, 22))
        _named(axes[0], [clean(name) for name in raters])
        axes[0].set_xlim(-0.03, 1.03)
        axes[0].set_xlabel("judged plausible")
        _legend(axes[0])
        if len(pace):
            _paces(axes[1], pace, raters)
    return figure


def strengths_figure(strengths: pd.DataFrame) -> Figure | None:
    """Bradley and Terry's strengths with their intervals; None where there are none."""
    rows = (
        strengths[strengths["strength"].notna()].sort_values("strength", ascending=False).to_dict("records")
    )
    if not rows:
        return None
    with styled():
        figure, axes = panels(1, 6.5, 0.95 + 0.32 * len(rows))
        axes[0].axvline(0, color=MUTED, linewidth=0.9, zorder=0)
        for place, row in enumerate(rows):
            look = -1 if row["origin"] == REAL else place
            _dot(axes[0], place, row["strength"], row["lo"], row["hi"], look)
        _named(axes[0], [clean(row["origin"]) for row in rows])
        axes[0].set_xlabel("strength: log odds of being preferred to the average")
    return figure


def _paces(axis: Axes, pace: pd.DataFrame, raters: Sequence[str]) -> None:
    for row in pace.to_dict("records"):
        if row["rater"] in raters:
            y = raters.index(row["rater"])
            axis.plot([row["first"], row["last"]], [y, y], color=LINE, linewidth=1.6, zorder=1)
            axis.plot(
                [row["first"]], [y], "o", color=INK, markerfacecolor="none", label="first third", zorder=2
            )
            axis.plot([row["last"]], [y], "o", color=INK, label="last third", zorder=3)
    _named(axis, [""] * len(raters))
    axis.set_xlim(left=0)
    axis.set_xlabel("seconds an image, median")
    _legend(axis)


def _share(axis: Axes, y: int, row: Row, origins: Sequence[str]) -> None:
    look, shape, face = _look(row["origin"], origins)
    axis.plot([row["lo"], row["hi"]], [y, y], color=look, linewidth=0.9)
    axis.plot([row["lo_these"], row["hi_these"]], [y, y], color=look, linewidth=2.6, solid_capstyle="butt")
    axis.plot([row["share"]], [y], marker=shape, color=look, markerfacecolor=face, markersize=6)


def _difference(axis: Axes, y: int, row: Row, origins: Sequence[str]) -> None:
    look, shape, face = _look(row["origin"], origins)
    if pd.isna(row["difference"]):
        note = "the ceiling" if row["origin"] == REAL else "cannot be known"
        axis.text(0.5, y, note, va="center", ha="center", color=REFERENCE, fontsize=8,
                  transform=axis.get_yaxis_transform())  # fmt: skip
        return
    axis.plot([row["difference_lo"], row["difference_hi"]], [y, y], color=look, linewidth=1.6)
    axis.plot([row["difference"]], [y], marker=shape, color=look, markerfacecolor=face, markersize=6)


def _look(origin: str, origins: Sequence[str]) -> tuple[str, str, str]:
    if origin == REAL:
        return REFERENCE, "s", "none"
    index = list(origins).index(origin) if origin in origins else 0
    return colour(index), marker(index), colour(index)


def _dot(
    axis: Axes, y: float, value: float, lo: float, hi: float, index: int, label: str | None = None
) -> None:
    look, shape = (REFERENCE, "s") if index < 0 else (colour(index), marker(index))
    axis.plot([lo, hi], [y, y], color=look, linewidth=1.4)
    face = "none" if index < 0 else look
    axis.plot([value], [y], marker=shape, color=look, markerfacecolor=face, linestyle="none", label=label)


def _ceilings(axis: Axes, rows: Sequence[Row]) -> None:
    """A dashed line at the real images' share beside the rows of each group."""
    for group in dict.fromkeys(row["group"] for row in rows):
        places = [i for i, row in enumerate(rows) if row["group"] == group]
        real = [row["share"] for row in rows if row["group"] == group and row["origin"] == REAL]
        if real:
            axis.plot(
                [real[0]] * 2, [places[0] - 0.45, places[-1] + 0.45], "--", color=REFERENCE, linewidth=1.2
            )


def _margin(axis: Axes, rows: Sequence[Row]) -> None:
    axis.axvspan(-rows[0]["margin"], 0, color=LINE, alpha=0.6, linewidth=0, zorder=0)


def _named(axis: Axes, names: Sequence[str]) -> None:
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.set_yticks(range(len(names)), [shorten(name, 34) for name in names])
    axis.grid(axis="y", visible=False)
    axis.spines["left"].set_visible(False)
    axis.locator_params(axis="x", nbins=6)


def _legend(axis: Axes) -> None:
    found = dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
    if found:
        axis.legend(
            list(found.values()),
            list(found),
            loc="lower center",
            bbox_to_anchor=(0.5, 1.0),
            ncols=min(4, len(found)),
        )


def _name(row: Row) -> str:
    if row["column"] == "all" and row["criterion"] == "plausible":
        return clean(row["origin"])
    if row["column"] == "all":
        return f"{capital(clean(row['criterion']).replace('_', ' '))}: {clean(row['origin'])}"
    return f"{clean(row['group'])}: {clean(row['origin'])}"


def group_title(column: str) -> str:
    """A column as a heading: Class, Skin tone."""
    return capital(column_name(column))
