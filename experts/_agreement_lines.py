"""Plausibility and agreement in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ._agreement import agreement, agreement_summary
from ._agreement_answers import VERDICT
from ._count_words import counted
from ._criteria import CriteriaSet
from ._criteria_parts import CriteriaPart, criteria_parts
from ._criteria_store import stored_criteria
from ._plausibility import AS, LESS, MORE, NOT_SHOWN, REAL, plausibility
from ._share_interval import OTHERS
from ._store import RatingStore

EMPTY = "no ratings yet: serve images to raters with: synmedbench rate IMAGES --store STORE"


def agreement_lines(ratings: pd.DataFrame | RatingStore) -> list[str]:
    """Return who judged how much plausible, the ceiling, and how far the raters agree, as lines of text.

    Answers to several criteria are not mixed: each set and version has its lines below a heading.
    """
    sets: list[CriteriaSet] = []
    if isinstance(ratings, RatingStore):
        sets = list(stored_criteria(ratings).values())
        ratings = ratings.ratings()
    if not len(ratings):
        return [EMPTY]
    parts = criteria_parts(ratings, sets=sets)
    lines = [] if len(parts) == 1 else [several_words(parts)]
    for part in parts:
        lines += [] if len(parts) == 1 else [f"criteria {part.spec}"]
        lines += _part_lines(part.ratings, part.questions)
    return lines


def several_words(parts: Sequence[CriteriaPart]) -> str:
    """The sentence that stands before the tables of several criteria."""
    names = ", ".join(part.spec for part in parts)
    return f"answers to several criteria are not mixed: {names}; one alone with: --criteria {parts[0].spec}"


def _part_lines(table: pd.DataFrame, questions: Sequence[str]) -> list[str]:
    verdicts = verdict_lines(table)
    lines = ["share judged plausible, with its 95% interval:"]
    for row in plausibility(table, ["rater"]).query("column == 'rater'").to_dict("records"):
        lines.append(f"  {row['group']}, {row['origin']}: {share_words(row)}, {counted(row['n'], 'rating')}")
    return [
        *verdicts,
        *lines,
        *summary_lines(table, questions=questions),
        *pair_lines(table, questions=questions),
    ]


def verdict_lines(ratings: pd.DataFrame, margin: float = 0.05) -> list[str]:
    """Return one sentence for the ceiling and one for each generator: shown, not shown, or cannot be known."""
    table = plausibility(ratings, margin=margin)
    if not len(table):
        return ["cannot be known: no image has a verdict yet"]
    return [ceiling_line(table), *map(verdict_words, table[table["origin"] != REAL].to_dict("records"))]


def ceiling_line(table: pd.DataFrame) -> str:
    """The sentence for the ceiling, from the rows of `plausibility` on all ratings."""
    real = table[(table["origin"] == REAL) & (table["criterion"] == VERDICT)].to_dict("records")
    if not real:
        return "the ceiling cannot be known: no real images were rated"
    if pd.isna(real[0]["share"]):
        return f"the ceiling cannot be known: {real[0]['reason']}"
    kind = "blinded real images" if real[0]["blinded"] else "real images"
    return f"the ceiling: {share_words(real[0])} of {kind} pass{_scope(real[0])}{_low(real[0])}"


def verdict_words(row: dict[Any, Any]) -> str:
    """One generator's sentence, from its row of `plausibility`."""
    name = row["origin"]
    if pd.isna(row["share"]):
        return f"{name}: cannot be known: {row['reason']}"
    head = f"{name}: {share_words(row)} judged plausible{_scope(row)}"
    if pd.isna(row["difference"]):
        return f"{head}; beside real images: cannot be known: {row['reason']}"
    apart = (
        f"{row['difference']:+.3f} [{row['difference_lo']:+.3f}, {row['difference_hi']:+.3f}] to real images"
    )
    if row["verdict"] == AS:
        also = "; lower all the same" if row["difference_hi"] < 0 else ""
        bound = f"not more than {row['margin']:g} below, {_p(row['p_as'])}{also}"
        return f"{head}, {apart}: shown to be as plausible as real ({bound})"
    if row["verdict"] in (LESS, MORE):
        return f"{head}, {apart}: shown to be {row['verdict']} ({_p(row['p_less'])})"
    assert row["verdict"] == NOT_SHOWN
    return f"{head}, {apart}: not shown to be less plausible, nor as plausible within {row['margin']:g}"


def share_words(row: dict[Any, Any]) -> str:
    """``0.80 [0.74, 0.85]``, or the reason."""
    if pd.isna(row["share"]):
        return f"cannot be known: {row['reason']}"
    return f"{row['share']:.3f} [{row['lo']:.3f}, {row['hi']:.3f}]"


def _low(real: dict[Any, Any]) -> str:
    """A ceiling far from 1 is a finding of its own."""
    if real["hi_these"] >= 0.9:
        return ""
    return "; raters fail real images too: read every share beside this one, and look at the questions"


def _scope(row: dict[Any, Any]) -> str:
    counts = f"{counted(row['n'], 'rating')} of {counted(row['n_images'], 'image')}"
    if row["scope"] == OTHERS:
        these = f"[{row['lo_these']:.3f}, {row['hi_these']:.3f}]"
        return f" (other raters and images; these {row['n_raters']} raters: {these}; {counts})"
    raters = "this rater alone" if row["n_raters"] == 1 else f"these {row['n_raters']} raters alone"
    return f" ({raters}, other images; {counts})"


def summary_lines(
    ratings: pd.DataFrame, by: Sequence[str] = (), *, questions: Sequence[str] = ()
) -> list[str]:
    """Return how far all raters agree, a line for each criterion; and what to do where that is unknown."""
    table = agreement_summary(ratings, by, questions=questions)
    if not len(table):
        return ["agreement cannot be known: there are no answers"]
    head = (
        "agreement of all raters (share of equal answers; Krippendorff's alpha; Gwet's AC1), 95% intervals:"
    )
    lines = []
    for (column, group, criterion), part in table.groupby(["column", "group", "criterion"], sort=False):
        rows = {row["measure"]: row for row in part.to_dict("records")}
        where = "" if column == "all" else f", {column} {group}"
        if not rows["share equal"]["n_images"]:
            continue
        told = [f"{name} {measure_words(rows[key])}" for name, key in _TOLD if key in rows]
        lines.append(
            f"  {criterion}{where}: {'; '.join(told)}; {counted(rows['share equal']['n_images'], 'image')}"
        )
        lines += [f"    {each}" for each in [paradox(rows)] if each]
    if lines:
        return [head, *lines]
    raters = ratings["rater"].nunique()
    if raters == 1:
        return ["agreement cannot be known: there is one rater; let a second one see some of the same images"]
    return [f"agreement cannot be known: {raters} raters, no image was rated by two; use --overlap"]


def pair_lines(ratings: pd.DataFrame, *, questions: Sequence[str] = ()) -> list[str]:
    """Return the agreement of every two raters by criterion, and of each with himself, as lines."""
    pairs = agreement(ratings, questions=questions)
    if not len(pairs):
        return ["no image was rated twice"]
    pairs, without = with_kappa(pairs)
    lines = ["agreement of two raters, and of each with himself, Cohen's kappa with its 95% interval:"]
    for row in pairs.to_dict("records"):
        value = (
            f"{row['kappa']:.3f} [{row['lo']:.3f}, {row['hi']:.3f}]"
            if pd.notna(row["kappa"])
            else f"null: {row['reason']}"
        )
        head = f"  {row['rater_a']} and {row['rater_b']}, {row['criterion']}"
        lines.append(f"{head}: {value}; {row['agree']:.0%} equal, {counted(row['n'], 'image')}")
    return [*(lines if len(pairs) else []), *without]


def with_kappa(pairs: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The rows of `agreement` less those of a rater with himself that have no kappa, and a line that counts these."""
    again = pairs["rater_b"].eq(pairs["rater_a"] + ", again")
    null = again & pairs["kappa"].isna()
    if not null.any():
        return pairs, []
    few = int(pairs["reason"][null].str.startswith("not enough data").sum())
    n, of = int(null.sum()), int(again.sum())
    why = f"{few} too few images or too few of a rarer answer, {n - few} one same answer throughout"
    why = "too few images, or too few of a rarer answer" if few == n else why
    why = "one same answer throughout" if not few else why
    return pairs[~null], [f"a rater with himself, by criterion: no kappa in {n} of {of} cases: {why}"]


def paradox(rows: dict[Any, dict[Any, Any]]) -> str:
    """The sentence for high agreement beside a low kappa; '' where there is none."""
    names = ("share equal", "fleiss kappa", "gwet ac1")
    equal, kappa, ac1 = (rows.get(name, {}).get("value") for name in names)
    if equal is None or kappa is None or ac1 is None or pd.isna([equal, kappa, ac1]).any() or kappa >= 1:
        return ""
    by_chance = (equal - kappa) / (1 - kappa)
    if by_chance < _PREVALENT or equal < 0.8 or ac1 - kappa < 0.2:
        return ""
    return (
        f"kappa is low ({kappa:.2f}) though {equal:.0%} of answers are equal: nearly all answers are the same "
        f"one, so that {by_chance:.0%} would be equal by chance; read AC1 beside it"
    )


def measure_words(row: dict[Any, Any]) -> str:
    """``0.71 [0.60, 0.80]``, or null with its reason."""
    if row["value"] is None or pd.isna(row["value"]):
        return f"null ({row['reason']})"
    return f"{row['value']:.2f} [{row['lo']:.2f}, {row['hi']:.2f}]"


_PREVALENT = 0.68
"""Agreement by chance where one of two answers is given four times in five."""
_TOLD = (("equal", "share equal"), ("alpha", "krippendorff alpha"), ("AC1", "gwet ac1"))


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
