"""Raters in time: what is planted is found, what is not is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from rated_study import study

from synmedbench.core import UserError
from synmedbench.experts import auroc, drift, drift_lines, telling_real


def shown(ratings: pd.DataFrame) -> set[tuple[str, str]]:
    table = drift(ratings)
    return {(row["rater"], row["what"]) for row in table[table["shown"]].to_dict("records")}


def test_steady_raters_are_left_alone() -> None:
    ratings = study({"real": 0.9, "gan": 0.7}, n=120)
    assert shown(ratings) == set()
    assert drift_lines(drift(ratings))[0].startswith("no rater was shown to drift")


def test_a_rater_who_grows_stricter_and_faster_is_named() -> None:
    ratings = study({"real": 0.95, "gan": 0.95}, n=150, repeats=0)
    ben = (ratings["rater"] == "ben").to_numpy()
    place = np.zeros(len(ratings))
    place[ben] = np.linspace(0, 1, ben.sum())
    late = ben & (place > 0.6)
    ratings.loc[late, "plausible"] = 0
    ratings.loc[ben, "seconds"] = ratings.loc[ben, "seconds"].to_numpy() * np.exp(-2.5 * place[ben])
    found = shown(ratings)
    assert {("ben", "verdict trend"), ("ben", "pace trend"), ("ben", "too fast")} <= found
    assert not any(rater == "anna" and what.endswith("trend") for rater, what in found)
    told = " ".join(drift_lines(drift(ratings)))
    assert "ben grew stricter" in told
    assert "ben grew faster" in told
    assert "answers in under 1 s" in told


def test_strict_and_fast_raters_stand_out() -> None:
    ratings = study({"real": 0.9, "gan": 0.9}, n=150, strict={"cleo": 0.4})
    ratings.loc[ratings["rater"] == "anna", "seconds"] = 2.0
    found = shown(ratings)
    assert ("cleo", "verdict, beside the others") in found
    assert ("anna", "pace, beside the others") in found


def test_time_decides_the_order_where_it_is_known() -> None:
    ratings = study({"real": 0.9, "gan": 0.7}, n=120)
    mixed = ratings.sample(frac=1, random_state=1)
    before = drift(ratings)[["rater", "what", "value"]]
    pd.testing.assert_frame_equal(drift(mixed)[["rater", "what", "value"]], before)


@pytest.mark.parametrize(
    "change", [{"seconds": None}, {"seconds": 3.0}, {"plausible": 1}, {"time": None}, {"time": "soon"}]
)
def test_odd_columns_are_told_not_raised(change: dict[str, object]) -> None:
    ratings = study({"real": 0.9, "gan": 0.7}, n=60).assign(**change)
    table = drift(ratings)
    assert len(table) == 15
    assert table["value"].isna().eq(table["reason"].notna()).all()
    assert drift_lines(drift(ratings))


def test_little_or_nothing() -> None:
    ratings = study({"real": 0.9})
    assert drift_lines(drift(ratings.iloc[:0])) == ["no verdicts yet"]
    few = drift(ratings[ratings["image"] == ratings["image"].iloc[0]])
    assert few[few["what"] != "too fast"]["reason"].str.contains("needed").all()


def test_auroc_equals_the_rank_sum_and_keeps_its_range() -> None:
    from sklearn.metrics import roc_auc_score

    dice = np.random.default_rng(0)
    real, made = dice.integers(2, 6, 40), dice.integers(1, 5, 60)
    found = auroc(real, made)
    truth = np.concatenate([np.ones(40), np.zeros(60)])
    assert found.value == pytest.approx(roc_auc_score(truth, np.concatenate([real, made])))
    assert 0.5 < found.lo < found.value < found.hi < 1
    perfect = auroc([5, 5, 5] * 5, [1, 2, 1] * 5)
    assert (perfect.value, perfect.hi) == (1.0, 1.0)
    assert perfect.lo < 0.9
    with pytest.raises(UserError, match="two or more"):
        auroc([1], [2, 3])


def test_raters_who_see_the_difference_are_told_from_those_who_do_not() -> None:
    table = telling_real(study({"real": 1.0, "gan": 0.0}, n=60)).set_index("rater")
    assert set(table["verdict"]) == {"tells real from synthetic"}
    assert set(telling_real(study({"real": 0.5, "gan": 0.5}, n=60))["verdict"]) == {"not shown"}
    few = telling_real(study({"gan": 0.5}))
    assert set(few["verdict"]) == {"cannot be known"}


def realism_rows(rater: str, real: list[int], synthetic: list[int]) -> list[dict[str, object]]:
    levels = [("real", level) for level in real] + [("gan", level) for level in synthetic]
    return [
        {
            "event_id": f"{rater}{i}", "rater": rater, "image": f"{i}", "image_key": f"k{i}", "origin": origin,
            "imageset": "s", "criterion": "realism", "answer": str(level), "plausible": None, "repeat": 0,
        }
        for i, (origin, level) in enumerate(levels)
    ]  # fmt: skip


def test_one_rater_of_ten_who_just_tells_real_is_not_shown_after_holm() -> None:
    sharp = realism_rows("a", [3] * 8 + [4] * 8, [2] * 4 + [3] * 8 + [4] * 4)
    alone = telling_real(pd.DataFrame(sharp))
    assert alone["lo"].iloc[0] > 0.5
    assert alone["verdict"].tolist() == ["tells real from synthetic"]
    dull = [row for i in range(9) for row in realism_rows(f"b{i}", [3, 4] * 8, [3, 4] * 8)]
    table = telling_real(pd.DataFrame(sharp + dull))
    assert set(table["verdict"]) == {"not shown"}
    assert table["p_adjusted"].iloc[0] == pytest.approx(10 * alone["p_adjusted"].iloc[0])


def test_the_p_value_of_telling_real_goes_with_its_interval() -> None:
    for shift in range(17):
        row = telling_real(
            pd.DataFrame(realism_rows("a", [3] * (16 - shift) + [4] * shift, [3] * 10 + [4] * 6))
        ).iloc[0]
        assert (row["p_adjusted"] < 0.05) == (row["lo"] > 0.5 or row["hi"] < 0.5)
    perfect = telling_real(pd.DataFrame(realism_rows("a", [5] * 16, [1] * 16))).iloc[0]
    assert (perfect["auroc"], perfect["verdict"]) == (1.0, "tells real from synthetic")
    assert perfect["p_adjusted"] == pytest.approx(6.3e-5, rel=0.02)  # two-sided, z = sqrt(16)


@pytest.mark.slow
def test_false_alarms_are_rare() -> None:
    alarms = sum(bool(shown(study({"real": 0.9, "gan": 0.7}, n=60, seed=seed))) for seed in range(100))
    print(f"studies of steady raters with any finding: {alarms} of 100")
    assert alarms <= 12


def test_generators_that_came_one_after_the_other_are_no_drift() -> None:
    ratings = study({"real": 0.95, "gan": 0.1}, n=120)
    votes = ratings.drop_duplicates(["rater", "image", "repeat"])
    order = votes.sort_values(["origin", "time"]).groupby("rater").cumcount()
    places = dict(
        zip(
            zip(votes["rater"], votes["image"], votes["repeat"], strict=True),
            order.loc[votes.index],
            strict=True,
        )
    )
    times = [f"2026-01-05T{8 + places[key] // 3600:02d}:{places[key] // 60 % 60:02d}:{places[key] % 60:02d}Z"
             for key in zip(ratings["rater"], ratings["image"], ratings["repeat"], strict=True)]  # fmt: skip
    table = drift(ratings.assign(time=times))
    trend = table[table["what"] == "verdict trend"]
    assert (trend["first"] - trend["last"]).abs().min() > 0.5
    assert not trend["shown"].any()
    assert (trend["value"].abs() < (trend["first"] - trend["last"]).abs()).all()


def test_without_times_no_trend_is_told() -> None:
    table = drift(study({"real": 0.9, "gan": 0.7}, n=120).assign(time=None))
    trends = table[table["what"].isin(["verdict trend", "pace trend"])]
    assert set(trends["reason"]) == {"not every answer has a time: their order is not known"}
