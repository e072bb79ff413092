"""What a record says of alignment, aligner by aligner: one line of facts for the report and for the results page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..benchmark import Audit, Record, ScoreRow, short_name
from ..core import MIN_SEEDS, UserError, t_interval
from ._estimates import Estimate
from ._names import JUDGES

KEPT = ("recall", "coverage")
"""What must not be lost for plausibility's sake."""
BESIDE = ("vendi_score", "copy_share", "label_agreement")
"""What is told beside it."""
CONTROLS = ("shuffled", "inverted")


@dataclass(frozen=True)
class AlignmentRow:
    """An aligner (or the base, or its control) with what was measured of it.

    ``shares`` are plausible shares by judge; ``over_base`` and ``over_control`` their paired differences over
    seeds, with a t interval from 5 seeds on; ``kept`` holds recall and coverage, ``lost`` the paired differences of
    both to the control; ``beside`` holds the Vendi score, the near-copies and the agreement with the label.
    """

    name: str
    role: str
    audit: Audit | None = None
    shares: Mapping[str, Estimate] = field(default_factory=dict)
    over_base: Mapping[str, Estimate] = field(default_factory=dict)
    over_control: Mapping[str, Estimate] = field(default_factory=dict)
    kept: Mapping[str, Estimate] = field(default_factory=dict)
    lost: Mapping[str, Estimate] = field(default_factory=dict)
    beside: Mapping[str, Estimate] = field(default_factory=dict)


def alignment_rows(record: Record) -> list[AlignmentRow]:
    """The base, the control that others are compared with, then every audited aligner; empty without audits."""
    if not record.audits:
        return []
    look, base, control = _Look(record), base_name(record), record.audits[0].control
    audits = {audit.aligner: audit for audit in record.audits}
    names = [name for name in dict.fromkeys([base, control, *audits]) if name is not None]
    return [_row(look, name, base, control, audits.get(name)) for name in names]


def _row(look: _Look, name: str, base: str | None, control: str, audit: Audit | None) -> AlignmentRow:
    def over(other: str | None, metric: str, judge: str | None) -> Estimate:
        return MISSING if other in (None, name) else look.difference(name, str(other), metric, judge)

    gains = {
        judge: spread(dict(enumerate(audit.gains.get(judge, [])))) if audit else MISSING for judge in JUDGES
    }
    return AlignmentRow(
        name,
        role_of(name, base, control, audit),
        audit,
        {judge: look.over_seeds(name, PLAUSIBLE, judge) for judge in JUDGES},
        {judge: over(base, PLAUSIBLE, judge) for judge in JUDGES},
        {judge: gains[judge] if audit else over(control, PLAUSIBLE, judge) for judge in JUDGES},
        {metric: look.over_seeds(name, metric) for metric in KEPT},
        {metric: over(control, metric, None) for metric in KEPT},
        {metric: look.over_seeds(name, metric) for metric in BESIDE},
    )


PLAUSIBLE = "plausible_share"
MISSING = Estimate(reason="not measured")


def role_of(name: str, base: str | None, control: str, audit: Audit | None) -> str:
    """``base``, ``control`` (also a shuffled or inverted reward), ``chosen`` (the row that E chose) or ``method``."""
    if name == base:
        return "base"
    if audit is not None and audit.chosen_by_e:
        return "chosen"
    return "control" if name == control or name.split(":")[0] in CONTROLS else "method"


def base_name(record: Record) -> str | None:
    """The generator that was aligned: as the recipe names it, else the only one of kind ``generator``."""
    part = _asked(record, "base")
    listed = [entry.name for entry in record.generators if entry.kind == "generator"]
    try:
        named = short_name(part) if isinstance(part, str | dict) else None
    except UserError:
        named = None
    if named in listed:
        return named
    return listed[0] if len(listed) == 1 else None


def alignment_asked(record: Record) -> Mapping[str, Any]:
    """The recipe's part on alignment, as it was resolved; empty where there is none."""
    part = _asked(record, "alignment")
    return part if isinstance(part, Mapping) else {}


def _asked(record: Record, name: str) -> Any:
    asked = record.asked.get("resolved")
    return asked.get(name) if isinstance(asked, Mapping) else None


def spread(values: Mapping[int, float | None]) -> Estimate:
    """The mean over seeds with a t interval from 5 seeds on; fewer have their values and no interval.

    >>> spread({0: 0.1, 1: 0.3}).value, spread({0: 0.1, 1: 0.3}).lo
    (0.2, None)
    >>> spread({}).reason
    'not measured'
    """
    seeds = tuple((seed, value, None, None) for seed, value in values.items() if value is not None)
    if not seeds:
        return MISSING
    found = [value for _, value, _, _ in seeds]
    if len(seeds) < MIN_SEEDS:
        return Estimate(sum(found) / len(found), None, None, seeds)
    interval = t_interval(found)
    return Estimate(interval.value, interval.lo, interval.hi, seeds)


class _Look:
    """Scores by generator and metric, seed by seed."""

    def __init__(self, record: Record) -> None:
        self.extractor = record.ranking.extractor if record.ranking else None
        self.rows: dict[tuple[str, str], list[ScoreRow]] = defaultdict(list)
        for row in record.scores:
            if row.stratum == "all":
                self.rows[row.generator, row.metric].append(row)

    def values(self, name: str, metric: str, judge: str | None = None) -> dict[int, float | None]:
        rows = self.rows.get((name, metric), [])
        wanted = judge or self.extractor
        if judge is None and not any(row.extractor == wanted for row in rows):
            wanted = rows[0].extractor if rows else None
        return {row.seed: row.value for row in rows if row.extractor == wanted}

    def over_seeds(self, name: str, metric: str, judge: str | None = None) -> Estimate:
        return spread(self.values(name, metric, judge))

    def difference(self, name: str, other: str, metric: str, judge: str | None = None) -> Estimate:
        ours, theirs = self.values(name, metric, judge), self.values(other, metric, judge)
        pairs = {seed: (a, theirs.get(seed)) for seed, a in ours.items()}
        return spread({seed: a - b for seed, (a, b) in pairs.items() if a is not None and b is not None})


@dataclass(frozen=True)
class RewardRow:
    """How well R tells plausible from implausible: on the base's images (``before``) or on an aligner's (``after``)."""

    images: str
    figures: Mapping[str, Estimate]
    change: Estimate
    by_class: Mapping[str, Estimate]
    n: int
    reason: str | None = None


FIGURES = ("auroc", "auprc", "brier", "ece", "plausible_share")
HELD_OUT = "the base (ratings held out of the fit)"
"""Those images of the base on which R was measured when it was fitted; the base's own row has new images."""


def reward_rows(record: Record) -> list[RewardRow]:
    """R on held-out images of the base, then on those of every aligner; empty when nobody looked after alignment."""
    cards = record.judges.get("R")
    seeds = {
        int(name.removeprefix("seed ")): card
        for name, card in (cards.items() if isinstance(cards, Mapping) else ())
        if isinstance(card, Mapping) and name.removeprefix("seed ").isdigit()
    }
    after = {seed: card["after"] for seed, card in seeds.items() if isinstance(card.get("after"), Mapping)}
    names = list(dict.fromkeys(name for cards_ in after.values() for name in cards_))
    if not names:
        return []
    rows = [_reward_row(HELD_OUT, seeds, seeds)]
    return [*rows, *(_reward_row(n, {s: c[n] for s, c in after.items() if n in c}, seeds) for n in names)]


def _reward_row(images: str, cards: Mapping[int, Any], before: Mapping[int, Any]) -> RewardRow:
    def figure(of: Callable[[Mapping[str, Any]], Any]) -> dict[int, float | None]:
        return {seed: of(card) for seed, card in cards.items()}

    first, own = {s: c.get("auroc") for s, c in before.items()}, figure(lambda card: card.get("auroc"))
    change = {s: v - u for s, v in own.items() if v is not None and (u := first.get(s)) is not None}
    classes = _distinct(name for card in cards.values() for name in card.get("by_class") or {})
    reasons = [str(card["reason"]) for card in cards.values() if card.get("reason")]
    return RewardRow(
        images,
        {name: spread(figure(lambda card, name=name: card.get(name))) for name in FIGURES},  # type: ignore[misc]
        MISSING if cards is before else spread(change),
        {name: _all_seeds(figure(lambda card, name=name: _class_auroc(card, name))) for name in classes},  # type: ignore[misc]
        sum(int(card.get("n") or card.get("n_held_out") or 0) for card in cards.values()),
        reasons[0] if reasons else None,
    )


def _all_seeds(values: Mapping[int, float | None]) -> Estimate:
    return MISSING if None in values.values() else spread(values)


def _class_auroc(card: Mapping[str, Any], name: str) -> float | None:
    found = (card.get("by_class") or {}).get(name) or {}
    return found.get("auroc") if isinstance(found, Mapping) else None


def _distinct(names: Iterable[str]) -> Sequence[str]:
    return list(dict.fromkeys(names))
