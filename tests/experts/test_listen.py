"""Where the server listens: what goes wrong is one line, before any work; and under which names it answers."""

from __future__ import annotations

import errno
import socket

import pytest

from synmedbench.core import UserError
from synmedbench.experts._server import listen
from synmedbench.experts._server_guard import HostNames, host_names, is_loopback


def test_a_free_port_is_found_and_given_back():
    listener = listen(port=0)
    port = listener.socket.getsockname()[1]
    assert listener.address == f"http://127.0.0.1:{port}"
    assert listener.loopback
    listener.close()
    listen(port=port).close()


def test_a_busy_port_is_told_even_before_the_other_serves():
    first = listen(port=0)
    with pytest.raises(UserError, match="the port is in use") as told:
        listen(port=first.socket.getsockname()[1])
    assert "choose another --port" in str(told.value)
    first.close()


@pytest.mark.parametrize("host", ["no-such-host.invalid", "300.1.2.3", "a b", "x" * 300, "ä" * 70])
def test_a_host_that_is_none_is_told(host):
    with pytest.raises(UserError) as told:
        listen(host, 0)
    assert "--host" in str(told.value)


def test_another_machines_address_is_told():
    with pytest.raises(UserError, match="no such address"):
        listen("192.0.2.1", 0)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM])
def test_a_port_without_permission_is_told(code, monkeypatch):
    def refuse(_socket: socket.socket, _address: object) -> None:
        raise OSError(code, "denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(UserError, match="no permission") as told:
        listen(port=80)
    assert "--port from 1024" in str(told.value)


@pytest.mark.parametrize(
    "address",
    ["rating.example.org", "ftp://x.org", "https://x.org/rating", "https://u:p@x.org", "https://x.org?a", "http://:80",
     "http://x.org:99999", "http://[::1"],
)  # fmt: skip
def test_an_address_that_is_none_is_told(address):
    with pytest.raises(UserError, match="not an address"):
        listen(port=0, address=address)


def test_links_begin_with_the_address_in_front():
    listener = listen(port=0, address="https://Rating.Example.org/")
    assert listener.address == "https://rating.example.org"
    assert host_names(listener.host, listener.given).answers("rating.example.org")
    listener.close()


def test_a_machine_that_listens_to_all_gives_its_name_in_links():
    listener = listen("0.0.0.0", 0)
    assert socket.gethostname() in listener.address
    assert not listener.loopback
    listener.close()


def test_on_loopback_only_its_names_are_answered():
    names = HostNames()
    for host in ("localhost", "LOCALHOST:9000", "127.0.0.1:80", "[::1]:8000", "localhost."):
        assert names.answers(host), host
    for host in (
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil",
        "192.168.1.5",
        "",
        "[::2]",
        "0.0.0.0",
    ):
        assert not names.answers(host), host


def test_on_all_addresses_numbers_are_answered_but_no_foreign_name():
    names = host_names("0.0.0.0", None)
    assert names.answers("192.168.1.5:8000")
    assert names.answers(socket.gethostname())
    assert not names.answers("evil.example")


def test_only_the_servers_own_pages_may_call():
    names = host_names("127.0.0.1", "https://panel.example")
    assert names.may_call("http://127.0.0.1:8000", "127.0.0.1:8000")
    assert names.may_call("https://panel.example", "127.0.0.1:8000")
    for origin in ("http://127.0.0.1:9000", "null", "http://evil.example", "https://panel.example.evil", ""):
        assert not names.may_call(origin, "127.0.0.1:8000"), origin


def test_loopback_is_known():
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "example.org")))
