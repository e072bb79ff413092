"""One value from the rows of several seeds, as the statistics rule says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

from ..benchmark import Record, ScoreRow
from ..core import MIN_SEEDS, paired_t_within, t_interval
from ._names import JUDGES
from ._numbers import interval, values


class Row(Protocol):
    """What score rows and classifier rows have in common."""

    seed: int
    value: float | None
    lo: float | None
    hi: float | None
    level: float
    reason: str | None


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its bounds, or the reason why there is none.

    From 5 seeds on the bounds are a t interval over seeds, with the within-seed variance added where it is known;
    below that they are the span of the seeds' own intervals, which says nothing about other seeds.
    """

    value: float | None = None
    lo: float | None = None
    hi: float | None = None
    per_seed: tuple[tuple[int, float, float | None, float | None], ...] = ()
    reason: str | None = None

    @property
    def few(self) -> bool:
        """True when several seeds were run, but too few for an interval over seeds."""
        return 1 < len(self.per_seed) < MIN_SEEDS

    @property
    def text(self) -> str:
        """The value and its bounds, or the reason."""
        return (
            (self.reason or "not measured") if self.value is None else interval(self.value, self.lo, self.hi)
        )

    @property
    def seeds_text(self) -> str:
        """What each seed gave, when they are few."""
        return values([value for _, value, _, _ in self.per_seed]) if self.few else ""


MISSING = Estimate(reason="not measured")


def estimate(rows: Iterable[Row]) -> Estimate:
    """Combine the rows of one quantity; a null in any seed makes it null, never a mean of what is there."""
    ordered = sorted(rows, key=lambda row: row.seed)
    seeds = tuple((row.seed, row.value, row.lo, row.hi) for row in ordered if row.value is not None)
    if not seeds or len(seeds) < len(ordered):
        return Estimate(reason=_why_null(ordered))
    mean = sum(value for _, value, _, _ in seeds) / len(seeds)
    lo, hi = _bounds(seeds, ordered[0].level)
    return Estimate(mean, lo, hi, seeds)


def _why_null(rows: Sequence[Row]) -> str:
    gaps = [row for row in rows if row.value is None]
    reason = next((row.reason for row in gaps if row.reason), "not measured")
    return reason if len(gaps) == len(rows) else f"{reason} (seed {', '.join(str(row.seed) for row in gaps)})"


def _bounds(
    seeds: Sequence[tuple[int, float, float | None, float | None]], level: float
) -> tuple[float | None, float | None]:
    los = [lo for _, _, lo, _ in seeds if lo is not None]
    his = [hi for _, _, _, hi in seeds if hi is not None]
    complete = len(los) == len(his) == len(seeds)
    if len(seeds) < MIN_SEEDS:
        return (min(los), max(his)) if complete else (None, None)
    means = [value for _, value, _, _ in seeds]
    if not complete:
        plain = t_interval(means, level)
        return plain.lo, plain.hi
    z = NormalDist().inv_cdf(0.5 + level / 2)
    within = [((hi - lo) / (2 * z)) ** 2 for lo, hi in zip(los, his, strict=True)]
    combined = paired_t_within(means, within, level)
    return combined.lo, combined.hi


class Scores:
    """The score rows of a record, looked up by generator, extractor, metric and stratum."""

    def __init__(self, record: Record) -> None:
        self._rows: dict[tuple[str, str, str, str], list[ScoreRow]] = defaultdict(list)
        for row in record.scores:
            self._rows[row.generator, row.extractor, row.metric, row.stratum].append(row)
        extractors = [row.extractor for row in record.scores if row.extractor not in JUDGES]
        known = [record.ranking.extractor] if record.ranking else []
        self.extractors = list(dict.fromkeys(known + extractors))

    @property
    def primary(self) -> str:
        """The extractor of the ranking, else the first one measured."""
        return self.extractors[0] if self.extractors else ""

    def rows(self, generator: str, extractor: str, metric: str, stratum: str = "all") -> list[ScoreRow]:
        """The rows of one quantity, one for each seed."""
        return self._rows.get((generator, extractor, metric, stratum), [])

    def get(self, generator: str, extractor: str, metric: str, stratum: str = "all") -> Estimate:
        """The estimate of one quantity; ``MISSING`` where no row has it."""
        found = self.rows(generator, extractor, metric, stratum)
        return estimate(found) if found else MISSING

    def metrics(self, extractor: str) -> list[str]:
        """The metrics measured on an extractor, as they came."""
        return list(dict.fromkeys(metric for _, e, metric, _ in self._rows if e == extractor))

    def strata(self, extractor: str) -> list[str]:
        """The strata other than ``all`` that were measured on an extractor, as they came."""
        return list(dict.fromkeys(s for _, e, _, s in self._rows if e == extractor and s != "all"))

    def higher_is_better(self, metric: str) -> bool | None:
        """The metric's direction, where a row says it."""
        for (_, _, name, _), rows in self._rows.items():
            if name == metric:
                return rows[0].higher_is_better
        return None


def generator_order(record: Record) -> list[str]:
    """Every generator named in the record: as ranked, then as listed, then as scored."""
    ranked = [row.generator for row in record.ranking.rows if row.rank is not None] if record.ranking else []
    places = {row.generator: row.rank or 0 for row in record.ranking.rows} if record.ranking else {}
    ranked.sort(key=lambda name: places[name])
    listed = [entry.name for entry in record.generators]
    return list(dict.fromkeys(ranked + listed + [row.generator for row in record.scores]))


def reference_names(record: Record) -> set[str]:
    """The generators that are reference arms: the ruler. In an evaluation also the real images set beside."""
    names = {entry.name for entry in record.generators if entry.kind == "reference"}
    if record.kind == "evaluation":
        names |= {row.generator for row in record.scores} - {entry.name for entry in record.generators}
    return names


def series_index(record: Record) -> dict[str, int]:
    """A number for each generator that is no reference arm: its colour and marker, the same in every figure."""
    references = reference_names(record)
    return {name: i for i, name in enumerate(n for n in generator_order(record) if n not in references)}
