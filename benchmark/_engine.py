"""The local engine: stages in a pool of processes, one thread each, so that results do not depend on their number."""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core import Progress, Task, UserError
from ._stage import Stage, perform

_EVENTS: Any = None


@dataclass
class Outcome:
    """What became of the stages: seconds of work by key, the error of each that failed, and those never begun."""

    seconds: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    put_off: set[str] = field(default_factory=set)
    begun: int = 0


class PutOffError(Exception):
    """The run's time was over before this stage began."""


def run_local(
    stages: Sequence[Stage], cache: Path, *, workers: int, progress: Progress, until: float | None = None
) -> Outcome:
    """Run the stages (in an order where needs come first) and return what became of each.

    A stage that fails takes down only those that need it. Finished stages are never run again. No stage begins after
    ``until`` (of ``time.monotonic()``); those under way then are finished.
    """
    outcome = Outcome()
    waiting: list[Stage] = []
    for stage in stages:
        if stage.done(cache):
            outcome.seconds[stage.key] = perform(stage, cache, progress)
        else:
            waiting.append(stage)
    if not waiting:
        return outcome
    with progress.task("stages", len(stages)) as bar:
        bar.advance(len(stages) - len(waiting), "found finished")
        job = _Job(waiting, cache, outcome, bar, progress, workers, until)
        while job.open():
            before = len(job.waiting)
            with _pool(min(workers, before), progress) as pool:
                suspects = job.schedule(pool)
            if len(job.waiting) == before and not job.over():
                job.give_up("no worker process could be started")
            for stage in suspects:
                with _pool(1, progress) as pool:
                    job.alone(pool, stage)
    return outcome


@dataclass
class _Job:
    """What is still to be done."""

    waiting: list[Stage]
    cache: Path
    outcome: Outcome
    bar: Task
    progress: Progress
    workers: int
    until: float | None = None

    def over(self) -> bool:
        """True once no further stage may begin."""
        return self.until is not None and time.monotonic() >= self.until

    def open(self) -> bool:
        """True while there is work that may begin; what may not is put off."""
        if self.over():
            self.outcome.put_off.update(stage.key for stage in self.waiting)
            self.waiting.clear()
        return bool(self.waiting)

    def schedule(self, pool: ProcessPoolExecutor) -> list[Stage]:
        """Run all that can be run; when a worker died, stop and return the stages that were under way."""
        running: dict[Future[float], Stage] = {}
        while self.open() or running:
            self._submit_ready(pool, running)
            if not running:
                return []
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            broken = [future for future in finished if isinstance(future.exception(), BrokenProcessPool)]
            for future in finished:
                if future not in broken:
                    self._take(running.pop(future), future)
            if broken:
                return list(running.values())
        return []

    def alone(self, pool: ProcessPoolExecutor, stage: Stage) -> None:
        """Run one stage that was under way when a worker died: only one that dies alone has failed."""
        self._take(stage, pool.submit(_work, stage, self.cache, self.until))

    def give_up(self, why: str) -> None:
        """Fail all that is left."""
        self.outcome.failed.update({stage.key: why for stage in self.waiting})
        self.waiting.clear()

    def _submit_ready(self, pool: ProcessPoolExecutor, running: dict[Future[float], Stage]) -> None:
        for stage in list(self.waiting):
            if self.until is not None and len(running) >= self.workers:
                return
            needs = list(stage.needs.values())
            failed = [need.name for need in needs if need.key in self.outcome.failed]
            if failed:
                self.waiting.remove(stage)
                self.outcome.failed[stage.key] = f"needs {failed[0]}, which failed"
                self.bar.advance(1, f"{stage.name} skipped")
            elif all(need.key in self.outcome.seconds for need in needs):
                try:
                    future = pool.submit(_work, stage, self.cache, self.until)
                except BrokenProcessPool:
                    return
                self.waiting.remove(stage)
                running[future] = stage

    def _take(self, stage: Stage, future: Future[float]) -> None:
        try:
            seconds = self.outcome.seconds[stage.key] = future.result()
            self.progress.say(f"  {stage.name}: {seconds:.1f} s")
        except PutOffError:
            self.outcome.put_off.add(stage.key)
            return
        except BrokenProcessPool:
            self.outcome.failed[stage.key] = (
                "its process died (out of memory, or killed); the same command goes on"
            )
        except Exception as error:
            self.outcome.failed[stage.key] = str(error)
        self.outcome.begun += 1
        if stage.key in self.outcome.failed:
            self.progress.say(f"  {stage.name} failed: {self.outcome.failed[stage.key].splitlines()[-1]}")
        self.bar.advance(1, stage.name)


@contextmanager
def _pool(workers: int, progress: Progress) -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")
    events = context.Queue()
    stop = threading.Event()
    listener = threading.Thread(target=_listen, args=(events, stop, progress), daemon=True)
    saved = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_enter, initargs=(events, os.getpid())
    )
    listener.start()
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        stop.set()
        listener.join(timeout=2)
        for name, value in saved.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def _enter(events: Any, parent: int) -> None:
    """Prepare a worker: one thread, and an end of its own when the parent is gone (also by ``kill -9``)."""
    global _EVENTS
    _EVENTS = events
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _work(stage: Stage, cache: Path, until: float | None) -> float:
    if until is not None and time.monotonic() >= until:
        raise PutOffError
    try:
        return perform(stage, cache, _Reporter(stage.name))
    except UserError:
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        raise RuntimeError(f"{type(error).__name__}: {error} (at {place})") from error


class _Reporter:
    """A worker's progress: it sends notes to the parent, which draws them."""

    def __init__(self, name: str) -> None:
        self.name = name

    @contextmanager
    def task(self, label: str, total: int) -> Iterator[Task]:
        yield _RemoteTask(f"{self.name}: {label}", total)

    def say(self, line: str) -> None:
        _EVENTS.put((self.name, line))


class _RemoteTask:
    def __init__(self, label: str, total: int) -> None:
        self.label, self.total, self.done, self.spoke = label, total, 0, time.monotonic()

    def advance(self, n: int = 1, note: str = "") -> None:
        self.done += n
        if time.monotonic() - self.spoke > 15:
            self.spoke = time.monotonic()
            _EVENTS.put((self.label, f"{self.done}/{self.total} {note}".strip()))


def _listen(events: Any, stop: threading.Event, progress: Progress) -> None:
    while not stop.is_set():
        try:
            label, text = events.get(timeout=0.3)
        except (queue.Empty, OSError, EOFError):
            continue
        progress.say(f"    {label} {text}")
