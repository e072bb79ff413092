"""Who sees what, and in which order: shared images, dealt images, hidden repeats, left and right."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..core import UserError, rng
from ._count_words import counted

GAP = 10
"""Showings between an image and its hidden repeat, where there are enough."""


@dataclass(frozen=True)
class Unit:
    """What is judged at once: an item, or two; ``group`` is what the deal and the sides are balanced over."""

    item_a: int
    item_b: int | None
    group: tuple[str, ...]


@dataclass(frozen=True)
class Showing:
    """One place in a rater's order."""

    unit: Unit
    repeat: int
    left: str | None


def shared_units(units: Sequence[Unit], overlap: float, seed: int) -> set[Unit]:
    """Return the units that all raters see: the share ``overlap``, spread over the groups."""
    mixed = _by_group(units, seed, "shared")
    count = round(overlap * len(mixed))
    # Every k-th of the list in the order of groups takes of each group its part.
    places = np.floor(np.arange(count) * len(mixed) / count).astype(int).tolist() if count else []
    return {mixed[i] for i in places}


def first_deal(
    units: Sequence[Unit], raters: Sequence[str], overlap: float, seed: int
) -> dict[str, list[Unit]]:
    """Return each rater's units when the study begins: the shared ones, and the rest dealt evenly."""
    shared = shared_units(units, overlap, seed)
    hands: dict[str, list[Unit]] = {rater: sorted(shared, key=_order) for rater in raters}
    rest = [unit for unit in _by_group(units, seed, "deal") if unit not in shared]
    for i, unit in enumerate(rest):
        hands[raters[i % len(raters)]].append(unit)
    empty = [rater for rater, hand in hands.items() if not hand]
    if empty:
        raise UserError(
            f"{counted(len(units), 'task')} cannot be dealt to {counted(len(raters), 'rater')}: "
            f"{empty[0]} would have none",
            remedy="raise the overlap, or name fewer raters",
        )
    return hands


def later_hand(
    units: Sequence[Unit], hands: Mapping[str, Sequence[Unit]], rater: str, overlap: float, seed: int
) -> list[Unit]:
    """Return the units of a rater who comes later: the shared ones, and as many of the rest as the others have,
    those first that the fewest have seen."""
    shared = shared_units(units, overlap, seed)
    seen = Counter(unit for hand in hands.values() for unit in set(hand) - shared)
    rest = [unit for unit in sorted(units, key=_order) if unit not in shared]
    count = round(sum(seen.values()) / len(hands))
    chance = rng(seed, "later", rater).permutation(len(rest)).tolist()
    wanted = sorted(range(len(rest)), key=lambda i: (seen[rest[i]], chance[i]))
    return sorted(shared, key=_order) + [rest[i] for i in wanted[:count]]


def in_order(hand: Sequence[Unit], rater: str, repeats: float, seed: int) -> list[Showing]:
    """Return a rater's order: random, with hidden repeats at a distance, and sides that are balanced.

    Of every group half of the pairs have ``a`` on the left; a repeated pair changes its sides.
    """
    units = sorted(hand, key=_order)
    order = rng(seed, "order", rater).permutation(len(units)).tolist()
    left = _sides(units, rater, seed)
    places = with_repeats(len(order), repeats, rng(seed, "repeats", rater))
    showings = []
    for place, repeat in places:
        unit = units[order[place]]
        side = left[order[place]] if unit.item_b is not None else None
        showings.append(Showing(unit, repeat, _OTHER[side] if side and repeat else side))
    return showings


def with_repeats(n: int, share: float, generator: np.random.Generator) -> list[tuple[int, int]]:
    """Return the order of n first showings (i, 0) and the repeats (i, 1) of a share of them.

    A repeat stands `GAP` or more showings after the first; where n is too small for that, as far as can be:
    after all first showings, in their order. One image alone is not repeated.

    >>> with_repeats(3, 1.0, np.random.default_rng(0))
    [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]
    """
    count = round(share * n) if n > 1 else 0
    early = max(0, n - GAP + 1)
    far = generator.permutation(early).tolist()[:count]
    near = list(range(early, early + count - len(far)))
    keys = {(place, 0): (place, 0, 0.0) for place in range(n)}
    for place in far:
        after = int(generator.integers(place + GAP - 1, n))
        keys[place, 1] = (after, 1, generator.random())
    for place in near:
        keys[place, 1] = (n, 1, float(place))
    return sorted(keys, key=lambda showing: keys[showing])


def pair_up(
    made: Mapping[int, tuple[str, tuple[str, ...]]],
    real: Mapping[int, tuple[str, tuple[str, ...]]],
    seed: int,
) -> list[Unit]:
    """Return the pairs of synthetic images with equal shown values, of different origins where there are several,
    and of every real image with a synthetic one of equal shown values, as long as there are any.

    ``made`` and ``real`` give each item's origin and shown values. No item stands in two pairs: one that a rater
    meets twice with different partners would be known to be synthetic.
    """
    pairs = []
    by_stratum, there = _by_stratum(made), _by_stratum(real)
    several = len({origin for origin, _ in made.values()}) > 1
    for stratum, items in sorted(by_stratum.items()):
        mixed = [items[i] for i in rng(seed, "pairs", *stratum).permutation(len(items))]
        guests = there.get(stratum, [])[: len(mixed)]
        pairs += list(zip(mixed, guests, strict=False))
        pairs += _matched(mixed[len(guests) :], {item: made[item][0] for item in items}, several)
    about = {**made, **real}
    return [Unit(a, b, (about[a][0], about[b][0], *about[a][1])) for a, b in map(sorted, pairs)]


def _by_stratum(items: Mapping[int, tuple[str, tuple[str, ...]]]) -> dict[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for item, (_, stratum) in sorted(items.items()):
        found[stratum].append(item)
    return found


def _matched(mixed: Sequence[int], origin: Mapping[int, str], several: bool) -> list[tuple[int, int]]:
    """Pair images in the given order: each time of the two origins that have most left."""
    if not several:
        return [(a, b) for a, b in list(pairwise(mixed))[::2]]
    left: dict[str, list[int]] = defaultdict(list)
    for item in mixed:
        left[origin[item]].append(item)
    pairs: list[tuple[int, int]] = []
    while True:
        fullest = sorted((name for name in left if left[name]), key=lambda name: (-len(left[name]), name))
        if len(fullest) < 2:
            return pairs
        pairs.append((left[fullest[0]].pop(), left[fullest[1]].pop()))


def _sides(units: Sequence[Unit], rater: str, seed: int) -> list[str]:
    """``a`` or ``b`` for every unit, half of each within every group (one more of either by chance)."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, unit in enumerate(units):
        groups[unit.group[:2]].append(i)
    sides = [""] * len(units)
    for group, places in sorted(groups.items()):
        draw = rng(seed, "sides", rater, *group)
        halves = (("ab" if draw.random() < 0.5 else "ba") * len(places))[: len(places)]
        for place, side in zip(draw.permutation(places).tolist(), halves, strict=True):
            sides[place] = side
    return sides


def _by_group(units: Sequence[Unit], seed: int, name: str) -> list[Unit]:
    """The units, group after group, in random order within each."""
    chance = rng(seed, name).permutation(len(units)).tolist()
    ordered = sorted(units, key=_order)
    return [ordered[i] for i in sorted(range(len(units)), key=lambda i: (ordered[i].group, chance[i]))]


def _order(unit: Unit) -> tuple[int, int]:
    return unit.item_a, -1 if unit.item_b is None else unit.item_b


_OTHER = {"a": "b", "b": "a"}
