"""Which images are real is told by no channel: not name, address, header, length, metadata, timing, order or text."""

from __future__ import annotations

import json
import re
import struct
import time
from collections.abc import Iterator

import numpy as np
import pytest
from rating_studies import noise_set, small_study, url
from scipy.stats import mannwhitneyu
from serving import Page, answer_to, running_server

from synmedbench.core import content_key
from synmedbench.experts import latest

RATERS = ("anna", "ben")
STRAY = re.compile(
    r"real|synthetic|fake|generat|diffusion|clinic|origin|repeat|[./\\](?:png|jpe?g)", re.IGNORECASE
)


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> Iterator[dict]:
    """All that two raters' pages are sent in whole sessions, and afterwards the truth from the store."""
    study = small_study(url(tmp_path_factory.mktemp("blind")), n=40, n_real=60)
    sent: dict = {"study": study, "tasks": {}, "pictures": {}, "texts": [], "raw": {}}
    with running_server(study) as base:
        pages = {rater: Page(f"{base}/r/{study.link_token(rater)}") for rater in RATERS}
        for rater, page in pages.items():
            sent["texts"] += [page.get("/api/session").text, page.get(f"/r/{page.token}").text]
            sent["tasks"][rater] = _answer_all(page, sent)
        sent["pages"] = pages
        sent["truth"] = _truth(study)
        yield sent
    study.close()


def _answer_all(page: Page, sent: dict) -> list[dict]:
    done = []
    while True:
        reply = page.get("/api/tasks?count=1")
        sent["texts"].append(reply.text)
        if not reply.json()["tasks"]:
            return done
        task = reply.json()["tasks"][0]
        sent["pictures"][task["pictures"][0]] = page.get(f"/api/pictures/{task['pictures'][0]}")
        sent["texts"].append(page.post("/api/answer", answer_to(task)).text)
        done.append(task)


def _truth(study) -> dict[str, list[str]]:
    """Each rater's origins in the order in which they were answered."""
    rows = latest(study.store.ratings(criterion="verdict"))
    return {rater: rows.loc[rows["rater"] == rater, "origin"].tolist() for rater in RATERS}


def _by_kind(seen: dict, of: str = "pictures") -> tuple[list, list]:
    """What belongs to real, and to synthetic pictures."""
    kinds: tuple[list, list] = ([], [])
    for rater in RATERS:
        for task, origin in zip(seen["tasks"][rater], seen["truth"][rater], strict=True):
            value = seen["pictures"][task["pictures"][0]] if of == "pictures" else task
            kinds[0 if origin == "real" else 1].append(value)
    assert min(map(len, kinds)) > 10
    return kinds


def test_no_text_says_it(seen):
    for text in seen["texts"]:
        if text.startswith("<!doctype"):
            continue  # the page: the same bytes for all, before any image is known
        shown = {key: value for key, value in json.loads(text).items() if key not in ("criteria", "title")}
        shown.pop("study", None)
        assert not STRAY.search(json.dumps(shown)), text


def test_names_and_addresses_are_drawn_from_one_source(seen):
    real, synthetic = _by_kind(seen, "tasks")
    for task in real + synthetic:
        assert re.fullmatch(r"[0-9a-f]{32}", task["task"])
        assert all(re.fullmatch(r"[0-9a-f]{32}", picture) for picture in task["pictures"])
    ids = [name for task in real + synthetic for name in (task["task"], *task["pictures"])]
    assert len(set(ids)) == len(ids)
    values = [[int(task["pictures"][0][:8], 16) for task in kind] for kind in (real, synthetic)]
    assert mannwhitneyu(*values).pvalue > 1e-4


def test_an_id_is_no_hash_that_somebody_with_the_images_could_make(seen):
    sets = noise_set(40, 1), noise_set(60, 2)
    known = {key for each in sets for key in each.image_keys}
    known |= {content_key(key) for key in known} | {
        content_key(seen["study"].settings.name, key) for key in known
    }
    assert not known & set(seen["pictures"])


def test_the_same_image_has_another_id_at_its_repeat_and_at_another_rater(seen):
    by_bytes: dict[bytes, list[str]] = {}
    for picture, reply in seen["pictures"].items():
        by_bytes.setdefault(reply.content, []).append(picture)
    assert max(map(len, by_bytes.values())) >= 3  # both raters, and a repeat


def test_headers_are_the_same_for_all_pictures(seen):
    headers = {tuple(reply.headers.raw) for reply in seen["pictures"].values()}
    assert len(headers) == 1
    names = {name.lower() for name, _ in next(iter(headers))}
    assert not names & {
        b"etag",
        b"last-modified",
        b"content-disposition",
        b"date",
        b"server",
        b"content-location",
    }


def test_all_pictures_have_one_length(seen):
    assert len({len(reply.content) for reply in seen["pictures"].values()}) == 1
    assert {int(reply.headers["content-length"]) for reply in seen["pictures"].values()} == {
        len(next(iter(seen["pictures"].values())).content)
    }


def test_pictures_hold_pixels_and_nothing_else(seen):
    headers = set()
    for reply in seen["pictures"].values():
        chunks = _chunks(reply.content)
        kinds = [kind for kind, _ in chunks]
        assert kinds == [b"IHDR", *[b"IDAT"] * (len(kinds) - 2), b"IEND"]
        headers.add(chunks[0][1])
    assert len(headers) == 1


def _chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = [], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    assert at == len(png)
    return chunks


def test_what_is_shown_of_the_request_is_there_for_both_kinds(seen):
    real, synthetic = _by_kind(seen, "tasks")
    assert {tuple(task["requested"]) for task in real} == {tuple(task["requested"]) for task in synthetic}
    assert {task["requested"]["label"] for task in real} == {task["requested"]["label"] for task in synthetic}
    assert {tuple(task["questions"]) for task in real} == {tuple(task["questions"]) for task in synthetic}


def test_the_order_tells_nothing(seen):
    for rater in RATERS:
        kinds = np.array([origin == "real" for origin in seen["truth"][rater]])
        places = np.arange(len(kinds))
        assert mannwhitneyu(places[kinds], places[~kinds]).pvalue > 1e-4
        longest = max(len(run) for run in re.findall(r"1+|0+", "".join("01"[int(kind)] for kind in kinds)))
        assert longest < len(kinds) / 2
    assert seen["truth"]["anna"] != seen["truth"]["ben"]


def test_pictures_of_both_kinds_take_the_same_time(seen):
    page, pairs = seen["pages"]["anna"], list(zip(seen["tasks"]["anna"], seen["truth"]["anna"], strict=True))
    took: dict[bool, list[float]] = {True: [], False: []}
    generator = np.random.default_rng(0)
    for _ in range(6):
        for i in generator.permutation(len(pairs)):
            task, origin = pairs[i]
            began = time.perf_counter()
            page.get(f"/api/pictures/{task['pictures'][0]}")
            took[origin == "real"].append(time.perf_counter() - began)
    assert min(map(len, took.values())) > 60
    assert mannwhitneyu(took[True], took[False]).pvalue > 1e-4


def test_a_rater_is_told_nothing_of_the_other(seen):
    anna, ben = (seen["pages"][rater] for rater in RATERS)
    for page, other in ((anna, "ben"), (ben, "anna")):
        for path in ("/api/session", "/api/tasks?count=20"):
            assert other not in page.get(path).text
    mine = {picture for task in seen["tasks"]["ben"] for picture in task["pictures"]}
    assert {anna.get(f"/api/pictures/{picture}").status_code for picture in list(mine)[:10]} == {404}
