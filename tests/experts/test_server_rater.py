"""What a rater's page calls: the session, tasks, pictures, answers, undo; and what is refused in plain words."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from rating_studies import small_study, url
from serving import Page, answer_to, running_server

from synmedbench.experts import latest


@pytest.fixture
def study(tmp_path) -> Iterator:
    opened = small_study(url(tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def anna(study) -> Iterator[Page]:
    with running_server(study) as base:
        page = Page(f"{base}/r/{study.link_token('anna')}")
        yield page
        page.close()


def test_a_whole_session_ends_and_every_answer_is_kept(study, anna):
    facts = anna.get("/api/session").json()
    assert (facts["rater"], facts["done"], facts["mode"], facts["size"]) == ("anna", 0, "rate", [24, 24])
    assert [each["id"] for each in facts["criteria"]["questions"]] == list(study.criteria.ids)
    while tasks := anna.tasks():
        picture = anna.get(f"/api/pictures/{tasks[0]['pictures'][0]}")
        assert picture.content.startswith(b"\x89PNG")
        reply = anna.post("/api/answer", answer_to(tasks[0], plausible=tasks[0]["position"] % 2))
        assert reply.status_code == 200, reply.text
    last = anna.get("/api/session").json()
    assert last["done"] == last["total"] == study.progress("anna").total
    kept = latest(study.store.ratings(rater="anna", criterion="verdict"))
    assert len(kept) == last["total"]
    assert kept["repeat"].max() == 1


def test_an_answer_sent_again_is_not_doubled(study, anna):
    form = answer_to(anna.tasks()[0])
    replies = [anna.post("/api/answer", form) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200] * 3
    assert {reply.json()["done"] for reply in replies} == {1}
    assert len(study.store.ratings(criterion="verdict")) == 1


def test_a_task_answered_by_another_event_is_a_conflict(study, anna):
    task = anna.tasks()[0]
    assert anna.post("/api/answer", answer_to(task)).status_code == 200
    again = anna.post("/api/answer", answer_to(task, plausible=0))
    assert again.status_code == 409
    assert "\n" not in again.json()["error"]
    assert study.progress("anna").done == 1


def test_undo_gives_the_task_back_with_what_was_said_and_can_be_sent_again(study, anna):
    first = anna.tasks()[0]
    anna.post("/api/answer", answer_to(first, plausible=0, realism=2, note="smudged"))
    event = {"event": str(uuid.uuid4())}
    undone = anna.post("/api/undo", event).json()
    assert undone["task"]["task"] == first["task"]
    assert (undone["previous"]["plausible"], undone["previous"]["note"], undone["done"]) == (0, "smudged", 0)
    assert anna.post("/api/undo", event).json()["task"]["task"] == first["task"]
    assert anna.tasks()[0]["task"] == first["task"]
    assert not len(latest(study.store.ratings(rater="anna")))


def test_nothing_to_undo_is_no_error(anna):
    reply = anna.post("/api/undo", {"event": str(uuid.uuid4())})
    assert (reply.status_code, reply.json()["task"]) == (200, None)


def test_a_paused_study_takes_no_answer_and_says_so(study, anna):
    task = anna.tasks()[0]
    study.pause()
    assert anna.get("/api/session").json()["paused"] is True
    assert anna.post("/api/answer", answer_to(task)).status_code == 423
    assert anna.post("/api/undo", {"event": str(uuid.uuid4())}).status_code == 423
    study.resume()
    assert anna.post("/api/answer", answer_to(task)).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"seconds": -1},
        {"seconds": "NaN"},
        {"seconds": 1e9},
        {"plausible": 2},
        {"plausible": None},
        {"realism": 6},
        {"answers": {"size": "maybe"}},
        {"answers": {"no_such_question": "yes"}},
        {"answers": ["yes"]},
        {"note": "x" * 4001},
        {"note": "\ud800"},
        {"task": "0" * 32},
        {"task": "../../etc/passwd"},
        {"event": ""},
        {"event": "x" * 100},
        {"preferred": "left"},
        {"stranger": 1},
        {"plausible": 1, "answers": {"size": "no"}},
    ],
)
def test_a_faulty_answer_is_told_and_holds_up_nobody(study, anna, change):
    task = anna.tasks()[0]
    reply = anna.post("/api/answer", {**answer_to(task), **change})
    sound_after_all = change == {"plausible": 1, "answers": {"size": "no"}} and reply.status_code == 200
    assert reply.status_code == 422 or sound_after_all, reply.text
    if reply.status_code == 422:
        assert reply.json()["error"]
        assert not len(study.store.ratings())
        assert anna.post("/api/answer", answer_to(task)).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 5000])
def test_what_is_no_form_is_told(anna, body):
    reply = anna.client.post("/api/answer", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code in (400, 422)
    assert reply.json()["error"]


def test_a_note_keeps_its_words_and_loses_what_no_database_takes(study, anna):
    note = "Größe falsch\n\"'; DROP TABLE x; -- \x00\x07 ∂ <script>"
    assert anna.post("/api/answer", answer_to(anna.tasks()[0], note=note)).status_code == 200
    kept = study.store.ratings(criterion="note")["answer"].iloc[0]
    assert kept == note.replace("\x00", "").replace("\x07", "")


@pytest.mark.parametrize("count", ["0", "-1", "1000", "x", ""])
def test_a_faulty_count_is_told(anna, count):
    assert anna.get(f"/api/tasks?count={count}").status_code == 422


def test_comparisons_are_answered_by_side(tmp_path):
    study = small_study(url(tmp_path), mode="compare")
    with running_server(study) as base:
        page = Page(f"{base}/r/{study.link_token('ben')}")
        task = page.tasks()[0]
        assert len(task["pictures"]) == 2
        assert page.post("/api/answer", answer_to(task)).status_code == 200
        kept = study.store.preferences()
        assert len(kept) == 1
        assert kept["preferred"].iloc[0] == kept["left"].iloc[0]
    study.close()
