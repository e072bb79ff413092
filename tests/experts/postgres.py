"""A PostgreSQL server of the tests' own: in a temporary folder, on a socket there, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services import skip_or_fail

_USER = "postgres"
_SECONDS = 60.0


class PostgresServer:
    """A running server; every call of ``database`` gives the address of a new, empty database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._as = {"user": _USER, "group": _USER, "extra_groups": []} if os.getuid() == 0 else {}
        self._process: subprocess.Popen[bytes] | None = None
        words = [
            "initdb",
            "-D",
            self.data,
            "-U",
            _USER,
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        self._run(*words)

    def start(self, *settings: str) -> None:
        """Start it, with settings such as ``fsync=off``, and return when it takes connections."""
        words = [_program("postgres"), "-D", self.data, "-k", self.folder, "-c", "listen_addresses="]
        words += [word for setting in settings for word in ("-c", setting)]
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [str(word) for word in words], stdout=log, stderr=log, cwd=self.folder, **self._options()
        )
        limit = time.monotonic() + _SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once, as a crash would, and wait for its end."""
        if self._process is not None:
            self._process.send_signal(3)
            self._process.wait(_SECONDS)
            self._process = None

    def database(self) -> str:
        """Return the address of a new database, as `RatingStore` takes it."""
        name = f"d{uuid.uuid4().hex}"
        with self._connection() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://{_USER}@/{name}?host={self.folder}"

    def _connection(self) -> Any:
        import psycopg

        return psycopg.connect(f"host={self.folder} user={_USER} dbname=postgres", autocommit=True)

    def _answers(self) -> bool:
        import psycopg

        try:
            self._connection().close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *words: object) -> None:
        line = [_program(program), *map(str, words)]
        done = subprocess.run(line, capture_output=True, text=True, cwd=self.folder, **self._options())
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")

    def _options(self) -> dict[str, Any]:
        # The server refuses to run as root.
        return dict(self._as)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Give a running server; skip (or fail) and say what to install where there is none."""
    if shutil.which(_program("initdb")) is None:
        skip_or_fail("no PostgreSQL server: apt-get install postgresql")
    try:
        import psycopg  # noqa: F401
    except ImportError:
        skip_or_fail('no driver for PostgreSQL: pip install "synmedbench[postgres]"')
    # Pytest's own folders are closed to other users, and the path of a socket must be short.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    if os.getuid() == 0:
        try:
            account = pwd.getpwnam(_USER)
        except KeyError:
            skip_or_fail("no user 'postgres' to run the server as: apt-get install postgresql")
        os.chown(folder, account.pw_uid, account.pw_gid)
    try:
        server = PostgresServer(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> str:
    """The newest installed one; Debian keeps them out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    return str(found[-1]) if found else name
