"""Whether raters can tell real images from synthetic ones by how real they look."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..core import LEVEL, Interval, UserError, holm, interval_pvalue, wilson
from ._agreement_answers import SCALED, answer_table, first_showings
from ._plausibility import REAL, origins

MIN_OF_EACH = 10
_LOGIT = "DeLong on the logit"
TELLING_COLUMNS = (
    "rater", "n_real", "n_synthetic", "auroc", "lo", "hi", "level", "p_adjusted", "verdict", "reason",
)  # fmt: skip


def auroc(real: ArrayLike, synthetic: ArrayLike, level: float = LEVEL) -> Interval:
    """The chance that a real image is rated above a synthetic one (ties count half), with its interval.

    DeLong, DeLong and Clarke-Pearson's (1988) variance, normal on the logit, so that the bounds stay between
    0 and 1; where every real image stands above every synthetic one (or below) that is 0, and Wilson's bound
    at the smaller number is taken.

    >>> i = auroc([4, 5, 5, 4], [1, 4, 2, 3])
    >>> round(i.value, 3)
    0.938
    """
    a, b = (np.asarray(each, dtype=np.float64).ravel() for each in (real, synthetic))
    if min(len(a), len(b)) < 2:
        raise UserError("an AUROC needs two or more images of each kind")
    above = (a[:, None] > b[None, :]) + 0.5 * (a[:, None] == b[None, :])
    value = float(above.mean())
    variance = above.mean(axis=1).var(ddof=1) / len(a) + above.mean(axis=0).var(ddof=1) / len(b)
    if variance <= 0 or value in (0.0, 1.0):
        n = min(len(a), len(b))
        found = wilson(value * n, n, level)
        return Interval(value, found.lo, found.hi, level, "wilson at the smaller number")
    from scipy.stats import norm

    z = float(norm.ppf(0.5 + level / 2)) * math.sqrt(variance) / (value * (1 - value))
    middle = math.log(value / (1 - value))
    low, high = (1 / (1 + math.exp(-(middle + sign * z))) for sign in (-1, 1))
    return Interval(value, low, high, level, _LOGIT)


def telling_real(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return each rater's AUROC of realism, real images against synthetic ones.

    Columns: ``rater, n_real, n_synthetic, auroc, lo, hi, level``, ``p_adjusted`` (of 0.5, which is chance; Holm's
    over the raters), ``verdict`` (*tells real from synthetic* or *takes synthetic for more real* where that is
    under 0.05, else *not shown*) and ``reason`` where the AUROC is null: fewer than 10 images of either kind.
    """
    answers = first_showings(answer_table(ratings))
    answers = answers[answers["criterion"] == SCALED]
    answers = answers.assign(origin=origins(answers), level_seen=pd.to_numeric(answers["answer"]))
    rows = [_rater(str(rater), part) for rater, part in answers.groupby("rater", sort=True)]
    tested = [row for row in rows if "p" in row]
    for row, p in zip(tested, holm([row["p"] for row in tested]), strict=True):
        told = "tells real from synthetic" if row["auroc"] > 0.5 else "takes synthetic for more real"
        row |= {"p_adjusted": float(p), "verdict": told if p < 1 - LEVEL else "not shown"}
    table = pd.DataFrame(rows, columns=list(TELLING_COLUMNS))
    return table.astype(dict.fromkeys(["auroc", "lo", "hi", "p_adjusted"], "float64"))


def _rater(rater: str, part: pd.DataFrame) -> dict[str, Any]:
    real = part["level_seen"][part["origin"] == REAL]
    other = part["level_seen"][part["origin"] != REAL]
    row = {"rater": rater, "n_real": len(real), "n_synthetic": len(other), "level": LEVEL}
    if min(len(real), len(other)) < MIN_OF_EACH:
        seen = f"{len(real)} real and {len(other)} synthetic"
        reason = f"not enough data: {seen}, {MIN_OF_EACH} of each needed"
        return row | {"verdict": "cannot be known", "reason": reason}
    i = auroc(real, other)
    p = _p_chance(i, min(len(real), len(other)))
    return row | {"auroc": i.value, "lo": i.lo, "hi": i.hi, "p": p, "reason": None}


def _logits(*shares: float) -> list[float]:
    within = np.clip(shares, 1e-12, 1 - 1e-12)
    return [math.log(x / (1 - x)) for x in within]


def _p_chance(found: Interval, n: int) -> float:
    """p of 0.5: on the logit, as the interval; at 0 or 1, as Wilson's interval at the smaller number."""
    from scipy.stats import norm

    if found.method != _LOGIT:
        return float(2 * norm.sf(abs(found.value - 0.5) * 2 * math.sqrt(n)))
    value, lo, hi = _logits(found.value, found.lo, found.hi)
    return interval_pvalue(Interval(value, lo, hi, found.level, ""))
