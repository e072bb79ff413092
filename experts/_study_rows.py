"""A study's rows in the store: its items, its raters' orders and links, its events."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ._assign import Showing, Unit
from ._draw import as_text
from ._store_tables import EVENTS, ITEMS, RATERS, STUDIES, TASKS
from ._study_settings import StudySettings


@dataclass(frozen=True)
class Item:
    """One image of a study: where it lies, and what was requested of it (JSON)."""

    item: int
    part: int
    row: int
    image: str
    image_key: str
    imageset: str
    origin: str
    label: str | None
    requested: str

    def shown(self, columns: Sequence[str]) -> dict[str, str]:
        """What the rater is told of it."""
        values = json.loads(self.requested)
        return {name: as_text(values[name]) for name in columns}


@dataclass(frozen=True)
class Link:
    """A rater's link as the store has it."""

    rater: str
    place: int
    generation: int
    expires: str
    created: str
    revoked: str | None


@dataclass(frozen=True)
class Task:
    """One showing of a rater's order, as the store has it."""

    rater: str
    position: int
    item_a: int
    item_b: int | None
    left: str | None
    repeat: int


def stamp(moment: datetime) -> str:
    """Return a time as the store keeps it: ISO 8601 in UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def study_row(connection: sa.Connection, name: str, *, lock: bool = False) -> Mapping[str, Any] | None:
    """Return the study's row, or None; ``lock`` lets one process at a time add raters to it."""
    chosen = sa.select(STUDIES).where(STUDIES.c.name == name)
    return connection.execute(chosen.with_for_update() if lock else chosen).mappings().first()  # type: ignore[return-value]


def read_items(connection: sa.Connection, study: str) -> list[Item]:
    """Return the study's items, in order."""
    names = [ITEMS.c[name] for name in Item.__dataclass_fields__]
    chosen = sa.select(*names).where(ITEMS.c.study == study).order_by(ITEMS.c.item)
    return [Item(*row) for row in connection.execute(chosen)]


def read_links(connection: sa.Connection, study: str) -> dict[str, Link]:
    """Return all raters' links, in the order in which they came."""
    names = [RATERS.c[name] for name in Link.__dataclass_fields__]
    chosen = sa.select(*names).where(RATERS.c.study == study).order_by(RATERS.c.place)
    return {row.rater: Link(*row) for row in connection.execute(chosen)}


def read_tasks(connection: sa.Connection, study: str, rater: str | None = None) -> list[Task]:
    """Return the tasks of one rater, or of all."""
    names = [TASKS.c[name] for name in Task.__dataclass_fields__]
    chosen = sa.select(*names).where(TASKS.c.study == study).order_by(TASKS.c.rater, TASKS.c.position)
    return [
        Task(*row) for row in connection.execute(chosen.where(TASKS.c.rater == rater) if rater else chosen)
    ]


def lock_raters(connection: sa.Connection, study: str, raters: Iterable[str]) -> None:
    """Keep other processes from writing for these raters until this transaction ends."""
    mine = RATERS.c.rater.in_(sorted(set(raters)))
    chosen = sa.select(RATERS.c.rater).where(RATERS.c.study == study, mine).order_by(RATERS.c.rater)
    connection.execute(chosen.with_for_update())


def write_items(connection: sa.Connection, study: str, items: Sequence[Item]) -> None:
    """Add the study's items."""
    rows = [{"study": study, **item.__dict__} for item in items]
    connection.execute(sa.insert(ITEMS), rows)


def write_rater(
    connection: sa.Connection,
    settings: StudySettings,
    rater: str,
    place: int,
    order: Sequence[Showing],
    moment: datetime,
) -> None:
    """Add a rater with the order of tasks and a first link, and say so in the audit trail."""
    row = {"study": settings.name, "rater": rater, "place": place, "generation": 0, "revoked": None}
    times = {"created": stamp(moment), "expires": stamp(moment + timedelta(days=settings.days))}
    connection.execute(sa.insert(RATERS), [{**row, **times}])
    tasks = [
        {
            "study": settings.name,
            "rater": rater,
            "position": position,
            "item_a": showing.unit.item_a,
            "item_b": showing.unit.item_b,
            "left": showing.left,
            "repeat": showing.repeat,
        }
        for position, showing in enumerate(order)
    ]
    connection.execute(sa.insert(TASKS), tasks)
    write_event(connection, settings.name, "rater added", moment, rater=rater, detail={"tasks": len(tasks)})


def change_link(connection: sa.Connection, study: str, rater: str, **values: Any) -> None:
    """Change a rater's link."""
    chosen = sa.update(RATERS).where(RATERS.c.study == study, RATERS.c.rater == rater)
    connection.execute(chosen.values(**values))


def write_event(
    connection: sa.Connection,
    study: str,
    kind: str,
    moment: datetime,
    *,
    rater: str | None = None,
    event: str | None = None,
    task: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add one row to the audit trail."""
    connection.execute(sa.insert(EVENTS), [event_row(study, kind, moment, rater, event, task, detail)])


def event_row(
    study: str,
    kind: str,
    moment: datetime,
    rater: str | None = None,
    event: str | None = None,
    task: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a row of the audit trail."""
    return {
        "event_id": event or str(uuid.uuid4()),
        "time": stamp(moment),
        "study": study,
        "rater": rater,
        "kind": kind,
        "task": task,
        "detail": json.dumps(detail or {}, ensure_ascii=False, sort_keys=True),
    }


def unit_of(task: Task, items: Sequence[Item], shown: Sequence[str]) -> Unit:
    """Return what a task judges, with the group that the deal is balanced over."""
    return make_unit(items, task.item_a, task.item_b, shown)


def make_unit(items: Sequence[Item], a: int, b: int | None, shown: Sequence[str]) -> Unit:
    """Return the unit of one item, or of two."""
    values = tuple(items[a].shown(shown).values())
    if b is None:
        return Unit(a, None, (items[a].origin, *values))
    return Unit(a, b, (items[a].origin, items[b].origin, *values))
