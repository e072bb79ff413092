"""Ranking: null for what is missing, intervals of places, ties shown as ties, memorising generators unranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from ..core import MIN_SEEDS, paired_t_within
from ._record import Memorisation, Ranking, RankRow, ScoreRow


@dataclass(frozen=True)
class Summary:
    """A generator's score over its seeds."""

    value: float
    lo: float
    hi: float
    method: str


def rows_of(
    scores: Sequence[ScoreRow], generator: str | None, metric: str, extractor: str, stratum: str = "all"
) -> list[ScoreRow]:
    """The rows of one generator, metric, extractor and stratum: one a seed."""
    asked = (generator, metric, extractor, stratum)
    return [row for row in scores if (row.generator, row.metric, row.extractor, row.stratum) == asked]


def over_seeds(rows: Sequence[ScoreRow]) -> Summary | None:
    """Return the mean over seeds; its interval is a t interval from 5 seeds on, else the seeds' envelope.

    All seeds are scored against the same real patients, so their variance is added and does not shrink with seeds.
    The envelope reaches from the lowest lower bound to the highest upper bound of the single seeds: it claims
    nothing about other seeds. None when any seed's value is missing: never a mean of what is there.
    """
    if not rows or any(row.value is None for row in rows):
        return None
    values = [float(row.value) for row in rows if row.value is not None]
    if len(values) >= MIN_SEEDS:
        interval = paired_t_within(values, [variance_within(row) for row in rows])
        return Summary(interval.value, interval.lo, interval.hi, f"{interval.method}, {len(values)} seeds")
    lows = [row.value if row.lo is None else row.lo for row in rows]
    highs = [row.value if row.hi is None else row.hi for row in rows]
    lo, hi = min(float(low or 0) for low in lows), max(float(high or 0) for high in highs)
    return Summary(sum(values) / len(values), lo, hi, f"envelope of {len(values)} seeds' intervals")


def variance_within(row: ScoreRow) -> float:
    """Within-seed variance of a score, from the width of its interval (0 where it has none)."""
    if row.lo is None or row.hi is None:
        return 0.0
    return ((row.hi - row.lo) / 2 / NormalDist().inv_cdf(0.5 + row.level / 2)) ** 2


def rank(
    scores: Sequence[ScoreRow],
    kinds: Mapping[str, str],
    memorisation: Sequence[Memorisation],
    *,
    metric: str,
    extractor: str,
    higher_is_better: bool,
) -> Ranking:
    """Order the generators by one metric on one extractor.

    A place's interval is from 1 + the number of generators that are wholly better (intervals apart) to the number
    that are not wholly worse; generators whose intervals overlap are tied. One that memorises its training
    patients in any seed, or lacks a score, is not ranked, with the reason.
    """
    sign = 1.0 if higher_is_better else -1.0
    copying = {entry.generator: entry for entry in memorisation if entry.memorising is not False}
    summaries, unranked = {}, []
    for name in kinds:
        rows = rows_of(scores, name, metric, extractor)
        summary = over_seeds(rows)
        if summary is None:
            missing = next((row.reason for row in rows if row.reason), "no score in this record")
            unranked.append(RankRow(generator=name, kind=kinds[name], rank=None, reason=missing))
        elif name in copying:
            words = copying[name].words
            what = "memorising" if copying[name].memorising else "whether it memorises could not be decided"
            reason = f"unranked: {words if words.startswith('memorising') else f'{what}. {words}'}"
            unranked.append(
                RankRow(
                    generator=name,
                    kind=kinds[name],
                    rank=None,
                    value=summary.value,
                    lo=summary.lo,
                    hi=summary.hi,
                    reason=reason,
                )
            )
        else:
            summaries[name] = summary
    placed = _places(summaries, kinds, sign)
    method = next(iter(summaries.values())).method if summaries else "nothing could be scored"
    return Ranking(
        metric=metric,
        extractor=extractor,
        higher_is_better=higher_is_better,
        method=method,
        rows=[*placed, *unranked],
    )


def _places(summaries: Mapping[str, Summary], kinds: Mapping[str, str], sign: float) -> list[RankRow]:
    bounds = {name: sorted((sign * each.lo, sign * each.hi)) for name, each in summaries.items()}
    order = sorted(summaries, key=lambda name: (-sign * summaries[name].value, name))
    rows = []
    for place, name in enumerate(order, start=1):
        low, high = bounds[name]
        others = [other for other in order if other != name]
        better = [other for other in others if bounds[other][0] > high]
        worse = [other for other in others if bounds[other][1] < low]
        each = summaries[name]
        rows.append(
            RankRow(
                generator=name,
                kind=kinds[name],
                rank=place,
                rank_lo=1 + len(better),
                rank_hi=len(order) - len(worse),
                value=each.value,
                lo=each.lo,
                hi=each.hi,
                tied_with=[other for other in others if other not in better and other not in worse],
            )
        )
    return rows
