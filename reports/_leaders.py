"""The rows of a leaderboard, the same for the page, the terminal, Markdown and CSV."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..benchmark import Memorisation, RankRow, Record, RulerReading
from ._estimates import Estimate, Scores, generator_order
from ._figure_plausibility import judged
from ._names import clean
from ._numbers import interval
from ._utility import Gain, best_gain, gains, metric_of


@dataclass(frozen=True)
class Leader:
    """One generator's line: its place, its value, and what else decides whether one would use it."""

    generator: str
    kind: str
    open_set: bool
    place: str
    value: Estimate
    words: str
    blur_sigma: float | None
    precision: Estimate
    recall: Estimate
    coverage: Estimate
    plausibility: Estimate
    gain: Gain | None
    gate: str
    gate_words: str
    reason: str | None

    @property
    def ranked(self) -> bool:
        """True when the generator has a place."""
        return self.place != ""

    @property
    def value_text(self) -> str:
        """The ranking value with its bounds, or a dash."""
        return interval(self.value.value, self.value.lo, self.value.hi)


GATES = {"copies": "copies patients", "clear": "not shown to copy", "unknown": "cannot be known", "": "not measured"}


def leaders(record: Record) -> list[Leader]:
    """All generators: the ranked ones in order, then the unranked with their reasons."""
    places = {row.generator: row for row in record.ranking.rows} if record.ranking else {}
    scores, found = Scores(record), gains(record, metric_of(record))
    lines = [_leader(record, scores, found, places.get(name), name) for name in generator_order(record)]
    return [line for line in lines if line.ranked] + [line for line in lines if not line.ranked]


def _leader(
    record: Record, scores: Scores, found: dict[str, list[Gain]], row: RankRow | None, name: str
) -> Leader:
    entry = next((e for e in record.generators if e.name == name), None)
    reading = ranking_reading(record, name)
    gate, words = gate_of(m for m in record.memorisation if m.generator == name)
    extractor = scores.primary
    return Leader(
        generator=name,
        kind=row.kind if row else (entry.kind if entry else "generator"),
        open_set=entry.open_set if entry else True,
        place=place_text(row) if row else "",
        value=Estimate(row.value, row.lo, row.hi) if row else Estimate(),
        words=reading.words if reading else "",
        blur_sigma=reading.blur_sigma if reading else None,
        precision=scores.get(name, extractor, "precision"),
        recall=scores.get(name, extractor, "recall"),
        coverage=scores.get(name, extractor, "coverage"),
        plausibility=judged(scores, name, "H"),
        gain=best_gain(found.get(name, [])),
        gate=gate,
        gate_words=words,
        reason=_reason(record, row),
    )


def place_text(row: RankRow) -> str:
    """The place as the data allow it: ``1``, or ``2-3 =`` for a tie; '' when unranked.

    >>> place_text(RankRow(generator="a", kind="generator", rank=2, rank_lo=2, rank_hi=3, tied_with=["b"]))
    '2-3 ='
    """
    if row.rank is None:
        return ""
    lo, hi = row.rank_lo or row.rank, row.rank_hi or row.rank
    span = f"{lo}" if lo == hi else f"{lo}-{hi}"
    return f"{span} =" if row.tied_with else span


def ranking_reading(record: Record, name: str) -> RulerReading | None:
    """The ruler's reading of the ranking metric, else the first reading of this generator."""
    mine = [reading for reading in record.ruler if reading.generator == name]
    ranking = record.ranking
    exact = [r for r in mine if ranking and (r.metric, r.extractor) == (ranking.metric, ranking.extractor)]
    return next(iter(exact + mine), None)


def gate_of(findings: Iterable[Memorisation]) -> tuple[str, str]:
    """The memorisation gate over seeds: one memorising seed is enough; with its words."""
    seeds = list(findings)
    if not seeds:
        return "", ""
    for gate, wanted in (("copies", True), ("unknown", None)):
        chosen = [seed for seed in seeds if seed.memorising is wanted]
        if chosen:
            return gate, clean(chosen[0].words)
    return "clear", clean(seeds[0].words)


def _reason(record: Record, row: RankRow | None) -> str | None:
    if row is not None and row.rank is not None:
        return None
    if row is not None and row.reason:
        return clean(row.reason).removeprefix("unranked: ")
    return "not in the ranking" if record.ranking else "this record has no ranking"
