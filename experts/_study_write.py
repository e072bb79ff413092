"""Answers go to the disk: several at once in one transaction, none twice, none rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from ..core import UserError
from ._store_tables import EVENTS, PREFERENCES, RATINGS
from ._study_answers import (
    EVENT,
    as_detail,
    from_detail,
    preference_row,
    rating_rows,
    same_content,
    taken_back,
)
from ._study_log import ANSWERED, WITHDRAWN
from ._study_rows import Task, event_row, lock_raters, stamp
from ._study_types import AlreadyAnswered, Answer, Progress, Undone

if TYPE_CHECKING:
    from ._study import Study

_Checked = tuple[str, Task, Answer]


def save_answers(study: Study, given: Sequence[tuple[str, Answer]]) -> list[Progress | UserError]:
    """Save answers in one transaction, and return of each the progress or why it was not saved."""
    results: dict[int, Progress | UserError] = {}
    good: dict[int, _Checked] = {}
    for i, (rater, answer) in enumerate(given):
        try:
            good[i] = (rater, *study.checked(rater, answer))
        except UserError as error:
            results[i] = error
    try:
        results |= _saved(study, good) if good else {}
    except UserError as error:
        results |= _one_by_one(study, good, error)
    return [results[i] for i in range(len(given))]


def _one_by_one(study: Study, good: dict[int, _Checked], error: UserError) -> dict[int, Progress | UserError]:
    """After a failure that lies in one of the answers each is tried alone; a store that is away fails them all."""
    if len(good) == 1 or isinstance(error.__cause__, OperationalError):
        return dict.fromkeys(good, error)
    results: dict[int, Progress | UserError] = {}
    for i, one in good.items():
        try:
            results |= _saved(study, {i: one})
        except UserError as alone:
            results[i] = alone
    return results


def _saved(study: Study, good: dict[int, _Checked]) -> dict[int, Progress | UserError]:
    raters = {rater for rater, _, _ in good.values()}
    refused: dict[int, UserError] = {}
    with study.store.work() as connection:
        lock_raters(connection, study.name, raters)
        study.log.refresh(connection, raters)
        known = _known_events(connection, [answer.event for _, _, answer in good.values()])
        taken = {rater: study.log.known(rater) for rater in raters}
        fresh: list[_Checked] = []
        for i, (rater, task, answer) in good.items():
            verdict = _place_of(rater, answer, known, taken[rater], study.name)
            if isinstance(verdict, UserError):
                refused[i] = verdict
            elif verdict:
                fresh.append((rater, task, answer))
                taken[rater][answer.task] = answer.event
                known[answer.event] = (study.name, rater, ANSWERED, answer)
        _insert(study, connection, fresh)
    progress = {rater: Progress(len(taken[rater]), len(study.hand(rater).shown)) for rater in raters}
    return {i: refused.get(i) or progress[rater] for i, (rater, _, _) in good.items()}


def _place_of(
    rater: str,
    answer: Answer,
    known: dict[str, tuple[str, str | None, str, Answer | None]],
    taken: dict[str, str],
    study: str,
) -> UserError | bool:
    """True for an answer that is new, False for one that is saved already, an error for one in the way."""
    if answer.event in known:
        where, who, kind, said = known[answer.event]
        same = (where, who, kind) == (study, rater, ANSWERED) and said and same_content(said, answer)
        if same:
            return False
        return UserError(
            "this event is in the store with other content", where="answer", remedy="send a new one"
        )
    if answer.task in taken:
        return AlreadyAnswered("this task was answered before", where="answer", remedy="go on to the next")
    return True


def _known_events(
    connection: sa.Connection, ids: Sequence[str]
) -> dict[str, tuple[str, str | None, str, Answer | None]]:
    names = (EVENTS.c.event_id, EVENTS.c.study, EVENTS.c.rater, EVENTS.c.kind, EVENTS.c.detail)
    rows = connection.execute(sa.select(*names).where(EVENTS.c.event_id.in_(ids)))
    return {
        event: (study, rater, kind, from_detail(detail) if kind == ANSWERED else None)
        for event, study, rater, kind, detail in rows
    }


def _insert(study: Study, connection: sa.Connection, fresh: Sequence[_Checked]) -> None:
    if not fresh:
        return
    moment = study.clock()
    time = stamp(moment)
    rows: list[dict[str, Any]] = []
    for _, task, answer in fresh:
        if study.settings.mode == "compare":
            rows.append(
                preference_row(answer, task, study.items, study.shown, study.criteria, study.name, time)
            )
        else:
            item = study.items[task.item_a]
            rows += rating_rows(answer, task, item, study.criteria, study.name, time)
    events = [
        event_row(study.name, ANSWERED, moment, rater, answer.event, answer.task, as_detail(answer))
        for rater, _, answer in fresh
    ]
    connection.execute(sa.insert(EVENTS), events)
    connection.execute(sa.insert(_table_of(study)), rows)


def take_back(study: Study, rater: str, event: str) -> Undone | None:
    """Withdraw the rater's last answer that holds; None when there is none."""
    if not EVENT.fullmatch(event):
        raise UserError("event must be a UUID", where="undo")
    with study.store.work() as connection:
        lock_raters(connection, study.name, [rater])
        study.log.refresh(connection, [rater])
        names = (EVENTS.c.study, EVENTS.c.rater, EVENTS.c.kind, EVENTS.c.detail)
        there = connection.execute(sa.select(*names).where(EVENTS.c.event_id == event)).first()
        if there is not None:
            if there[:3] != (study.name, rater, WITHDRAWN):
                raise UserError("this event is in the store with other content", where="undo")
            return _undone(study, rater, from_detail(there[3]))
        answered = study.log.known(rater)
        if not answered:
            return None
        last = list(answered.values())[-1]
        detail = connection.execute(sa.select(EVENTS.c.detail).where(EVENTS.c.event_id == last)).scalar()
        previous = from_detail(str(detail))
        moment = study.clock()
        row = event_row(study.name, WITHDRAWN, moment, rater, event, previous.task, as_detail(previous))
        connection.execute(sa.insert(EVENTS), [row])
        _withdraw_rows(study, connection, previous, event, stamp(moment))
    return _undone(study, rater, previous)


def _withdraw_rows(study: Study, connection: sa.Connection, previous: Answer, event: str, time: str) -> None:
    table = _table_of(study)
    criteria = ("preferred", "verdict", "realism", "note", *(previous.answers or {}))
    ids = [f"{previous.event}:{criterion}" for criterion in criteria]
    rows = connection.execute(sa.select(table).where(table.c.event_id.in_(ids)).order_by(table.c.position))
    back = [taken_back(dict(row), event, time) for row in rows.mappings()]
    if back:
        connection.execute(sa.insert(table), back)


def _undone(study: Study, rater: str, previous: Answer) -> Undone:
    hand = study.hand(rater)
    return Undone(hand.shown[hand.tasks[previous.task].position], previous)


def _table_of(study: Study) -> sa.Table:
    return PREFERENCES if study.settings.mode == "compare" else RATINGS
