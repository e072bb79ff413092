"""The audit of every aligner of a run, and of what E would have chosen: gains, prices, distance and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..core import parse_spec
from ._audit import audit
from ._non_inferiority import non_inferiority
from ._recipe import CONTROLS, RERATED, AlignmentPart, short_name, without_alias
from ._record import Audit, Price, ScoreRow, TrajectoryPoint

BEST_BY_E = "best by E"
FEWEST_TO_CHOOSE = 3
"""With fewer seeds there is nothing to choose by: each is chosen by the others."""
JUDGES = ("R", "E", "H")
PRICES: tuple[Literal["recall", "coverage"], ...] = ("recall", "coverage")
BySeed = Mapping[int, float]


@dataclass(frozen=True)
class Findings:
    """What audits are made from."""

    part: AlignmentPart
    seeds: Sequence[int]
    extractor: str
    scores: Sequence[ScoreRow]
    points: Sequence[TrajectoryPoint] = ()
    stopped: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """(Method, seed) -> the step whose state was sampled, for what has a trail."""
    bounds: frozenset[str] = frozenset()
    """Methods whose path KL is a bound."""
    seconds: Mapping[tuple[str, int], float] = field(default_factory=dict)
    doubt: str | None = None

    def values(self, name: str, metric: str, by: str) -> BySeed:
        """Seed -> a score on all images."""
        return {
            row.seed: row.value
            for row in self.scores
            if (row.generator, row.metric, row.extractor, row.stratum) == (name, metric, by, "all")
            and row.value is not None
        }

    def gains(self, name: str, judge: str, metric: str = "plausible_share") -> BySeed:
        """Seed -> gain over the control by a judge."""
        ours, control = (self.values(each, metric, judge) for each in (name, self.part.control))
        return {seed: ours[seed] - control[seed] for seed in self.seeds if seed in ours and seed in control}

    def held(self, name: str, seed: int) -> list[float] | None:
        """H along the alignment, the base first, held from the sampled step on; None where one of them is missing."""
        mine = sorted((p for p in self.points if (p.generator, p.seed) == (name, seed)), key=lambda p: p.step)
        whole = bool(mine) and mine[0].step == 0 and all(p.H is not None for p in mine)
        if (name, seed) not in self.stopped or not whole:
            return None
        last = self.stopped[(name, seed)]
        end = next((p.H for p in mine if p.step == last), None)
        return None if end is None else [float(p.H if p.step <= last else end) for p in mine]  # type: ignore[arg-type]

    def distance(self, name: str, seed: int) -> float | None:
        """The path KL of the state that was sampled."""
        mine = (p for p in self.points if (p.generator, p.seed) == (name, seed) and p.chosen)
        return next((p.path_kl for p in mine), None)


def audit_rows(found: Findings) -> list[Audit]:
    """Return one audit for every aligned generator but the control, and one of what E chose on the other seeds."""
    names = [name for name in found.part.names() if name != found.part.control]
    rows = [_audit(found, name, dict.fromkeys(found.seeds, name)) for name in names]
    choice = choose_by_e(found)
    return [*rows, *([_audit(found, BEST_BY_E, choice)] if choice else [])]


def choose_by_e(found: Findings) -> dict[int, str]:
    """Return seed -> the method with the highest mean gain of E over the control on the *other* seeds.

    The seed's own images have no part in its choice, so what H sees on it is no winner's curse. E's mean P(plausible)
    decides, where it is known. Controls cannot be chosen, nor a method that E saw on no seed; empty with fewer than
    two methods or three seeds.
    """
    gains = {name: by_seed for name in candidates(found.part) if (by_seed := _by_e(found, name))}
    seeds = [seed for seed in found.seeds if gains and all(seed in each for each in gains.values())]
    if len(gains) < 2 or len(seeds) < FEWEST_TO_CHOOSE:
        return {}

    def elsewhere(name: str, seed: int) -> float:
        return sum(gains[name][other] for other in seeds if other != seed)

    return {seed: max(gains, key=lambda name, seed=seed: elsewhere(name, seed)) for seed in seeds}  # type: ignore[misc]


def candidates(part: AlignmentPart) -> list[str]:
    """Names of the methods that are no controls."""
    kinds = {short_name(method): parse_spec(without_alias(method)).name for method in part.methods}
    kinds |= {name + RERATED: kinds[name] for name in part.rerate}
    return [name for name in part.names() if kinds[name] not in CONTROLS and name != part.control]


def _by_e(found: Findings, name: str) -> BySeed:
    return found.gains(name, "E", "plausible_mean") or found.gains(name, "E")


def _audit(found: Findings, name: str, of_seed: Mapping[int, str]) -> Audit:
    """The audit of the generators that stand under a name: one for each seed."""
    part = found.part
    gains = {
        judge: [
            by_seed[seed] for seed, each in of_seed.items() if seed in (by_seed := found.gains(each, judge))
        ]
        for judge in JUDGES
    }
    held = [found.held(each, seed) for seed, each in of_seed.items()]
    along = [each for each in held if each is not None] if len(set(of_seed.values())) == 1 else []
    judged = audit(gains, trajectory_h=along, doubt=found.doubt)
    chosen = name == BEST_BY_E
    words = f"{_chosen_words(of_seed)}; {judged.words}" if chosen else judged.words
    untouched = sum(found.stopped.get((each, seed)) == 0 for seed, each in of_seed.items())
    if untouched:
        words += f"; on {untouched} of {len(of_seed)} seeds E preferred the base itself, which was sampled unchanged"
    return Audit(
        aligner=name,
        control=part.control,
        verdict=judged.verdict,
        words=words,
        gains=gains,
        trajectory_h=along,
        prices=[_price(found, metric, of_seed) for metric in PRICES],
        path_kl=[found.distance(each, seed) for seed, each in of_seed.items()] if found.points else [],
        path_kl_bound=any(each in found.bounds for each in of_seed.values()),
        stopped_at=[found.stopped.get((each, seed)) for seed, each in of_seed.items()]
        if found.points
        else [],
        seconds=[
            round(found.seconds[(each, seed)], 2)
            for seed, each in of_seed.items()
            if (each, seed) in found.seconds
        ],
        steps=part.steps,
        chosen_by_e=chosen,
    )


def _chosen_words(of_seed: Mapping[int, str]) -> str:
    counts = {name: list(of_seed.values()).count(name) for name in dict.fromkeys(of_seed.values())}
    told = ", ".join(f"{name} ({n} {'seed' if n == 1 else 'seeds'})" for name, n in counts.items())
    return f"chosen by E on the other seeds: {told}"


def _price(found: Findings, metric: Literal["recall", "coverage"], of_seed: Mapping[int, str]) -> Price:
    control = found.values(found.part.control, metric, found.extractor)
    ours = {
        seed: value
        for seed, each in of_seed.items()
        if (value := found.values(each, metric, found.extractor).get(seed)) is not None and seed in control
    }
    theirs = [control[seed] for seed in ours]
    test = non_inferiority(list(ours.values()), theirs, found.part.margin)
    verdict: Literal["not inferior", "not shown", "cannot be known from these data"] = (
        "cannot be known from these data"
        if test.shown is None
        else ("not inferior" if test.shown else "not shown")
    )
    return Price(
        metric=metric,
        value=test.value,
        lo=test.lo,
        p=test.p,
        margin=found.part.margin,
        per_seed=[value - other for value, other in zip(ours.values(), theirs, strict=True)],
        verdict=verdict,
        words=test.words,
    )
