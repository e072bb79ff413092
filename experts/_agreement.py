"""How far raters agree: every two of them, each with himself, and all together; by criterion."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from ..core import LEVEL, Interval, UserError, wilson
from ._agreement_answers import (
    SCALED,
    answer_table,
    column_values,
    columns_in,
    first_showings,
    image_rows,
    in_asked_order,
    repeat_pairs,
)
from ._agreement_fleiss import fleiss_kappa, gwet_ac1, share_equal
from ._agreement_kappa import cohen_kappa
from ._criteria_parts import CriteriaPart
from ._krippendorff import krippendorff_alpha

MIN_IMAGES = 20
"""Fewer images allow no kappa: its interval would not hold its level."""
MIN_RARE = 5
"""Nor do fewer images than this with another answer than the commonest."""
MIN_EQUAL = 10
"""Fewer images allow no share of equal answers with an interval either."""
PAIR_COLUMNS = (
    "rater_a", "rater_b", "criterion", "n", "agree", "kappa", "lo", "hi", "level", "reason", "weights", "ac1",
)  # fmt: skip
SUMMARY_COLUMNS = (
    "column", "group", "criterion", "measure", "value", "lo", "hi", "level", "n_images", "n_raters",
    "n_answers", "method", "reason",
)  # fmt: skip


def share_plausible(ratings: pd.DataFrame, by: str = "rater") -> pd.DataFrame:
    """Return the share of images judged plausible by value of a column, with Wilson's interval.

    Columns: ``by``, ``n`` (verdicts), ``plausible`` (how many), ``share``, ``lo``, ``hi``, ``level``. A
    rater's last verdict on an image counts, hidden repeats do not. Several raters' verdicts on one image are
    not independent: by another column than ``rater`` the interval holds for these raters alone; `ceiling` and
    `plausibility` respect raters and images.
    """
    rows: list[list[Any]] = []
    given = first_showings(answer_table(ratings)) if len(ratings) else ratings
    given = given[given["criterion"] == "plausible"]
    for value, part in given.groupby(column_values(given, by), sort=True):
        passed = int((part["answer"] == "1").sum())
        shown = wilson(passed, len(part))
        rows.append([value, len(part), passed, shown.value, shown.lo, shown.hi, shown.level])
    return pd.DataFrame(rows, columns=[by, "n", "plausible", "share", "lo", "hi", "level"])


def agreement(ratings: pd.DataFrame, *, questions: Sequence[str] = ()) -> pd.DataFrame:
    """Return the agreement of every two raters, and of each rater with himself on hidden repeats, by
    criterion.

    Columns: ``rater_a, rater_b, criterion`` (``plausible`` is the verdict on the image), ``n`` images that
    both rated, ``agree`` (share of equal answers), Cohen's ``kappa, lo, hi, level``, ``reason`` where kappa is
    null (fewer than 20 images, fewer than 5 with another answer than the commonest, one same answer
    throughout), ``weights`` (``quadratic`` for realism) and ``ac1``, which a rare answer does not drag down.
    Notes are left out. Criteria stand in the order of ``questions`` (default: that of a built-in set).
    Raises ``UserError`` for answers to several criteria: `criteria_parts` takes them apart.
    """
    answers = answer_table(ratings)
    rows = []
    for criterion, part in _by_criterion(first_showings(answers), questions):
        wide = part.pivot(index="image_key", columns="rater", values="answer")
        for a, b in combinations(sorted(map(str, wide.columns)), 2):
            both = wide[[a, b]].dropna()
            rows.append(_compared(a, b, str(criterion), both[a].tolist(), both[b].tolist()))
    again = repeat_pairs(answers)
    for rater, mine in again.groupby("rater", sort=True):
        for criterion in in_asked_order(answers, questions):
            part = mine[mine["criterion"] == criterion]
            rows.append(
                _compared(
                    str(rater), f"{rater}, again", criterion, part["one"].tolist(), part["two"].tolist()
                )
            )
    return pd.DataFrame([row for row in rows if row[3]], columns=list(PAIR_COLUMNS))


def agreement_summary(
    ratings: pd.DataFrame, by: Sequence[str] = (), *, questions: Sequence[str] = ()
) -> pd.DataFrame:
    """Return the agreement of all raters together, one row for each criterion and measure.

    Measures between raters: ``share equal`` (of pairs of answers), ``fleiss kappa``, ``krippendorff alpha``
    (nominal) and ``gwet ac1``; for realism the alpha is ordinal and the other two are left out; within raters,
    all their hidden repeats taken together: ``again: share equal`` and ``again: alpha``. ``column`` and
    ``group`` are ``all``, then each value of each column of ``by``. Intervals hold for these raters on other
    images. A value is null with a ``reason`` where the data cannot carry it. ``questions``, and answers to
    several criteria, as in `agreement`.
    """
    answers = answer_table(ratings)
    parts: list[tuple[str, str, pd.DataFrame]] = [("all", "all", answers)]
    for column in by:
        values = column_values(answers, column)
        parts += [(column, str(value), part) for value, part in answers.groupby(values, sort=True)]
    rows = [row for column, group, part in parts for row in _summary(column, group, part, questions)]
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def agreement_by_criteria(parts: Sequence[CriteriaPart], by: Sequence[str] = ()) -> pd.DataFrame:
    """Return `agreement_summary` of each part; where there are several a first column, ``criteria``, tells them."""
    whole = pd.concat([part.ratings for part in parts])
    tables = [
        agreement_summary(each.ratings, columns_in(each.ratings, by, whole), questions=each.questions)
        for each in parts
    ]
    if len(parts) == 1:
        return tables[0]
    for part, table in zip(parts, tables, strict=True):
        table.insert(0, "criteria", part.spec)
    return pd.concat(tables, ignore_index=True)


def _summary(
    column: str, group: str, answers: pd.DataFrame, questions: Sequence[str]
) -> list[list[object]]:
    rows: list[list[object]] = []
    for name, part in _by_criterion(first_showings(answers), questions):
        between = [row for row in image_rows(part) if sum(each is not None for each in row) > 1]
        alpha = _alpha_on(name)
        head = [column, group, name]
        measures: dict[str, Any] = {"share equal": share_equal, "krippendorff alpha": alpha}
        if name != SCALED:
            measures |= {"fleiss kappa": fleiss_kappa, "gwet ac1": gwet_ac1}
        rows += _measured(
            head, between, part["rater"].nunique(), measures, "no image was rated by two raters"
        )
        again = repeat_pairs(answers[answers["criterion"] == name])
        within: list[list[object]] = [list(pair) for pair in zip(again["one"], again["two"], strict=True)]
        measures = {"again: share equal": share_equal, "again: alpha": alpha}
        rows += _measured(
            head, within, again["rater"].nunique(), measures, "no image was shown twice to a rater"
        )
    return rows


def _by_criterion(answers: pd.DataFrame, questions: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    return [(name, answers[answers["criterion"] == name]) for name in in_asked_order(answers, questions)]


def _alpha_on(criterion: str) -> Callable[[list[list[object]]], Interval]:
    scale = "ordinal" if criterion == SCALED else "nominal"
    return lambda rows: krippendorff_alpha(rows, scale)


def _measured(
    head: list[str], rows: list[list[object]], raters: int, measures: dict[str, Any], empty: str
) -> list[list[object]]:
    found: list[list[object]] = []
    counts: list[object] = [len(rows), raters, sum(each is not None for row in rows for each in row)]
    for measure, function in measures.items():
        by_chance = measure not in ("share equal", "again: share equal", "gwet ac1")
        reason = empty if not rows else _too_few(rows, by_chance)
        if reason is None:
            try:
                i = function(rows)
                found.append([*head, measure, i.value, i.lo, i.hi, i.level, *counts, i.method, None])
                continue
            except UserError as error:
                reason = error.what
        found.append([*head, measure, None, None, None, LEVEL, *counts, None, reason])
    return found


def _too_few(rows: Sequence[Sequence[object]], by_chance: bool) -> str | None:
    """Why these images allow no number; None when they do."""
    needed = MIN_IMAGES if by_chance else MIN_EQUAL
    if len(rows) < needed:
        return f"not enough data: {len(rows)} image{'' if len(rows) == 1 else 's'}, {needed} needed"
    if not by_chance:
        return None
    given = [{str(each) for each in row if each is not None} for row in rows]
    common = max(
        sorted({each for seen in given for each in seen}),
        key=lambda kind: sum(kind in seen for seen in given),
    )
    rare = sum(bool(seen - {common}) for seen in given)
    if rare == 0:
        return "kappa is undefined: all gave one same answer throughout"
    if rare < MIN_RARE:
        return f"not enough data: another answer than {common!r} on {rare} of {len(rows)} images, {MIN_RARE} needed"
    return None


def _compared(a: str, b: str, criterion: str, one: list[object], two: list[object]) -> list[object]:
    n, weights = len(one), "quadratic" if criterion == SCALED else None
    agree = float(np.mean([x == y for x, y in zip(one, two, strict=True)])) if n else math.nan
    rows = [list(pair) for pair in zip(one, two, strict=True)]
    ac1 = gwet_ac1(rows).value if n >= MIN_EQUAL else None
    reason = _too_few(rows, True)
    if reason is None:
        k = cohen_kappa(one, two, weights=weights)
        return [a, b, criterion, n, agree, k.value, k.lo, k.hi, LEVEL, None, weights, ac1]
    return [a, b, criterion, n, agree, None, None, None, LEVEL, reason, weights, ac1]
