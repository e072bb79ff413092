"""Answers to several criteria sets or versions are never mixed; questions stand in their set's order."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from rated_study import study
from test_agreement_commands import call
from test_comparisons import duels

from synmedbench.core import UserError
from synmedbench.experts import (
    CriteriaSet,
    Question,
    RatingStore,
    agreement,
    agreement_lines,
    agreement_summary,
    bradley_terry,
    chosen_criteria,
    comparison_lines,
    criteria_parts,
    drift,
    left_share,
    load_criteria,
    plausibility,
    rating_reach,
    rating_reach_lines,
    share_plausible,
    telling_real,
    win_shares,
)


def two_versions() -> pd.DataFrame:
    """Anna answers the first version, Ben and Cleo the second; all see all images."""
    ratings = study({"real": 0.9, "gan": 0.6}, overlap=1.0)
    version = ratings["rater"].map({"anna": 1, "ben": 2, "cleo": 2})
    return ratings.assign(criteria="mine", criteria_version=version)


@pytest.fixture
def store(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'r.db'}"
    kept = RatingStore(url)
    kept.add(two_versions())
    kept.close()
    return url


@pytest.mark.parametrize(
    "table",
    [agreement, agreement_summary, plausibility, drift, rating_reach, share_plausible, telling_real],
)
def test_no_table_mixes_versions(table: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    mixed = two_versions()
    with pytest.raises(UserError, match=r"mine:1, mine:2 \(choose one: --criteria mine:1"):
        table(mixed)
    for part in criteria_parts(mixed):
        assert len(table(part.ratings))
    with pytest.raises(UserError, match="not mixed: mine:1, other:1"):
        table(
            mixed.assign(criteria=mixed["criteria_version"].map({1: "mine", 2: "other"}), criteria_version=1)
        )


@pytest.mark.parametrize("table", [win_shares, bradley_terry, left_share, comparison_lines])
def test_no_comparisons_mix_versions(table: Callable[[pd.DataFrame], object]) -> None:
    given = duels({"real": 1.0, "gan": -1.0, "vae": 0.0}, n=60).assign(criteria="mine", criteria_version=1)
    mixed = pd.concat([given, given.assign(event_id="v" + given["event_id"], criteria_version=2)])
    with pytest.raises(UserError, match="not mixed"):
        table(mixed)
    assert [len(part.preferences) for part in criteria_parts(mixed.iloc[:0], mixed)] == [60, 60]


def test_what_was_taken_back_is_no_second_version() -> None:
    ratings = study({"real": 0.9, "gan": 0.6}, overlap=1.0)
    old = ratings.assign(event_id="o" + ratings["event_id"], criteria_version=7)
    undone = old.assign(event_id="u" + old["event_id"], withdrawn=1, plausible=None)
    table = pd.concat([old, undone, ratings], ignore_index=True)
    assert agreement(table).equals(agreement(ratings))
    assert len(criteria_parts(table)) == 1
    assert criteria_parts(ratings.iloc[:0])[0].spec == "unnamed:1"


def test_one_set_or_version_is_chosen() -> None:
    mixed = two_versions()
    assert set(chosen_criteria(mixed, criteria="mine:2")[0]["rater"]) == {"ben", "cleo"}
    assert chosen_criteria(mixed, criteria="mine")[0].equals(mixed)
    unnamed = pd.concat([mixed, mixed.assign(criteria=None, rater="dora")], ignore_index=True)
    assert set(chosen_criteria(unnamed, criteria="unnamed:1")[0]["rater"]) == {"dora"}
    with pytest.raises(UserError, match="known: mine:1, mine:2"):
        chosen_criteria(mixed, criteria="mine:3")


def test_lines_have_a_heading_for_each_version_only_where_there_are_several() -> None:
    mixed = two_versions()
    for lines in (agreement_lines(mixed), rating_reach_lines(mixed)):
        assert lines[0].startswith("answers to several criteria are not mixed: mine:1, mine:2")
        assert [line for line in lines if line.startswith("criteria ")] == [
            "criteria mine:1",
            "criteria mine:2",
        ]
    one = agreement_lines(mixed[mixed["rater"] == "anna"])
    assert not [line for line in one if "criteria " in line]


def test_commands_keep_versions_apart(store: str, tmp_path: Path) -> None:
    text = call("ratings", "agreement", store)
    assert text.index("Criteria mine:1") < text.index("Criteria mine:2")
    assert "milder" not in text
    assert "stricter" not in text
    records = json.loads(call("ratings", "agreement", store, "--format", "json"))
    assert {(row["criteria"], row["n_raters"]) for row in records if row["measure"] == "share equal"} == {
        ("mine:1", 1), ("mine:2", 2)
    }  # fmt: skip
    one = json.loads(call("ratings", "agreement", store, "--criteria", "mine:2", "--format", "json"))
    assert "criteria" not in one[0]
    plan = call("ratings", "plan", store)
    assert plan.count("gan and real") == 2
    assert call("ratings", "plan", store, "--criteria", "mine:1").count("gan and real") == 1
    page = tmp_path / "p.html"
    with pytest.raises(UserError, match="choose one: --criteria mine:1"):
        call("ratings", "report", store, "--out", str(page))
    assert not page.exists()
    call("ratings", "report", store, "--out", str(page), "--criteria", "mine:2")
    assert "2 raters" in page.read_text(encoding="utf-8")
    for words in (["agreement", store], ["plan", store], ["report", store, "--out", str(page)]):
        with pytest.raises(UserError, match="known: mine:1, mine:2"):
            call("ratings", *words, "--criteria", "yours")
    with pytest.raises(UserError, match="need a store"):
        call("ratings", "plan", "--criteria", "mine")


def test_a_column_that_one_part_alone_has(tmp_path: Path) -> None:
    mixed = two_versions()
    first = mixed["criteria_version"] == 1
    mixed["requested"] = [
        text.replace("skin_tone", "site") if one else text
        for text, one in zip(mixed["requested"], first, strict=True)
    ]
    url = f"sqlite:///{tmp_path / 's.db'}"
    RatingStore(url).add(mixed)
    records = json.loads(call("ratings", "agreement", url, "--by", "site", "--format", "json"))
    assert {row["criteria"] for row in records if row["column"] == "site"} == {"mine:1"}
    assert "site I-II" in call("ratings", "plan", url, "--by", "site")
    with pytest.raises(UserError, match="no column 'place'"):
        call("ratings", "agreement", url, "--by", "place")


def in_order(names: pd.Series) -> list[str]:
    return list(dict.fromkeys(names))


def test_criteria_stand_in_the_order_of_their_set() -> None:
    ratings = study({"real": 0.9, "gan": 0.6}, overlap=1.0)  # skin, version 1: no built-in set
    asked = ratings.replace({"criterion": {"size": "tone"}})
    assert in_order(agreement(asked)["criterion"]) == ["plausible", "colour", "tone", "realism"]
    order = ("tone", "colour")
    shown = ["plausible", "tone", "colour", "realism"]
    assert in_order(agreement(asked, questions=order)["criterion"]) == shown
    assert in_order(agreement_summary(asked, questions=order)["criterion"]) == shown
    assert in_order(plausibility(asked, criteria=True, questions=order)["criterion"]) == shown[:3]
    built_in = ratings.assign(criteria_version=load_criteria("skin").version)
    assert in_order(agreement(built_in)["criterion"]) == ["plausible", "size", "colour", "realism"]


def test_parts_know_the_questions_of_the_stores_sets() -> None:
    own = CriteriaSet(
        name="mine", version=2, title="Mine",
        questions=[Question(id=name, text=f"{name}?") for name in ("size", "colour")],
        sources=["a book"], realism=load_criteria("skin").realism,
    )  # fmt: skip
    first, second = criteria_parts(two_versions(), sets=[own])
    assert (first.questions, second.questions) == ((), ("size", "colour"))
