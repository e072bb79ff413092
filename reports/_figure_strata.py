"""One metric by patient group."""

from __future__ import annotations

from matplotlib.figure import Figure

from ..benchmark import Record
from ._axes import scale
from ._estimates import Scores, generator_order, reference_names
from ._figure_dots import shorten
from ._figure_scores import direction
from ._names import capital, clean, column_name, metric_name, split_stratum
from ._style import INK, LINE, MAX_ROWS, REFERENCE, WIDTH, colour, marker, panels, styled

MAX_VALUES = 12


def strata_figure(record: Record, extractor: str, metric: str, column: str) -> Figure | None:
    """A row for each generator, a marker for each value of the column; None when no stratum has a value."""
    scores, references = Scores(record), reference_names(record)
    strata = [s for s in scores.strata(extractor) if split_stratum(s)[0] == column and split_stratum(s)[1]]
    strata = [
        s for s in strata if any(_has(scores, n, extractor, metric, s) for n in generator_order(record))
    ]
    names = [n for n in generator_order(record) if any(_has(scores, n, extractor, metric, s) for s in strata)]
    names, strata = names[:MAX_ROWS], strata[:MAX_VALUES]
    if not names:
        return None
    with styled():
        figure, (axis, *_) = panels(1, WIDTH, 0.95 + len(names) * (0.16 + 0.1 * len(strata)))
        for row, name in enumerate(names):
            for index, stratum in enumerate(strata):
                point = scores.get(name, extractor, metric, stratum)
                if point.value is None:
                    continue
                y = row + 0.66 * ((index + 0.5) / len(strata) - 0.5)
                look = colour(index)
                if point.lo is not None and point.hi is not None:
                    axis.plot([point.lo, point.hi], [y, y], color=look, linewidth=1.1)
                axis.plot(
                    [point.value], [y], linestyle="none", marker=marker(index), color=look, markersize=4.2
                )
        for index, stratum in enumerate(strata):
            axis.plot(
                [],
                [],
                linestyle="none",
                marker=marker(index),
                color=colour(index),
                label=clean(split_stratum(stratum)[1]),
            )
        axis.set_ylim(len(names) - 0.4, -0.6)
        axis.set_yticks(range(len(names)), [shorten(name) for name in names])
        for text, name in zip(axis.get_yticklabels(), names, strict=True):
            text.set_color(REFERENCE if name in references else INK)
        axis.hlines(
            [i - 0.5 for i in range(1, len(names))],
            0,
            1,
            transform=axis.get_yaxis_transform(),
            color=LINE,
            linewidth=0.7,
        )
        axis.grid(axis="y", visible=False)
        axis.set_xlabel(
            f"{capital(metric_name(metric))} ({direction(scores.higher_is_better(metric))})".replace(
                " ()", ""
            )
        )
        points = [scores.get(name, extractor, metric, s) for name in names for s in strata]
        scale(axis, points, 8)
        axis.legend(
            title=capital(column_name(column)), loc="lower left", bbox_to_anchor=(0, 1.0), ncols=min(6, len(strata)),
            columnspacing=1.2, handletextpad=0.3, borderaxespad=0.2, alignment="left",
        )  # fmt: skip
    return figure


def _has(scores: Scores, name: str, extractor: str, metric: str, stratum: str) -> bool:
    return scores.get(name, extractor, metric, stratum).value is not None
