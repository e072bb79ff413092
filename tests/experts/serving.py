"""A real server of a study in this process, and the command `rate` as a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from synmedbench.experts._server import listen, make_server

_SECONDS = 60.0


@contextmanager
def running_server(study: Any) -> Iterator[str]:
    """Serve a study from a thread on a free port; yields the base URL."""
    listener = listen(port=0)
    server = make_server(study, listener)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener.socket]}, daemon=True)
    thread.start()
    wait_for(lambda: server.started or not thread.is_alive())
    try:
        yield listener.address
    finally:
        server.should_exit = True
        thread.join(_SECONDS)


class Command:
    """`synmedbench rate ...` as a process; `links` and `admin` are what it printed."""

    def __init__(self, *words: str | Path, cwd: Path) -> None:
        line = [sys.executable, "-m", "synmedbench.cli", "rate", *map(str, words)]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            line, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        self.said: list[str] = []
        self.told: list[str] = []
        for stream, kept in ((self.process.stdout, self.said), (self.process.stderr, self.told)):
            threading.Thread(target=lambda s=stream, k=kept: k.extend(s), daemon=True).start()

    def ready(self) -> Command:
        """Return when it serves."""
        wait_for(
            lambda: any("stop with Ctrl-C" in line for line in self.said) or self.process.poll() is not None
        )
        assert self.process.poll() is None, "".join(self.told)
        return self

    @property
    def links(self) -> dict[str, str]:
        """The raters' links by name."""
        pairs = [re.fullmatch(r"\s*(\S+)\s+(http\S+/r/\S+)\s*", line) for line in self.said]
        return {pair[1]: pair[2] for pair in pairs if pair}

    @property
    def admin(self) -> str:
        """The admin's link."""
        return next(word for line in self.said for word in line.split() if "/admin/" in word)

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End it and return its exit status."""
        with suppress(ProcessLookupError):
            self.process.send_signal(how)
        return self.process.wait(_SECONDS)


class Page:
    """What a rater's page does, without a browser: one connection, one token."""

    def __init__(self, link: str, **options: Any) -> None:
        base, _, token = link.rpartition("/r/")
        self.base, self.token = base, token
        headers = {"Authorization": f"Bearer {token}"}
        self.client = httpx.Client(base_url=base, headers=headers, timeout=_SECONDS, **options)

    def get(self, path: str) -> httpx.Response:
        """Ask for something."""
        return self.client.get(path)

    def tasks(self, count: int = 3) -> list[dict[str, Any]]:
        """The next tasks."""
        return self.get(f"/api/tasks?count={count}").raise_for_status().json()["tasks"]

    def post(self, path: str, form: dict[str, Any], **headers: str) -> httpx.Response:
        """Send a form."""
        kind = {"Content-Type": "application/json"}
        return self.client.post(path, content=json.dumps(form), headers={**kind, **headers})

    def close(self) -> None:
        """Hang up."""
        self.client.close()


def answer_to(task: dict[str, Any], plausible: int = 1, **more: Any) -> dict[str, Any]:
    """A whole answer to a task, under an event id of its own."""
    form = {
        "event": str(uuid.uuid4()),
        "task": task["task"],
        "seconds": 2.5,
        "plausible": plausible,
        "answers": dict.fromkeys(task["questions"], "yes" if plausible else "no"),
        "realism": None,
        "note": "",
        "preferred": None,
    }
    if len(task["pictures"]) == 2:
        form |= {"plausible": None, "answers": {}, "preferred": "left"}
    return {**form, **more}


def raw_request(base: str, text: bytes, *, seconds: float = 10.0) -> bytes:
    """Send bytes as they are and return all that comes back until the server hangs up or falls silent."""
    host, port = base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as line:
        line.sendall(text)
        received = b""
        with suppress(TimeoutError, ConnectionError):
            while part := line.recv(65536):
                received += part
        return received


def status_of(reply: bytes) -> int:
    """The status in a raw reply."""
    return int(reply.split(b" ", 2)[1])


def body_of(reply: bytes) -> Any:
    """The JSON body of a raw reply."""
    return json.loads(reply.partition(b"\r\n\r\n")[2])


def wait_for(true: Any, seconds: float = _SECONDS) -> None:
    """Return as soon as it is true; fail when that takes too long."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.02)
