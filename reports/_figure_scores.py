"""The other metrics beside each other, in the order of the ranking."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from ..benchmark import Record
from ._estimates import Scores, generator_order, reference_names
from ._figure_dots import Dot, draw_dots
from ._names import capital, metric_name
from ._style import MAX_ROWS, panels, styled


def scores_figure(record: Record, extractor: str, metrics: Sequence[str]) -> Figure | None:
    """One panel for each metric (at most 6), rows shared; None when there is nothing to draw."""
    scores, references = Scores(record), reference_names(record)
    names = [n for n in generator_order(record) if n not in references]
    names += [n for n in generator_order(record) if n in references]
    shown = [n for n in names if any(scores.get(n, extractor, m).value is not None for m in metrics)][:MAX_ROWS]
    chosen = [m for m in metrics if any(scores.get(n, extractor, m).value is not None for n in shown)][:6]
    if not shown or not chosen:
        return None
    with styled():
        across = min(3, len(chosen))
        down = -(-len(chosen) // across)
        figure, axes = panels(across, 7.6, down * (0.7 + 0.26 * len(shown)), rows=down)
        for place, axis in enumerate(axes):
            if place >= len(chosen):
                axis.set_visible(False)
                continue
            dots = [
                Dot(name, name in references, index, scores.get(name, extractor, chosen[place]))
                for index, name in enumerate(shown)
            ]
            draw_dots(axis, dots, labels=place % across == 0)
            axis.set_title(capital(metric_name(chosen[place])))
            axis.set_xlabel(direction(scores.higher_is_better(chosen[place])))
            axis.locator_params(axis="x", nbins=4)
    return figure


def direction(higher_is_better: bool | None) -> str:
    """What a larger value means."""
    return {True: "higher is better", False: "lower is better", None: ""}[higher_is_better]
