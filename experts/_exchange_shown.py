"""Which columns of a request the raters of each study were told."""

from __future__ import annotations

import json

import sqlalchemy as sa

from ._store import RatingStore
from ._store_tables import STUDIES


def shown_columns(store: RatingStore) -> dict[str, tuple[str, ...]]:
    """Return the shown columns of each study in a store, by its name; those whose settings cannot be read are left out.

    >>> shown_columns(RatingStore("sqlite://"))
    {}
    """
    with store.work(reading=True) as connection:
        rows = list(connection.execute(sa.select(STUDIES.c.name, STUDIES.c.settings)))
    found = {}
    for name, settings in rows:
        try:
            found[str(name)] = tuple(map(str, json.loads(settings)["shown"]))
        except (ValueError, KeyError, TypeError):
            continue
    return found
