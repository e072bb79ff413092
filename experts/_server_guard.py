"""Around every request: which host names are answered, whose pages may call, how large, how long; and the headers."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

BODY_LIMIT = 64 * 1024
"""Most bytes of a request's body."""

_SECONDS = 120.0
_BODY_SECONDS = 20.0
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": _POLICY,
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
"""Headers of every response."""


@dataclass(frozen=True)
class HostNames:
    """The host names under which the server answers; any other may be a foreign name that was bent to this machine.

    ``names`` are answered at any port (a tunnel has another); ``numbers``: also bare IP addresses, which cannot
    be bent; ``address``: the authority of a proxy in front, whose pages may call too.
    """

    names: frozenset[str] = frozenset({"localhost", "127.0.0.1", "::1"})
    numbers: bool = False
    address: str | None = None

    def answers(self, host: str) -> bool:
        """True when a Host header is one of these.

        >>> HostNames().answers("localhost:8000"), HostNames().answers("evil.example")
        (True, False)
        """
        name = _name_of(host)
        return name in self.names or (self.numbers and _is_number(name))

    def may_call(self, origin: str, host: str) -> bool:
        """True when a page of this origin may call: one that this server gave out."""
        scheme, _, authority = origin.lower().partition("://")
        return scheme in ("http", "https") and authority in (host.lower(), self.address)


def host_names(host: str, address: str | None) -> HostNames:
    """Return the names for a server that is bound to ``host`` and reached under ``address`` (a URL, or None)."""
    names = {*HostNames.names, host.lower()}
    authority = urlsplit(address).netloc.lower() if address else None
    if authority:
        names.add(_name_of(authority))
    if is_loopback(host):
        return HostNames(frozenset(names), address=authority)
    own = socket.gethostname().lower()
    return HostNames(frozenset({*names, own, f"{own}.local"}), numbers=True, address=authority)


def is_loopback(host: str) -> bool:
    """True for an address that only this machine can reach.

    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
    (True, False)
    """
    if host.lower() == "localhost":
        return True
    return _is_number(host) and ipaddress.ip_address(host).is_loopback


class Guard:
    """ASGI middleware: refuses what is not for this server, adds the headers, lets no error out but in plain words."""

    def __init__(self, app: Any, hosts: HostNames) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reply = _Reply(send)
        try:
            async with asyncio.timeout(_SECONDS):
                await self._handle(scope, receive, reply)
        except TimeoutError:
            await reply.refuse(408, "it took too long")
        except Exception as error:
            _tell(error, scope)
            await reply.refuse(500, "a fault of the server; its terminal says more")

    async def _handle(self, scope: Any, receive: Any, reply: _Reply) -> None:
        refused = self._refusal(scope)
        if refused:
            await reply.refuse(*refused)
            return
        if scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, reply)
            return
        body = await _body(receive)
        if body is None:
            await reply.refuse(413, f"more than {BODY_LIMIT // 1024} KiB were sent")
            return
        await self.app(scope, _giving(body, receive), reply)

    def _refusal(self, scope: Any) -> tuple[int, str] | None:
        hosts, origin = _header(scope, b"host"), _header(scope, b"origin")
        if len(hosts) != 1 or not self.hosts.answers(hosts[0]):
            return 421, "this server does not answer to that host name (its owner can add it with --address)"
        if any(not self.hosts.may_call(each, hosts[0]) for each in origin):
            return 403, "another site's page may not call this server"
        site = _header(scope, b"sec-fetch-site")
        if scope["path"].startswith("/api/") and any(each not in ("same-origin", "none") for each in site):
            return 403, "another site's page may not call this server"
        if scope["method"] not in ("GET", "HEAD"):
            kinds = _header(scope, b"content-type")
            if [kind.partition(";")[0].strip().lower() for kind in kinds] != ["application/json"]:
                return 415, "send JSON, with Content-Type: application/json"
        return None


class _Reply:
    """Passes a response on with the headers of all; knows whether one has begun."""

    def __init__(self, send: Any) -> None:
        self.send, self.begun = send, False

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            added = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message["headers"], *added]}
        await self.send(message)

    async def refuse(self, status: int, why: str) -> None:
        """Answer with an error in JSON; a response that has begun is left broken off."""
        if self.begun:
            return
        body = json.dumps({"error": why}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if status in (408, 413):
            headers.append((b"connection", b"close"))
        await self({"type": "http.response.start", "status": status, "headers": headers})
        await self({"type": "http.response.body", "body": body})


async def _body(receive: Any) -> bytes | None:
    """The whole body, or None when it is larger than allowed."""
    parts, size, more = [], 0, True
    async with asyncio.timeout(_BODY_SECONDS):
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            more = message.get("more_body", False)
            if size > BODY_LIMIT:
                return None
    return b"".join(parts)


def _giving(body: bytes, receive: Any) -> Any:
    given = False

    async def give() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give


def _tell(error: Exception, scope: Any) -> None:
    """One line on standard error; never the path or the message, which may hold a token."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
    with suppress(OSError, ValueError):
        print(f"a fault: {type(error).__name__} at {place} ({scope['method']})", file=sys.stderr, flush=True)


def _header(scope: Any, name: bytes) -> list[str]:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return [value.decode("latin-1") for key, value in headers if key == name]


def _name_of(host: str) -> str:
    """The name in ``name``, ``name:port``, ``[::1]:port``."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return (host if host.count(":") > 1 else host.partition(":")[0]).lower().rstrip(".")


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
