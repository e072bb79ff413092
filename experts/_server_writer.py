"""One thread that writes: all answers that wait are committed together, and only then acknowledged."""

from __future__ import annotations

import asyncio
import math
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..core import UserError
from ._store import StoreError

if TYPE_CHECKING:
    from ._study import Study
    from ._study_types import Answer

_MOST = 256
_RETRY_SECONDS = 5.0
_QUIET_SECONDS = 10.0
_RECENT_SECONDS = 15 * 60


class NotSavedError(Exception):
    """The store did not take it: a full disk, a database that is away. To be sent again."""


@dataclass
class Trouble:
    """The last time that the store refused, for the admin's page and for standard error."""

    what: str = ""
    when: str = ""
    count: int = 0
    _spoke: float = field(default=-math.inf, repr=False)
    _last: float = field(default=-math.inf, repr=False)

    def note(self, error: BaseException) -> None:
        """Keep it, and say it on standard error at most every few seconds."""
        self.what, self.count = str(error) or type(error).__name__, self.count + 1
        self.when = datetime.now(UTC).isoformat(timespec="seconds")
        self._last = time.monotonic()
        if self._last - self._spoke >= _QUIET_SECONDS:
            self._spoke = self._last
            line = f"the store refused; what was not saved was not acknowledged, and pages send it again: {self.what}"
            # Standard error may lie on the disk that is full, or be gone with its terminal.
            with suppress(OSError, ValueError):
                print(line, file=sys.stderr, flush=True)

    def line(self) -> str | None:
        """Return it in words, or None when there was none of late."""
        if not self.count or time.monotonic() - self._last > _RECENT_SECONDS:
            return None
        return (
            f"The store refused {self.count} times, last at {self.when}: {self.what}. No answer is lost: what was not "
            "saved was not acknowledged, and the raters' pages send it again."
        )


@dataclass
class _Job:
    work: tuple[str, Answer] | Callable[[], Any]
    future: asyncio.Future[Any]


STOPPING = 15.0
"""Seconds that the end of the server waits for the writer; what was not saved then was not acknowledged either."""


class Writer:
    """Takes answers and other changes of a study from the event loop, in order, on a thread of its own.

    While one transaction is being committed the next answers gather; they are one transaction again. Fifty raters
    who answer at once cost a few commits, not fifty.
    """

    def __init__(self, study: Study) -> None:
        self.study, self.trouble = study, Trouble()
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="synmedbench writer", daemon=True)

    def start(self) -> None:
        """Begin to take work."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what waits, then end; a store that does not answer is given up after 15 seconds."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(STOPPING)

    async def answer(self, rater: str, answer: Answer) -> Any:
        """Return the rater's progress when the answer is safe on the disk.

        Raises ``UserError`` when the answer is refused, ``NotSavedError`` when the store could not take it.
        """
        return await self._ask((rater, answer))

    async def call(self, work: Callable[[], Any]) -> Any:
        """Run another change of the study in its turn, and return its result."""
        return await self._ask(work)

    def later(self, work: Callable[[], Any]) -> None:
        """Run a change in its turn that nobody waits for; should the store refuse it, that is noted and no more."""
        self._queue.put(_Job(work, asyncio.get_running_loop().create_future()))

    async def _ask(self, work: tuple[str, Answer] | Callable[[], Any]) -> Any:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put(_Job(work, future))
        result = await future
        if isinstance(result, BaseException):
            raise result
        return result

    def _run(self) -> None:
        going = True
        while going:
            jobs = [self._queue.get()]
            while len(jobs) < _MOST and not self._queue.empty():
                jobs.append(self._queue.get())
            going = None not in jobs
            for group in _groups([job for job in jobs if job is not None]):
                _deliver(group, self._results(group))

    def _results(self, group: Sequence[_Job]) -> list[Any]:
        first = group[0].work
        if callable(first):
            return [self._called(first)]
        return self._answered([job.work for job in group if not callable(job.work)])

    def _called(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Exception as error:
            return self._told(error)

    def _answered(self, given: list[tuple[str, Answer]]) -> list[Any]:
        """All in one transaction; should that fail, one by one, so that no answer holds up another's."""
        try:
            return [
                self._told(each) if isinstance(each, Exception) else each
                for each in self.study.answer_many(given)
            ]
        except Exception as error:
            if len(given) == 1:
                return [self._told(error)]
        until = time.monotonic() + _RETRY_SECONDS
        return [self._answered([each])[0] if time.monotonic() < until else NotSavedError() for each in given]

    def _told(self, error: Exception) -> Exception:
        """What is the asker's fault goes back as it is; all else is noted, and to be tried again."""
        if isinstance(error, UserError) and not isinstance(error, StoreError):
            return error
        self.trouble.note(error)
        return NotSavedError()


def _groups(jobs: Sequence[_Job]) -> list[list[_Job]]:
    """Neighbouring answers together, every other change alone, the order kept."""
    groups: list[list[_Job]] = []
    for job in jobs:
        if groups and not callable(job.work) and not callable(groups[-1][0].work):
            groups[-1].append(job)
        else:
            groups.append([job])
    return groups


def _deliver(group: Sequence[_Job], results: Sequence[Any]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for job, result in zip(group, results, strict=True):
        by_loop.setdefault(job.future.get_loop(), []).append((job.future, result))
    for loop, pairs in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, result in pairs:
        if not future.done():  # the asker may have gone
            future.set_result(result)
