"""Which of a rater's tasks are answered: read from the audit trail, and from then on only what is new in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock

import sqlalchemy as sa

from ._store import RatingStore
from ._store_tables import EVENTS

ANSWERED, WITHDRAWN = "answered", "withdrawn"


@dataclass
class RaterLog:
    """A rater's answers that hold: event by task, in the order in which they were given."""

    last: int = 0
    answered: dict[str, str] = field(default_factory=dict)

    def apply(self, position: int, event: str, kind: str, task: str) -> None:
        """Take one row of the audit trail into account; a row that is known already changes nothing."""
        if position <= self.last:
            return
        self.last = position
        if kind == ANSWERED:
            self.answered[task] = event
        else:
            self.answered.pop(task, None)


class StudyLog:
    """The logs of all raters of a study, as the store has them; other processes may write there too."""

    def __init__(self, store: RatingStore, study: str) -> None:
        self._store, self._study = store, study
        self._logs: dict[str, RaterLog] = {}
        self._lock = Lock()

    def answered(self, rater: str) -> dict[str, str]:
        """Return a rater's answers that hold: event by task, the last one given last."""
        with self._store.work(reading=True) as connection:
            self.refresh(connection, [rater])
        return self.known(rater)

    def known(self, rater: str) -> dict[str, str]:
        """Return what the last refresh found."""
        with self._lock:
            return dict(self._logs.setdefault(rater, RaterLog()).answered)

    def refresh(self, connection: sa.Connection, raters: Iterable[str]) -> None:
        """Read what came since the last time for these raters."""
        names = sorted(set(raters))
        with self._lock:
            since = min(self._logs.setdefault(name, RaterLog()).last for name in names)
        chosen = (
            sa.select(EVENTS.c.position, EVENTS.c.rater, EVENTS.c.event_id, EVENTS.c.kind, EVENTS.c.task)
            .where(EVENTS.c.study == self._study, EVENTS.c.rater.in_(names), EVENTS.c.position > since)
            .where(EVENTS.c.kind.in_((ANSWERED, WITHDRAWN)))
            .order_by(EVENTS.c.position)
        )
        rows = connection.execute(chosen).all()
        with self._lock:
            for position, rater, event, kind, task in rows:
                self._logs[rater].apply(position, event, kind, task)
