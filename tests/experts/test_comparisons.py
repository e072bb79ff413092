"""Preferences: win shares and strengths."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synmedbench.core import rng
from synmedbench.experts import bradley_terry, comparison_lines, left_share, win_shares


def duels(
    strengths: dict[str, float], n: int = 100, *, ties: float = 0.1, raters: int = 3, seed: int = 0
) -> pd.DataFrame:
    dice, names, rows = rng(seed, "duels"), list(strengths), []
    for i in range(n):
        a, b = dice.choice(len(names), 2, replace=False)
        chance = 1 / (1 + np.exp(strengths[names[b]] - strengths[names[a]]))
        preferred = "equal" if dice.random() < ties else "a" if dice.random() < chance else "b"
        rows.append(
            {
                "event_id": f"e{i}", "rater": f"r{i % raters}", "image_a": f"{i}a", "image_key_a": f"k{i}a",
                "origin_a": names[a], "image_b": f"{i}b", "image_key_b": f"k{i}b", "origin_b": names[b],
                "preferred": preferred, "repeat": 0, "withdrawn": 0, "left": "ab"[int(dice.random() < 0.5)],
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def test_strengths_of_a_table_by_hand() -> None:
    # a beats b 3 of 4, b beats c 3 of 4, a beats c 9 of 10: odds 3, 3 and 9 fit exactly, so strengths are -+ log 3.
    rows = []
    for one, two, won, n in (("a", "b", 3, 4), ("b", "c", 3, 4), ("a", "c", 9, 10)):
        rows += [(one, two, "a" if i < won else "b") for i in range(n)]
    table = duels({"x": 0, "y": 0}, n=len(rows)).assign(
        origin_a=[r[0] for r in rows], origin_b=[r[1] for r in rows], preferred=[r[2] for r in rows]
    )
    found = bradley_terry(table).set_index("origin")
    assert found["strength"].to_dict() == pytest.approx({"a": np.log(3), "b": 0.0, "c": -np.log(3)})
    assert (found["lo"] < found["strength"]).all()


def test_one_of_a_thing_is_not_said_as_several() -> None:
    table = duels({"real": 0.0, "gan": 0.0}, n=1, ties=1.0)
    text = " ".join(comparison_lines(table))
    assert text.startswith("1 comparison by 1 rater, 1 tie (")
    assert "not enough data: 1 comparison, 10 needed" in text


def test_a_better_generator_is_preferred() -> None:
    table = duels({"real": 1.5, "gan": -1.5, "vae": 0.0}, n=400)
    wins = win_shares(table).set_index(["origin", "other"])
    assert wins.loc[("gan", "real"), "verdict"] == "not preferred"
    assert wins.loc[("real", "all"), "verdict"] == "preferred"
    assert bradley_terry(table).sort_values("strength")["origin"].tolist() == ["gan", "vae", "real"]
    assert "preferred in" in " ".join(comparison_lines(table))


def test_ties_are_half_a_win_each_way() -> None:
    table = duels({"real": 0.0, "gan": 0.0}, n=60).assign(preferred="equal")
    row = win_shares(table).iloc[0]
    assert (row["share"], row["ties"], row["wins"], row["verdict"]) == (0.5, 60, 0, "not shown")


def test_no_finite_strengths_are_null_with_a_reason() -> None:
    table = duels({"real": 0.0, "gan": 0.0, "vae": 0.0}, n=200, ties=0)
    best = table["origin_a"].eq("real").map({True: "a", False: "b"})
    met = table["origin_a"].eq("real") | table["origin_b"].eq("real")
    always = bradley_terry(table.assign(preferred=best.where(met, table["preferred"])))
    assert always["strength"].isna().all()
    assert "real was always preferred" in always["reason"].iloc[0]


def test_repeats_withdrawn_and_one_origin_are_left_out() -> None:
    table = duels({"real": 0.0, "gan": 0.0}, n=40)
    same = table.assign(event_id="s" + table["event_id"], origin_a="gan", origin_b="gan", image_key_a="other")
    again = table.assign(event_id="r" + table["event_id"], repeat=1)
    undo = table.iloc[:5].assign(event_id="u", withdrawn=1)
    assert win_shares(pd.concat([table, same, again, undo]))["n"].tolist() == [35]


def test_nothing_or_little() -> None:
    table = duels({"real": 0.0, "gan": 0.0}, n=6)
    assert win_shares(table)["verdict"].tolist() == ["cannot be known"]
    assert "6 comparisons, 10 needed" in comparison_lines(table)[1]
    assert comparison_lines(table.iloc[:0]) == ["no comparisons of two origins yet"]
    assert len(bradley_terry(table.iloc[:0])) == 0
    assert left_share(table) is None


@pytest.mark.slow
def test_intervals_of_strengths_cover() -> None:
    truth, covered, n = {"gan": -0.8, "real": 0.9, "vae": -0.1}, 0, 300
    for seed in range(n):
        found = bradley_terry(duels(truth, n=200, ties=0, raters=5, seed=seed)).set_index("origin")
        covered += sum(found.loc[k, "lo"] <= v <= found.loc[k, "hi"] for k, v in truth.items())
    print(f"strengths covered: {covered / (3 * n):.3f}")
    assert covered / (3 * n) > 0.92
