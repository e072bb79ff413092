"""Where ratings are kept: SQLite by default, PostgreSQL for a panel at several sites."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.schema import CreateTable

from ..core import UserError, content_key
from ._ratings import RATING_COLUMNS, check_ratings, tidy

SCHEMA_VERSION = 1
_CHUNK = 400
_KINDS: dict[str, Any] = {
    "criteria_version": sa.Integer,
    "plausible": sa.Integer,
    "repeat": sa.Integer,
    "seconds": sa.Float,
}
_METADATA = sa.MetaData()
_ABOUT = sa.Table(
    "synmedbench_about",
    _METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
_RATINGS = sa.Table(
    "synmedbench_ratings",
    _METADATA,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("event_id", sa.String(128), unique=True, nullable=False),
    sa.Column("fingerprint", sa.String(32), nullable=False),
    *(sa.Column(name, _KINDS.get(name, sa.Text)) for name in RATING_COLUMNS if name != "event_id"),
)


class RatingStore:
    """Append-only ratings in a database; several processes may add at once.

    Parameters
    ----------
    url:
        ``sqlite:///ratings.db`` (a relative path), ``sqlite:////data/ratings.db`` (an absolute one), or
        ``postgresql+psycopg://user@host/name``.
    create:
        Make the tables where there are none; with False a store that does not exist is an error.

    Raises
    ------
    UserError
        For a URL that cannot be used, and for a store of another schema version.

    Example
    -------
    >>> RatingStore("sqlite://").ratings().shape
    (0, 15)
    """

    def __init__(self, url: str = "sqlite:///ratings.db", *, create: bool = True) -> None:
        self.url = url
        self._engine = _make_engine(url, create)
        with self._work() as connection:
            if create:
                for table in (_ABOUT, _RATINGS):
                    connection.execute(CreateTable(table, if_not_exists=True))
                row = {"name": "schema_version", "value": str(SCHEMA_VERSION)}
                connection.execute(self._insert(_ABOUT).values(row).on_conflict_do_nothing())
            self._check_version(connection)

    def add(self, ratings: pd.DataFrame) -> int:
        """Add ratings, all or none, and return how many were new.

        An event that is there already is not doubled. Raises ``UserError`` for faulty rows, and when an event
        id is there with other content: events are never rewritten, a change of mind is a new event.
        """
        rows = [_as_row(row) for row in check_ratings(ratings, where=self.url).to_dict("records")]
        with self._work() as connection:
            new = 0
            for start in range(0, len(rows), _CHUNK):
                part = rows[start : start + _CHUNK]
                there = self._fingerprints(connection, [row["event_id"] for row in part])
                fresh = [row for row in part if row["event_id"] not in there]
                if fresh:
                    done = connection.execute(self._insert(_RATINGS).values(fresh).on_conflict_do_nothing())
                    new += max(done.rowcount, 0)
                self._refuse_changed(connection, part)
            return new

    def ratings(self, **columns: Any) -> pd.DataFrame:
        """Return the ratings in the order they came, all columns of ``RATING_COLUMNS``; by column values if
        given."""
        strange = [name for name in columns if name not in RATING_COLUMNS]
        if strange:
            raise UserError(f"ratings have no column {strange[0]!r}", where=self.url)
        chosen = sa.select(*(_RATINGS.c[name] for name in RATING_COLUMNS)).order_by(_RATINGS.c.position)
        for name, value in columns.items():
            values = list(value) if isinstance(value, list | tuple | set) else [value]
            chosen = chosen.where(_RATINGS.c[name].in_(values))
        with self._work() as connection:
            rows = [dict(row) for row in connection.execute(chosen).mappings()]
        return tidy(pd.DataFrame(rows, columns=list(RATING_COLUMNS)))

    def images(self) -> pd.DataFrame:
        """Return the rated images: ``image, image_key, imageset, label, n_raters``."""
        names = [_RATINGS.c[name] for name in ("image", "image_key", "imageset", "label")]
        count = sa.func.count(sa.distinct(_RATINGS.c.rater)).label("n_raters")
        with self._work() as connection:
            rows = connection.execute(sa.select(*names, count).group_by(*names).order_by(*names)).mappings()
            return pd.DataFrame([dict(row) for row in rows], columns=[*(c.name for c in names), "n_raters"])

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def _work(self) -> Iterator[sa.Connection]:
        """One transaction; a database's complaint becomes a line that names the store."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).partition("\n")[0]
            remedy = "another program holds it; wait for that" if "locked" in cause else "check the address"
            raise UserError(f"the store cannot be used: {cause}", where=self.url, remedy=remedy) from error

    def _insert(self, table: sa.Table) -> Any:
        return (sqlite if self._engine.dialect.name == "sqlite" else postgresql).insert(table)

    def _check_version(self, connection: sa.Connection) -> None:
        if not sa.inspect(connection).has_table(_ABOUT.name):
            raise UserError("no ratings are kept there", where=self.url, remedy="check the address")
        found = connection.execute(
            sa.select(_ABOUT.c.value).where(_ABOUT.c.name == "schema_version")
        ).scalar()
        if found != str(SCHEMA_VERSION):
            raise UserError(
                f"the store has schema version {found}, this synmedbench reads version {SCHEMA_VERSION}",
                where=self.url,
                remedy="export it to CSV with the synmedbench that wrote it and import that into a new store",
            )

    def _fingerprints(self, connection: sa.Connection, ids: Sequence[str]) -> dict[str, str]:
        chosen = sa.select(_RATINGS.c.event_id, _RATINGS.c.fingerprint).where(_RATINGS.c.event_id.in_(ids))
        return {str(event): str(mark) for event, mark in connection.execute(chosen)}

    def _refuse_changed(self, connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
        there = self._fingerprints(connection, [row["event_id"] for row in rows])
        changed = [row["event_id"] for row in rows if there.get(row["event_id"]) != row["fingerprint"]]
        if changed:
            raise UserError(
                f"{len(changed)} events are in the store with other content, such as {changed[0]!r}",
                where=self.url,
                remedy="events are never rewritten: give the change a new event_id",
            )


def _as_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {name: None if pd.isna(value) else value for name, value in row.items()}
    for name in ("criteria_version", "plausible", "repeat"):
        plain[name] = int(plain[name]) if plain[name] is not None else None
    return {**plain, "fingerprint": content_key(plain)}


def _make_engine(url: str, create: bool) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise UserError(
                f"ratings are not kept in {parsed.get_backend_name()!r}",
                where=url,
                remedy="use sqlite:///ratings.db or postgresql+psycopg://user@host/name",
            )
        if parsed.get_backend_name() == "postgresql":
            return sa.create_engine(parsed)
        return _sqlite_engine(parsed, create)
    except (ArgumentError, NoSuchModuleError) as error:
        raise UserError(
            "not the address of a store", where=url, remedy="write sqlite:///ratings.db, three slashes"
        ) from error
    except ModuleNotFoundError as error:
        raise UserError(
            f"the driver {error.name} is not installed",
            where=url,
            remedy='pip install "synmedbench[postgres]"',
        ) from error


def _sqlite_engine(url: sa.URL, create: bool) -> sa.Engine:
    path = Path(url.database) if url.database and url.database != ":memory:" else None
    if path is None:
        return sa.create_engine(url, poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
    if not create and not path.is_file():
        raise UserError("no ratings are kept there: the file does not exist", where=path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            "cannot write there: it is not a folder", where=path.parent, remedy="choose another place"
        ) from error
    _refuse_foreign(path)
    engine = sa.create_engine(url, connect_args={"timeout": 60})

    @sa.event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: Any) -> None:
        # The driver would begin a transaction only at the first write, and could then not wait for its turn.
        raw.isolation_level = None
        raw.execute("PRAGMA busy_timeout=60000")
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=FULL")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _refuse_foreign(path: Path) -> None:
    """Another program's SQLite file is left as it is: not even its journal mode is changed."""
    if not path.is_file() or not path.stat().st_size:
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=60)) as raw:
            names = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    except sqlite3.Error as error:
        raise UserError(
            f"the store cannot be used: {error}", where=path, remedy="check the address"
        ) from error
    if names and _ABOUT.name not in names:
        raise UserError(
            f"no ratings are kept there: the file belongs to another program (tables {', '.join(names[:3])})",
            where=path,
            remedy="check the address",
        )
