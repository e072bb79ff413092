"""Stores of other versions, of other programs, on other disks: brought up to date, or one clear line each."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from synmedbench.core import UserError
from synmedbench.experts import RatingStore, StoreError, verdicts

VERSION_1 = [
    "CREATE TABLE synmedbench_about (name VARCHAR(64) NOT NULL PRIMARY KEY, value TEXT NOT NULL)",
    "INSERT INTO synmedbench_about VALUES ('schema_version', '1')",
    """CREATE TABLE synmedbench_ratings (
        position {serial} PRIMARY KEY, event_id VARCHAR(128) NOT NULL UNIQUE, fingerprint VARCHAR(32) NOT NULL,
        time TEXT, rater TEXT, image TEXT, image_key TEXT, imageset TEXT, label TEXT, requested TEXT,
        criterion TEXT, answer TEXT, criteria TEXT, criteria_version INTEGER, plausible INTEGER, repeat INTEGER,
        seconds FLOAT)""",
    """INSERT INTO synmedbench_ratings VALUES ({next}, 'e1', 'f8bf8236479e25cdf3d7677f88734ffe',
        '2026-01-02T03:04:05+00:00', 'anna', 'a.png', 'k1', 'set', 'neutrophil', '{{"label": "neutrophil"}}',
        'cell_size', 'yes', 'blood', 1, 1, 0, 4.5)""",
    """INSERT INTO synmedbench_ratings VALUES ({next}, 'e2', '0e3b49d0965cf7eb60fb21eb4a77f23a',
        '2026-01-02T03:04:05+00:00', 'anna', 'a.png', 'k1', 'set', 'neutrophil', '{{"label": "neutrophil"}}',
        'note', 'Zellkern größer als üblich; it''s odd', 'blood', 1, 1, 0, 4.5)""",
    """INSERT INTO synmedbench_ratings VALUES ({next}, 'e3', 'bb7879da9091e76bdafa978b7d22819b', NULL,
        'simulated: x', 'b.png', 'k2', NULL, NULL, NULL, 'cell_size', 'cannot tell', NULL, 1, NULL, 0, NULL)""",
]
"""A small store of version 1 as that version wrote it, fingerprints included."""


def write_version_1(url: str) -> None:
    engine = sa.create_engine(url)
    sqlite = engine.dialect.name == "sqlite"
    words = {"serial": "INTEGER NOT NULL" if sqlite else "SERIAL", "next": "NULL" if sqlite else "DEFAULT"}
    with engine.begin() as connection:
        for line in VERSION_1:
            connection.exec_driver_sql(line.format(**words))
    engine.dispose()


def as_version_1_was_sent() -> pd.DataFrame:
    known = {"time": "2026-01-02T03:04:05+00:00", "imageset": "set", "label": "neutrophil", "seconds": 4.5}
    known |= {"requested": '{"label": "neutrophil"}', "criteria": "blood", "plausible": 1}
    first = {"rater": "anna", "image": "a.png", "image_key": "k1", **known}
    return pd.DataFrame([
        {**first, "event_id": "e1", "criterion": "cell_size", "answer": "yes"},
        {**first, "event_id": "e2", "criterion": "note", "answer": "Zellkern größer als üblich; it's odd"},
        {"event_id": "e3", "rater": "simulated: x", "image": "b.png", "image_key": "k2", "criterion": "cell_size",
         "answer": "cannot tell", "plausible": None},
    ])  # fmt: skip


@pytest.mark.parametrize("create", [True, False])
def test_a_store_of_version_1_is_brought_up_to_date(store_url: str, create: bool) -> None:
    write_version_1(store_url)
    store = RatingStore(store_url, create=create)
    back = store.ratings()
    assert back["event_id"].tolist() == ["e1", "e2", "e3"]
    assert back["withdrawn"].tolist() == [0, 0, 0]
    assert back[["study", "origin"]].isna().all(axis=None)
    assert verdicts(back).to_dict() == {"a.png": 1}
    assert store.preferences().empty
    assert store.add(as_version_1_was_sent()) == 0
    assert (
        store.add(as_version_1_was_sent().assign(event_id=["f1", "f2", "f3"], withdrawn=1, origin="gan")) == 3
    )
    store.close()
    assert len(RatingStore(store_url, create=False).ratings()) == 6


OPENER = (
    "import sys; from synmedbench.experts import RatingStore; print(len(RatingStore(sys.argv[1]).ratings()))"
)


def test_several_processes_may_find_the_old_version_at_once(store_url: str) -> None:
    write_version_1(store_url)
    line = [sys.executable, "-c", OPENER, store_url]
    openers = [subprocess.Popen(line, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [opener.communicate(timeout=100)[0] for opener in openers] == ["3\n"] * 3


def test_a_migration_that_fails_leaves_the_old_store_whole(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_version_1(store_url)
    from synmedbench.experts import _store_schema

    monkeypatch.setattr(_store_schema, "CreateIndex", lambda *_, **__: sa.text("no such statement"))
    with pytest.raises(StoreError, match="cannot be used"):
        RatingStore(store_url)
    monkeypatch.undo()
    engine = sa.create_engine(store_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT value FROM synmedbench_about").scalar() == "1"
        columns = {column["name"] for column in sa.inspect(connection).get_columns("synmedbench_ratings")}
    engine.dispose()
    assert "withdrawn" not in columns
    assert len(RatingStore(store_url).ratings()) == 3


@pytest.mark.parametrize("found", ["3", "99", "two"])
def test_a_newer_store_is_refused_with_the_way_out(store_url: str, found: str) -> None:
    store = RatingStore(store_url)
    with store.work() as connection:
        connection.exec_driver_sql(f"UPDATE synmedbench_about SET value = '{found}'")
    store.close()
    with pytest.raises(UserError) as caught:
        RatingStore(store_url)
    assert f"schema version {found}, this synmedbench reads versions up to 2" in str(caught.value)
    assert "install a newer synmedbench, or export it to CSV" in str(caught.value)


def test_absent_foreign_and_broken_stores(tmp_path: Path, postgres_url: str) -> None:
    with pytest.raises(UserError, match="does not exist"):
        RatingStore(f"sqlite:///{tmp_path / 'absent.db'}", create=False)
    assert not (tmp_path / "absent.db").exists()
    with pytest.raises(UserError, match="no ratings are kept there"):
        RatingStore(postgres_url, create=False)
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (x)").connection.close()
    before = (tmp_path / "other.db").read_bytes()
    for create in (True, False):
        with pytest.raises(UserError, match="belongs to another program"):
            RatingStore(f"sqlite:///{tmp_path / 'other.db'}", create=create)
    assert (tmp_path / "other.db").read_bytes() == before
    (tmp_path / "text.db").write_text("this is no database, only a long enough line of text\n" * 20)
    with pytest.raises(UserError, match="cannot be used"):
        RatingStore(f"sqlite:///{tmp_path / 'text.db'}")
    (tmp_path / "empty.db").touch()
    assert RatingStore(f"sqlite:///{tmp_path / 'empty.db'}").ratings().empty
    with pytest.raises(UserError, match="cannot be used"):
        RatingStore(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("address", ["ratings.db", "mysql://x/y", "sqlite:/x", "nonsense://", ""])
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(UserError) as caught:
        RatingStore(address)
    assert address in str(caught.value)
    assert "sqlite:///ratings.db" in str(caught.value)


def test_a_server_that_is_away_is_one_line_without_the_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError) as caught:
        RatingStore(f"postgresql+psycopg://anna:geheim@/none?host={tmp_path}")
    assert "the store cannot be used" in str(caught.value)
    assert "geheim" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_store_in_memory_serves_several_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    store = RatingStore("sqlite://")
    row = {"rater": "anna", "image": "x", "image_key": "k", "criterion": "c", "answer": "yes", "plausible": 1}

    def add(i: int) -> int:
        return store.add(pd.DataFrame([{**row, "event_id": f"e{i % 20}"}])) + 0 * len(store.ratings())

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(add, range(40))) == 20
    assert len(store.ratings()) == 20


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of half a megabyte."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="disk-"))
    mounted = os.getuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], capture_output=True
    ).returncode == 0  # fmt: skip
    if not mounted:
        folder.rmdir()
        pytest.skip("no small disk: needs root, and leave to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


def test_a_full_disk_keeps_what_it_had_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    store = RatingStore(f"sqlite:///{tmp_path / 'r.db'}")
    _limit_pages(store, 100)
    with pytest.raises(StoreError, match=r"full.*make room on the disk; what was acknowledged is kept"):
        _fill(store)
    saved = len(store.ratings())
    assert saved > 0
    assert store.ratings()["repeat"].tolist() == list(range(saved))
    _limit_pages(store, 1_000_000)
    _fill(store, saved, saved + 1)
    assert len(RatingStore(store.url).ratings()) == saved + 1


def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    store = RatingStore(f"sqlite:///{small_disk / 'r.db'}")
    with pytest.raises(StoreError, match=r"r\.db: the store cannot be used"):
        _fill(store)
    store.close()
    again = RatingStore(store.url)
    saved = again.ratings()["repeat"].tolist()
    again.close()
    assert saved == list(range(len(saved)))
    assert saved


def _fill(store: RatingStore, first: int = 0, end: int = 10_000) -> None:
    row = {"rater": "anna", "image": "x", "image_key": "k", "criterion": "note", "plausible": 1}
    for i in range(first, end):
        assert store.add(pd.DataFrame([{**row, "event_id": f"e{i}", "answer": "n" * 9_000, "repeat": i}])) == 1


def _limit_pages(store: RatingStore, pages: int) -> None:
    store._engine.dispose()
    sa.event.listen(store._engine, "connect", lambda raw, _: raw.execute(f"PRAGMA max_page_count={pages}"))
