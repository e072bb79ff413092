"""The ruler: every generator's ranking metric among the reference arms."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..benchmark import Ranking, RankRow, Record
from ._axes import scale
from ._estimates import Estimate, Scores, generator_order, reference_names, series_index
from ._figure_dots import Dot, draw_dots
from ._names import capital, metric_name
from ._style import LINE, MAX_ROWS, WIDTH, panels, styled


def ruler_dots(record: Record, ranking: Ranking) -> list[Dot]:
    """All generators and reference arms with a value of the ranking metric, the best first."""
    scores, references, index = Scores(record), reference_names(record), series_index(record)
    given = {row.generator: row for row in ranking.rows}
    dots = []
    for name in generator_order(record):
        value = _value(scores, ranking, given, name)
        dots.append(Dot(name, name in references, index.get(name, 0), value))
    sign = -1.0 if ranking.higher_is_better else 1.0
    return sorted(dots, key=lambda d: (d.estimate.value is None, sign * (d.estimate.value or 0.0), d.name))


def ruler_figure(record: Record, ranking: Ranking) -> Figure | None:
    """Dots and intervals of the ranking metric; None when nothing has a value."""
    dots = [dot for dot in ruler_dots(record, ranking) if dot.estimate.value is not None][:MAX_ROWS]
    if not dots:
        return None
    with styled():
        figure, (axis, *_) = panels(1, WIDTH, 0.75 + 0.3 * len(dots))
        draw_ruler(axis, dots, ticks=8)
        axis.set_xlabel(
            f"{capital(metric_name(ranking.metric))} in {ranking.extractor} features ({better(ranking)})"
        )
    return figure


def draw_ruler(axis: Axes, dots: list[Dot], *, ticks: int) -> None:
    """Draw the dots with a dashed line through each reference arm."""
    for dot in dots:
        if dot.reference and dot.estimate.value is not None:
            axis.axvline(dot.estimate.value, color=LINE, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
    draw_dots(axis, dots)
    scale(axis, [dot.estimate for dot in dots], ticks)
    axis.grid(axis="x", visible=False)


def better(ranking: Ranking) -> str:
    """The metric's direction in words."""
    return "higher is better" if ranking.higher_is_better else "lower is better"


def _value(scores: Scores, ranking: Ranking, given: dict[str, RankRow], name: str) -> Estimate:
    measured = scores.get(name, ranking.extractor, ranking.metric)
    row = given.get(name)
    if row is None or row.value is None:
        return measured
    if measured.few:
        return Estimate(row.value, row.lo, row.hi, measured.per_seed)
    return Estimate(row.value, row.lo, row.hi, measured.per_seed[:1])
