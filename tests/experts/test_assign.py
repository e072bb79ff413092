"""Who sees what: everything is dealt, shares are kept, repeats stand apart, sides are balanced, seeds decide."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.core import UserError
from synmedbench.experts._assign import (
    GAP,
    Unit,
    first_deal,
    in_order,
    later_hand,
    pair_up,
    shared_units,
    with_repeats,
)

RATERS = ("anna", "ben", "cleo")


def images(n: int, kinds: int = 3) -> list[Unit]:
    return [Unit(i, None, (f"kind {i % kinds}",)) for i in range(n)]


def pairs(n: int) -> list[Unit]:
    return [Unit(2 * i, 2 * i + 1, (f"gan {i % 2}", "real", "label")) for i in range(n)]


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 90), st.integers(1, 5), st.floats(0, 1), st.integers(0, 99))
def test_every_image_is_dealt_and_shared_ones_go_to_all(n: int, k: int, overlap: float, seed: int) -> None:
    units, raters = images(n), [f"rater {i}" for i in range(k)]
    if not round(overlap * n) and n < k:
        with pytest.raises(UserError, match="would have none"):
            first_deal(units, raters, overlap, seed)
        return
    hands = first_deal(units, raters, overlap, seed)
    shared = shared_units(units, overlap, seed)
    assert len(shared) == round(overlap * n)
    seen = Counter(unit for hand in hands.values() for unit in hand)
    assert set(seen) == set(units)
    assert all(seen[unit] == (k if unit in shared else 1) for unit in units)
    sizes = [len(hand) for hand in hands.values()]
    assert max(sizes) - min(sizes) <= 1


def test_each_rater_and_the_shared_images_have_the_mix_of_the_whole() -> None:
    units = [Unit(i, None, ("real",) if i % 5 == 0 else ("gan",)) for i in range(300)]
    hands = first_deal(units, RATERS, 0.2, 0)
    for part in (shared_units(units, 0.2, 0), *hands.values()):
        real = np.mean([unit.group == ("real",) for unit in part])
        assert abs(real - 0.2) < 0.02


def test_more_raters_than_images_is_one_clear_line() -> None:
    with pytest.raises(
        UserError, match=r"2 tasks cannot be dealt to 3 raters: cleo would have none \(raise the"
    ):
        first_deal(images(2), RATERS, 0.0, 0)
    with pytest.raises(UserError, match="1 task cannot be dealt to 3 raters"):
        first_deal(images(1), RATERS, 0.0, 0)
    assert first_deal(images(2), RATERS, 1.0, 0)["cleo"]


def test_one_who_comes_later_gets_the_shared_images_and_as_many_others() -> None:
    units = images(90)
    hands = first_deal(units, RATERS, 0.2, 0)
    shared = shared_units(units, 0.2, 0)
    for name in ("dora", "emil", "fred"):
        hands[name] = later_hand(units, hands, name, 0.2, 0)
        assert shared < set(hands[name])
        assert len(hands[name]) == len(set(hands[name])) == len(hands["anna"])
    seen = Counter(unit for hand in hands.values() for unit in hand if unit not in shared)
    assert set(seen.values()) == {2}


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 80), st.floats(0, 1), st.integers(0, 10_000))
def test_repeats_stand_as_far_apart_as_can_be(n: int, share: float, seed: int) -> None:
    order = with_repeats(n, share, np.random.default_rng(seed))
    firsts = [i for i, repeat in order if not repeat]
    again = [i for i, repeat in order if repeat]
    assert firsts == list(range(n))
    assert len(again) == len(set(again)) == (round(share * n) if n > 1 else 0)
    for i in again:
        distance = order.index((i, 1)) - order.index((i, 0))
        assert distance >= min(GAP, len(again) if i >= n - GAP + 1 else GAP, n)
    if len(again) <= max(0, n - GAP + 1):
        assert all(order.index((i, 1)) - order.index((i, 0)) >= GAP for i in again)


def test_orders_are_random_per_rater_and_fixed_by_the_seed() -> None:
    hand = images(60)
    orders = {(rater, seed): in_order(hand, rater, 0.1, seed) for rater in RATERS for seed in (0, 1)}
    assert len({tuple(showing.unit.item_a for showing in order) for order in orders.values()}) == 6
    assert in_order(hand, "anna", 0.1, 0) == orders["anna", 0]
    assert in_order(hand[::-1], "anna", 0.1, 0) == orders["anna", 0]
    places = [np.mean([s.unit.item_a for s in in_order(hand, f"r{i}", 0, 0)[:20]]) for i in range(200)]
    assert abs(np.mean(places) - 29.5) < 1.5


def test_sides_are_balanced_in_every_group_and_change_at_a_repeat() -> None:
    order = in_order(pairs(41), "anna", 0.5, 0)
    first = {showing.unit: showing.left for showing in order if not showing.repeat}
    for group in {unit.group for unit in first}:
        count = Counter(left for unit, left in first.items() if unit.group == group)
        assert abs(count["a"] - count["b"]) <= 1
    again = [showing for showing in order if showing.repeat]
    assert len(again) == 20
    assert all(showing.left != first[showing.unit] for showing in again)
    lefts = [in_order(pairs(1), f"rater {i}", 0, 0)[0].left for i in range(200)]
    assert 70 < lefts.count("a") < 130


def test_images_alone_have_no_side() -> None:
    assert {showing.left for showing in in_order(images(5), "anna", 0.4, 0)} == {None}


def test_pairs_have_equal_requests_and_different_origins() -> None:
    made = {i: (f"gan {i % 3}", ("a" if i < 40 else "b",)) for i in range(80)}
    real = {100 + i: ("real", ("a" if i < 10 else "b",)) for i in range(20)}
    paired = pair_up(made, real, 0)
    about = {**made, **real}
    assert all(
        about[u.item_a][1] == about[u.item_b][1] and about[u.item_a][0] != about[u.item_b][0] for u in paired
    )
    against = [unit for unit in paired if unit.item_b in real]
    assert len(against) == 20
    assert len({unit.item_a for unit in against}) == 20
    shown = Counter(item for unit in paired for item in (unit.item_a, unit.item_b))
    assert set(shown.values()) == {1}, "an item that stands in two pairs is known to be synthetic"
    assert len(shown) >= 2 * (20 + 29)
    assert pair_up(made, real, 0) == paired != pair_up(made, real, 1)


def test_one_origin_is_paired_with_itself_and_nothing_with_nothing() -> None:
    made = {i: ("gan", ()) for i in range(7)}
    assert len(pair_up(made, {}, 0)) == 3
    assert pair_up({0: ("gan", ())}, {}, 0) == []
    assert pair_up({0: ("gan", ("a",)), 1: ("ddpm", ("b",))}, {2: ("real", ("c",))}, 0) == []
    assert pair_up({}, {2: ("real", ())}, 0) == []
    assert len(pair_up({0: ("gan", ())}, {1: ("real", ()), 2: ("real", ())}, 0)) == 1
