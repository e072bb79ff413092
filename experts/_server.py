"""Serve a study: bind first, so that a busy port is told before any work; then run until it is stopped."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..core import UserError
from ._server_guard import host_names, is_loopback

if TYPE_CHECKING:
    import uvicorn

    from ._study import Study

_GRACE_SECONDS = 5


@dataclass
class Listener:
    """A bound socket, and the address under which it is reached."""

    socket: socket.socket
    host: str
    address: str
    given: str | None = None

    @property
    def loopback(self) -> bool:
        """True when no other machine can reach it."""
        return is_loopback(self.host)

    def close(self) -> None:
        """Give the port back."""
        self.socket.close()


def listen(host: str = "127.0.0.1", port: int = 8000, *, address: str | None = None) -> Listener:
    """Bind to a host and port (0: any free one) and return the listener; connections wait until `serve` runs.

    ``address`` is the URL under which raters reach the server when a proxy stands in front, such as
    ``https://rating.example.org``. Raises ``UserError`` for a busy port, one without permission, a host that is not
    this machine's, and an address that is no plain URL.
    """
    given = _checked_address(address) if address else None
    place = f"{_bracketed(host)}:{port}"
    try:
        family, kind, proto, _, target = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError, OverflowError) as error:
        raise UserError(
            "no such host", where=place, remedy="give --host 127.0.0.1, or an address of this machine"
        ) from error
    bound = socket.socket(family, kind, proto)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(target)
        bound.listen(1024)
    except OSError as error:
        bound.close()
        raise _bind_error(error, place) from error
    reached = given or f"http://{_bracketed(_reachable(host))}:{bound.getsockname()[1]}"
    return Listener(bound, host, reached, given)


def make_server(study: Study, listener: Listener) -> uvicorn.Server:
    """Return the server of a study, not yet running; it gives away neither itself nor a date, and logs no address."""
    import uvicorn

    from ._server_app import make_app
    from ._server_patience import PatientProtocol

    app = make_app(study, host_names(listener.host, listener.given), address=listener.given)
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        loop="asyncio",
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        limit_concurrency=900,
    )
    return uvicorn.Server(config)


def serve(study: Study, listener: Listener) -> None:
    """Serve the study until Ctrl-C or SIGTERM; answers that wait are saved before it returns. The study stays open."""
    with suppress(KeyboardInterrupt):
        make_server(study, listener).run(sockets=[listener.socket])


@contextmanager
def stopping_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end the work as Ctrl-C does: with what was opened closed again."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _bind_error(error: OSError, place: str) -> UserError:
    if error.errno == errno.EADDRINUSE:
        return UserError(
            "the port is in use", where=place, remedy="choose another --port, or --port 0 for a free one"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return UserError("no permission for this port", where=place, remedy="choose a --port from 1024")
    if error.errno == errno.EADDRNOTAVAIL:
        return UserError("this machine has no such address", where=place, remedy="give --host 127.0.0.1")
    return UserError(f"cannot listen there: {error.strerror or error}", where=place)


def _checked_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        if sound and not (parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc):
            return f"{parts.scheme}://{parts.netloc.lower()}"
    except ValueError:
        pass
    raise UserError(
        "not an address of a server", where=address, remedy="write https://rating.example.org, without a path"
    )


def _reachable(host: str) -> str:
    """The name to put into links: this machine's own, where the server listens on all addresses."""
    return socket.gethostname() if host in ("0.0.0.0", "::", "") else host


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
