"""The other metrics beside each other, in the order of the ranking."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from ..benchmark import Record
from ._axes import scale
from ._estimates import Scores, generator_order, reference_names, series_index
from ._figure_dots import Dot, draw_dots
from ._names import capital, metric_name
from ._style import MAX_ROWS, WIDTH, panels, styled

MAX_METRICS = 10


def scores_figure(record: Record, extractor: str, metrics: Sequence[str]) -> Figure | None:
    """One panel for each metric (at most 10), rows shared; None when there is nothing to draw."""
    scores, references, index = Scores(record), reference_names(record), series_index(record)
    names = [n for n in generator_order(record) if n not in references]
    names += [n for n in generator_order(record) if n in references]
    shown = [n for n in names if any(scores.get(n, extractor, m).value is not None for m in metrics)][
        :MAX_ROWS
    ]
    chosen = [m for m in metrics if any(scores.get(n, extractor, m).value is not None for n in shown)][
        :MAX_METRICS
    ]
    if not shown or not chosen:
        return None
    with styled():
        across = _across(len(chosen))
        down = -(-len(chosen) // across)
        figure, axes = panels(across, WIDTH, down * (0.7 + 0.26 * len(shown)), rows=down)
        for place, axis in enumerate(axes):
            if place >= len(chosen):
                axis.set_visible(False)
                continue
            dots = [
                Dot(name, name in references, index.get(name, 0), scores.get(name, extractor, chosen[place]))
                for name in shown
            ]
            draw_dots(axis, dots, labels=place % across == 0)
            axis.set_title(capital(metric_name(chosen[place])))
            axis.set_xlabel(direction(scores.higher_is_better(chosen[place])))
            scale(axis, [dot.estimate for dot in dots], 4)
    return figure


def _across(n: int) -> int:
    """Panels in a line: as even as they can be, at most 5."""
    return n if n <= 4 else {5: 3, 6: 3, 7: 4, 8: 4}.get(n, 5)


def direction(higher_is_better: bool | None) -> str:
    """What a larger value means."""
    return {True: "higher is better", False: "lower is better", None: ""}[higher_is_better]
