"""No cell of a CSV that was written is a formula, and what was written is what is read."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synmedbench.experts import RatingStore, check_ratings, export_ratings, import_ratings, read_ratings
from synmedbench.experts._exchange_formulas import guarded, unguarded

NOTES = ("=cmd|' /C calc'!A0", "+SUM(A1)", "-1+1", "@x", "'=x", "'tis fine", "size, too small", "-2")


@pytest.fixture
def store() -> RatingStore:
    rows = [
        {"event_id": f"e{i}:note", "rater": "=anna()", "image": f"{i}.png", "image_key": f"k{i}", "criterion": "note",
         "answer": note, "plausible": 1, "criteria": "blood"}
        for i, note in enumerate(NOTES)
    ]  # fmt: skip
    store = RatingStore("sqlite://")
    store.add(check_ratings(pd.DataFrame(rows)))
    return store


@pytest.mark.parametrize("form", ["events", "ratings"])
def test_a_note_is_no_formula_and_comes_back(form: str, store: RatingStore, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    export_ratings(store, path, form)
    with path.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")] == ["-2"]
    assert "'=anna()" in cells
    back = RatingStore("sqlite://")
    import_ratings(back, path, form, keep_unknown=True)
    kept = back.ratings(criterion="note")
    assert set(kept["answer"]) == set(NOTES)
    assert set(kept["rater"]) == {"=anna()"}
    if form == "events":
        assert read_ratings(path).equals(store.ratings())
        assert import_ratings(store, path, form) == 0, "the same events"


@given(st.lists(st.text(alphabet="'=+-@\t1a.", max_size=6), min_size=1))
def test_every_text_comes_back(texts: list[str]) -> None:
    table = pd.DataFrame({"note": texts}, dtype=object)
    assert unguarded(guarded(table))["note"].tolist() == texts
