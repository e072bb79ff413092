"""Progress: a bar on a terminal, plain lines elsewhere, silence where asked."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO


class Task(Protocol):
    """One piece of long work that is under way."""

    def advance(self, n: int = 1, note: str = "") -> None:
        """Say that ``n`` more units are done, with a short note (a loss, a file name)."""


class Progress(Protocol):
    """What long work reports to."""

    def task(self, label: str, total: int) -> AbstractContextManager[Task]:
        """Open a piece of work of ``total`` units."""

    def say(self, line: str) -> None:
        """Print one line."""


class _Nothing:
    def advance(self, n: int = 1, note: str = "") -> None:
        return None

    @contextmanager
    def task(self, label: str, total: int) -> Iterator[Task]:
        yield self

    def say(self, line: str) -> None:
        return None


class _Line:
    """Prints a line when the work starts a new tenth of its way, at most every few seconds."""

    def __init__(self, label: str, total: int, stream: TextIO, every: float) -> None:
        self.label, self.total, self.stream, self.every = label, total, stream, every
        self.done, self.spoke = 0, time.monotonic()

    def advance(self, n: int = 1, note: str = "") -> None:
        self.done += n
        if time.monotonic() - self.spoke >= self.every:
            self.spoke = time.monotonic()
            print(f"  {self.label}: {self.done}/{self.total} {note}".rstrip(), file=self.stream, flush=True)


class _Plain:
    def __init__(self, stream: TextIO, every: float) -> None:
        self.stream, self.every = stream, every

    @contextmanager
    def task(self, label: str, total: int) -> Iterator[Task]:
        yield _Line(label, total, self.stream, self.every)

    def say(self, line: str) -> None:
        print(line, file=self.stream, flush=True)


class _BarTask:
    def __init__(self, bar: object, number: object) -> None:
        self.bar, self.number = bar, number

    def advance(self, n: int = 1, note: str = "") -> None:
        self.bar.update(self.number, advance=n, note=note)  # type: ignore[attr-defined]


class _Bars:
    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console

        self.console = Console(file=stream)

    @contextmanager
    def task(self, label: str, total: int) -> Iterator[Task]:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with RichProgress(*columns, console=self.console, transient=True) as bar:
            yield _BarTask(bar, bar.add_task(label, total=total, note=""))

    def say(self, line: str) -> None:
        self.console.print(line, highlight=False, markup=False)


def silent() -> Progress:
    """A progress that says nothing."""
    return _Nothing()


def console_progress(stream: TextIO | None = None, *, every: float = 10.0) -> Progress:
    """Bars on a terminal, a plain line every ``every`` seconds elsewhere (default stream: standard error)."""
    stream = stream or sys.stderr
    return _Bars(stream) if stream.isatty() else _Plain(stream, every)
