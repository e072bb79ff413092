"""Whether raters can tell real images from synthetic ones by how real they look."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..core import LEVEL, Interval, UserError, wilson
from ._agreement_answers import SCALED, answer_table, first_showings
from ._plausibility import REAL, origins

MIN_OF_EACH = 10
TELLING_COLUMNS = ("rater", "n_real", "n_synthetic", "auroc", "lo", "hi", "level", "verdict", "reason")


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
    return Interval(value, low, high, level, "DeLong on the logit")


def telling_real(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return each rater's AUROC of realism, real images against synthetic ones.

    Columns: ``rater, n_real, n_synthetic, auroc, lo, hi, level, verdict`` (*tells real from synthetic*, *not
    shown*) and ``reason`` where it is null: fewer than 10 images of either kind. 0.5 is chance.
    """
    answers = first_showings(answer_table(ratings))
    answers = answers[answers["criterion"] == SCALED]
    answers = answers.assign(origin=origins(answers), level_seen=pd.to_numeric(answers["answer"]))
    rows = []
    for rater, part in answers.groupby("rater", sort=True):
        real = part["level_seen"][part["origin"] == REAL]
        other = part["level_seen"][part["origin"] != REAL]
        counts = [str(rater), len(real), len(other)]
        if min(len(real), len(other)) < MIN_OF_EACH:
            reason = (
                f"not enough data: {len(real)} real and {len(other)} synthetic, {MIN_OF_EACH} of each needed"
            )
            rows.append([*counts, None, None, None, LEVEL, "cannot be known", reason])
            continue
        i = auroc(real, other)
        verdict = "tells real from synthetic" if i.lo > 0.5 else "not shown"
        verdict = "takes synthetic for more real" if i.hi < 0.5 else verdict
        rows.append([*counts, i.value, i.lo, i.hi, LEVEL, verdict, None])
    return pd.DataFrame(rows, columns=list(TELLING_COLUMNS))
