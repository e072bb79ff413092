"""The real ceiling, differences to it, and the intervals that respect raters and images."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from rated_study import study

from synmedbench.core import UserError, rng
from synmedbench.experts import (
    agreement_lines,
    paired_difference,
    plausibility,
    share_interval,
    verdict_lines,
)


def verdict_of(table: pd.DataFrame, origin: str) -> str:
    rows = table[(table["column"] == "all") & (table["origin"] == origin)]
    return str(rows["verdict"].iloc[0])


def test_a_worse_generator_is_shown_and_an_equal_one_is_not_called_equal_by_default() -> None:
    table = plausibility(study({"real": 0.95, "bad": 0.5, "good": 0.95}, n=80))
    assert verdict_of(table, "bad") == "less plausible than real"
    assert verdict_of(table, "good") == "not shown"  # 80 images cannot show it within 0.05
    wide = plausibility(study({"real": 0.95, "bad": 0.5, "good": 0.95}, n=80), margin=0.2)
    assert verdict_of(wide, "good") == "as plausible as real"
    assert verdict_of(wide, "bad") == "less plausible than real"


def test_a_strict_rater_who_saw_more_of_one_kind_makes_no_difference() -> None:
    rows = []
    for rater, strict, n_real, n_made in (
        ("mild", 1.0, 90, 10),
        ("strict", 0.3, 10, 90),
        ("other", 0.6, 50, 50),
    ):
        for kind, n in (("real", n_real), ("made", n_made)):
            passed = round(strict * n)
            rows += [(rater, kind, i < passed) for i in range(n)]
    table = pd.DataFrame(rows, columns=["rater", "kind", "vote"])
    images = np.arange(len(table))
    pooled = table.groupby("kind")["vote"].mean()
    assert pooled["real"] - pooled["made"] > 0.3
    found = paired_difference(table["vote"], table["kind"] == "made", table["rater"], images)
    assert found.interval.value == pytest.approx(0, abs=1e-12)


def test_without_real_images_the_ceiling_cannot_be_known() -> None:
    ratings = study({"gan": 0.8})
    table = plausibility(ratings)
    assert table["verdict"].tolist() == ["cannot be known"]
    assert "no ceiling" in table["reason"].iloc[0]
    assert "ceiling cannot be known" in verdict_lines(ratings)[0]


def test_only_studies_are_called_blinded() -> None:
    ratings = study({"real": 0.9, "gan": 0.8})
    assert "of blinded real images pass" in verdict_lines(ratings)[0]
    assert "of real images pass" in verdict_lines(ratings.assign(study=None))[0]
    some = ratings.assign(study=ratings["study"].where(ratings["rater"] != "anna"))
    assert "of real images pass" in verdict_lines(some)[0]


def test_few_images_are_the_reason_also_without_real_ones() -> None:
    (row,) = plausibility(study({"gan": 0.8}, n=1)).to_dict("records")
    assert row["reason"] == "not enough data: 1 image, 10 needed"
    beside = plausibility(study({"real": 0.9, "gan": 0.8}, n=1)).iloc[0]
    assert beside["reason"] == "not enough data: 1 image, 10 needed"


def test_raters_without_a_kappa_of_their_own_are_counted_in_one_line() -> None:
    ratings = study({"real": 0.9, "gan": 0.6}, repeats=0.05)
    alone = [line for line in agreement_lines(ratings) if "himself, by" in line]
    assert alone == [
        "a rater with himself, by criterion: no kappa in 12 of 12 cases: too few images, or too few of a rarer answer"
    ]
    assert not [line for line in agreement_lines(ratings) if "again" in line]
    often = agreement_lines(study({"real": 0.9, "gan": 0.6}, n=120, repeats=1.0))
    assert not [line for line in often if "no kappa" in line]
    assert [line for line in often if "anna, again, plausible" in line]


def test_raters_who_saw_one_kind_each_give_no_difference() -> None:
    ratings = study({"real": 0.9, "gan": 0.9})
    keep = ratings["origin"].eq("real") == ratings["rater"].eq("anna")
    table = plausibility(ratings[keep])
    assert verdict_of(table, "gan") == "cannot be known"
    assert "no rater saw images of both" in table["reason"].dropna().iloc[0]


def test_few_images_are_null_with_a_reason() -> None:
    table = plausibility(study({"real": 0.9, "gan": 0.9}, n=6))
    assert table["share"].isna().all()
    assert table["reason"].str.contains("6 images, 10 needed").any()


def test_by_group_rater_and_criterion() -> None:
    ratings = study({"real": 0.9, "gan": 0.6}, n=80)
    table = plausibility(ratings, ["skin_tone", "rater"], criteria=True)
    assert set(table["column"]) == {"all", "skin_tone", "rater"}
    assert set(table["criterion"]) == {"plausible", "size", "colour"}
    assert set(table[table["column"] == "skin_tone"]["group"]) == {"I-II", "V-VI"}
    alone = table[table["column"] == "rater"]
    assert set(alone["scope"].dropna()) == {"images; these raters alone"}
    with pytest.raises(UserError, match="no column 'site'"):
        plausibility(ratings, ["site"])
    with pytest.raises(UserError, match="margin"):
        plausibility(ratings, margin=0)


def test_answers_taken_back_and_hidden_repeats_do_not_count() -> None:
    ratings = study({"real": 0.9, "gan": 0.6}, repeats=0.0)
    taken = ratings[(ratings["rater"] == "anna") & (ratings["image"] == ratings["image"].iloc[0])]
    assert len(taken)
    undo = taken.assign(event_id="undo " + taken["event_id"], withdrawn=1, plausible=None)
    again = taken.assign(event_id="again " + taken["event_id"], repeat=1)
    before, after = plausibility(ratings), plausibility(pd.concat([ratings, undo, again], ignore_index=True))
    assert before["n"].sum() - after["n"].sum() == 1


def test_two_generators_that_give_the_same_image_have_a_vote_each() -> None:
    ratings = study({"real": 0.9, "base": 0.5}, n=40)
    base = ratings[ratings["origin"] == "base"]
    chosen = base.assign(event_id="b" + base["event_id"], origin="best", image="best/" + base["image"])
    table = plausibility(pd.concat([ratings, chosen], ignore_index=True)).set_index("origin")
    assert (
        table.loc["best", ["n", "n_images", "share"]].tolist()
        == table.loc["base", ["n", "n_images", "share"]].tolist()
    )
    assert table.loc["base", "n_images"] == 40


@pytest.mark.parametrize("raters", [("anna",), ("anna", "ben")])
@pytest.mark.parametrize("overlap", [0.0, 1.0])
def test_lines_are_sane_whatever_was_rated(raters: tuple[str, ...], overlap: float) -> None:
    ratings = study({"real": 0.9, "gan": 0.6}, raters=raters, overlap=overlap, repeats=0)
    text = " ".join(agreement_lines(ratings))
    assert "nan" not in text.replace("nan-", "")
    if len(raters) == 1:
        assert "there is one rater" in text
    elif not overlap:
        assert "no image was rated by two" in text
    assert agreement_lines(ratings.iloc[:0])[0].startswith("no ratings yet")
    assert agreement_lines(ratings.iloc[:1])


def test_a_share_of_one_has_a_lower_bound_of_its_images() -> None:
    votes, raters = np.ones(60), np.repeat(["a", "b", "c"], 20)
    same_images = share_interval(votes, raters, np.tile(np.arange(20), 3))
    assert (same_images.value, same_images.hi) == (1.0, 1.0)
    assert same_images.lo < share_interval(votes, raters, np.arange(60)).lo < 1
    assert share_interval([1.0], ["a"], ["x"]).lo >= 0
    for bad in ([], [2.0], [float("nan")]):
        with pytest.raises(UserError):
            share_interval(bad, ["a"] * len(bad), ["x"] * len(bad))


@pytest.mark.slow
@pytest.mark.parametrize("raters", [3, 5, 10])
@pytest.mark.parametrize("overlap", [0.2, 1.0])
def test_two_way_intervals_cover_raters_and_images(raters: int, overlap: float) -> None:
    dice, n, covered = rng(5, raters, str(overlap)), 300, [0, 0]
    big = dice.standard_normal((100_000, 3))
    chance = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    strict, taste = 0.6, 0.3
    real = chance(2.5 + strict * big[:, 0] + big[:, 1]).mean()
    made = chance(1.0 + strict * big[:, 0] + taste * big[:, 2] + big[:, 1]).mean()
    pairs = [(r, i) for i in range(200) for r in (range(raters) if dice.random() < overlap else [i % raters])]
    who, what = np.array(pairs).T
    is_made = what >= 40
    for _ in range(n):
        rater, own, image = (dice.standard_normal(k) for k in (raters, raters, 200))
        logit = np.where(is_made, 1.0 + taste * own[who], 2.5) + strict * rater[who] + image[what]
        votes = dice.random(len(who)) < chance(logit)
        share = share_interval(votes[~is_made], who[~is_made], what[~is_made])
        apart = paired_difference(votes, is_made, who, what).interval
        covered[0] += share.lo <= real <= share.hi
        covered[1] += apart.lo <= made - real <= apart.hi
    print(f"{raters} raters, overlap {overlap}: share {covered[0] / n:.3f}, difference {covered[1] / n:.3f}")
    assert all(each / n >= 0.9 for each in covered)
