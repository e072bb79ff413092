"""The ratings store: nothing is doubled, nothing is rewritten, and processes take turns."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from synmedbench.core import UserError
from synmedbench.experts import RatingStore, agreement_lines, export_ratings, import_ratings


def ratings(n: int = 5, rater: str = "anna", **more: object) -> pd.DataFrame:
    rows = {
        "event_id": [f"{rater}-{i}" for i in range(n)],
        "rater": rater,
        "image": [f"{i}.png" for i in range(n)],
        "image_key": [f"k{i}" for i in range(n)],
        "criterion": "size",
        "answer": ["yes", "no"] * (n // 2) + ["yes"] * (n % 2),
        "plausible": [1, 0] * (n // 2) + [1] * (n % 2),
        **more,
    }
    return pd.DataFrame(rows)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ratings.db'}"


def test_what_was_added_is_there_in_order_after_reopening(url: str) -> None:
    assert RatingStore(url).add(ratings(note := 7, time="2026-01-02T03:04:05+00:00", seconds=4.5)) == note
    back = RatingStore(url, create=False).ratings()
    assert back["event_id"].tolist() == [f"anna-{i}" for i in range(7)]
    assert back["seconds"].tolist() == [4.5] * 7
    assert back["plausible"].tolist() == [1, 0, 1, 0, 1, 0, 1]


def test_sending_again_doubles_nothing(url: str) -> None:
    store = RatingStore(url)
    assert [store.add(ratings(5)), store.add(ratings(5)), store.add(ratings(8))] == [5, 0, 3]
    assert len(store.ratings()) == 8


def test_an_event_is_never_rewritten_and_nothing_is_half_added(url: str) -> None:
    store = RatingStore(url)
    store.add(ratings(1))
    changed = ratings(3).assign(answer="no")
    with pytest.raises(UserError, match="1 events are in the store with other content, such as 'anna-0'"):
        store.add(changed.iloc[[1, 2, 0]])
    assert store.ratings()["answer"].tolist() == ["yes"]


def test_filters_and_images(url: str) -> None:
    store = RatingStore(url)
    store.add(ratings(4))
    store.add(ratings(2, "ben"))
    assert len(store.ratings(rater="ben")) == 2
    assert len(store.ratings(rater=["anna", "ben"], image="0.png")) == 2
    assert store.images()["n_raters"].tolist() == [2, 2, 1, 1]
    with pytest.raises(UserError, match="no column 'colour'"):
        store.ratings(colour="red")


def test_many_rows_at_once(url: str) -> None:
    assert RatingStore(url).add(ratings(1001)) == 1001


def test_another_schema_version_is_refused_with_the_way_out(url: str) -> None:
    RatingStore(url).close()
    with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
        raw.execute("UPDATE synmedbench_about SET value = '99'")
    with pytest.raises(UserError) as caught:
        RatingStore(url)
    assert "schema version 99" in str(caught.value)
    assert "export it to CSV" in str(caught.value)


def test_absent_foreign_and_broken_stores(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        RatingStore(f"sqlite:///{tmp_path / 'absent.db'}", create=False)
    assert not (tmp_path / "absent.db").exists()
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (x)").connection.close()
    with pytest.raises(UserError, match="no ratings are kept there"):
        RatingStore(f"sqlite:///{tmp_path / 'other.db'}", create=False)
    (tmp_path / "text.db").write_text("this is no database, only a long enough line of text\n" * 20)
    with pytest.raises(UserError, match="cannot be used"):
        RatingStore(f"sqlite:///{tmp_path / 'text.db'}")


@pytest.mark.parametrize("address", ["ratings.db", "mysql://x/y", "sqlite:/x", "nonsense://"])
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(UserError) as caught:
        RatingStore(address)
    assert address in str(caught.value)
    assert "sqlite:///ratings.db" in str(caught.value)


WRITER = """
import sys
import pandas as pd
from synmedbench.experts import RatingStore
url, name = sys.argv[1:]
store = RatingStore(url)
for i in range(25):
    row = dict(event_id=f"{name}-{i}", rater=name, image="x", image_key="k", criterion="c", answer="yes", plausible=1)
    shared = {**row, "event_id": f"shared-{i}", "rater": "both"}
    store.add(pd.DataFrame([row, shared]))
"""


def test_two_processes_at_once_lose_and_double_nothing(url: str) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, url, name]) for name in ("one", "two")]
    assert [writer.wait(timeout=100) for writer in writers] == [0, 0]
    raters = RatingStore(url).ratings()["rater"].value_counts().to_dict()
    assert raters == {"one": 25, "two": 25, "both": 25}


def test_export_and_import(url: str, tmp_path: Path) -> None:
    store = RatingStore(url)
    store.add(ratings(30))
    store.add(ratings(30, "ben"))
    assert export_ratings(store, tmp_path / "r.csv") == 60
    other = RatingStore(f"sqlite:///{tmp_path / 'other.db'}")
    assert import_ratings(other, tmp_path / "r.csv") == 60
    assert import_ratings(other, tmp_path / "r.csv") == 0
    pd.testing.assert_frame_equal(other.ratings(), store.ratings())
    assert agreement_lines(other) == agreement_lines(store)


def test_lines_for_the_terminal(url: str) -> None:
    store = RatingStore(url)
    assert agreement_lines(store) == ["no ratings yet"]
    store.add(ratings(30))
    assert agreement_lines(store)[1] == "  anna: 0.500 [0.332, 0.668], 30 images"
    assert agreement_lines(store)[-1] == "no image was rated twice"
    store.add(ratings(30, "ben"))
    assert any("anna and ben, plausible: 1.000 [0.773, 1.000]" in line for line in agreement_lines(store))
