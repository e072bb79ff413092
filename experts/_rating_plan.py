"""How many ratings a study needs: before it starts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from ..core import LEVEL, UserError, detectable_share_difference, ratings_needed
from ._count_words import counted

POWER = 0.8
SECONDS = 5.0
"""The pace of an open study: about 5 seconds an image."""
_MARGIN = 0.05


@dataclass(frozen=True)
class RatingPlan:
    """What was assumed, and what follows: numbers are for each generator unless they say otherwise.

    ``ratings`` and ``images`` are those given, or those needed when none were; ``design_effect`` is how many
    ratings are worth one independent rating; ``detectable`` the smallest rise above ``base`` that two such
    arms tell apart (None: none at all); ``half_width_between`` and ``half_width_within`` the half width of
    kappa's interval on the shared images and on one rater's hidden repeats (None: too few for a kappa).
    """

    base: float
    target: float
    power: float
    level: float
    raters: int
    overlap: float
    agreement: float
    repeats: float
    real_share: float
    generators: int
    given: bool
    images: int
    ratings: int
    design_effect: float
    effective: float
    detectable: float | None
    needed_effective: int
    needed_ratings: int
    needed_images: int
    needed_ceiling: int
    shared_images: int
    real_images: int
    per_rater: int
    repeats_per_rater: int
    half_width_between: float | None
    half_width_within: float | None

    @property
    def enough(self) -> bool:
        """True when these ratings tell ``base`` from ``target``."""
        return self.effective >= self.needed_effective

    @property
    def hours_per_rater(self) -> float:
        """Hours of one rater at 5 seconds an image."""
        return self.per_rater * SECONDS / 3600


def rating_plan(
    *,
    base: float = 0.8,
    target: float = 0.9,
    images: int | None = None,
    raters: int = 1,
    overlap: float = 0.2,
    agreement: float = 0.5,
    repeats: float = 0.1,
    real_share: float = 0.2,
    generators: int = 1,
    power: float = POWER,
    level: float = LEVEL,
) -> RatingPlan:
    """Return what a study of these sizes could tell apart, or the sizes it needs.

    Parameters
    ----------
    base, target:
        Shares judged plausible that are to be told apart (arcsine approximation, Cohen 1988).
    images:
        Images of each generator; None for as many as ``target`` needs.
    raters, overlap:
        All raters see a share ``overlap`` of the images; the rest is dealt out among them.
    agreement:
        The raters' kappa on the verdict, taken as the correlation of two verdicts on one image. m raters on
        an image are worth m / (1 + (m - 1) agreement) of them (Kish's design effect, with m meaned over
        ratings).
    repeats, real_share, generators:
        Hidden repeats as a share of a rater's first showings; real images as a share of all first showings;
        generators that are rated.

    Raises ``UserError`` for shares outside (0, 1), equal shares, and numbers below 1.

    >>> rating_plan(base=0.8, target=0.9).ratings
    195
    >>> rating_plan(images=64).enough, rating_plan(images=200).enough
    (False, True)
    """
    _check(base, target, overlap, agreement, repeats, real_share, raters, generators, images)
    per_image = (1 - overlap) + overlap * raters
    crowd = ((1 - overlap) + overlap * raters**2) / per_image
    effect = 1 + (crowd - 1) * agreement
    needed = ratings_needed(base, target, power=power, level=level)
    needed_images = math.ceil(needed * effect / per_image - 1e-9)
    chosen = needed_images if images is None else images
    ratings = round(chosen * per_image)
    # Rounding of images must not make the number that is needed look too small.
    effective = needed if images is None else ratings / effect
    real = round(chosen * generators * real_share / (1 - real_share))
    shown = (chosen * generators + real) * per_image / raters
    shared, again = round(overlap * chosen * generators) if raters > 1 else 0, round(shown * repeats)
    return RatingPlan(
        base, target, power, level, raters, overlap, agreement, repeats, real_share, generators,
        images is not None, chosen, ratings, effect, effective,
        smallest_rise(effective, effective, base, power=power, level=level),
        needed, math.ceil(needed * effect - 1e-9), needed_images,
        needed_within(max(base, target), _MARGIN, power=power, level=level),
        shared, real, math.ceil(shown + again), again,
        _half_width(shared, base, agreement, level), _half_width(again, base, agreement, level),
    )  # fmt: skip


def smallest_rise(
    n_a: float, n_b: float, base: float, *, power: float = POWER, level: float = LEVEL
) -> float | None:
    """The smallest rise of a share above ``base`` that these effective numbers tell apart; None when none is.

    >>> round(smallest_rise(200, 200, 0.8), 2), smallest_rise(2, 2, 0.8)
    (0.1, None)
    """
    if min(n_a, n_b) < 1 or not 0 <= base < 1:
        return None
    found = detectable_share_difference(int(n_a), int(n_b), base, power=power, level=level)
    return None if found >= 1 - base else found


def needed_within(share: float, margin: float, *, power: float = POWER, level: float = LEVEL) -> int:
    """Independent ratings of each kind that show, by non-inferiority, that one is not ``margin`` below the
    other when both pass alike: (z_level + z_power)^2 2 p (1 - p) / margin^2, one-sided.

    >>> needed_within(0.9, 0.05)
    446
    """
    normal = NormalDist()
    z = normal.inv_cdf(level) + normal.inv_cdf(power)
    return math.ceil(z * z * 2 * share * (1 - share) / margin**2)


def rating_plan_lines(plan: RatingPlan) -> list[str]:
    """Return the plan in plain sentences, the answer first."""
    chance = f"in {plan.power:.0%} of such studies, at level {plan.level:g}"
    asked = f"{plan.base:.2f} from {plan.target:.2f}"
    each = f"{counted(plan.ratings, 'rating')} of {counted(plan.images, 'image')} of each generator"
    if not plan.given:
        lines = [f"to tell {asked} {chance}: {each}."]
    elif plan.enough:
        lines = [f"enough: {each} tell {asked} {chance}."]
    else:
        need = f"{counted(plan.needed_ratings, 'rating')} of {counted(plan.needed_images, 'image')}"
        lines = [f"not enough: {each} do not tell {asked} {chance}; that needs {need}."]
    lines.append(_reach(plan))
    if plan.design_effect > 1.005:
        lines.append(
            f"several raters on one image are not independent (kappa {plan.agreement:g} assumed): "
            f"{plan.ratings:,} ratings are worth {plan.effective:,.0f}."
        )
    lines.append(
        f"{'the one rater' if plan.raters == 1 else f'each of {plan.raters} raters'} sees "
        f"{counted(plan.per_rater, 'showing')} "
        f"({plan.repeats_per_rater} of them hidden repeats): about {_hours(plan)} at {SECONDS:g} s each."
    )
    return [*lines, *_ceiling(plan), *_kappa_lines(plan)]


def _reach(plan: RatingPlan) -> str:
    if plan.detectable is None:
        return f"no rise above {plan.base:.2f} could be shown."
    return f"smallest rise above {plan.base:.2f} that two generators could show: {plan.detectable:.3f}."


def _ceiling(plan: RatingPlan) -> list[str]:
    if not plan.real_images:
        return ["without real images among them nothing can be said about a ceiling."]
    best = max(plan.base, plan.target)
    line = (
        f"{counted(plan.real_images, 'real image')} for the ceiling; 'as plausible as real' within {_MARGIN:g} needs "
        f"{plan.needed_ceiling:,} independent ratings of each kind where both pass {best:.2f}"
    )
    return [line + ("." if plan.real_images >= plan.needed_ceiling else ": that cannot be shown here.")]


def _kappa_lines(plan: RatingPlan) -> list[str]:
    def told(what: str, n: int, half: float | None) -> str:
        if half is None:
            return f"{what}: {counted(n, 'image')}, too few for a kappa (20 with 5 of the rarer verdict)."
        return f"{what}: kappa {plan.agreement:g} would be known to +- {half:.2f} ({counted(n, 'image')})."

    lines = []
    if plan.raters > 1:
        lines.append(told("agreement of two raters", plan.shared_images, plan.half_width_between))
    else:
        lines.append("one rater: agreement between raters cannot be known.")
    return [*lines, told("a rater with himself", plan.repeats_per_rater, plan.half_width_within)]


def _half_width(n: int, share: float, kappa: float, level: float) -> float | None:
    """Half of Cohen's kappa's interval for two raters who both pass this share (Fleiss, Cohen and Everitt)."""
    rare = min(share, 1 - share)
    if n < 20 or n * rare < 5:
        return None
    both = share * (1 - share) * kappa
    table = {(1, 1): share**2 + both, (1, 0): share * (1 - share) - both, (0, 0): (1 - share) ** 2 + both}
    expected = share**2 + (1 - share) ** 2
    margin = {1: share, 0: 1 - share}
    spread = sum(table[i, i] * (1 - 2 * margin[i] * (1 - kappa)) ** 2 for i in (0, 1))
    spread += 2 * table[1, 0] * (1 - kappa) ** 2
    variance = max(0.0, spread - (kappa - expected * (1 - kappa)) ** 2) / (1 - expected) ** 2
    return NormalDist().inv_cdf(0.5 + level / 2) * math.sqrt(variance / n)


def _hours(plan: RatingPlan) -> str:
    minutes = plan.hours_per_rater * 60
    return f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"


def _check(
    base: float, target: float, overlap: float, agreement: float, repeats: float, real_share: float,
    raters: int, generators: int, images: int | None,
) -> None:  # fmt: skip
    faults = [f"{name} must lie between 0 and 1, got {v:g}" for name, v in (("base", base), ("target", target))
              if not 0 < v < 1]  # fmt: skip
    named = (("overlap", overlap), ("agreement", agreement), ("repeats", repeats))
    faults += [f"{name} must be from 0 to 1, got {v:g}" for name, v in named if not 0 <= v <= 1]
    if not 0 <= real_share < 1:
        faults.append(f"real_share must be from 0 to below 1, got {real_share:g}")
    counts = (("raters", raters), ("generators", generators), ("images", 1 if images is None else images))
    faults += [f"{name} must be 1 or more, got {v}" for name, v in counts if v < 1]
    if not faults and base == target:
        faults.append("base and target are equal: there is nothing to tell apart")
    if faults:
        raise UserError("; ".join(faults))
