"""A store that cannot take an answer: nothing is acknowledged, nothing is lost, and it goes on when it can again."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from postgres import postgres_server
from rating_studies import small_study, url
from serving import Page, answer_to, running_server

from synmedbench.core import UserError
from synmedbench.experts._server_writer import NotSavedError, Writer
from synmedbench.experts._study_types import Answer, Progress


def _limit_pages(study, pages: int) -> None:
    """SQLite's own "database or disk is full" from now on (0: no limit)."""
    engine = study.store._engine
    engine.dispose()

    @sa.event.listens_for(engine, "connect")
    def _limit(raw, _record) -> None:
        raw.execute(f"PRAGMA max_page_count={pages or 2**30}")


def test_a_full_disk_is_no_loss(tmp_path, capfd):
    study = small_study(url(tmp_path), n=30, raters=("anna",))
    with running_server(study) as base:
        page = Page(f"{base}/r/{study.link_token('anna')}")
        _limit_pages(study, 1)
        saved, refused = [], []
        for task in page.tasks(20):
            form = answer_to(task, note="x" * 3000)
            reply = page.post("/api/answer", form)
            assert reply.status_code in (200, 503)
            (saved if reply.status_code == 200 else refused).append(form)
        assert refused
        assert page.post("/api/answer", refused[0]).json() == {
            "error": "not saved just now; the page keeps it and sends it again"
        }
        assert page.get("/api/session").json()["done"] == len(saved)
        admin = Page(f"{base}/r/{study.admin_token}")
        assert "full" in admin.get("/api/admin/state").json()["trouble"]
        _limit_pages(study, 0)
        for form in refused:
            assert page.post("/api/answer", form).status_code == 200
        assert page.get("/api/session").json()["done"] == len(saved) + len(refused)
    kept = study.store.ratings(criterion="verdict")
    assert len(kept) == kept["event_id"].nunique() == len(saved) + len(refused)
    assert "what was not saved was not acknowledged" in capfd.readouterr().err
    study.close()


class _Desk:
    """A study whose store refuses what is called poison, alone or in company, and everything when it is away."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.kept: list[str] = []
        self.away = False

    def answer_many(self, given):
        self.batches.append(len(given))
        if self.away:
            raise OSError("the store is away")
        if any(answer.note == "poison" for _, answer in given):
            raise RuntimeError("poison")
        if any(answer.note == "faulty" for _, answer in given):
            raise UserError("faulty text")
        self.kept += [answer.event for _, answer in given]
        return [UserError("refused") if answer.note == "no" else Progress(1, 2) for _, answer in given]


async def _send(writer: Writer, notes: list[str]) -> list:
    answers = [Answer(event=f"event-{i}", task="t", seconds=1, note=note) for i, note in enumerate(notes)]
    asked = [writer.answer("anna", answer) for answer in answers]
    return await asyncio.gather(*asked, return_exceptions=True)


@pytest.fixture
def desk():
    return _Desk()


@pytest.fixture
def writer(desk):
    made = Writer(desk)
    yield made
    made.stop()


def _sent(writer: Writer, notes: list[str]) -> list:
    """All are waiting when the writer begins, so that they are one batch."""

    async def both() -> list:
        sending = asyncio.ensure_future(_send(writer, notes))
        await asyncio.sleep(0.05)
        writer.start()
        return await sending

    return asyncio.run(both())


def test_answers_that_wait_are_one_transaction(desk, writer):
    results = _sent(writer, [""] * 20)
    assert results == [Progress(1, 2)] * 20
    assert desk.batches == [20]


def test_an_answer_that_cannot_be_saved_holds_up_no_other(desk, writer):
    results = _sent(writer, ["", "poison", "no", "faulty", ""])
    assert [type(result) for result in results] == [Progress, NotSavedError, UserError, UserError, Progress]
    assert desk.kept == ["event-0", "event-2", "event-4"]
    assert "poison" in writer.trouble.line()


def test_while_the_store_is_away_nothing_is_acknowledged(desk, writer):
    desk.away = True
    assert {type(result) for result in _sent(writer, [""] * 5)} == {NotSavedError}
    desk.away = False
    assert asyncio.run(_send(writer, [""])) == [Progress(1, 2)]


class _FullScreen:
    """Standard error on the disk that is full."""

    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")

    flush = write


def test_a_writer_that_cannot_even_complain_goes_on(desk, writer, monkeypatch):
    def refuse() -> None:
        raise OSError("the store is away")

    async def both() -> list:
        writer.start()
        first = await asyncio.gather(writer.call(refuse), return_exceptions=True)
        return [*first, *await asyncio.wait_for(_send(writer, [""]), 30)]

    monkeypatch.setattr("sys.stderr", _FullScreen())
    refused, saved = asyncio.run(both())
    assert isinstance(refused, NotSavedError)
    assert saved == Progress(1, 2)


def test_what_waits_at_the_end_is_still_saved(desk, writer):
    async def send_and_stop() -> list:
        sending = asyncio.ensure_future(_send(writer, [""] * 600))
        await asyncio.sleep(0.05)
        writer.start()
        await asyncio.to_thread(writer.stop)
        return await sending

    assert len(asyncio.run(send_and_stop())) == len(desk.kept) == 600


def test_an_asker_who_has_gone_stops_nothing(desk, writer):
    async def leave() -> None:
        asking = asyncio.ensure_future(_send(writer, [""] * 3))
        await asyncio.sleep(0.05)
        asking.cancel()
        writer.start()
        await asyncio.sleep(0.05)

    asyncio.run(leave())
    assert len(desk.kept) == 3
    assert asyncio.run(_send(writer, [""])) == [Progress(1, 2)]


def test_a_database_server_that_goes_away_and_comes_back_is_no_loss(postgres_server_of_its_own, tmp_path):
    server = postgres_server_of_its_own
    study = small_study(server.database(), n=20, raters=("anna",))
    with running_server(study) as base:
        page = Page(f"{base}/r/{study.link_token('anna')}")
        tasks = page.tasks(3)
        assert page.post("/api/answer", answer_to(tasks[0])).status_code == 200
        server.stop()
        form = answer_to(tasks[1])
        for reply in (page.post("/api/answer", form), page.post("/api/answer", form)):
            assert reply.status_code == 503
            assert "postgres" not in reply.text
        assert page.get("/api/tasks").status_code == 503
        assert page.get(f"/r/{page.token}").status_code in (200, 503)
        server.start()
        assert page.post("/api/answer", form).status_code == 200
        assert page.get("/api/session").json()["done"] == 2
    study.close()


@pytest.fixture
def postgres_server_of_its_own():
    """A server that a test may stop."""
    with postgres_server() as server:
        yield server
