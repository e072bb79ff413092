"""How many ratings are needed, and what those at hand could have told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rated_study import study

from synmedbench.core import UserError, rng
from synmedbench.experts import (
    paired_difference,
    rating_plan,
    rating_plan_lines,
    rating_reach,
    rating_reach_lines,
)


def test_200_ratings_tell_80_from_90_and_64_do_not() -> None:
    assert rating_plan(base=0.8, target=0.9, images=200).enough
    assert not rating_plan(base=0.8, target=0.9, images=64).enough
    assert rating_plan_lines(rating_plan(images=200))[0].startswith("enough: 200 ratings")
    first = rating_plan_lines(rating_plan(images=64))[0]
    assert first.startswith("not enough: 64 ratings")
    assert "needs 195 ratings" in first


def test_raters_on_the_same_images_are_worth_less() -> None:
    alone, all_see = rating_plan(images=200), rating_plan(images=200, raters=4, overlap=1.0, agreement=0.5)
    assert all_see.ratings == 800
    assert all_see.design_effect == pytest.approx(1 + 3 * 0.5)  # 1 + (m - 1) icc
    assert all_see.effective == pytest.approx(800 / 2.5)
    assert all_see.detectable < alone.detectable
    dealt = rating_plan(images=200, raters=4, overlap=0.0)
    assert (dealt.ratings, dealt.design_effect) == (200, 1.0)


@given(
    st.floats(0.02, 0.98), st.floats(0.02, 0.98), st.integers(1, 12), st.floats(0, 1), st.floats(0, 1),
    st.floats(0, 1), st.floats(0, 0.9), st.integers(1, 6), st.one_of(st.none(), st.integers(1, 2000)),
)  # fmt: skip
def test_any_plan_is_told(
    base, target, raters, overlap, agreement, repeats, real_share, generators, images
) -> None:
    if abs(base - target) < 0.005:
        return
    plan = rating_plan(base=base, target=target, raters=raters, overlap=overlap, agreement=agreement,
                       repeats=repeats, real_share=real_share, generators=generators, images=images)  # fmt: skip
    assert 1 <= plan.design_effect <= raters + 1e-9
    assert plan.needed_ratings >= plan.needed_effective
    assert images is not None or plan.enough
    assert plan.detectable is None or 0 < plan.detectable < 1 - base
    assert "nan" not in " ".join(rating_plan_lines(plan))


def test_a_faulty_plan_names_all_faults() -> None:
    with pytest.raises(UserError, match=r"base must lie.*overlap must be.*raters must be"):
        rating_plan(base=1.2, overlap=-1, raters=0)
    with pytest.raises(UserError, match="nothing to tell apart"):
        rating_plan(base=0.8, target=0.8)


def test_what_could_be_told_apart_shrinks_with_more_images() -> None:
    few, many = (rating_reach(study({"real": 0.9, "gan": 0.6, "vae": 0.6}, n=n)) for n in (30, 200))
    assert few["other"].tolist() == ["real", "real", "vae"]
    assert (many["detectable"] < few["detectable"]).all()
    assert set(many[many["other"] == "real"]["verdict"]) == {"shown"}


def test_reach_lines_of_little() -> None:
    ratings = study({"real": 0.9, "gan": 0.6})
    assert rating_reach_lines(ratings.iloc[:0])[0].startswith("no verdicts yet")
    assert rating_reach_lines(ratings[ratings["origin"] == "gan"])[0].startswith("one origin")
    small = study({"real": 0.9, "gan": 0.6}, n=5)
    assert "cannot be known" in rating_reach_lines(small)[0]
    assert len(rating_reach_lines(ratings, ["label"])) == 3


@pytest.mark.slow
@pytest.mark.parametrize(("raters", "overlap", "agreement"), [(1, 0.0, 0.5), (3, 0.3, 0.5), (4, 1.0, 0.3)])
def test_the_planned_number_has_the_planned_power(raters: int, overlap: float, agreement: float) -> None:
    """Verdicts on an image are beta-binomial with the assumed correlation; raters are equally strict."""
    plan = rating_plan(base=0.8, target=0.9, raters=raters, overlap=overlap, agreement=agreement)
    power = {n: shown(n, raters, overlap, agreement) for n in (plan.images, round(plan.images * 64 / 195))}
    print(f"{raters} raters, overlap {overlap}, kappa {agreement}: power by images {power}")
    full, third = power.values()
    assert 0.74 <= full <= 0.88
    assert third < 0.5


def shown(images: int, raters: int, overlap: float, agreement: float, runs: int = 500) -> float:
    dice, count = rng(2, images, raters), 0
    scale = (1 - agreement) / agreement
    pairs = [(r, i) for i in range(images) for r in (range(raters) if i < overlap * images else [i % raters])]
    who, what = np.array(pairs).T
    for _ in range(runs):
        chance = [dice.beta(share * scale, (1 - share) * scale, images) for share in (0.8, 0.9)]
        votes = np.concatenate([dice.random(len(who)) < each[what] for each in chance])
        second = np.repeat([False, True], len(who))
        # Raters are not drawn here: they are one group, and images alone vary.
        found = paired_difference(
            votes, second, np.tile(who, 2), np.concatenate([what, what + images]), pairs_are_raters=False
        )
        count += found.p_value() < 0.05
    return count / runs
