"""The ratings store: nothing is doubled, nothing is rewritten, and processes take turns."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from synmedbench.core import UserError
from synmedbench.experts import (
    PREFERENCE_COLUMNS,
    RatingStore,
    StoreError,
    _store_engine,
    export_ratings,
    import_ratings,
    latest,
    latest_preferences,
    verdicts,
)


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
def url(store_url: str) -> str:
    return store_url


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


def test_what_was_taken_back_is_an_event_and_no_rating(url: str) -> None:
    store = RatingStore(url)
    store.add(ratings(2))
    store.add(ratings(2, "ben"))
    back = ratings(1).assign(event_id="back", plausible=None, withdrawn=1)
    assert [store.add(back), store.add(back)] == [1, 0]
    assert len(store.ratings()) == 5
    assert latest(store.ratings())["event_id"].tolist() == ["anna-1", "ben-0", "ben-1"]
    assert verdicts(store.ratings()).to_dict() == {"0.png": 1, "1.png": 0}
    assert store.images()["n_raters"].tolist() == [1, 2]
    assert store.add(ratings(1).assign(event_id="again", plausible=0, answer="no")) == 1
    assert verdicts(store.ratings(rater="anna")).to_dict() == {"0.png": 0, "1.png": 0}


def test_columns_that_say_nothing_leave_an_event_as_it_was(url: str) -> None:
    store = RatingStore(url)
    store.add(ratings(2))
    assert store.add(ratings(2, study=None, origin=None, withdrawn=0)) == 0
    with pytest.raises(UserError, match="with other content"):
        store.add(ratings(2, origin="real"))


def test_preferences_are_kept_like_ratings(url: str) -> None:
    store = RatingStore(url)
    row = dict.fromkeys(("image_a", "image_key_a", "image_b", "image_key_b"), "x")
    row |= {"rater": "anna", "preferred": "a"}
    given = pd.DataFrame([{**row, "event_id": f"e{i}", "repeat": i} for i in range(3)])
    assert [store.add_preferences(given), store.add_preferences(given)] == [3, 0]
    assert list(store.preferences().columns) == list(PREFERENCE_COLUMNS)
    assert store.add_preferences(given.iloc[:1].assign(event_id="back", withdrawn=1)) == 1
    assert latest_preferences(store.preferences())["event_id"].tolist() == ["e1", "e2"]
    with pytest.raises(UserError, match="with other content"):
        store.add_preferences(given.assign(preferred="b"))
    with pytest.raises(UserError, match=r"2 faults: row 1: preferred must be .*; event_id 'e1' stands twice"):
        store.add_preferences(given.assign(preferred=["left", "a", "a"], event_id=["e0", "e1", "e1"]))


@pytest.mark.parametrize("note", ["ein größerer Kern", "核が大きい", "a\tb", "' OR 1=1 --", "\U0001f9eb"])
def test_any_text_comes_back(url: str, note: str) -> None:
    store = RatingStore(url)
    store.add(ratings(1, "Zoë 李").assign(criterion="note", answer=note))
    assert store.ratings(rater="Zoë 李")["answer"].tolist() == [note]


@pytest.mark.parametrize("note", ["half a letter \ud800", "a zero byte \x00"])
def test_text_that_no_database_keeps_is_one_clear_line(url: str, note: str) -> None:
    store = RatingStore(url)
    with pytest.raises(UserError, match="row 1: answer has letters that cannot be kept"):
        store.add(ratings(1).assign(criterion="note", answer=pd.Series([note], dtype=object)))
    assert not len(store.ratings())


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


SECRET = "postgresql+psycopg://anna:SECRET@127.0.0.1:1/ratings"


@pytest.mark.parametrize(
    "address",
    [SECRET, SECRET.replace("psycopg", "nodriver"), "mysql://anna:SECRET@host/x", "://anna:SECRET@x"],
)
def test_no_message_shows_the_password(address: str) -> None:
    with pytest.raises(UserError) as told:
        RatingStore(address)
    assert "SECRET" not in str(told.value)


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    pytest.importorskip("psycopg")
    monkeypatch.setitem(_store_engine._PATIENCE, "connect_timeout", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(StoreError, match="timeout"):
            RatingStore(f"postgresql+psycopg://anna@127.0.0.1:{port}/ratings")


def test_a_store_where_nothing_can_be_written_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ratings.db"
    store = RatingStore(f"sqlite:///{path}")
    store.add(ratings(3))
    store.close()
    monkeypatch.setattr(_store_engine.os, "access", lambda *_: False)
    assert len(RatingStore(f"sqlite:///{path}", create=False).ratings()) == 3
    path.with_name("ratings.db-wal").write_bytes(b"answers")
    with pytest.raises(UserError, match="last answers lie in the file beside it"):
        RatingStore(f"sqlite:///{path}", create=False)
