"""A study in both databases: tasks, answers, undo, links, pause; nothing is lost, doubled or told."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from study_sets import CLINIC, CRITERIA, DDPM, GAN, fresh, pick, rate_all, study, yes

from synmedbench.core import UserError
from synmedbench.experts import (
    AlreadyAnswered,
    RatingStore,
    TokenError,
    latest,
    latest_preferences,
    load_criteria,
    verdicts,
)
from synmedbench.experts._rate_lines import plan_lines, study_lines
from synmedbench.imagesets import About, ImageSet, Lineage


def test_a_whole_session_is_in_the_store(store_url: str) -> None:
    one = study(store_url, repeats=0.2)
    progress = one.progress("anna")
    assert progress.done == 0
    assert rate_all(one, "anna") == progress.total == one.progress("anna").done
    rows = one.store.ratings(rater="anna", criterion="verdict")
    assert len(rows) == progress.total
    first = rows[rows["repeat"] == 0]
    again = rows[rows["repeat"] == 1]
    assert not first.duplicated(["image", "image_key"]).any()
    assert len(again) == round(0.2 * len(first)) > 0
    assert set(again["image_key"]) < set(first["image_key"])
    share = (first["origin"] == "real").mean()
    assert 0.15 < share < 0.25
    assert set(first["origin"]) == {"real", "gan", "ddpm"}
    assert rows["study"].unique().tolist() == ["noise"]
    assert one.upcoming("anna") == []
    assert one.progress("ben").done == 0


def test_all_images_are_seen_and_the_overlap_by_all(store_url: str) -> None:
    one = study(store_url, repeats=0, overlap=0.25)
    for rater in one.raters:
        rate_all(one, rater)
    seen = one.store.ratings(criterion="verdict").groupby("image_key")["rater"].nunique()
    assert len(seen) == 48 + 12
    assert (seen == 2).sum() == 15


def test_rows_of_a_rating(store_url: str) -> None:
    one = study(store_url)
    task = one.upcoming("anna")[0]
    wrong = {"granules": "no", "chromatin": "cannot tell"}
    done = one.answer("anna", yes(task, plausible=0, answers=wrong, realism=2, note=" zwei Kerne "))
    assert (done.done, done.total) == (1, one.progress("anna").total)
    rows = one.store.ratings()
    said = dict(zip(rows["criterion"], rows["answer"], strict=True))
    right = dict.fromkeys(task.questions, "yes")
    assert said == {"verdict": "no", **right, **wrong, "realism": "2", "note": "zwei Kerne"}
    for name in ("time", "plausible", "seconds", "repeat", "image_key", "criteria_version"):
        assert rows[name].nunique() == 1
    assert rows["plausible"].tolist() == [0] * len(rows)
    assert rows["label"].unique().tolist() == [task.requested["label"]]
    assert set(rows["event_id"].str.rpartition(":")[2]) == set(said)
    # What the page writes is what a file of it gives back.
    assert one.store.add(rows) == 0


@pytest.mark.parametrize(
    ("detail", "answer", "expected"),
    [
        ("failed", {"plausible": 1}, "all yes"),
        ("failed", {"plausible": 0}, "verdict alone"),
        ("failed", {"plausible": 1, "answers": {"granules": "cannot tell"}}, "one cannot tell"),
        ("verdict", {"plausible": 1}, "verdict alone"),
    ],
)
def test_what_is_filled_in(tmp_path, detail: str, answer: dict[str, object], expected: str) -> None:
    one = study(f"sqlite:///{tmp_path / 'r.db'}", detail=detail)
    task = one.upcoming("anna")[0]
    one.answer("anna", yes(task, **answer))
    said = Counter(one.store.ratings()["answer"].tolist()[1:])
    n = len(CRITERIA.questions_for(task.requested["label"]))
    assert (
        said
        == {
            "all yes": {"yes": n},
            "verdict alone": {},
            "one cannot tell": {"yes": n - 1, "cannot tell": 1},
        }[expected]
    )


def test_the_same_event_again_changes_nothing_and_another_is_refused(store_url: str) -> None:
    one = study(store_url)
    task, second = one.upcoming("anna", 2)
    answer = yes(task)
    before = one.answer("anna", answer)
    for again in (answer, replace(answer, seconds=99.0)):
        assert one.answer("anna", again) == before
    with pytest.raises(AlreadyAnswered):
        one.answer("anna", yes(task))
    for other in (replace(answer, plausible=0), replace(answer, task=second.task)):
        with pytest.raises(UserError, match="in the store with other content"):
            one.answer("anna", other)
    assert one.store.ratings()["event_id"].nunique() == len(one.store.ratings()) == 1 + len(task.questions)
    one.undo("anna", fresh())
    assert one.answer("anna", answer).done == 0
    assert one.answer("anna", yes(task)).done == 1


def test_many_answers_at_once_keep_the_good_ones(store_url: str) -> None:
    one = study(store_url)
    a, b, c = one.upcoming("anna", 3)
    d = one.upcoming("ben", 1)[0]
    good, twin = yes(a), yes(b)
    given = [
        ("anna", good),
        ("anna", yes(a)),
        ("anna", good),
        ("ben", yes(d)),
        ("ben", yes(c)),
        ("anna", yes(c, plausible=7)),
        ("anna", twin),
        ("nobody", yes(c)),
        ("anna", replace(twin, task=c.task)),
    ]
    results = one.answer_many(given)
    kinds = [type(each).__name__ for each in results]
    good_ones, refused = ["Progress"] * 2, ["UserError"] * 2
    assert kinds == ["Progress", "AlreadyAnswered", *good_ones, *refused, "Progress", *refused]
    assert results[0].done == 2
    assert len(one.store.ratings(criterion="verdict")) == 3
    assert one.answer_many([]) == []


def test_undo_takes_back_the_last_and_then_the_one_before(store_url: str) -> None:
    one = study(store_url)
    tasks = one.upcoming("anna", 3)
    for task in tasks:
        one.answer("anna", yes(task, note="x", realism=4))
    event = fresh()
    undone = one.undo("anna", event)
    assert undone is not None
    assert (undone.task, undone.previous.task, undone.previous.note) == (tasks[2], tasks[2].task, "x")
    assert one.undo("anna", event) == undone
    assert one.upcoming("anna", 1) == [tasks[2]]
    assert one.progress("anna").done == 2
    assert one.undo("anna", fresh()).task == tasks[1]
    one.answer("anna", yes(tasks[2], plausible=0))
    assert one.undo("anna", fresh()).task == tasks[2]
    assert one.undo("anna", fresh()).task == tasks[0]
    assert one.undo("anna", fresh()) is None
    ratings = one.store.ratings()
    assert latest(ratings).empty
    assert verdicts(ratings).empty
    assert (ratings["withdrawn"] == 1).sum() == (ratings["withdrawn"] == 0).sum()
    assert one.store.events(kind="withdrawn")["event_id"].is_unique
    assert one.progress("anna").done == 0
    answered = one.store.events(kind="answered")["event_id"].tolist()
    with pytest.raises(UserError, match="with other content"):
        one.undo("anna", answered[0])


def test_another_rater_cannot_answer_see_or_take_back(store_url: str) -> None:
    one = study(store_url, overlap=1)
    mine, theirs = one.upcoming("anna", 60), one.upcoming("ben", 60)
    names = {name for task in mine for name in (task.task, *task.pictures)}
    assert not names & {name for task in theirs for name in (task.task, *task.pictures)}
    with pytest.raises(UserError, match="not a task of this rater"):
        one.answer("ben", yes(mine[0]))
    with pytest.raises(KeyError):
        one.picture("ben", mine[0].pictures[0])
    for wrong in ("", "../x", "0" * 32, mine[0].task):
        with pytest.raises(KeyError):
            one.picture("anna", wrong)
    answer = yes(mine[0])
    one.answer("anna", answer)
    with pytest.raises(UserError, match="with other content"):
        one.answer("ben", replace(answer, task=theirs[0].task))
    assert one.undo("ben", fresh()) is None
    assert one.progress("anna").done == 1


def test_what_a_rater_knows_of_a_task_tells_nothing(tmp_path) -> None:
    one = study(f"sqlite:///{tmp_path / 'r.db'}", repeats=0.3)
    tasks = one.upcoming("anna", 1000)
    ids = [name for task in tasks for name in (task.task, *task.pictures)]
    assert len(set(ids)) == len(ids) == 2 * one.progress("anna").total
    assert {len(name) for name in ids} == {32}
    assert {len(one.picture("anna", task.pictures[0])) for task in tasks} == {len(
        one.picture("ben", one.upcoming("ben", 1)[0].pictures[0]))}  # fmt: skip
    assert {tuple(task.requested) for task in tasks} == {("label",)}
    assert len({tuple(task.questions) for task in tasks if task.requested["label"] == "basophil"}) == 1
    assert [task.position for task in tasks] == list(range(len(tasks)))


def test_questions_by_class_are_not_asked_where_the_class_is_not_told(tmp_path) -> None:
    nameless = CLINIC.with_table(CLINIC.table.drop(columns="label"))
    questions = [
        question.model_copy(update={"classes": ["basophil"], "expected": {}}) if i else question
        for i, question in enumerate(CRITERIA.questions)
    ]
    criteria = CRITERIA.model_copy(update={"questions": questions})
    one = study(f"sqlite:///{tmp_path / 'r.db'}", real=nameless, criteria=criteria)
    assert one.shown == ()
    assert {tuple(task.questions) for task in one.upcoming("anna", 100)} == {(criteria.ids[0],)}


def test_links_hold_until_they_expire_are_revoked_or_renewed(store_url: str) -> None:
    one = study(store_url, days=2, raters=("anna", "ben", "Zoë 李"))
    token = one.link_token("Zoë 李")
    assert one.rater_of(token) == "Zoë 李"
    for wrong in ("", "x" * 43, one.admin_token, token[:-1], "ü" * 43):
        with pytest.raises(TokenError) as caught:
            one.rater_of(wrong)
        assert caught.value.kind == "wrong"
    assert one.is_admin(one.admin_token)
    assert not one.is_admin(token)
    now = one.clock()
    one.clock = lambda: now + timedelta(days=2, seconds=2)
    with pytest.raises(TokenError, match="expired") as caught:
        one.rater_of(token)
    assert caught.value.kind == "expired"
    renewed = one.renew("Zoë 李")
    assert one.rater_of(renewed) == "Zoë 李"
    with pytest.raises(TokenError) as caught:
        one.rater_of(token)
    assert caught.value.kind == "revoked"
    one.revoke("Zoë 李")
    with pytest.raises(TokenError) as caught:
        one.rater_of(renewed)
    assert caught.value.kind == "revoked"
    assert one.rater_of(one.renew("Zoë 李")) == "Zoë 李"
    with pytest.raises(UserError, match="no rater 'nobody'"):
        one.renew("nobody")
    assert one.store.events(rater="Zoë 李")["kind"].tolist() == [
        "rater added", "link renewed", "link revoked", "link renewed",
    ]  # fmt: skip


def test_a_study_goes_on_after_a_restart(store_url: str) -> None:
    one = study(store_url)
    token, admin, coming = one.link_token("anna"), one.admin_token, one.upcoming("anna", 50)
    answer = yes(coming[0])
    one.answer("anna", answer)
    one.pause()
    picture = one.picture("anna", coming[0].pictures[0])
    one.close()
    two = study(store_url, raters=())
    assert (two.link_token("anna"), two.admin_token, two.raters) == (token, admin, ("anna", "ben"))
    assert two.upcoming("anna", 50) == coming[1:]
    assert two.paused
    assert two.answer("anna", answer).done == 1
    assert two.undo("anna", fresh()).task == coming[0]
    assert two.picture("anna", coming[0].pictures[0]) == picture
    two.resume()
    assert not two.paused
    assert two.store.events()["kind"].tolist() == [
        "begun", "rater added", "rater added", "opened", "answered", "paused", "opened", "withdrawn", "resumed",
    ]  # fmt: skip


def test_two_servers_on_one_store_see_each_others_answers(store_url: str) -> None:
    one, two = study(store_url), study(store_url)
    task, second = one.upcoming("anna", 2)
    one.answer("anna", yes(task))
    assert two.progress("anna").done == 1
    assert two.upcoming("anna", 1) == [second]
    with pytest.raises(AlreadyAnswered):
        two.answer("anna", yes(task))
    assert two.undo("anna", fresh()).task == task
    assert one.progress("anna").done == 0
    two.answer("anna", yes(task))
    one.answer("anna", yes(second))
    assert one.progress("anna") == two.progress("anna")
    two.add_rater("cleo")
    assert one.progress("cleo").total > 0
    assert len(one.store.ratings(criterion="verdict")) == 4


def test_raters_who_come_later(store_url: str) -> None:
    one = study(store_url, overlap=0.25, repeats=0)
    before = [one.upcoming(rater, 100) for rater in one.raters]
    assert one.add_rater("  Zoë ") == "Zoë"
    two = study(store_url, raters=("anna", "dora"), overlap=0.25, repeats=0)
    assert two.raters == ("anna", "ben", "Zoë", "dora")
    assert [two.upcoming(rater, 100) for rater in ("anna", "ben")] == before
    totals = [two.progress(rater).total for rater in two.raters]
    assert max(totals) - min(totals) <= 1
    assert two.rater_of(two.link_token("dora")) == "dora"
    for name, fault in (("anna", "already"), ("ANNA", "already"),
                        ("Zoe\u0308", "already"), ("", "empty"), ("a\nb", "control"),
                        ("simulated x", "simulated"), ("x" * 101, "100"), ("\ud800", "Unicode")):  # fmt: skip
        with pytest.raises(UserError, match=fault):
            two.add_rater(name)


def test_the_draw_and_every_order_rest_on_the_seed_alone(tmp_path) -> None:
    def order(name: str, seed: int) -> list[tuple[str, int]]:
        one = study(f"sqlite:///{tmp_path / name}.db", seed=seed, n=20)
        rate_all(one, "anna")
        rows = one.store.ratings(criterion="verdict")
        return list(zip(rows["image_key"], rows["repeat"], strict=True))

    assert order("a", 0) == order("b", 0) != order("c", 1)


def test_comparisons(store_url: str) -> None:
    one = study(store_url, mode="compare", repeats=0.2)
    for rater in one.raters:
        rate_all(one, rater)
    given = one.store.preferences()
    assert one.store.ratings().empty
    assert len(given) == sum(one.progress(rater).total for rater in one.raters)
    assert (given["origin_a"] != given["origin_b"]).all()
    assert (given["preferred"] == given["left"]).all()
    real = given[(given["origin_b"] == "real") & (given["repeat"] == 0)]
    assert len(real)
    assert abs((real["left"] == "a").sum() - (real["left"] == "b").sum()) <= 4
    mine = given[given["rater"] == "anna"]
    both = mine.groupby(["image_a", "image_key_a", "image_b", "image_key_b"])["left"].agg(list)
    assert all(len(set(lefts)) == len(lefts) for lefts in both)
    table = {
        image: label
        for each in (GAN, DDPM, CLINIC)
        for image, label in zip(each.image_keys, each.labels, strict=True)
    }
    assert (given["image_key_a"].map(table) == given["label"]).all()
    assert (given["image_key_b"].map(table) == given["label"]).all()
    assert one.store.add_preferences(given) == 0


@pytest.mark.parametrize(
    ("side", "left", "preferred"),
    [("left", "a", "a"), ("right", "a", "b"), ("left", "b", "b"), ("equal", "b", "equal")],
)
def test_what_stood_left_was_what_was_shown_left(tmp_path, side: str, left: str, preferred: str) -> None:
    one = study(f"sqlite:///{tmp_path / 'r.db'}", mode="compare")
    hand = one.hand("anna")
    task = next(task for task in one.upcoming("anna", 99) if hand.tasks[task.task].left == left)
    one.answer("anna", pick(task, side, note="x"))
    row = one.store.preferences().iloc[0]
    assert (row["left"], row["preferred"]) == (left, preferred)
    pixels = {key: each.image(i) for each in (GAN, DDPM, CLINIC) for i, key in enumerate(each.image_keys)}
    from PIL import Image

    shown = [Image.open(io.BytesIO(one.picture("anna", name))) for name in task.pictures]
    keys = row[["image_key_a", "image_key_b"]].tolist()[:: 1 if left == "a" else -1]
    assert [(pixels[key] == shown[i]).all() for i, key in enumerate(keys)] == [True, True]
    undone = one.undo("anna", fresh())
    assert undone.previous.preferred == side
    assert latest_preferences(one.store.preferences()).empty


def test_the_state_of_a_study(store_url: str) -> None:
    one = study(store_url, repeats=0.2)
    for task in one.upcoming("anna", 100):
        real = one.items[one.hand("anna").tasks[task.task].item_a].origin == "real"
        one.answer("anna", yes(task, plausible=int(real), seconds=3.0))
    one.revoke("ben")
    state = one.state()
    anna, ben = state["raters"]
    assert (anna["done"], anna["link"], anna["median_seconds"]) == (anna["total"], "valid", 3.0)
    assert anna["plausible"]["real"]["share"] == 1
    assert anna["plausible"]["synthetic"]["share"] == 0
    assert anna["repeats"]["n"] == anna["repeats"]["equal"] > 0
    assert pd.Timestamp(anna["last_seen"]) <= pd.Timestamp.now("UTC")
    assert (ben["done"], ben["link"], ben["median_seconds"], ben["last_seen"]) == (0, "revoked", None, None)
    assert ben["plausible"]["real"] == {"n": 0, "share": None}
    assert (state["done"], state["paused"], state["study"]) == (anna["done"], False, "noise")


def test_a_study_leaves_others_in_the_store_alone(store_url: str) -> None:
    one, two = study(store_url), study(store_url, name="other", seed=1)
    one.answer("anna", yes(one.upcoming("anna", 1)[0]))
    assert (one.progress("anna").done, two.progress("anna").done) == (1, 0)
    with pytest.raises(TokenError):
        two.rater_of(one.link_token("anna"))
    assert two.undo("anna", fresh()) is None
    assert two.state()["done"] == 0
    assert RatingStore(store_url, create=False).ratings()["study"].unique().tolist() == ["noise"]


def skin_set(labels: list[str], tones: list[int | None] | None = None, generator: str | None = "gan") -> ImageSet:
    """Images of noise with these requests."""
    pixels = np.random.default_rng(len(labels)).integers(0, 256, (len(labels), 16, 16, 3)).astype(np.uint8)
    table = pd.DataFrame({"label": labels, **({"skin_tone": tones} if tones else {})})
    lineage = Lineage(generator, 0, "x") if generator else None
    return ImageSet.from_arrays(pixels, table, about=About(generator or "clinic"), lineage=lineage)


def test_tone_is_asked_of_requested_tones_alone() -> None:
    skin = load_criteria("skin")
    for tones, asked in ((None, False), ([1, 6], True)):
        one = study("sqlite://", sets=[skin_set(["nv", "mel"], tones)], real=None, criteria=skin)
        for task in one.upcoming(one.raters[0], 5):
            assert ("tone" in task.questions) is asked
            assert {"size", "colour", "texture", "artefacts"} <= set(task.questions)


def test_labels_that_the_criteria_do_not_know_are_told() -> None:
    skin = load_criteria("skin")
    some = skin_set(["nv", "Zoster", "rosacea"])
    strange = study("sqlite://", sets=[some], real=None, criteria=skin, raters=("anna",))
    (warning,) = [line for line in study_lines(strange) if line.startswith("warning")]
    assert "do not know 2 of 3 requested classes: Zoster, rosacea" in warning
    hidden = study("sqlite://", sets=[skin_set(["Zoster"])], real=None, criteria=skin, raters=("anna",), show=())
    known = study("sqlite://", sets=[skin_set(["nv", "melanoma"])], real=None, criteria=skin, raters=("anna",))
    for one in (hidden, known):
        assert not any(line.startswith("warning") for line in study_lines(one))


def test_comparing_one_generator_with_nothing_is_told() -> None:
    alone = study("sqlite://", sets=[GAN], real=None, mode="compare")
    assert any(line.startswith("warning: all images come from gan") for line in plan_lines(alone))
    for sets, real in (([GAN], CLINIC), ([GAN, DDPM], None)):
        assert len(plan_lines(study("sqlite://", sets=sets, real=real, mode="compare"))) == 1
