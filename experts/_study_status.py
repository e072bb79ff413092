"""Links and pause of a study, as read at one moment."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from ._store_tables import EVENTS
from ._study_rows import Link, read_links
from ._tokens import token_of

FRESH = 0.5
"""Seconds for which links and the pause are taken as last read: another process's change is seen after that."""
_OLD_LINKS = 20


@dataclass(frozen=True)
class Status:
    """Every rater's link, whose each token is (also of links that were replaced), and whether there is a pause."""

    read: float
    links: Mapping[str, Link]
    tokens: Mapping[str, tuple[str, int]]
    paused: bool

    @property
    def fresh(self) -> bool:
        """True while it need not be read again."""
        return time.monotonic() - self.read <= FRESH


def read_status(connection: sa.Connection, study: str, secret: str) -> Status:
    """Return how links and pause stand now."""
    links = read_links(connection, study)
    tokens = {
        token_of(secret, "link", study, link.rater, generation): (link.rater, generation)
        for link in links.values()
        for generation in range(max(0, link.generation - _OLD_LINKS), link.generation + 1)
    }
    last = (
        sa.select(EVENTS.c.kind)
        .where(EVENTS.c.study == study, EVENTS.c.kind.in_(("paused", "resumed")))
        .order_by(EVENTS.c.position.desc())
        .limit(1)
    )
    return Status(time.monotonic(), links, tokens, connection.execute(last).scalar() == "paused")
