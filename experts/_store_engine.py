"""The database behind a ratings store: its address, its driver, and another program's file left alone."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ..core import UserError
from ._store_tables import ABOUT

_PATIENCE = {"connect_timeout": 10, "tcp_user_timeout": 20_000, "options": "-c statement_timeout=60000"}
"""A PostgreSQL server that says nothing is given up: after 10 s to connect, 20 s for bytes to arrive, 60 s a statement
(libpq's connection parameters; the address may name others)."""
READING = "synmedbench_reading"
"""Execution option of a connection that only reads: on SQLite it then takes no turn from those who write."""


def make_engine(url: str, create: bool) -> sa.Engine:
    """Return the engine of a store's address; every address that cannot be used is a ``UserError``."""
    where = without_password(url)
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise UserError(
                f"ratings are not kept in {parsed.get_backend_name()!r}",
                where=where,
                remedy="use sqlite:///ratings.db or postgresql+psycopg://user@host/name",
            )
        if parsed.get_backend_name() == "postgresql":
            return _postgres_engine(parsed)
        return _sqlite_engine(parsed, create)
    except (ArgumentError, NoSuchModuleError) as error:
        raise UserError(
            "not the address of a store", where=where, remedy="write sqlite:///ratings.db, three slashes"
        ) from error
    except ModuleNotFoundError as error:
        raise UserError(
            f"the driver {error.name} is not installed",
            where=where,
            remedy='pip install "synmedbench[postgres]"',
        ) from error


def without_password(url: str) -> str:
    """Return an address as messages show it; also one that cannot be read, up to its last ``@``."""
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        return re.sub(r"://.*@", "://***@", url)
    return parsed.render_as_string(hide_password=True) if parsed.password is not None else url


def in_memory(url: sa.URL) -> bool:
    """True for an SQLite store that ends with its process."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def _postgres_engine(url: sa.URL) -> sa.Engine:
    patience = {name: value for name, value in _PATIENCE.items() if name not in url.query}
    engine = sa.create_engine(url, pool_pre_ping=True, connect_args=patience)

    @sa.event.listens_for(engine, "connect")
    def _durable(raw: Any, _record: Any) -> None:
        # A server may be set up to answer before its disk has the row; an acknowledged rating must be on it.
        with raw.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            if cursor.fetchone()[0] == "off":
                cursor.execute("SET synchronous_commit TO on")
        raw.commit()

    return engine


def _sqlite_engine(url: sa.URL, create: bool) -> sa.Engine:
    if in_memory(url):
        engine = sa.create_engine(url, poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
    elif not create and _only_readable(Path(str(url.database))):
        return _frozen_engine(Path(str(url.database)))
    else:
        _prepare_place(Path(str(url.database)), create)
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
        reading = connection.get_execution_options().get(READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _only_readable(path: Path) -> bool:
    """True for a file that is there, in a place where nothing can be written: a mounted archive, another's folder."""
    return path.is_file() and not (os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK))


def _frozen_engine(path: Path) -> sa.Engine:
    """A store that nobody can change: read without the files that SQLite else writes beside it."""
    if path.with_name(f"{path.name}-wal").is_file() and path.with_name(f"{path.name}-wal").stat().st_size:
        raise UserError(
            "it cannot be read where nothing can be written: its last answers lie in the file beside it (-wal)",
            where=path,
            remedy="copy both files to a place of your own",
        )
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    _refuse_foreign(path, address)
    return sa.create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=sa.NullPool
    )


def _prepare_place(path: Path, create: bool) -> None:
    if not create and not path.is_file():
        raise UserError("no ratings are kept there: the file does not exist", where=path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            "cannot write there: it is not a folder", where=path.parent, remedy="choose another place"
        ) from error
    _refuse_foreign(path, f"{path.absolute().as_uri()}?mode=ro")


def _refuse_foreign(path: Path, address: str) -> None:
    """Another program's SQLite file is left as it is: not even its journal mode is changed."""
    if not path.is_file() or not path.stat().st_size:
        return
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=60)) as raw:
            names = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    except sqlite3.Error as error:
        raise UserError(
            f"the store cannot be used: {error}", where=path, remedy="check the address"
        ) from error
    if names and ABOUT.name not in names:
        raise UserError(
            f"no ratings are kept there: the file belongs to another program (tables {', '.join(names[:3])})",
            where=path,
            remedy="check the address",
        )
