"""Preference pairs: winners from votes, pairs from verdicts, ties counted; files both ways."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rated_tables import event_rows

from synmedbench.core import UserError
from synmedbench.experts import (
    Answer,
    RatingStore,
    StudySettings,
    check_ratings,
    compared_pairs,
    export_ratings,
    exported,
    import_ratings,
    load_criteria,
    open_study,
    read_exchange,
    verdict_pairs,
)
from synmedbench.experts._exchange_shown import shown_columns
from synmedbench.experts._preference_columns import check_preferences
from synmedbench.experts._simulated import requested_of
from synmedbench.imagesets import About, ImageSet, Lineage


def compared(rater: str, a: str, b: str, preferred: str, number: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "event_id": f"{rater}-{a}-{b}-{number}",
        "rater": rater,
        "image_a": a,
        "image_key_a": f"key-{a}",
        "image_b": b,
        "image_key_b": f"key-{b}",
        "preferred": preferred,
        "requested": '{"label": "acne", "skin_tone": 5}',
        "label": "acne",
        **more,
    }


def preferences(*rows: dict[str, Any]) -> pd.DataFrame:
    return check_preferences(pd.DataFrame(list(rows)))


def judged(**votes: list[int]) -> pd.DataFrame:
    rows = [
        row
        for image, given_votes in votes.items()
        for number, vote in enumerate(given_votes)
        for row in event_rows(f"{image}-{number}", f"rater-{number}", image, plausible=vote)
    ]
    return check_ratings(pd.DataFrame(rows))


def test_votes_over_raters_and_orders_make_one_pair() -> None:
    pairs = compared_pairs(
        preferences(
            compared("anna", "x", "y", "a"),
            compared("ben", "y", "x", "b"),
            compared("cem", "x", "y", "b"),
            compared("dora", "x", "y", "equal"),
            compared("anna", "x", "y", "b", 1, repeat=1),
            compared("anna", "v", "w", "a"),
            compared("ben", "v", "w", "b"),
        )
    )
    assert pairs.ties == 1
    (row,) = pairs.table.to_dict("records")
    assert (row["chosen"], row["rejected"], row["n_raters"], row["margin"]) == ("x", "y", 4, 0.25)
    assert (row["label"], row["skin_tone"], row["source"]) == ("acne", "5", "comparisons")


def test_answers_taken_back_do_not_count() -> None:
    first = compared("anna", "x", "y", "a")
    pairs = compared_pairs(preferences(first, {**first, "event_id": "u", "withdrawn": 1}))
    assert (len(pairs.table), pairs.ties) == (0, 0)


def test_verdicts_make_pairs_within_a_request() -> None:
    ratings = judged(good=[1, 1, 0], fine=[1], bad=[0, 0], tie=[1, 0])
    ratings.loc[ratings["image"] == "lonely", "requested"] = None
    pairs = verdict_pairs(ratings)
    assert pairs.ties == 1
    assert sorted(zip(pairs.table["chosen"], pairs.table["rejected"], strict=True)) == [
        ("fine", "bad"),
        ("good", "bad"),
    ]
    row = pairs.table.set_index("chosen").loc["good"]
    assert row["margin"] == pytest.approx(2 / 3)
    assert row["n_raters"] == 2
    other = judged(alone=[1]).assign(requested='{"label": "nevus"}', event_id="other")
    assert verdict_pairs(pd.concat([ratings, other], ignore_index=True)).unpaired == 1


def test_pairs_may_agree_in_fewer_conditions() -> None:
    ratings = judged(good=[1], bad=[0])
    ratings["requested"] = [json.dumps({"label": "acne", "site": image}) for image in ratings["image"]]
    assert verdict_pairs(ratings, by=["label", "site"]).unpaired == 2
    for pairs in (verdict_pairs(ratings, by=["label"]), verdict_pairs(ratings)):
        (row,) = pairs.table.to_dict("records")
        assert (row["chosen"], row["label"], row["requested"]) == ("good", "acne", '{"label": "acne"}')


def test_a_pair_agrees_in_what_its_raters_were_told() -> None:
    ratings = judged(good=[1], bad=[0]).assign(study="tones")
    wishes = {"good": {"skin_tone": 5, "age": 30}, "bad": {"skin_tone": 5.0, "age": 40}}
    ratings["requested"] = [json.dumps({"label": "acne", **wishes[image]}) for image in ratings["image"]]
    (row,) = verdict_pairs(ratings).table.to_dict("records")
    assert json.loads(row["requested"]) == {"label": "acne", "skin_tone": "5"}
    assert verdict_pairs(ratings, shown={"tones": ("label", "age")}).unpaired == 2
    (row,) = verdict_pairs(ratings, shown={"tones": ("label",), "other": ("age",)}).table.to_dict("records")
    assert json.loads(row["requested"]) == {"label": "acne"}


def test_where_an_image_comes_from_is_no_request() -> None:
    """Each synthetic image has its own number, and a real one its site: neither keeps them out of a pair."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3)).astype(np.uint8)
    table = pd.DataFrame({"label": ["acne", "nevus"] * 6, "sample_index": range(12), "site": list("abcdefghijkl")})
    made = ImageSet.from_arrays(pixels, table, about=About("made"), lineage=Lineage("gan", 0, "x"))
    assert list(requested_of(made).columns) == ["label", "site"]
    store = RatingStore("sqlite://")
    asked = StudySettings(name="s", raters=("anna",), repeats=0)
    with closing(open_study(store, [made], load_criteria("skin"), asked)) as study:
        for number, task in enumerate(study.upcoming("anna", 12)):
            study.answer("anna", Answer(f"event-{number:03}", task.task, 1.0, plausible=number % 2))
    assert shown_columns(store) == {"s": ("label",)}
    pairs = exported(store, "preferences")
    assert set(pairs["chosen"]) | set(pairs["rejected"]) == set(store.ratings()["image"])
    assert "sample_index" not in pairs.columns


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 1), min_size=1, max_size=12), st.booleans())
def test_every_image_with_a_counterpart_stands_in_a_pair(votes: list[int], every: bool) -> None:
    pairs = verdict_pairs(judged(**{f"i{n}": [vote] for n, vote in enumerate(votes)}), every=every)
    good, bad = sum(votes), len(votes) - sum(votes)
    if not good or not bad:
        assert (len(pairs.table), pairs.unpaired) == (0, len(votes))
        return
    assert len(pairs.table) == (good * bad if every else max(good, bad))
    assert pairs.table["chosen"].nunique() == good
    assert pairs.table["rejected"].nunique() == bad
    assert not pairs.table.duplicated(["chosen", "rejected"]).any()
    uses = pairs.table["chosen"].value_counts()
    assert uses.max() - uses.min() <= (0 if every else 1)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_one_raters_pairs_go_out_and_in(suffix: str, tmp_path: Path) -> None:
    store = RatingStore("sqlite://")
    wish = json.dumps({"label": "Muttermal, groß", "source": "007", "skin_tone": 5})
    store.add_preferences(preferences(compared("anna", "x", "y", "a", requested=wish, origin_a="real"),
                                      compared("anna", "v", "w", "b", requested=None),
                                      compared("anna", "p", "q", "equal")))  # fmt: skip
    told: list[str] = []
    assert export_ratings(store, tmp_path / f"p{suffix}", "preferences", told=told.append) == 2
    assert told == ["comparisons: 2 pairs, 1 tie left out", "verdicts: 0 pairs, 0 ties left out"]
    other = RatingStore("sqlite://")
    assert import_ratings(other, tmp_path / f"p{suffix}", rater="anna") == 2
    assert import_ratings(other, tmp_path / f"p{suffix}", rater="anna") == 0
    names = [name for name in exported(store, "preferences").columns if name != "label"]
    pd.testing.assert_frame_equal(
        exported(other, "preferences")[names], exported(store, "preferences")[names]
    )


def test_pair_files_of_others_need_only_names_and_conditions(tmp_path: Path) -> None:
    rated = judged(x=[1], y=[0])
    store = RatingStore("sqlite://")
    store.add(rated)
    path = tmp_path / "p.jsonl"
    path.write_text('{"chosen": "x", "rejected": "y", "label": "acne"}\n\n', encoding="utf-8")
    assert import_ratings(store, path, rater="ben") == 1
    row = store.preferences().iloc[0]
    assert (row["image_key_a"], row["image_key_b"], row["preferred"]) == ("key-x", "key-y", "a")
    assert (row["label"], row["requested"]) == ("acne", '{"label": "acne"}')


def test_events_of_comparisons_are_exact(tmp_path: Path) -> None:
    store = RatingStore("sqlite://")
    store.add_preferences(preferences(compared("Zoë", "x", "y", "a", seconds=0.1 + 0.2, left="b", time="t", study="s"),
                                      compared("ben", "x", "y", "equal", withdrawn=1, repeat=2)))  # fmt: skip
    for suffix in (".csv", ".parquet"):
        other = RatingStore("sqlite://")
        assert export_ratings(store, tmp_path / f"p{suffix}", "preference-events") == 2
        assert import_ratings(other, tmp_path / f"p{suffix}") == 2
        pd.testing.assert_frame_equal(other.preferences(), store.preferences())


BAD = {
    "whose": ('{"chosen": "x", "rejected": "y", "chosen_key": "a", "rejected_key": "b"}', "whose choice?"),
    "several": (
        '{"chosen": "x", "rejected": "y", "chosen_key": "a", "rejected_key": "b", "n_raters": 3}',
        "several raters' choices",
    ),
    "verdicts": (
        '{"chosen": "x", "rejected": "y", "chosen_key": "a", "rejected_key": "b", "source": "verdicts"}',
        "nobody compared the two",
    ),
    "one image": (
        '{"chosen": "x", "rejected": "x", "chosen_key": "a", "rejected_key": "a", "rater": "z"}',
        "row 1: chosen and rejected are one image",
    ),
    "no rejected": ('{"chosen": "x", "rater": "z"}', "lack the columns rejected"),
    "missing": (
        '{"chosen": "x", "rejected": null, "chosen_key": "a", "rejected_key": "b", "rater": "z"}',
        "missing",
    ),
    "unknown": ('{"chosen": "x", "rejected": "y", "rater": "z"}', "1 image is not in the store"),
    "cut off": ('{"chosen": "x"}\n{"chosen', "line 2 is not JSON"),
    "list": ("[1]", "line 1 is no JSON object"),
    "empty": ("\n", "no rows"),
    "request": (
        '{"chosen": "x", "rejected": "y", "chosen_key": "a", "rejected_key": "b", "rater": "z", '
        '"requested": "acne"}',
        "requested must be a JSON object",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_faulty_files_are_told_in_one_line(name: str, tmp_path: Path) -> None:
    content, expected = BAD[name]
    (tmp_path / "p.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_exchange(tmp_path / "p.jsonl")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
