"""Nothing outside the set can be asked for, no foreign page can act, no token is told to anybody."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

import httpx
import pytest
from rating_studies import small_study, url
from serving import Page, answer_to, body_of, raw_request, running_server, status_of

from synmedbench.experts import _server_patience as patience


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[tuple]:
    """A study and where it is served."""
    study = small_study(url(tmp_path_factory.mktemp("safety")))
    with running_server(study) as base:
        yield study, base
    study.close()


@pytest.fixture
def anna(served) -> Iterator[Page]:
    study, base = served
    page = Page(f"{base}/r/{study.link_token('anna')}")
    yield page
    page.close()


def _client(base: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"})


RATER_ROUTES = ("/api/session", "/api/tasks", "/api/pictures/" + "0" * 32)
ADMIN_ROUTES = ("/api/admin/state", "/api/admin/export")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic eDp5", "Bearer ä".encode()])
def test_no_route_opens_without_a_token(served, header):
    headers = {} if header is None else {"Authorization": header}
    for route in RATER_ROUTES + ADMIN_ROUTES:
        reply = httpx.get(served[1] + route, headers=headers)
        assert reply.status_code == 401, route
        assert reply.json()["error"]


def test_a_raters_token_opens_no_admin_route_and_the_admins_none_of_a_raters(served, anna):
    study, base = served
    before = study.state()
    for route in ADMIN_ROUTES:
        assert anna.get(route).status_code == 401
    assert anna.post("/api/admin/pause", {"paused": True}).status_code == 401
    assert anna.post("/api/admin/raters", {"rater": "eve", "action": "add"}).status_code == 401
    assert anna.get(f"/admin/{anna.token}").status_code == 403
    assert study.state() == before
    with _client(base, study.admin_token) as admin:
        assert {admin.get(route).status_code for route in RATER_ROUTES} == {401}
        assert admin.get(f"/r/{study.admin_token}").status_code == 403


def test_wrong_expired_and_revoked_links_give_a_plain_page(served):
    study, base = served
    study.add_rater("carl")
    old = study.link_token("carl")
    assert httpx.get(f"{base}/r/{old}").status_code == 200
    study.renew("carl")
    assert httpx.get(f"{base}/r/{old}").status_code in (403, 410)
    assert httpx.get(f"{base}/r/{study.link_token('carl')}").status_code == 200
    now = study.link_token("carl")
    study.revoke("carl")
    page = httpx.get(f"{base}/r/{now}")
    assert page.status_code == 410
    assert "ask the person" in page.text
    assert httpx.get(f"{base}/api/session", headers={"Authorization": f"Bearer {now}"}).status_code == 410
    wrong = httpx.get(f"{base}/r/{now[:-1]}")
    assert wrong.status_code == 403
    assert "This link does not work" in wrong.text


def test_an_expired_link_says_so(tmp_path):
    study = small_study(url(tmp_path), days=1e-7)
    time.sleep(0.02)
    with running_server(study) as base:
        token = study.link_token("anna")
        assert httpx.get(f"{base}/r/{token}").status_code == 410
        assert httpx.get(f"{base}/api/tasks", headers={"Authorization": f"Bearer {token}"}).status_code == 410
    study.close()


def test_no_rater_gets_anothers_picture_or_task(served, anna):
    study, _base = served
    mine = {picture for task in study.upcoming("anna", 999) for picture in task.pictures}
    others = study.upcoming("ben", 999)
    assert others
    for task in others:
        for picture in task.pictures:
            assert picture not in mine
            assert anna.get(f"/api/pictures/{picture}").status_code == 404
    form = answer_to(
        {"task": others[0].task, "questions": others[0].questions, "pictures": others[0].pictures}
    )
    assert anna.post("/api/answer", form).status_code == 422
    assert study.progress("ben").done == 0


def test_anothers_event_gives_no_answer_away(served, anna):
    study, base = served
    ben = Page(f"{base}/r/{study.link_token('ben')}")
    theirs = answer_to(ben.tasks()[0], plausible=0, note="of ben alone")
    assert ben.post("/api/answer", theirs).status_code == 200
    stolen = anna.post("/api/answer", {**answer_to(anna.tasks()[0]), "event": theirs["event"]})
    assert stolen.status_code in (409, 422)
    undo = anna.post("/api/undo", {"event": theirs["event"]})
    for reply in (stolen, undo, anna.get("/api/session"), anna.get("/api/tasks?count=20")):
        assert "of ben alone" not in reply.text
        assert "ben" not in reply.text
    assert study.progress("anna").done == 0
    assert study.progress("ben").done == 1
    ben.close()


@pytest.mark.parametrize(
    "path",
    [
        "/", "/api", "/api/", "/docs", "/redoc", "/openapi.json", "/static", "/static/", "/static/admin.html",
        "/static/rate.html", "/static/message.html", "/static/../admin.html", "/static/..%2f_store.py",
        "/static/%2e%2e/_store.py", "/static/....//_store.py", "/static/%00admin.js", "/static/admin.js%00.css",
        "/static//etc/passwd", "/static/%2fetc%2fpasswd", "/r/", "/r", "/admin", "/api/pictures/",
        "/api/pictures/..%2f..%2fratings.db", "/api/pictures/%2e%2e%2fratings.db", "/api/pictures/../session/x",
        "/ratings.db", "/favicon.ico", "/.git/config", "//etc/passwd", "/static/ADMIN.JS",
    ],
)  # fmt: skip
def test_nothing_else_is_given_out(served, anna, path):
    text = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {anna.token}\r\nConnection: close\r\n\r\n"
    reply = raw_request(served[1], text.encode())
    assert status_of(reply) in (403, 404, 405)
    assert b"sqlite" not in reply.lower()
    assert b"root:" not in reply


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "FOO"])
def test_other_methods_do_nothing(served, anna, method):
    reply = anna.client.request(method, "/api/session", headers={"Content-Type": "application/json"})
    assert reply.status_code == 405


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "10.0.0.1"]
)
def test_a_foreign_host_name_is_not_answered(served, anna, host):
    for path in ("/api/session", f"/r/{anna.token}", "/static/admin.js"):
        text = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {anna.token}\r\nConnection: close\r\n\r\n"
        reply = raw_request(served[1], text.encode())
        assert status_of(reply) == 421
        assert "host name" in body_of(reply)["error"]


def test_two_host_headers_are_refused(served, anna):
    text = "GET /api/session HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert status_of(raw_request(served[1], text.encode())) in (400, 421)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://localhost.evil.example", "http://127.0.0.1:1"]
)
def test_a_foreign_page_cannot_answer(served, anna, origin):
    study, _ = served
    done = study.progress("anna").done
    reply = anna.post("/api/answer", answer_to(anna.tasks()[0]), Origin=origin)
    assert reply.status_code == 403
    assert "access-control-allow-origin" not in reply.headers
    assert study.progress("anna").done == done


def test_what_a_foreign_form_could_send_is_refused(served, anna):
    kinds = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
    for kind in kinds:
        reply = anna.client.post(
            "/api/undo", content=b'{"event": "12345678"}', headers={"Content-Type": kind}
        )
        assert reply.status_code == 415
    reply = anna.post("/api/undo", {"event": str(uuid.uuid4())}, **{"Sec-Fetch-Site": "cross-site"})
    assert reply.status_code == 403


def test_the_token_in_a_cookie_or_the_query_opens_nothing(served, anna):
    base = served[1]
    assert httpx.get(f"{base}/api/session?token={anna.token}").status_code == 401
    assert httpx.get(f"{base}/api/session", headers={"Cookie": f"token={anna.token}"}).status_code == 401


def test_every_response_forbids_storing_framing_and_foreign_parts(served, anna):
    replies = [
        anna.get(path)
        for path in ("/api/session", f"/r/{anna.token}", "/static/admin.js", "/nothing", "/r/x")
    ]
    replies.append(anna.post("/api/answer", {}))
    for reply in replies:
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
        assert not {"server", "date", "set-cookie", "etag", "last-modified"} & set(reply.headers)


def test_the_page_is_the_same_for_every_rater(served):
    study, base = served
    pages = {httpx.get(f"{base}/r/{study.link_token(rater)}").content for rater in ("anna", "ben")}
    assert len(pages) == 1


def test_a_large_body_is_refused_however_it_is_sent(served, anna):
    large = b'{"event": "' + b"x" * 70_000 + b'"}'
    kind = {"Content-Type": "application/json"}
    assert anna.client.post("/api/answer", content=large, headers=kind).status_code == 413
    chunked = anna.client.post("/api/answer", content=iter([large[:40_000], large[40_000:]]), headers=kind)
    assert chunked.status_code == 413
    assert anna.get("/api/session").status_code == 200


def test_long_addresses_and_headers_are_refused(served):
    for text in (b"GET /" + b"a" * 200_000, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000):
        reply = raw_request(served[1], text + b"\r\n\r\n", seconds=5)
        assert reply == b"" or status_of(reply) == 400


@pytest.mark.parametrize(
    "text", [b"\x16\x03\x01\x02\x00", b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 50]
)
def test_what_is_no_http_is_refused(served, anna, text):
    reply = raw_request(served[1], text, seconds=1)
    assert reply == b"" or status_of(reply) in (400, 404, 421)
    assert anna.get("/api/session").status_code == 200


def test_a_head_that_never_ends_is_cut_off(served, anna, monkeypatch):
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.3)
    began = time.monotonic()
    assert raw_request(served[1], b"GET /api/session HTTP/1.1\r\nHost: local", seconds=20) == b""
    assert raw_request(served[1], b"", seconds=20) == b""
    assert time.monotonic() - began < 19
    assert anna.get("/api/session").status_code == 200


def test_a_body_that_never_comes_is_cut_off(served, anna, monkeypatch):
    monkeypatch.setattr("synmedbench.experts._server_guard._BODY_SECONDS", 0.3)
    head = f"POST /api/answer HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {anna.token}\r\n"
    text = head + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    assert status_of(raw_request(served[1], text.encode(), seconds=20)) == 408


def test_no_token_is_logged_not_even_at_a_fault(served, anna, monkeypatch, capfd, caplog):
    study, base = served
    caplog.set_level("DEBUG")

    def broken(*_args: object) -> None:
        raise RuntimeError(f"{anna.token}")

    monkeypatch.setattr(study, "upcoming", broken)
    assert anna.get("/api/tasks").status_code == 500
    httpx.get(f"{base}/r/{anna.token}x")
    httpx.get(f"{base}/r/{anna.token}")
    httpx.get(f"{base}/admin/{study.admin_token}")
    raw_request(base, f"GET /r/{anna.token} nonsense\r\n\r\n".encode(), seconds=1)
    said = capfd.readouterr()
    told = said.out + said.err + "".join(each for each in caplog.messages if "HTTP Request" not in each)
    assert "a fault: RuntimeError" in said.err
    assert anna.token not in told
    assert study.admin_token not in told
