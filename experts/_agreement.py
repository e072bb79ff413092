"""How plausible raters find the images, and how far they agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from ..core import LEVEL, Interval, UserError, wilson
from ._ratings import latest
from ._store import RatingStore

_MIN_PAIRS = 10


def share_plausible(ratings: pd.DataFrame, by: str = "rater") -> pd.DataFrame:
    """Return the share of images judged plausible by value of a column, with Wilson's interval.

    Columns: ``by``, ``n`` (verdicts), ``plausible`` (how many), ``share``, ``lo``, ``hi``, ``level``. A
    rater's last verdict on an image counts, hidden repeats do not. Several raters' verdicts on one image are
    not independent: by another column than ``rater`` the interval holds for these raters alone.
    """
    if by not in ratings.columns:
        raise UserError(f"the ratings have no column {by!r}")
    rows = []
    given = _one_verdict_each(ratings)
    for value, part in given[given["repeat"] == 0].groupby(by, sort=True):
        shown = wilson(int(part["plausible"].sum()), len(part))
        rows.append(
            [value, len(part), int(part["plausible"].sum()), shown.value, shown.lo, shown.hi, shown.level]
        )
    return pd.DataFrame(rows, columns=[by, "n", "plausible", "share", "lo", "hi", "level"])


def cohen_kappa(first: Sequence[object], second: Sequence[object], level: float = LEVEL) -> Interval:
    """Cohen's kappa of two raters' answers on the same images, with its interval.

    kappa = (p_o - p_e) / (1 - p_e), p_o the share of equal answers and p_e the share expected from the
    margins (Cohen 1960). The interval takes the large-sample variance of Fleiss, Cohen and Everitt (1969);
    where all answers are equal that is 0, and Wilson's bound on p_o is carried through the formula instead.

    Raises ``UserError`` for unequal lengths, fewer than two images, and when both gave one same answer
    throughout (kappa is undefined).

    >>> i = cohen_kappa(["yes", "yes", "no", "no"] * 10, ["yes", "no", "no", "no"] * 10)
    >>> round(i.value, 3)
    0.5
    """
    if len(first) != len(second) or len(first) < 2:
        raise UserError(
            f"kappa needs the same two or more images, got {len(first)} and {len(second)} answers"
        )
    table = _cross_table(first, second)
    n, rows, columns = len(first), table.sum(axis=1), table.sum(axis=0)
    observed, expected = float(np.trace(table)), float(rows @ columns)
    if math.isclose(expected, 1.0):
        raise UserError("kappa is undefined: both gave one same answer throughout")
    kappa = (observed - expected) / (1 - expected)
    if math.isclose(observed, 1.0):
        bound = (wilson(n, n, level).lo - expected) / (1 - expected)
        return Interval(1.0, bound, 1.0, level, "wilson on agreement")
    error = math.sqrt(_variance(table, observed, expected) / n)
    half = float(norm.ppf(0.5 + level / 2)) * error
    return Interval(
        kappa, max(-1.0, kappa - half), min(1.0, kappa + half), level, "Fleiss, Cohen and Everitt"
    )


def agreement(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return the agreement of every two raters, and of each rater with himself on hidden repeats, by
    criterion.

    Columns: ``rater_a, rater_b, criterion`` (``plausible`` is the verdict on the image), ``n`` images that
    both rated,
    ``agree`` (share of equal answers), ``kappa, lo, hi, level`` and ``reason`` where kappa is null (fewer
    than 10 images, or one same answer throughout). Notes are left out.
    """
    answers = _answers(ratings)
    first = answers[answers["repeat"] == 0]
    rows = []
    for criterion, part in first.groupby("criterion", sort=True):
        by_rater = {str(rater): _by_image(each) for rater, each in part.groupby("rater", sort=True)}
        rows += [
            _compare(a, b, str(criterion), by_rater[a], by_rater[b]) for a, b in combinations(by_rater, 2)
        ]
    for (rater, question), part in answers.groupby(["rater", "criterion"], sort=True):
        again = part[part["repeat"] > 0]
        if len(again):
            pair = _by_image(part[part["repeat"] == 0]), _by_image(again)
            rows.append(_compare(str(rater), f"{rater}, again", str(question), *pair))
    names = ["rater_a", "rater_b", "criterion", "n", "agree", "kappa", "lo", "hi", "level", "reason"]
    return pd.DataFrame([row for row in rows if row[3]], columns=names)


def agreement_lines(store: RatingStore) -> list[str]:
    """Return what `share_plausible` and `agreement` say of a store, as lines of text."""
    ratings = store.ratings()
    if not len(ratings):
        return ["no ratings yet"]
    lines = ["share judged plausible, with its 95% interval:"]
    for row in share_plausible(ratings).to_dict("records"):
        lines.append(
            f"  {row['rater']}: {row['share']:.3f} [{row['lo']:.3f}, {row['hi']:.3f}], {row['n']} images"
        )
    pairs = agreement(ratings)
    lines.append(
        "agreement, Cohen's kappa with its 95% interval:" if len(pairs) else "no image was rated twice"
    )
    for row in pairs.to_dict("records"):
        value = (
            f"{row['kappa']:.3f} [{row['lo']:.3f}, {row['hi']:.3f}]"
            if pd.notna(row["kappa"])
            else f"null: {row['reason']}"
        )
        head = f"  {row['rater_a']} and {row['rater_b']}, {row['criterion']}"
        lines.append(f"{head}: {value}; {row['agree']:.0%} equal, {row['n']} images")
    return lines


def _one_verdict_each(ratings: pd.DataFrame) -> pd.DataFrame:
    known = ratings[ratings["plausible"].notna()]
    return known.drop_duplicates(["rater", "image", "image_key", "repeat"], keep="last")


def _answers(ratings: pd.DataFrame) -> pd.DataFrame:
    """All answers of the questions, and the verdict as one more criterion ``plausible``."""
    given = latest(ratings[ratings["criterion"] != "note"])
    votes = _one_verdict_each(ratings)
    votes = votes.assign(criterion="plausible", answer=votes["plausible"].astype(str))
    return pd.concat([votes, given], ignore_index=True)


def _by_image(part: pd.DataFrame) -> pd.Series:
    return part.drop_duplicates("image_key", keep="last").set_index("image_key")["answer"]


def _compare(a: str, b: str, criterion: str, first: pd.Series, second: pd.Series) -> list[object]:
    shared = first.index.intersection(second.index)
    one, two = first.loc[shared].tolist(), second.loc[shared].tolist()
    n = len(shared)
    agree = float(np.mean([x == y for x, y in zip(one, two, strict=True)])) if n else math.nan
    if n < _MIN_PAIRS:
        return [
            a,
            b,
            criterion,
            n,
            agree,
            None,
            None,
            None,
            LEVEL,
            f"not enough data: {n} images, {_MIN_PAIRS} needed",
        ]
    try:
        kappa = cohen_kappa(one, two)
    except UserError as error:
        return [a, b, criterion, n, agree, None, None, None, LEVEL, error.what]
    return [a, b, criterion, n, agree, kappa.value, kappa.lo, kappa.hi, LEVEL, None]


def _cross_table(first: Sequence[object], second: Sequence[object]) -> NDArray[np.float64]:
    kinds = {answer: i for i, answer in enumerate(sorted({*map(str, first), *map(str, second)}))}
    table = np.zeros((len(kinds), len(kinds)))
    for one, two in zip(first, second, strict=True):
        table[kinds[str(one)], kinds[str(two)]] += 1
    return table / len(first)


def _variance(table: NDArray[np.float64], observed: float, expected: float) -> float:
    """n times the variance of kappa (Fleiss, Cohen and Everitt 1969, equation 13)."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    kappa = (observed - expected) / (1 - expected)
    diagonal = np.diag(table)
    equal = float((diagonal * (1 - (rows + columns) * (1 - kappa)) ** 2).sum())
    sums = (columns[:, None] + rows[None, :]) ** 2
    unequal = float((table * sums).sum() - (diagonal * np.diag(sums)).sum())
    offset = (kappa - expected * (1 - kappa)) ** 2
    return max(0.0, equal + (1 - kappa) ** 2 * unequal - offset) / (1 - expected) ** 2
