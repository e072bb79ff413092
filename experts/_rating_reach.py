"""What the ratings at hand show between origins, and what they could have told apart: after the study."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from ..core import LEVEL, holm
from ._agreement_answers import VERDICT, column_values, columns_in
from ._agreement_lines import several_words
from ._criteria_parts import criteria_parts
from ._plausibility import REAL, difference_between, generators_in, vote_table

REACH_COLUMNS = (
    "column", "group", "origin", "other", "n", "n_other", "n_raters", "difference", "lo", "hi", "level",
    "scope", "p_adjusted", "verdict", "detectable", "reason",
)  # fmt: skip


def rating_reach(ratings: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return the difference of every two origins' shares, and the smallest that could have been shown.

    Each generator is set against ``real``, then against each other generator, in all ratings and in each value
    of each column of ``by``. ``difference, lo, hi`` are taken within raters; ``p_adjusted`` is Holm's over the
    pairs of a column; ``verdict`` is *shown* or *not shown*. ``detectable`` is the smallest true difference
    that such ratings show with 80% power at level 0.95 (t quantiles times the difference's error); what is
    not shown and smaller than that says nothing. Null with a ``reason`` below 10 images of either origin.
    Raises ``UserError`` for answers to several criteria.
    """
    votes = vote_table(ratings)
    votes = votes[votes["criterion"] == VERDICT]
    rows: list[dict[str, Any]] = []
    for column in ("all", *by):
        parts = (
            [("all", votes)] if column == "all" else votes.groupby(column_values(votes, column), sort=True)
        )
        found = [
            {"column": column, "group": str(group), **row} for group, part in parts for row in _rows(part)
        ]
        tested = [row for row in found if "p" in row]
        for row, p in zip(tested, holm([row["p"] for row in tested]), strict=True):
            row |= {"p_adjusted": float(p), "verdict": "shown" if p < 1 - LEVEL else "not shown"}
        rows += found
    table = pd.DataFrame(rows, columns=list(REACH_COLUMNS))
    return table.astype(dict.fromkeys(["difference", "lo", "hi", "p_adjusted", "detectable"], "float64"))


def rating_reach_lines(ratings: pd.DataFrame, by: Sequence[str] = ()) -> list[str]:
    """Return what these ratings show between origins and could have shown, a line for each two of them.

    Answers to several criteria are not mixed: each set and version has its lines below a heading.
    """
    parts = criteria_parts(ratings)
    if len(parts) == 1:
        return _part_lines(ratings, by)
    lines = [several_words(parts)]
    for part in parts:
        lines += [f"criteria {part.spec}", *_part_lines(part.ratings, columns_in(part.ratings, by, ratings))]
    return lines


def _part_lines(ratings: pd.DataFrame, by: Sequence[str]) -> list[str]:
    table = rating_reach(ratings, by)
    if len(table):
        return [reach_words(row) for row in table.to_dict("records")]
    if not len(vote_table(ratings)):
        return ["no verdicts yet: nothing could have been told apart; plan the study with: ratings plan"]
    return [
        "one origin was rated: there is nothing to tell apart; rate real images or a second generator too"
    ]


def reach_words(row: dict[Any, Any]) -> str:
    """One sentence from a row of `rating_reach`."""
    where = "" if row["column"] == "all" else f" ({row['column']} {row['group']})"
    who = f"{row['origin']} and {row['other']}{where}"
    if pd.isna(row["difference"]):
        return f"{who}: cannot be known: {row['reason']}"
    size = f"differences from {row['detectable']:.2f} on could have been shown"
    if row["detectable"] >= 1:
        size = "no difference at all could have been shown"
    found = f"{row['difference']:+.2f} [{row['lo']:+.2f}, {row['hi']:+.2f}], {row['verdict']}"
    return f"{who}: {size}; found {found} ({row['n']} and {row['n_other']} ratings)"


def _rows(votes: pd.DataFrame) -> list[dict[str, Any]]:
    generators = generators_in(votes["origin"].tolist())
    pairs = [(name, REAL) for name in generators if (votes["origin"] == REAL).any()]
    return [_row(votes, *pair) for pair in [*pairs, *combinations(generators, 2)]]


def _row(votes: pd.DataFrame, origin: str, other: str) -> dict[str, Any]:
    counts = votes["origin"].value_counts()
    both = votes[votes["origin"].isin([origin, other])]
    row: dict[str, Any] = {
        "origin": origin, "other": other, "n": int(counts.get(origin, 0)),
        "n_other": int(counts.get(other, 0)), "n_raters": both["rater"].nunique(), "level": LEVEL,
    }  # fmt: skip
    found = difference_between(votes, origin, other)
    if isinstance(found, str):
        return row | {"verdict": "cannot be known", "reason": found}
    i = found.interval
    return row | {
        "difference": i.value, "lo": i.lo, "hi": i.hi, "scope": i.method, "p": found.p_value(),
        "detectable": found.detectable(), "reason": None,
    }  # fmt: skip
