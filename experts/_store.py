"""Where ratings are kept: SQLite by default, PostgreSQL for a panel at several sites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from threading import RLock
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ..core import UserError, content_key
from ._preference_columns import PREFERENCE_COLUMNS, check_preferences, tidy_preferences
from ._ratings import RATING_COLUMNS, check_ratings, latest, tidy
from ._store_engine import READING, in_memory, make_engine, without_password
from ._store_schema import bring_up_to_date, insert, is_current
from ._store_tables import EVENT_COLUMNS, EVENTS, PREFERENCES, RATINGS

_CHUNK = 400
_SINCE_2: Mapping[str, Any] = {"study": None, "origin": None, "withdrawn": 0}
_IMAGE = ["image", "image_key", "imageset", "label"]


class StoreError(UserError):
    """The database did not take or give what was asked: a full disk, a lost server, another one's lock."""


class RatingStore:
    """Append-only ratings in a database; several processes may add at once.

    Parameters
    ----------
    url:
        ``sqlite:///ratings.db`` (a relative path), ``sqlite:////data/ratings.db`` (an absolute one), or
        ``postgresql+psycopg://user@host/name``.
    create:
        Make the tables where there are none; with False a store that does not exist is an error. A store of
        an older schema version is brought up to date in either case, in one transaction.

    Raises
    ------
    UserError
        For a URL that cannot be used, and for a store of a newer schema version.

    Example
    -------
    >>> RatingStore("sqlite://").ratings().shape
    (0, 18)
    """

    def __init__(self, url: str = "sqlite:///ratings.db", *, create: bool = True) -> None:
        self.url = url
        self._engine = make_engine(url, create)
        # One connection serves all threads of a store in memory: they take turns.
        self._turn = RLock() if in_memory(self._engine.url) else nullcontext()
        with self.work(reading=True) as connection:
            current = is_current(connection, self.place)
        if not current:
            with self.work() as connection:
                bring_up_to_date(connection, self.place, create)

    def add(self, ratings: pd.DataFrame) -> int:
        """Add ratings, all or none, and return how many were new.

        An event that is there already is not doubled. Raises ``UserError`` for faulty rows, and when an event
        id is there with other content: events are never rewritten, a change of mind is a new event.
        """
        rows = [as_row(row) for row in check_ratings(ratings, where=self.place).to_dict("records")]
        return self._add(RATINGS, rows)

    def add_preferences(self, preferences: pd.DataFrame) -> int:
        """Add preferences (columns of ``PREFERENCE_COLUMNS``), all or none, and return how many were new; see
        ``add``."""
        checked = check_preferences(preferences, where=self.place)
        return self._add(PREFERENCES, [as_row(row) for row in checked.to_dict("records")])

    def ratings(self, **columns: Any) -> pd.DataFrame:
        """Return the ratings in the order they came, all columns of ``RATING_COLUMNS``; by column values if
        given.

        These are events: answers that were changed or taken back are among them; `latest` gives those that hold.
        """
        return tidy(self._table(RATINGS, RATING_COLUMNS, columns, "ratings"))

    def preferences(self, **columns: Any) -> pd.DataFrame:
        """Return the preferences in the order they came, all columns of ``PREFERENCE_COLUMNS``; by column
        values if given. `latest_preferences` gives those that hold."""
        return tidy_preferences(self._table(PREFERENCES, PREFERENCE_COLUMNS, columns, "preferences"))

    def events(self, **columns: Any) -> pd.DataFrame:
        """Return the audit trail in the order it came: ``event_id, time, study, rater, kind, task, detail``
        (JSON)."""
        return self._table(EVENTS, EVENT_COLUMNS, columns, "events")

    def images(self) -> pd.DataFrame:
        """Return the rated images: ``image, image_key, imageset, label, n_raters`` (answers that hold)."""
        held = latest(self.ratings())
        counts = held.groupby(_IMAGE, dropna=False)["rater"].nunique()
        table = counts.rename("n_raters").reset_index()
        table[_IMAGE] = table[_IMAGE].astype(object).where(table[_IMAGE].notna(), None)
        return table

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def work(self, *, reading: bool = False) -> Iterator[sa.Connection]:
        """Give one transaction; a database's complaint becomes a `StoreError`, a line that names the store.

        On SQLite those who write take turns from the beginning; ``reading`` sees one state and waits for nobody.
        """
        engine = self._engine.execution_options(**{READING: True}) if reading else self._engine
        try:
            with self._turn, engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).partition("\n")[0]
            raise StoreError(
                f"the store cannot be used: {cause}", where=self.place, remedy=_remedy(cause)
            ) from error
        except UnicodeEncodeError as error:
            raise UserError(f"text that is no Unicode: {error.object!r}", where=self.place) from error

    @property
    def place(self) -> str:
        """The address without its password, for messages."""
        return without_password(self.url)

    def _table(
        self, table: sa.Table, names: Sequence[str] | Mapping[str, str], columns: dict[str, Any], word: str
    ) -> pd.DataFrame:
        strange = [name for name in columns if name not in names]
        if strange:
            raise UserError(f"{word} have no column {strange[0]!r}", where=self.place)
        chosen = sa.select(*(table.c[name] for name in names)).order_by(table.c.position)
        for name, value in columns.items():
            values = list(value) if isinstance(value, list | tuple | set) else [value]
            chosen = chosen.where(table.c[name].in_(values))
        with self.work(reading=True) as connection:
            rows = [dict(row) for row in connection.execute(chosen).mappings()]
        return pd.DataFrame(rows, columns=list(names))

    def _add(self, table: sa.Table, rows: Sequence[dict[str, Any]]) -> int:
        with self.work() as connection:
            new = 0
            for start in range(0, len(rows), _CHUNK):
                part = rows[start : start + _CHUNK]
                there = _fingerprints(connection, table, part)
                fresh = [row for row in part if row["event_id"] not in there]
                if fresh:
                    # Row by row through one statement: compiled once, and the drivers count what was new.
                    adding = insert(connection, table).on_conflict_do_nothing()
                    new += connection.execute(
                        adding, fresh, execution_options={"preserve_rowcount": True}
                    ).rowcount
                self._refuse_changed(connection, table, part)
            return new

    def _refuse_changed(
        self, connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]
    ) -> None:
        there = _fingerprints(connection, table, rows)
        changed = [row["event_id"] for row in rows if there.get(row["event_id"]) != row["fingerprint"]]
        if changed:
            raise UserError(
                f"{len(changed)} events are in the store with other content, such as {changed[0]!r}",
                where=self.place,
                remedy="events are never rewritten: give the change a new event_id",
            )


def as_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a checked row of a table as the database takes it, with the fingerprint of its content."""
    plain: dict[str, Any] = {name: None if pd.isna(value) else value for name, value in row.items()}
    for name in ("criteria_version", "plausible", "repeat", "withdrawn"):
        if name in plain:
            plain[name] = int(plain[name]) if plain[name] is not None else None
    return with_fingerprint(plain)


def with_fingerprint(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of plain values with the fingerprint of its content.

    Columns that came with schema version 2 count only where they say something, so that a file written before
    has the fingerprints it had.
    """
    told = {name: value for name, value in row.items() if name not in _SINCE_2 or value != _SINCE_2[name]}
    return {**row, "fingerprint": content_key(told)}


def _fingerprints(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    ids = [row["event_id"] for row in rows]
    chosen = sa.select(table.c.event_id, table.c.fingerprint).where(table.c.event_id.in_(ids))
    return {str(event): str(mark) for event, mark in connection.execute(chosen)}


def _remedy(cause: str) -> str:
    if "locked" in cause:
        return "another program holds it; wait for that"
    if "full" in cause or "No space" in cause:
        return "make room on the disk; what was acknowledged is kept"
    return "check the address"
