"""Plausibility by the judges R, E and H, and the gains of alignment on each."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from ..benchmark import Audit, Record
from ..core import MIN_SEEDS, t_interval
from ._estimates import Estimate, Scores, generator_order, reference_names, series_index
from ._figure_dots import Dot, draw_dots
from ._names import JUDGES
from ._style import MAX_ROWS, MUTED, WIDTH, panels, styled

PLAUSIBLE = "plausible_share"
ROLES = {"R": "R, the reward model", "E": "E, the evaluator", "H": "H, the held-out raters"}


def plausibility_metric(scores: Scores, judge: str) -> str | None:
    """The metric under which a judge's plausibility was recorded."""
    found = scores.metrics(judge)
    if PLAUSIBLE in found:
        return PLAUSIBLE
    return next((metric for metric in found if "plausib" in metric), found[0] if found else None)


def plausibility_order(record: Record) -> list[str]:
    """Reference arms, generators, then aligned generators: before and after."""
    kinds = {entry.name: entry.kind for entry in record.generators}
    place = {"reference": 0, "generator": 1, "aligned": 2}
    judged = {row.generator for row in record.scores if row.extractor in JUDGES}
    names = [name for name in generator_order(record) if name in judged]
    return sorted(
        names, key=lambda name: (place.get(kinds.get(name, "generator"), 1), name != "real-holdout")
    )


def judged(scores: Scores, name: str, judge: str) -> Estimate:
    """A generator's plausibility in the eyes of a judge."""
    metric = plausibility_metric(scores, judge)
    return scores.get(name, judge, metric) if metric else Estimate(reason="not measured")


def plausibility_figure(record: Record) -> Figure | None:
    """A panel for each judge, a row for each generator; None when no judge gave a value."""
    scores, names = Scores(record), plausibility_order(record)[:MAX_ROWS]
    judges = [j for j in JUDGES if any(judged(scores, name, j).value is not None for name in names)]
    if not judges:
        return None
    references, index = reference_names(record), series_index(record)
    with styled():
        figure, axes = panels(len(judges), WIDTH, 0.8 + 0.28 * len(names))
        for place, (axis, judge) in enumerate(zip(axes, judges, strict=True)):
            dots = [Dot(n, n in references, index.get(n, 0), judged(scores, n, judge)) for n in names]
            draw_dots(axis, dots, labels=place == 0)
            axis.set_title(ROLES[judge])
            axis.set_xlim(-0.03, 1.03)
            axis.set_xlabel("judged plausible")
            axis.locator_params(axis="x", nbins=5)
    return figure


def gain_estimate(gains: Sequence[float]) -> Estimate:
    """The gain over seeds, with a t interval from 5 seeds on."""
    if not gains:
        return Estimate(reason="not measured")
    seeds = tuple((index, gain, None, None) for index, gain in enumerate(gains))
    if len(gains) < MIN_SEEDS:
        return Estimate(sum(gains) / len(gains), None, None, seeds)
    interval = t_interval(gains)
    return Estimate(interval.value, interval.lo, interval.hi, seeds)


def gains_figure(record: Record, audits: Sequence[Audit]) -> Figure | None:
    """The gain of each aligner over its control on R, E and H; None when no audit has a gain."""
    judges = [j for j in JUDGES if any(audit.gains.get(j) for audit in audits)]
    index = series_index(record)
    if not judges:
        return None
    with styled():
        figure, axes = panels(len(judges), WIDTH, 0.9 + 0.32 * len(audits))
        for place, (axis, judge) in enumerate(zip(axes, judges, strict=True)):
            dots = [
                Dot(
                    audit.aligner,
                    False,
                    index.get(audit.aligner, 0),
                    gain_estimate(audit.gains.get(judge, [])),
                )
                for audit in audits
            ]
            axis.axvline(0, color=MUTED, linewidth=0.9, zorder=0)
            draw_dots(axis, dots, labels=place == 0)
            axis.set_title(ROLES[judge])
            axis.set_xlabel("gain over the control")
            axis.locator_params(axis="x", nbins=5)
    return figure
