"""Ratings tables: faulty rows are named, votes become verdicts, files give back what was written."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.core import UserError
from synmedbench.experts import (
    RATING_COLUMNS,
    check_ratings,
    latest,
    plausible_from,
    read_ratings,
    verdicts,
    write_ratings,
)


def rating(
    rater: str, image: str, plausible: int | None, number: int = 0, **more: object
) -> dict[str, object]:
    return {
        "event_id": f"{rater}-{image}-{number}",
        "rater": rater,
        "image": image,
        "image_key": f"key-{image}",
        "criterion": "size",
        "answer": "yes",
        "plausible": plausible,
        **more,
    }


def table(*rows: dict[str, object]) -> pd.DataFrame:
    return check_ratings(pd.DataFrame(list(rows)))


def test_every_column_is_there_in_order_and_typed() -> None:
    checked = table(rating("a", "x", 1), rating("b", "x", None))
    assert list(checked.columns) == list(RATING_COLUMNS)
    assert checked["repeat"].tolist() == [0, 0]
    assert checked["plausible"].isna().tolist() == [False, True]


def test_all_faulty_rows_are_named_at_once() -> None:
    rows = [
        rating("a", "x", 1, answer="maybe"),
        rating("a", "y", 2),
        rating("", "z", 1),
        rating("a", "w", 1, criterion="realism", answer="6"),
        rating("a", "v", 1, seconds=-3),
        rating("a", "u", 1, repeat="one"),
        rating("a", "t", 1),
        rating("a", "t", 1),
        rating("a", "s", 1, criterion="note", answer="nuclei look doubled"),
    ]
    with pytest.raises(UserError) as caught:
        check_ratings(pd.DataFrame(rows), where="r.csv")
    text = str(caught.value)
    assert "r.csv: 7 faults" in text
    for part in (
        "row 1: answer",
        "row 2: plausible",
        "row 3: rater missing",
        "row 4: realism",
        "row 5: seconds",
    ):
        assert part in text
    assert "row 6: repeat" in text
    assert "event_id 'a-t-0' stands twice" in text


def test_missing_and_unknown_columns() -> None:
    with pytest.raises(UserError, match="lack the columns event_id, rater"):
        check_ratings(pd.DataFrame({"image": ["x"]}))
    with pytest.raises(UserError, match="unknown columns: colour"):
        table(rating("a", "x", 1, colour="red"))


def test_majority_of_raters_decides_and_a_tie_does_not() -> None:
    votes = [rating(r, "x", v) for r, v in (("a", 1), ("b", 1), ("c", 0))]
    votes += [rating("a", "y", 1), rating("b", "y", 0), rating("a", "z", None)]
    assert verdicts(table(*votes)).to_dict() == {"x": 1, "y": 0}


def test_a_rater_has_one_vote_the_last_and_repeats_have_none() -> None:
    votes = [rating("a", "x", 0), rating("a", "x", 1, 1), rating("a", "x", 0, 2, repeat=1)]
    assert verdicts(table(*votes)).to_dict() == {"x": 1}
    assert latest(table(*votes))["event_id"].tolist() == ["a-x-1", "a-x-2"]


def test_another_study_takes_no_answer_back() -> None:
    """One rater judges one image in two studies, and thinks again in the second."""
    first, second = rating("a", "x", 1, 1, study="one"), rating("a", "x", 0, 2, study="two", answer="no")
    both = table(first, second)
    assert latest(both)["event_id"].tolist() == ["a-x-1", "a-x-2"]
    assert verdicts(both).tolist() == [0], "one vote, the last"
    back = rating("a", "x", None, 3, study="two", withdrawn=1)
    assert latest(table(first, second, back))["event_id"].tolist() == ["a-x-1"]
    assert verdicts(table(first, second, back)).tolist() == [1]


def test_answers_to_another_version_are_kept_apart() -> None:
    rows = table(rating("a", "x", 1, 1, criteria_version=1), rating("a", "x", 0, 2, criteria_version=2))
    assert latest(rows)["criteria_version"].tolist() == [1, 2]
    assert verdicts(rows).tolist() == [0]


def test_one_name_for_two_images_is_refused() -> None:
    votes = table(rating("a", "x", 1), rating("a", "x", 0, 1, image_key="other"))
    with pytest.raises(UserError, match="stand for several images"):
        verdicts(votes)
    assert verdicts(votes, by="image_key").to_dict() == {"key-x": 1, "other": 0}


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 1), min_size=1))
def test_order_of_raters_does_not_matter(votes: dict[str, int]) -> None:
    rows = [rating(rater, "x", vote) for rater, vote in votes.items()]
    expected = int(sum(votes.values()) * 2 > len(votes))
    assert verdicts(table(*rows)).tolist() == verdicts(table(*rows[::-1])).tolist() == [expected]


def test_plausible_needs_a_yes_and_no_no() -> None:
    answers = pd.DataFrame({"a": ["yes", "yes", "cannot tell"], "b": ["cannot tell", "no", "cannot tell"]})
    assert plausible_from(answers).tolist() == [1, 0, 0]


notes = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(notes, st.sampled_from([0, 1, None]), st.floats(0, 1e6)), min_size=1, max_size=5))
def test_files_give_back_what_was_written(
    suffix: str, given_rows: list[tuple[str, int | None, float]]
) -> None:
    rows = [
        rating("a", "x", plausible, i, criterion="note", answer=note, seconds=seconds)
        for i, (note, plausible, seconds) in enumerate(given_rows)
    ]
    before = table(*rows)
    with TemporaryDirectory() as folder:
        write_ratings(before, Path(folder) / f"r{suffix}")
        pd.testing.assert_frame_equal(read_ratings(Path(folder) / f"r{suffix}"), before)


def test_other_files_are_refused(tmp_path: Path) -> None:
    for call in (read_ratings, lambda path: write_ratings(table(rating("a", "x", 1)), path)):
        with pytest.raises(UserError, match=r"\.csv or \.parquet"):
            call(tmp_path / "r.xlsx")
