"""What can go wrong with a study: faulty input is one clear line, and what was acknowledged is there."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from postgres import PostgresServer
from study_sets import CLINIC, CRITERIA, DDPM, GAN, fresh, noise, rate_all, study, yes

from synmedbench.core import UserError
from synmedbench.experts import RatingStore, StoreError, StudySettings
from synmedbench.imagesets import ImageSet, read_folder, write_folder


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'r.db'}"


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"name": "My Study"}, "--study must be small letters"),
        ({"name": ""}, "--study must be small letters"),
        ({"mode": "guess"}, "mode"),
        ({"raters": ("anna", " anna")}, "raters: these raters are named twice: anna"),
        ({"raters": ("anna", "Anna")}, "raters: these raters are named twice: Anna, anna"),
        ({"raters": ("Zo\u00eb", "Zoe\u0308")}, "named twice"),
        ({"raters": ("anna", "")}, "raters: '' is no name of a rater: it is empty"),
        ({"raters": ("simulated: oracle",)}, "kept for simulated experts"),
        ({"n": 0}, "--n must be 1 or more, got 0"),
        ({"real_share": 1.0}, "--real-share must be 0.9 or less"),
        ({"overlap": -0.1}, "overlap"),
        ({"repeats": float("nan")}, "repeats"),
        ({"days": 0}, "--days must be above 0"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_faulty_settings_are_one_clear_line(settings: dict[str, Any], fault: str) -> None:
    with pytest.raises(UserError) as caught:
        StudySettings(**{"name": "noise", "raters": ("anna",), **settings})
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"raters": ()}, "nobody is named to rate"),
        ({"sets": []}, "there are no images to rate"),
        ({"n": 49}, "49 images were asked for, the sets have 48"),
        ({"real": CLINIC.subset([])}, "the set of real images is empty"),
        ({"real": GAN.with_table(GAN.table)}, "has the pixels of a synthetic one"),
        ({"show": ("labl",)}, "did you mean 'label'"),
        (
            {"mode": "compare", "sets": [noise(1, 5, "gan")], "real": None},
            "no two images have equal shown values",
        ),
        (
            {"sets": [noise(2, 5, "gan")], "real": None, "raters": tuple("abc"), "overlap": 0},
            "c would have none",
        ),
        ({"sets": [noise(2, 5, name="real")]}, "cannot come from 'real'"),
        ({"sets": [GAN.with_table(GAN.table.drop(columns="file_name"))]}, "no column 'file_name'"),
    ],
)
def test_what_cannot_become_a_study_leaves_no_trace(url: str, given: dict[str, Any], fault: str) -> None:
    with pytest.raises(UserError) as caught:
        study(url, **given)
    assert fault in str(caught.value)
    assert RatingStore(url).events().empty
    assert study(url).progress("anna").total


def test_copies_of_real_images_and_doubles_are_left_out_and_told(url: str) -> None:
    copies = ImageSet.from_arrays(CLINIC.images(range(20)), CLINIC.table.iloc[:20].drop(columns="file_name"))
    one = study(url, sets=[copies, GAN, GAN], real_share=0.5, overlap=1)
    assert any("real images are left out: synthetic ones have the same pixels" in line for line in one.told)
    assert "24 images are left out: others have the same name and the same pixels" in one.told
    rate_all(one, "anna")
    rows = one.store.ratings(criterion="verdict", repeat=0)
    assert not rows["image_key"].duplicated().any()
    assert set(rows[rows["origin"] == "real"]["image_key"]).isdisjoint(copies.image_keys)


def test_images_that_cannot_be_read_are_all_named(tmp_path: Path, url: str) -> None:
    write_folder(GAN, tmp_path / "größe")
    files = sorted((tmp_path / "größe").rglob("*.png"))
    files[3].write_bytes(b"")
    files[5].write_bytes(files[5].read_bytes()[:100])
    with pytest.raises(UserError) as caught:
        study(url, sets=[read_folder(tmp_path / "größe")])
    told = str(caught.value)
    assert "2 of 30 images cannot be read" in told
    assert files[3].name in told
    assert files[5].name in told
    assert RatingStore(url).events().empty


def test_one_image_and_one_rater(url: str) -> None:
    one = study(url, sets=[noise(1, 5, "gan")], real=None, raters=("anna",), repeats=1.0)
    assert one.progress("anna").total == 1
    assert rate_all(one, "anna") == 1
    assert "no real images are mixed in" in one.told[-1]


def test_names_and_values_of_any_alphabet(url: str) -> None:
    table = pd.DataFrame(
        {"file_name": [f"größe {i}'\".png" for i in range(4)], "label": ["Zelle Ä", "核", "a b", "🧫"]}
    )
    made = ImageSet.from_arrays(GAN.images(range(4)), table)
    one = study(url, sets=[made], real=None, raters=("Zoë 李", "anna b. o'neill"))
    assert rate_all(one, "Zoë 李") > 0
    assert one.rater_of(one.link_token("anna b. o'neill")) == "anna b. o'neill"
    rows = one.store.ratings(criterion="verdict")
    assert set(rows["image"]) <= set(table["file_name"])
    assert set(rows["label"]) <= set(table["label"])


@pytest.mark.parametrize("sides", [(16, 16), (16, 20)])
def test_every_picture_has_one_size_whatever_set_it_is_of(url: str, sides: tuple[int, int]) -> None:
    one = study(url, sets=[noise(6, 1, "gan", sides[0])], real=noise(30, 2, None, sides[1]), real_share=0.5)
    tasks = one.upcoming("anna", 99)
    assert one.size == (16, 16)
    assert len({len(one.picture("anna", task.pictures[0])) for task in tasks}) == 1


REWORDED = CRITERIA.model_copy(
    update={
        "questions": [each.model_copy(update={"text": f"Not {each.text}"}) for each in CRITERIA.questions]
    }
)
CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"seed": 1}, "seed was 0, now 1"),
    ({"mode": "compare"}, "mode was 'rate', now 'compare'"),
    ({"n": 20}, "n was None, now 20"),
    ({"criteria": CRITERIA.model_copy(update={"version": 9})}, "the criteria were blood version"),
    ({"criteria": REWORDED}, "other content under the same version"),
    ({"sets": [GAN]}, "there were 3 sets, now 2"),
    ({"sets": [DDPM, GAN]}, "the set 'gan' of gan is now 'ddpm' of ddpm"),
    ({"sets": [GAN, noise(25, 2, "ddpm")]}, "'ddpm' had 24 images, now 25"),
    (
        {"sets": [GAN, DDPM.with_table(DDPM.table.assign(label="neutrophil"))]},
        "the table of 'ddpm' has changed",
    ),
    ({"sets": [GAN, noise(24, 9, "ddpm")]}, "24 of 60 images have other pixels than when the study began"),
    ({"real": None}, "there were 3 sets, now 2"),
]


@pytest.mark.parametrize(("change", "fault"), CHANGES)
def test_a_study_does_not_go_on_with_anything_else(url: str, change: dict[str, Any], fault: str) -> None:
    one = study(url)
    one.answer("anna", yes(one.upcoming("anna", 1)[0]))
    with pytest.raises(UserError) as caught:
        study(url, **change)
    assert fault in str(caught.value)
    assert "choose another name for the study (--study)" in str(caught.value)
    assert study(url, days=3).progress("anna").done == 1


@pytest.mark.parametrize(
    "change",
    [
        {"event": "x"}, {"event": "e" * 49}, {"event": "a:b-c-d-e"}, {"event": None}, {"task": "0" * 32}, {"task": ""},
        {"seconds": -1}, {"seconds": float("nan")}, {"seconds": float("inf")}, {"seconds": 10**400},
        {"seconds": "3"}, {"seconds": None}, {"plausible": None}, {"plausible": 2}, {"plausible": "1"},
        {"plausible": 0.5}, {"answers": {"colour": "yes"}}, {"answers": {"verdict": "no"}},
        {"answers": {"granules": "maybe"}}, {"answers": {"granules": None}}, {"answers": {"granules": "no"}},
        {"realism": 0}, {"realism": 6}, {"realism": 2.5}, {"realism": "3"}, {"note": "x" * 4001},
        {"note": "\ud800"}, {"note": None}, {"preferred": "left"},
    ],
)  # fmt: skip
def test_faulty_answers_are_refused_and_nothing_is_kept(url: str, change: dict[str, Any]) -> None:
    one = study(url)
    with pytest.raises(UserError) as caught:
        one.answer("anna", replace(yes(one.upcoming("anna", 1)[0]), **change))
    assert not isinstance(caught.value, StoreError)
    assert "\n" not in str(caught.value)
    assert one.store.ratings().empty
    assert one.progress("anna").done == 0


@pytest.mark.parametrize(
    "change", [{"preferred": "a"}, {"preferred": None}, {"plausible": 1}, {"realism": 3}]
)
def test_faulty_preferences_are_refused(url: str, change: dict[str, Any]) -> None:
    one = study(url, mode="compare")
    given = {"plausible": None, "preferred": "left", **change}
    with pytest.raises(UserError):
        one.answer("anna", replace(yes(one.upcoming("anna", 1)[0]), **given))
    assert one.store.preferences().empty


def test_every_question_is_answered_where_all_are_asked(url: str) -> None:
    one = study(url, detail="all")
    task = one.upcoming("anna", 1)[0]
    with pytest.raises(UserError, match=f"{task.questions[-1]} not answered"):
        one.answer("anna", yes(task, answers=dict.fromkeys(task.questions[:-1], "yes")))
    assert one.answer("anna", yes(task, plausible=1, answers=dict.fromkeys(task.questions, "no"))).done == 1


def test_a_full_disk_loses_no_acknowledged_answer(url: str) -> None:
    one = study(url, overlap=1)
    tasks = one.upcoming("anna", 100)
    _limit_pages(one.store, 100)
    answers = [yes(task, note="x" * 4000) for task in tasks]
    results = [one.answer_many([("anna", answer)])[0] for answer in answers]
    refused = [
        answer for answer, result in zip(answers, results, strict=True) if isinstance(result, StoreError)
    ]
    saved = [answer for answer in answers if answer not in refused]
    assert saved
    assert refused
    assert "make room on the disk" in str(results[-1])
    assert one.progress("anna").done == len(saved)
    _limit_pages(one.store, 1_000_000)
    for answer in refused:
        one.answer("anna", answer)
    kept = RatingStore(url).events(kind="answered")["event_id"].tolist()
    assert kept == [answer.event for answer in (*saved, *refused)]


def _limit_pages(store: RatingStore, pages: int) -> None:
    store._engine.dispose()
    sa.event.listen(store._engine, "connect", lambda raw, _: raw.execute(f"PRAGMA max_page_count={pages}"))


RATER = """
import sys
sys.path[:0] = [sys.argv[4], sys.argv[5]]
from study_sets import study, yes
from synmedbench.experts import AlreadyAnswered
one = study(sys.argv[1], overlap=1, real=None)
for task in one.upcoming(sys.argv[2], int(sys.argv[3])):
    answer = yes(task)
    try:
        one.answer(sys.argv[2], answer)
    except AlreadyAnswered:
        continue
    print(answer.event, flush=True)
"""


def _rater(url: str, rater: str, count: int = 100) -> subprocess.Popen[str]:
    here = Path(__file__).parent
    line = [sys.executable, "-c", RATER, url, rater, str(count), str(here), str(here.parent)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, text=True)


def test_what_was_acknowledged_survives_a_kill(store_url: str) -> None:
    study(store_url, overlap=1, real=None).close()
    said: list[str] = []
    for count in (1, 4, 7):
        process = _rater(store_url, "anna")
        assert process.stdout is not None
        said += [process.stdout.readline().strip() for _ in range(count)]
        process.kill()
        # What it had said by then was acknowledged too.
        said += process.stdout.read().split()
        process.wait()
    one = study(store_url, overlap=1, real=None)
    events = one.store.events(kind="answered")
    kept = events["event_id"].tolist()
    assert set(said) <= set(kept)
    assert len(kept) <= len(said) + 3
    assert events["task"].is_unique
    assert one.progress("anna").done == len(kept)
    rows = one.store.ratings(criterion="verdict")["event_id"].tolist()
    assert rows == [f"{event}:verdict" for event in kept]


def test_two_processes_that_rate_at_once_lose_and_double_nothing(store_url: str) -> None:
    study(store_url, overlap=1, real=None).close()
    processes = [_rater(store_url, rater) for rater in ("anna", "ben", "anna")]
    said = [process.communicate(timeout=200)[0].split() for process in processes]
    one = study(store_url, overlap=1, real=None)
    kept = one.store.events(kind="answered")
    assert sorted(kept["event_id"]) == sorted(event for each in said for event in each)
    assert not kept.duplicated(["rater", "task"]).any()
    assert one.progress("ben").done == one.progress("ben").total
    assert one.progress("anna").done == one.progress("anna").total


def test_two_processes_that_begin_one_study_at_once_make_one(store_url: str) -> None:
    RatingStore(store_url).close()
    processes = [_rater(store_url, rater, 5) for rater in ("anna", "ben")]
    said = [process.communicate(timeout=200)[0].split() for process in processes]
    assert [len(each) for each in said] == [5, 5]
    kinds = RatingStore(store_url).events()["kind"].tolist()
    assert kinds.count("begun") == 1
    assert kinds.count("answered") == 10


def test_a_database_server_that_goes_away_and_comes_back(postgres: PostgresServer) -> None:
    one = study(postgres.database())
    first, second = one.upcoming("anna", 2)
    one.answer("anna", yes(first))
    answer = yes(second)
    postgres.stop()
    try:
        with pytest.raises(StoreError, match="the store cannot be used"):
            one.answer("anna", answer)
    finally:
        postgres.start()
    assert one.answer("anna", answer).done == 2
    assert one.undo("anna", fresh()).task == second


def test_a_server_set_to_answer_before_the_disk_has_it_is_told_to_wait(postgres: PostgresServer) -> None:
    url = postgres.database()
    store = RatingStore(url)
    with store.work() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit TO off")
    store.close()
    with RatingStore(url).work() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_the_audit_trail_is_readable(url: str) -> None:
    one = study(url)
    task = one.upcoming("anna", 1)[0]
    answer = yes(task, note="gut")
    one.answer("anna", answer)
    one.record("exported", rater=None, form="ratings")
    trail = one.store.events()
    assert trail["event_id"].is_unique
    assert json.loads(trail["detail"].iloc[-1]) == {"form": "ratings"}
    kept = json.loads(trail[trail["kind"] == "answered"]["detail"].iloc[0])
    assert (kept["event"], kept["note"], kept["seconds"]) == (answer.event, "gut", 2.5)
    assert np.all(pd.to_datetime(trail["time"]).diff().dropna() >= pd.Timedelta(0))
