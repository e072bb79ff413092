"""A study that is open: its raters' links, what each sees next, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ..core import UserError
from ._assign import in_order, later_hand
from ._criteria import CriteriaSet
from ._picture_file import PictureFile
from ._store import RatingStore
from ._study_answers import checked
from ._study_hand import Hand, named
from ._study_log import StudyLog
from ._study_rows import (
    Item,
    Link,
    Task,
    change_link,
    read_links,
    read_tasks,
    stamp,
    study_row,
    unit_of,
    write_event,
    write_rater,
)
from ._study_settings import StudySettings, rater_name
from ._study_state import study_state
from ._study_status import Status, read_status
from ._study_types import Answer, Progress, ShownTask, TokenError, Undone
from ._study_write import save_answers, take_back
from ._tokens import token_of, whose


class Study:
    """A study that is open for rating; made by `open_study`. Several threads and processes may use it at once.

    ``settings``, ``criteria``; ``shown``: the requested columns that raters are told; ``size``: height and width
    of every picture; ``told``: lines on what was left out and why; ``clock`` gives the time (for tests).
    """

    def __init__(
        self,
        store: RatingStore,
        settings: StudySettings,
        criteria: CriteriaSet,
        *,
        secret: str,
        items: Sequence[Item],
        shown: tuple[str, ...],
        told: Sequence[str],
        pictures: PictureFile,
    ) -> None:
        self.store, self.settings, self.criteria = store, settings, criteria
        self.shown, self.size, self.told = shown, pictures.size, list(told)
        self.items = tuple(items)
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.log = StudyLog(store, settings.name)
        self._secret, self._pictures = secret, pictures
        self._hands: dict[str, Hand] = {}
        self._status: Status | None = None
        self._changes = 0

    @property
    def name(self) -> str:
        """The study's name."""
        return self.settings.name

    @property
    def raters(self) -> tuple[str, ...]:
        """All raters, in the order in which they came."""
        return tuple(self.links())

    @property
    def admin_token(self) -> str:
        """The token of the one who runs the study; the same after a restart."""
        return token_of(self._secret, "admin", self.name)

    def link_token(self, rater: str) -> str:
        """Return the token of a rater's link; the same after a restart, another one after `renew`."""
        return token_of(self._secret, "link", self.name, rater, self._link(rater).generation)

    def rater_of(self, token: str) -> str:
        """Return whose link it is, or raise `TokenError`."""
        status = self._now()
        found = whose(token, status.tokens)
        if found is None:
            raise TokenError("wrong")
        link = status.links[found[0]]
        if link.revoked is not None or found[1] != link.generation:
            raise TokenError("revoked")
        if link.expires <= stamp(self.clock()):
            raise TokenError("expired")
        return link.rater

    def is_admin(self, token: str) -> bool:
        """True for the admin's token; compared in constant time."""
        return whose(token, {self.admin_token: ("", 0)}) is not None

    def links(self) -> dict[str, Link]:
        """Return every rater's link: when it was made, until when it holds, whether it was revoked."""
        return dict(self._now().links)

    def add_rater(self, name: str) -> str:
        """Add a rater, who gets the shared images and as many others as the first ones have; return the name as
        it is kept."""
        rater = rater_name(name)
        with self.store.work() as connection:
            study_row(connection, self.name, lock=True)
            links = read_links(connection, self.name)
            there = {name.casefold(): name for name in links}.get(rater.casefold())
            if there is not None:
                raise UserError(f"there is a rater {there!r} already", remedy="choose another name")
            hands: dict[str, dict[Any, None]] = {}
            for task in read_tasks(connection, self.name):
                hands.setdefault(task.rater, {})[unit_of(task, self.items, self.shown)] = None
            units = list({unit: None for hand in hands.values() for unit in hand})
            s = self.settings
            hand = later_hand(units, {k: list(v) for k, v in hands.items()}, rater, s.overlap, s.seed)
            order = in_order(hand, rater, s.repeats, s.seed)
            write_rater(connection, s, rater, len(links), order, self.clock())
        self._forget()
        return rater

    def renew(self, rater: str) -> str:
        """Give a rater a new link, which holds from now on; the old one no longer does. Return its token."""
        link = self._link(rater)
        moment = self.clock()
        expires = stamp(moment + timedelta(days=self.settings.days))
        with self.store.work() as connection:
            generation = read_links(connection, self.name)[rater].generation + 1
            change_link(
                connection, self.name, link.rater, generation=generation, expires=expires, revoked=None
            )
            write_event(connection, self.name, "link renewed", moment, rater=rater)
        self._forget()
        return self.link_token(rater)

    def revoke(self, rater: str) -> None:
        """Let a rater's link hold no longer; what was answered is kept."""
        self._link(rater)
        moment = self.clock()
        with self.store.work() as connection:
            change_link(connection, self.name, rater, revoked=stamp(moment))
            write_event(connection, self.name, "link revoked", moment, rater=rater)
        self._forget()

    @property
    def fresh(self) -> bool:
        """True when links and pause were read a moment ago: asking for them now reads nothing."""
        status = self._status
        return status is not None and status.fresh

    @property
    def paused(self) -> bool:
        """True while the study is paused."""
        return self._now().paused

    def pause(self) -> None:
        """Pause the study: the page takes no answers until `resume`."""
        self.record("paused")
        self._forget()

    def resume(self) -> None:
        """End the pause."""
        self.record("resumed")
        self._forget()

    def record(self, kind: str, rater: str | None = None, **detail: Any) -> None:
        """Add a row to the audit trail: what happened, by whom, and any particulars."""
        with self.store.work() as connection:
            write_event(connection, self.name, kind, self.clock(), rater=rater, detail=detail)

    def progress(self, rater: str) -> Progress:
        """Return how many of a rater's tasks are done, repeats included."""
        return Progress(len(self.log.answered(rater)), len(self.hand(rater).shown))

    def upcoming(self, rater: str, count: int = 3) -> list[ShownTask]:
        """Return the first open tasks in the rater's order."""
        hand, answered = self.hand(rater), self.log.answered(rater)
        coming: list[ShownTask] = []
        for task in hand.shown:
            if len(coming) >= count:
                break
            if task.task not in answered:
                coming.append(task)
        return coming

    def picture(self, rater: str, picture_id: str) -> bytes:
        """Return a picture, a PNG; ``KeyError`` when it is not one of this rater's."""
        return self._pictures.picture(self.hand(rater).pictures[picture_id])

    def answer(self, rater: str, answer: Answer) -> Progress:
        """Save an answer: it is on the disk when this returns. The same event again changes nothing.

        Raises ``UserError`` for an answer that does not fit its task, `AlreadyAnswered`, and `StoreError` when it
        could not be saved.
        """
        done = self.answer_many([(rater, answer)])[0]
        if isinstance(done, UserError):
            raise done
        return done

    def answer_many(self, given: Sequence[tuple[str, Answer]]) -> list[Progress | UserError]:
        """Save several raters' answers in one transaction; return of each what `answer` returns or raises.

        A faulty answer keeps no other from being saved.
        """
        return save_answers(self, given)

    def undo(self, rater: str, event: str) -> Undone | None:
        """Take the rater's last answer back; None when there is none. The same event again changes nothing."""
        return take_back(self, self._link(rater).rater, event)

    def checked(self, rater: str, answer: Answer) -> tuple[Task, Answer]:
        """Return the rater's task and the answer as it is saved, or raise ``UserError``."""
        hand = self.hand(rater)
        if answer.task not in hand.tasks:
            raise UserError("this is not a task of this rater", where="answer")
        task = hand.tasks[answer.task]
        return task, checked(answer, hand.shown[task.position], self.settings)

    def state(self) -> dict[str, Any]:
        """Return how far every rater is, for the one who runs the study; raters must not see it."""
        return study_state(self)

    def close(self) -> None:
        """Remove the pictures; the store stays open."""
        self._pictures.close()

    def hand(self, rater: str) -> Hand:
        """Return a rater's tasks with their opaque names."""
        if rater not in self._hands:
            with self.store.work(reading=True) as connection:
                tasks = read_tasks(connection, self.name, rater)
            if not tasks:
                raise UserError(f"the study has no rater {rater!r}", where=self.name)
            self._hands[rater] = named(
                tasks, self.items, self.shown, self.criteria, self.settings, self._secret
            )
        return self._hands[rater]

    def _link(self, rater: str) -> Link:
        links = self._now().links
        if rater not in links:
            raise UserError(f"the study has no rater {rater!r}", where=self.name)
        return links[rater]

    def _now(self) -> Status:
        status, changes = self._status, self._changes
        if status is None or not status.fresh:
            with self.store.work(reading=True) as connection:
                status = read_status(connection, self.name, self._secret)
            if changes == self._changes:  # else what was read may be older than what was written meanwhile
                self._status = status
        return status

    def _forget(self) -> None:
        self._changes += 1
        self._status = None
