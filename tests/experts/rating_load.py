"""Many raters at once: raw connections from one event loop, so that the asking costs little beside the answering."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from serving import answer_to


@dataclass
class Load:
    """What came of it: seconds of every answer, and the events that were acknowledged."""

    seconds: list[float] = field(default_factory=list)
    saved: set[str] = field(default_factory=set)
    total: float = 0.0

    def words(self) -> str:
        """Median and 95th percentile in milliseconds, and answers per second."""
        middle, high = np.percentile(self.seconds, [50, 95]) * 1000
        n, pace = len(self.seconds), len(self.seconds) / self.total
        return f"{n} answers: median {middle:.0f} ms, 95% {high:.0f} ms, {pace:.0f} a second"


class _Line:
    """One kept-alive connection with a token."""

    def __init__(self, link: str) -> None:
        base, _, self.token = link.rpartition("/r/")
        self.host, self.port = base.removeprefix("http://").split(":")

    async def open(self) -> _Line:
        self.reader, self.writer = await asyncio.open_connection(self.host, int(self.port))
        return self

    async def ask(self, method: str, path: str, form: Any = None) -> tuple[int, Any]:
        body = json.dumps(form).encode() if form is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n"
        if form is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.writer.write(head.encode() + b"\r\n" + body)
        replied = await self.reader.readuntil(b"\r\n\r\n")
        length = int(replied.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(replied[9:12]), json.loads(await self.reader.readexactly(length))


def run_load(links: Sequence[str], ratings: int, *, twice: bool = False) -> Load:
    """Let every rater answer so many tasks without a pause; ``twice`` sends each answer on two connections at once."""
    load = Load()

    async def rater(link: str) -> None:
        lines = [await _Line(link).open() for _ in range(2 if twice else 1)]
        done = 0
        while done < ratings:
            _, told = await lines[0].ask("GET", f"/api/tasks?count={min(20, ratings - done)}")
            for task in told["tasks"]:
                form = answer_to(task, plausible=task["position"] % 2)
                began = time.perf_counter()
                replies = await asyncio.gather(*(line.ask("POST", "/api/answer", form) for line in lines))
                load.seconds.append(time.perf_counter() - began)
                assert [status for status, _ in replies] == [200] * len(lines), replies
                load.saved.add(form["event"])
                done += 1
        for line in lines:
            line.writer.close()

    async def all_of_them() -> None:
        await asyncio.gather(*map(rater, links))

    began = time.perf_counter()
    asyncio.run(all_of_them())
    load.total = time.perf_counter() - began
    return load
