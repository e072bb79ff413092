"""The version of a store's tables: made, brought up to date, or refused with the way out."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from ..core import UserError
from ._store_tables import ABOUT, METADATA, RATINGS

SCHEMA_VERSION = 2
_LOCK = 7_204_110_398_621


def insert(connection: sa.Connection, table: sa.Table) -> Any:
    """Return the insert of the database at hand, which knows ``ON CONFLICT``."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def is_current(connection: sa.Connection, where: str) -> bool:
    """True for a store of this version, False for an older one or none; a newer or strange one is refused."""
    if not sa.inspect(connection).has_table(ABOUT.name):
        return False
    return _version(connection, where) == SCHEMA_VERSION


def bring_up_to_date(connection: sa.Connection, where: str, create: bool) -> None:
    """Make the tables where there are none, and those of version 1 into version 2, in this one transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    there = sa.inspect(connection).has_table(ABOUT.name)
    if not there and not create:
        raise UserError("no ratings are kept there", where=where, remedy="check the address")
    if there and _version(connection, where) == 1:
        _from_1_to_2(connection)
    for table in METADATA.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in table.indexes:
            connection.execute(CreateIndex(index, if_not_exists=True))
    row = {"name": "schema_version", "value": str(SCHEMA_VERSION)}
    connection.execute(insert(connection, ABOUT).values(row).on_conflict_do_nothing())


def _from_1_to_2(connection: sa.Connection) -> None:
    for name, kind in (("study", "TEXT"), ("origin", "TEXT"), ("withdrawn", "INTEGER DEFAULT 0")):
        connection.exec_driver_sql(f"ALTER TABLE {RATINGS.name} ADD COLUMN {name} {kind}")
    version = sa.update(ABOUT).where(ABOUT.c.name == "schema_version")
    connection.execute(version.values(value=str(SCHEMA_VERSION)))


def _version(connection: sa.Connection, where: str) -> int:
    chosen = sa.select(ABOUT.c.value).where(ABOUT.c.name == "schema_version")
    found = connection.execute(chosen).scalar()
    if found not in {str(version) for version in range(1, SCHEMA_VERSION + 1)}:
        raise UserError(
            f"the store has schema version {found}, this synmedbench reads versions up to {SCHEMA_VERSION}",
            where=where,
            remedy="install a newer synmedbench, or export it to CSV with the one that wrote it and import that "
            "into a new store",
        )
    return int(found)
