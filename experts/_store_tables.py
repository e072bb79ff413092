"""The tables of a ratings store: rows are added; only links and the store's version are ever changed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ._preference_columns import PREFERENCE_COLUMNS
from ._ratings import RATING_COLUMNS

_KINDS: dict[str, Any] = {
    "criteria_version": sa.Integer,
    "plausible": sa.Integer,
    "repeat": sa.Integer,
    "seconds": sa.Float,
}
METADATA = sa.MetaData()


def _column(name: str) -> sa.Column[Any]:
    if name == "withdrawn":
        return sa.Column(name, sa.Integer, server_default="0")
    return sa.Column(name, _KINDS.get(name, sa.Text))


def _rows_of(name: str, columns: Any) -> sa.Table:
    return sa.Table(
        name,
        METADATA,
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.String(128), unique=True, nullable=False),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        *(_column(name) for name in columns if name != "event_id"),
    )


ABOUT = sa.Table(
    "synmedbench_about",
    METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
RATINGS = _rows_of("synmedbench_ratings", RATING_COLUMNS)
PREFERENCES = _rows_of("synmedbench_preferences", PREFERENCE_COLUMNS)
STUDIES = sa.Table(
    "synmedbench_studies",
    METADATA,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("settings", sa.Text, nullable=False),
    sa.Column("secret", sa.String(64), nullable=False),
    sa.Column("created", sa.Text, nullable=False),
)
ITEMS = sa.Table(
    "synmedbench_items",
    METADATA,
    sa.Column("study", sa.String(100), primary_key=True),
    sa.Column("item", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("part", sa.Integer, nullable=False),
    sa.Column("row", sa.Integer, nullable=False),
    *(
        sa.Column(name, sa.Text)
        for name in ("image", "image_key", "imageset", "origin", "label", "requested")
    ),
)
RATERS = sa.Table(
    "synmedbench_raters",
    METADATA,
    sa.Column("study", sa.String(100), primary_key=True),
    sa.Column("rater", sa.String(200), primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("expires", sa.Text, nullable=False),
    sa.Column("created", sa.Text, nullable=False),
    sa.Column("revoked", sa.Text),
)
TASKS = sa.Table(
    "synmedbench_tasks",
    METADATA,
    sa.Column("study", sa.String(100), primary_key=True),
    sa.Column("rater", sa.String(200), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("item_a", sa.Integer, nullable=False),
    sa.Column("item_b", sa.Integer),
    sa.Column("left", sa.String(1)),
    sa.Column("repeat", sa.Integer, nullable=False),
)
EVENTS = sa.Table(
    "synmedbench_events",
    METADATA,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("event_id", sa.String(64), unique=True, nullable=False),
    sa.Column("time", sa.Text, nullable=False),
    sa.Column("study", sa.String(100), nullable=False),
    sa.Column("rater", sa.String(200)),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("task", sa.String(32)),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Index("synmedbench_events_of_rater", "study", "rater", "position"),
    sa.Index("synmedbench_events_of_kind", "study", "kind", "position"),
)
EVENT_COLUMNS = ("event_id", "time", "study", "rater", "kind", "task", "detail")
