"""The extractors' agreement on the order of a record's generators, metric by metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import fmean

from ..metrics import extractor_agreement
from ._record import AgreementRow, ScoreRow

JUDGES = ("R", "E", "H")
ALONE, WITH_ARMS = "generators", "generators and reference arms"


def agreement_rows(scores: Sequence[ScoreRow], kinds: Mapping[str, str]) -> list[AgreementRow]:
    """Return one row for each metric and pair of extractors: over generators alone, and with the reference arms.

    A generator's score is the mean over seeds; where a seed's value is null it has none. ``kinds`` says which
    generators are reference arms; the judges of plausibility are no extractors. Empty where fewer than two
    extractors measured a metric.
    """
    rows = [
        row
        for row in scores
        if row.stratum == "all" and row.generator in kinds and row.extractor not in JUDGES
    ]
    found = []
    for metric in dict.fromkeys(row.metric for row in rows):
        mine = [row for row in rows if row.metric == metric]
        extractors = list(dict.fromkeys(row.extractor for row in mine))
        for over, chosen in (
            (ALONE, [n for n, kind in kinds.items() if kind != "reference"]),
            (WITH_ARMS, list(kinds)),
        ):
            table = {e: {name: _mean(mine, e, name) for name in chosen} for e in extractors}
            found += [
                AgreementRow(**asdict(each), over=over) for each in extractor_agreement(table, metric=metric)
            ]
    return found


def _mean(rows: Sequence[ScoreRow], extractor: str, generator: str) -> float | None:
    values = [row.value for row in rows if (row.extractor, row.generator) == (extractor, generator)]
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None
