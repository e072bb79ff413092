"""The claims ledger: each registered contrast, decided or not, in one sentence with its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..core import MIN_SEEDS, UserError, describe_seeds, holm, paired_t_within, within_pvalue
from ..metrics import difference_of
from ._cell_key import CellKey
from ._claims_cells import claim_of_cells
from ._non_inferiority import non_inferiority
from ._pairwise import Kept, variance_of
from ._ranking import Summary, over_seeds, rows_of, variance_within
from ._recipe import ClaimPart
from ._record import CellRow, Claim, Memorisation, ScoreRow

ClaimVerdict = Literal["shown", "not shown", "cannot be known from these data"]
UNKNOWN: ClaimVerdict = "cannot be known from these data"


@dataclass(frozen=True)
class Evidence:
    """What the claims are read from."""

    scores: Sequence[ScoreRow]
    cells: Sequence[CellRow]
    memorisation: Sequence[Memorisation]
    generators: Sequence[str]
    seeds: Sequence[int]
    extractor: str
    rank_metric: str
    draws: Mapping[CellKey, Mapping[str, NDArray[np.float64]]] = field(default_factory=dict)
    """The cells' bootstrap draws over test patients, paired between cells."""
    kept: Kept = field(default_factory=dict)
    """The generators' replicates over images, paired between generators."""
    predictions: Mapping[CellKey, tuple[NDArray[np.floating], NDArray[np.integer]]] = field(default_factory=dict)
    """The cells' probabilities, and the number of each test image's class."""
    doubt: str | None = None
    """Why judge H cannot be believed on these images, if so."""
    margin: float = 0.05
    """Of non-inferiority, where a claim names none."""
    control: str | None = None
    """What aligners are compared with, where a claim of non-inferiority names nothing."""


def decide(parts: Sequence[ClaimPart], evidence: Evidence) -> list[Claim]:
    """Decide every claim; p-values of contrasts over seeds are adjusted by Holm over all that were registered.

    A registered contrast that could not be tested counts as one with p = 1: what the data turned out to be must not
    make the others easier. Memorisation and ceilings have no p-value by design, and are not counted.
    """
    claims = [_DECIDERS[part.compare](part, evidence) for part in parts]
    family = [claim for part, claim in zip(parts, claims, strict=True) if part.compare not in _UNTESTED]
    for claim, adjusted in zip(family, holm([1.0 if c.p is None else c.p for c in family]), strict=True):
        if claim.p is None:
            continue
        claim.p_adjusted = float(adjusted)
        lost = claim.verdict == "shown" and adjusted >= 0.05
        if lost:
            claim.verdict = "not shown"
        claim.words += f" (p {claim.p:.3g}, after Holm {adjusted:.3g}{': no longer shown' if lost else ''})"
    return claims


def _over_seeds(
    part: ClaimPart,
    sentence: str,
    contrast: str,
    a: list[float],
    b: list[float],
    sign: int,
    within: list[float] | None = None,
) -> Claim:
    differences = [sign * (x - y) for x, y in zip(a, b, strict=True)]
    claim = Claim(
        id=part.id,
        sentence=sentence,
        contrast=contrast,
        verdict=UNKNOWN,
        words="",
        per_seed=[sign * difference for difference in differences],
        method="paired t over seeds",
    )
    if not differences:
        claim.words = "one of the two sides was not measured"
    elif len(differences) < MIN_SEEDS:
        claim.value = sum(claim.per_seed) / len(claim.per_seed)
        claim.words = f"difference by seed: {describe_seeds(claim.per_seed)}; nothing is claimed from so few"
    else:
        inside = within or [0.0] * len(claim.per_seed)
        interval = paired_t_within(claim.per_seed, inside)
        if interval.hi == interval.lo:
            claim.words = "every seed gave the same difference: there is no spread to judge it by"
            return claim
        claim.value, claim.lo, claim.hi = interval.value, interval.lo, interval.hi
        claim.p, claim.method = within_pvalue(claim.per_seed, inside), interval.method
        claim.verdict = "shown" if sign * interval.value > 0 and claim.p < 0.05 else "not shown"
        bounds = f"[{interval.lo:.3f}, {interval.hi:.3f}]"
        claim.words = f"difference {interval.value:.3f} {bounds} ({len(differences)} seeds)"
    return claim


def _plausibility(part: ClaimPart, evidence: Evidence) -> Claim:
    sentence = f"{part.a} makes more images that judge {part.judge} calls plausible than {part.b} does."
    contrast = f"plausible_share by {part.judge}: {part.a} - {part.b}, {part.stratum}"
    a, b = _paired_scores(part, evidence, "plausible_share", part.judge)
    claim = _over_seeds(part, sentence, contrast, a, b, 1)
    if part.judge == "H" and evidence.doubt:
        claim.verdict, claim.p = UNKNOWN, None
        claim.words = f"{evidence.doubt}; {claim.words}"
    return claim


def _score(part: ClaimPart, evidence: Evidence) -> Claim:
    metric = part.metric or evidence.rank_metric
    a, b = _paired_scores(part, evidence, metric, evidence.extractor)
    known = {row.higher_is_better for row in evidence.scores if row.metric == metric} - {None}
    if not known:
        return _over_seeds(part, f"{part.a} is better than {part.b} by {metric}.", metric, [], [], 1)
    sign = -1 if False in known else 1
    sentence = f"{part.a} is nearer to real images than {part.b} by {metric.replace('_', ' ')}."
    contrast = f"{metric} on {evidence.extractor}: {part.a} - {part.b}, {part.stratum}"
    return _over_seeds(part, sentence, contrast, a, b, sign, _image_variance(part, metric, evidence))


def _image_variance(part: ClaimPart, metric: str, evidence: Evidence) -> list[float] | None:
    """Variance over images of each seed's difference, paired where both sides' replicates were kept.

    Else the sum of both sides' variances: they are positively correlated through the real patients, so this is on
    the safe side.
    """
    sides = [
        {row.seed: variance_within(row) for row in rows if row.value is not None}
        for name in (part.a, part.b)
        for rows in [rows_of(evidence.scores, name, metric, evidence.extractor, part.stratum)]
    ]
    shared = [seed for seed in evidence.seeds if all(seed in side for side in sides)]
    paired = {seed: _paired_variance(part, metric, evidence, seed) for seed in shared}
    return [
        sides[0][seed] + sides[1][seed] if (found := paired[seed]) is None else found for seed in shared
    ] or None


def _paired_variance(part: ClaimPart, metric: str, evidence: Evidence, seed: int) -> float | None:
    a, b = (evidence.kept.get((name or "", seed, metric)) for name in (part.a, part.b))
    if a is None or b is None or part.stratum != "all":
        return None
    try:
        return variance_of(difference_of(a, b))
    except UserError:
        return None


def _paired_scores(
    part: ClaimPart, evidence: Evidence, metric: str, extractor: str
) -> tuple[list[float], list[float]]:
    def by_seed(generator: str | None) -> dict[int, float]:
        rows = rows_of(evidence.scores, generator, metric, extractor, part.stratum)
        return {row.seed: float(row.value) for row in rows if row.value is not None}

    a, b = by_seed(part.a), by_seed(part.b)
    shared = [seed for seed in evidence.seeds if seed in a and seed in b]
    return [a[seed] for seed in shared], [b[seed] for seed in shared]


def _non_inferiority(part: ClaimPart, evidence: Evidence) -> Claim:
    metric, other = part.metric or "coverage", part.b or evidence.control
    margin = evidence.margin if part.margin is None else part.margin
    judged = metric in ("plausible_share", "plausible_mean")
    extractor = part.judge if judged else evidence.extractor
    a, b = _paired_scores(part.model_copy(update={"b": other}), evidence, metric, extractor)
    directions = {row.higher_is_better for row in evidence.scores if row.metric == metric}
    lower_is_better = False in directions
    test = non_inferiority(b, a, margin) if lower_is_better else non_inferiority(a, b, margin)
    sign = -1 if lower_is_better and test.value is not None else 1
    bounds = [None if each is None else sign * each for each in (test.lo, test.hi)][::sign]
    claim = Claim(
        id=part.id,
        sentence=f"{part.a} is no worse than {other or 'nothing that is named'} by {margin:g} or more in {metric}.",
        contrast=f"{metric} on {extractor}: {part.a} - {other}, {part.stratum}, margin {margin:g}, one-sided",
        verdict=UNKNOWN if test.shown is None else ("shown" if test.shown else "not shown"),
        words=f"turned round, as lower is better: {test.words}" if sign < 0 else test.words,
        value=None if test.value is None else sign * test.value,
        lo=bounds[0],
        hi=bounds[1],
        p=test.p,
        per_seed=[x - y for x, y in zip(a, b, strict=True)],
        method="paired t over seeds, one-sided 95%: a 90% interval",
    )
    if judged and part.judge == "H" and evidence.doubt:
        claim.verdict, claim.p, claim.words = UNKNOWN, None, f"{evidence.doubt}; {claim.words}"
    if directions == {None}:
        claim.verdict, claim.p = UNKNOWN, None
        claim.words = f"{metric} says not which direction is better: no loss of it can be told; {claim.words}"
    return claim


def _cells(part: ClaimPart, evidence: Evidence) -> Claim:
    return claim_of_cells(part, evidence.cells, evidence.draws, evidence.predictions)


def _memorisation(part: ClaimPart, evidence: Evidence) -> Claim:
    entries = [entry for entry in evidence.memorisation if entry.generator == part.a]
    known = [entry.memorising for entry in entries]
    verdict: ClaimVerdict = (
        UNKNOWN if not known or None in known else ("shown" if all(known) else "not shown")
    )
    shares = [entry.copy_share for entry in entries if entry.copy_share is not None]
    return Claim(
        id=part.id,
        sentence=f"{part.a} gives back images of its training patients.",
        contrast=f"copy_share: {part.a} against real hold-out images, one-sided, after Benjamini-Hochberg",
        verdict=verdict,
        words=entries[0].words if entries else "not measured",
        value=sum(shares) / len(shares) if shares else None,
        per_seed=shares,
        method="calibrated on hold-out images, every seed",
    )


def _ceiling(part: ClaimPart, evidence: Evidence) -> Claim:
    def summary(name: str) -> tuple[Summary | None, list[ScoreRow]]:
        rows = rows_of(evidence.scores, name, evidence.rank_metric, evidence.extractor)
        return over_seeds(rows), rows

    top, rows = summary(part.a)
    lower_is_better = bool(rows) and rows[0].higher_is_better is False
    copies = {entry.generator for entry in evidence.memorisation if entry.memorising}
    above = []
    for name in evidence.generators:
        other, _ = summary(name)
        if name == part.a or name in copies or other is None or top is None:
            continue
        if (other.hi < top.lo) if lower_is_better else (other.lo > top.hi):
            above.append(name)
    known = top is not None
    words = (
        f"wholly better than {part.a}: {', '.join(above)}"
        if above
        else "no interval lies wholly on its better side"
    )
    return Claim(
        id=part.id,
        sentence=f"No generator that does not copy beats {part.a} with intervals apart.",
        contrast=f"{evidence.rank_metric} on {evidence.extractor}, intervals over images, every seed",
        verdict=UNKNOWN if not known else ("not shown" if above else "shown"),
        words=words if known else f"{part.a} was not scored",
        value=top.value if top else None,
        lo=top.lo if top else None,
        hi=top.hi if top else None,
        method="jackknife over images",
    )


_UNTESTED = ("memorisation", "ceiling")
_DECIDERS = {
    "plausibility": _plausibility,
    "score": _score,
    "classifier": _cells,
    "equivalence": _cells,
    "memorisation": _memorisation,
    "ceiling": _ceiling,
    "non-inferiority": _non_inferiority,
}
