"""What each step of an alignment bought and cost: judges and diversity against the distance from the base."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ..benchmark import Record, TrajectoryPoint
from ._alignment import CONTROLS, base_name, spread
from ._estimates import Estimate
from ._figure_dots import shorten
from ._style import INK, MUTED, REFERENCE, WIDTH, colour, marker, panels, styled

PANELS = {
    "R": "R, the reward model",
    "E": "E, the evaluator",
    "H": "H, the held-out raters",
    "coverage": "coverage",
    "vendi": "Vendi score, by the base's",
    "near_copies": "near-copies of training images",
}
MAX_LINES = 12
NAN = float("nan")


@dataclass(frozen=True)
class Trail:
    """One method's way: for each seed its points, the base first; what is not trained has a single point."""

    name: str
    seeds: Mapping[int, Sequence[TrajectoryPoint]]
    vendi: Mapping[int, float | None]
    trained: bool

    @property
    def placed(self) -> bool:
        """True when a path KL is known of any point but the base's."""
        return any(
            point.path_kl is not None for way in self.seeds.values() for point in way if self._own(point)
        )

    def _own(self, point: TrajectoryPoint) -> bool:
        return point.step > 0 or not self.trained

    @property
    def steps(self) -> list[int]:
        """The steps that every seed has, in order."""
        each = [{point.step for point in points} for points in self.seeds.values()]
        return sorted(set.intersection(*each)) if each else []

    def at(self, step: int, what: str) -> Estimate:
        """A value over seeds at a step; the Vendi score as a multiple of the base's."""
        found = {s: next((p for p in points if p.step == step), None) for s, points in self.seeds.items()}
        return spread(
            {seed: self.value(seed, point, what) for seed, point in found.items() if point is not None}
        )

    def value(self, seed: int, point: TrajectoryPoint, what: str) -> float | None:
        """One seed's value of one point."""
        if what == "path_kl":
            return 0.0 if point.step == 0 and self.trained else point.path_kl
        if what != "vendi":
            return getattr(point, what)  # type: ignore[no-any-return]
        own, base = point.vendi, self.vendi.get(seed)
        return None if own is None or not base else own / base


def trails(record: Record) -> list[Trail]:
    """The ways of all methods in the record's order, each opened by the base of its seed where that was measured."""
    base = base_name(record)
    start = {point.seed: point for point in record.trajectories if point.generator == base}
    vendi = {seed: point.vendi for seed, point in start.items()}
    grouped: dict[str, dict[int, list[TrajectoryPoint]]] = defaultdict(lambda: defaultdict(list))
    for point in record.trajectories:
        if point.generator != base:
            grouped[point.generator][point.seed].append(point)
    found = []
    for name, seeds in grouped.items():
        trained = any(point.step for points in seeds.values() for point in points)
        ways = {
            seed: _way(points, start.get(seed) if trained else None) for seed, points in sorted(seeds.items())
        }
        found.append(Trail(name, ways, vendi, trained))
    return found


def _way(points: Sequence[TrajectoryPoint], start: TrajectoryPoint | None) -> list[TrajectoryPoint]:
    own = sorted(points, key=lambda point: point.step)
    return own if start is None or own[0].step == 0 else [start, *own]


def trajectory_figure(record: Record, *, width: float = WIDTH) -> Figure | None:
    """Six small panels over the path KL, a line for each method; None when no point of a trajectory was measured."""
    ways = trails(record)[:MAX_LINES]
    shown = [
        what
        for what in PANELS
        if any(way.at(step, what).value is not None for way in ways for step in way.steps)
    ]
    if not ways or not shown:
        return None
    across = min(3, len(shown))
    down = -(-len(shown) // across)
    with styled():
        figure, axes = panels(across, width, 2.55 * down + 0.9, rows=down)
        edge = _edge(ways)
        for place, axis in enumerate(axes):
            if place >= len(shown):
                axis.set_visible(False)
                continue
            _panel(axis, ways, shown[place], edge)
            axis.set_title(PANELS[shown[place]])
            if place + across >= len(shown):
                axis.set_xlabel("path KL to the base, nats an image")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=min(4, len(labels)), handlelength=2.4)
    return figure


def _panel(axis: Axes, ways: Sequence[Trail], what: str, edge: float) -> None:
    for index, way in enumerate(ways):
        look = _look(way.name, index)
        if way.placed:
            _line(axis, way, what, look, faint=0.35 if len(ways) < 5 else 0.2)
        else:
            last = way.at(way.steps[-1], what) if way.steps else spread({})
            axis.plot(
                [] if last.value is None else [edge], [] if last.value is None else [last.value],
                label=f"{shorten(way.name, 30)} (no path KL)", **{**look, "markersize": 7.0, "linestyle": "none"},
            )  # fmt: skip
    kls = [
        found.value for way in ways if way.placed for s in way.steps if (found := way.at(s, "path_kl")).value
    ]
    if kls and max(kls) > 30 * min(kls):
        axis.set_xscale("symlog", linthresh=max(min(kls), max(kls) / 1000))
        axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.yaxis.set_major_locator(MaxNLocator(5))


def _line(axis: Axes, way: Trail, what: str, look: Mapping[str, Any], *, faint: float) -> None:
    for seed, points in way.seeds.items() if len(way.seeds) > 1 else ():
        pairs = [(way.value(seed, p, "path_kl"), way.value(seed, p, what)) for p in points]
        known = [(x, y) for x, y in pairs if x is not None and y is not None]
        axis.plot(
            [x for x, _ in known],
            [y for _, y in known],
            color=look["color"],
            linewidth=0.7,
            alpha=0.35,
            zorder=1,
        )
    means = [(way.at(step, "path_kl").value, way.at(step, what).value) for step in way.steps]
    known = [(x, y) for x, y in means if x is not None and y is not None]
    axis.plot(
        [x for x, _ in known],
        [y for _, y in known],
        label=shorten(way.name, 30),
        linewidth=1.8,
        zorder=2,
        **look,
    )


def _look(name: str, index: int) -> dict[str, Any]:
    head = name.split(":")[0]
    if head in CONTROLS:
        return {
            "color": REFERENCE,
            "marker": "v" if head == "inverted" else "x",
            "markersize": 4.5,
            "linestyle": ":",
        }
    if head == "real-only":
        return {"color": INK, "marker": "s", "markersize": 4.0, "linestyle": "--", "markerfacecolor": "none"}
    return {"color": colour(index), "marker": marker(index), "markersize": 4.5}


def _edge(ways: Sequence[Trail]) -> float:
    known = [way.at(step, "path_kl").value or 0.0 for way in ways if way.placed for step in way.steps]
    return 1.12 * max(known, default=1.0) or 1.0


def reward_figure(rows: Sequence[tuple[str, Estimate, Estimate]]) -> Figure | None:
    """For each aligner R's AUROC on the base's images (open mark) and on its own (full mark), joined; None without."""
    known = [(name, before, after) for name, before, after in rows if after.value is not None]
    if not known:
        return None
    with styled():
        figure, (axis,) = panels(1, 7.2, 1.1 + 0.34 * len(known))
        for row, (_, before, after) in enumerate(known):
            if before.value is not None:
                axis.plot(
                    [before.value, NAN if after.value is None else after.value],
                    [row, row],
                    color=REFERENCE,
                    linewidth=1.4,
                    zorder=1,
                )
                _mark(
                    axis, row, before, {"markerfacecolor": "none"}, "on images of the base" if not row else ""
                )
            _mark(axis, row, after, {}, "on images after alignment" if not row else "")
        axis.axvline(0.5, color=MUTED, linewidth=0.9, linestyle=":", zorder=0)
        axis.set_yticks(range(len(known)), [shorten(name) for name, _, _ in known])
        axis.set_ylim(len(known) - 0.4, -0.6)
        axis.grid(axis="y", visible=False)
        axis.set_xlabel("AUROC of R against its raters (dotted: a guess)")
        figure.legend(loc="outside lower left", ncols=2)
    return figure


def _mark(axis: Axes, row: int, found: Estimate, look: Mapping[str, Any], label: str) -> None:
    seeds = [value for _, value, _, _ in found.per_seed]
    axis.plot(
        [NAN if found.value is None else found.value],
        [row],
        linestyle="none",
        marker="o",
        markersize=7,
        color=colour(0),
        label=label or None,
        **look,
    )
    axis.plot(seeds, [row + 0.17] * len(seeds), linestyle="none", marker="o", markersize=2.2, color=colour(0))
