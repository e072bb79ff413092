"""`synmedbench rate` as a process: what it prints, how it ends, and that an acknowledged answer outlives kill -9."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from command_line import call, one_line
from rating_studies import noise_set, write_sets
from serving import Command, Page, answer_to, wait_for

from synmedbench.experts import RatingStore
from synmedbench.imagesets import write_folder


@pytest.fixture(scope="module")
def sets(tmp_path_factory) -> tuple[Path, Path]:
    """Image sets on disk."""
    return write_sets(tmp_path_factory.mktemp("sets"))


def _words(sets: tuple[Path, Path], *more: str) -> list[str]:
    made, clinic = sets
    return [
        str(made),
        "--real",
        str(clinic),
        "--criteria",
        "blood",
        "--raters",
        "anna,ben",
        "--port",
        "0",
        *more,
    ]


def test_it_prints_the_plan_and_the_links_and_stops_cleanly(sets, tmp_path):
    command = Command(*_words(sets), cwd=tmp_path).ready()
    said = "".join(command.said)
    assert set(command.links) == {"anna", "ben"}
    assert "study blood:" in said
    assert "what it could show" in said
    assert "3 real" in said
    page = Page(command.links["anna"])
    assert page.get("/api/session").json()["rater"] == "anna"
    assert command.stop(signal.SIGTERM) == 0
    assert "".join(command.told) == ""
    assert "every answer that was acknowledged is kept" in "".join(command.said)
    assert page.token not in "".join(command.told)


def test_ctrl_c_ends_it_as_well_and_the_links_hold_after_a_restart(sets, tmp_path):
    first = Command(*_words(sets), cwd=tmp_path).ready()
    tokens = {rater: link.rpartition("/")[2] for rater, link in first.links.items()}
    page = Page(first.links["ben"])
    assert page.post("/api/answer", answer_to(page.tasks()[0])).status_code == 200
    assert first.stop(signal.SIGINT) == 0
    again = Command(*_words(sets), cwd=tmp_path).ready()
    assert {rater: link.rpartition("/")[2] for rater, link in again.links.items()} == tokens
    assert Page(again.links["ben"]).get("/api/session").json()["done"] == 1
    assert "resumed: 1 of" in "".join(again.said)
    again.stop()


class _Rater(threading.Thread):
    """Answers as fast as it can until the server is gone; sends first what was not acknowledged the last time."""

    def __init__(self, link: str, unsure: list[dict]) -> None:
        super().__init__(daemon=True)
        self.page, self.saved, self.unsure = Page(link), [], unsure
        self.start()

    def run(self) -> None:
        with suppress(httpx.TransportError):
            while self.unsure or (tasks := self.page.tasks(1)):
                self.unsure = self.unsure or [answer_to(tasks[0])]
                assert self.page.post("/api/answer", self.unsure[0]).status_code == 200
                self.saved.append(self.unsure.pop())


def test_an_acknowledged_answer_outlives_kill_9(tmp_path):
    made, clinic = write_sets(tmp_path / "sets", n=300, n_real=100)
    saved: set[str] = set()
    unsure: dict[str, list[dict]] = {"anna": [], "ben": []}
    for enough in (3, 8, 15):
        command = Command(*_words((made, clinic), "--overlap", "1"), cwd=tmp_path).ready()
        raters = {name: _Rater(link, unsure[name]) for name, link in command.links.items()}
        wait_for(lambda: sum(len(rater.saved) for rater in raters.values()) >= enough)  # noqa: B023
        assert command.stop(signal.SIGKILL) == -signal.SIGKILL
        for name, rater in raters.items():
            rater.join(30)
            saved |= {form["event"] for form in rater.saved}
            unsure[name] = rater.unsure
        kept = _events(tmp_path)
        assert len(kept) == len(set(kept))
        assert saved <= set(kept) <= saved | {form["event"] for forms in unsure.values() for form in forms}
    assert len(saved) >= 26


def _events(folder: Path) -> list[str]:
    kept = RatingStore(f"sqlite:///{folder / 'ratings.db'}").ratings(criterion="verdict")
    return [event.rpartition(":")[0] for event in kept["event_id"]]


def test_a_busy_port_is_one_line_before_any_work(sets, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = call("rate", *_words(sets)[:-2], "--port", port, cwd=tmp_path)
    assert done.returncode == 1
    assert "the port is in use" in one_line(done)
    assert not list(tmp_path.iterdir())


def _bad(sets: tuple[Path, Path], change: dict[str, str | None]) -> list[str]:
    options: dict[str, str | None] = {
        "--real": str(sets[1]), "--criteria": "blood", "--raters": "anna", "--port": "0", **change
    }  # fmt: skip
    images = options.pop("images", str(sets[0]))
    return [
        str(images),
        *[word for key, value in options.items() if value is not None for word in (key, value)],
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"--host": "no-such-host.invalid"}, "no such host"),
        ({"--host": "192.0.2.1"}, "no such address"),
        ({"--address": "rating.example.org"}, "not an address"),
        ({"--criteria": "bloood"}, "did you mean 'blood'"),
        ({"--mode": "rank"}, "mode"),
        ({"--detail": "some"}, "detail"),
        ({"--real-share": "1.5"}, "--real-share must be 0.9 or less"),
        ({"--raters": "anna,anna"}, "named twice"),
        ({"--raters": "simulated"}, "simulated"),
        ({"--study": "My Study"}, "--study must be small letters"),
        ({"--store": "mysql://x"}, "not kept in 'mysql'"),
        ({"--store": "sqlite:////proc/nothing/ratings.db"}, ""),
        ({"images": "no-such-folder/x"}, "no such file"),
        ({"--days": "0"}, "--days must be above 0"),
    ],
)
def test_bad_input_is_one_line(sets, tmp_path, change, told):
    done = call("rate", *_bad(sets, change), cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    assert told in one_line(done)


def test_a_set_of_no_images_is_told(sets, tmp_path):
    write_folder(noise_set(2, 1).subset([]), tmp_path / "empty")
    done = call("rate", *_bad(sets, {"images": str(tmp_path / "empty")}), cwd=tmp_path)
    assert done.returncode == 1
    assert "no rows" in one_line(done) or "no images" in one_line(done)


def test_other_images_under_the_same_study_are_told(sets, tmp_path):
    command = Command(*_words(sets), cwd=tmp_path).ready()
    command.stop()
    write_folder(noise_set(12, 9, generator="other"), tmp_path / "others")
    done = call("rate", *_bad(sets, {"images": str(tmp_path / "others")}), cwd=tmp_path)
    assert done.returncode == 1
    assert "--study" in one_line(done)


def test_without_raters_there_is_one(sets, tmp_path):
    command = Command(str(sets[0]), "--criteria", "blood", "--port", "0", cwd=tmp_path).ready()
    assert set(command.links) == {"rater"}
    assert "without real images" in "".join(command.said)
    command.stop()


def test_listening_to_others_is_warned_of(sets, tmp_path):
    command = Command(*_words(sets), "--host", "0.0.0.0", cwd=tmp_path).ready()
    command.stop()
    assert "without TLS" in "".join(command.said)


def test_the_servers_parts_are_imported_when_it_serves():
    code = "import sys, synmedbench.cli; sys.exit(any(m in sys.modules for m in ('fastapi', 'uvicorn', 'pandas')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
