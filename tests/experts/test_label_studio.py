"""Label Studio's JSON: tasks and interface out; annotations of its several shapes in; faults by task."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rated_tables import event_rows

from synmedbench.core import UserError
from synmedbench.experts import (
    OracleExpert,
    RatingStore,
    check_ratings,
    export_ratings,
    import_ratings,
    label_studio_tasks,
    labeling_config,
    latest,
    load_criteria,
    new_criteria,
    read_exchange,
)
from synmedbench.imagesets import ImageSet, open_imageset


@pytest.fixture(scope="module")
def images() -> ImageSet:
    return open_imageset("phantom-derm?n=3&size=32&diseases=3")


def choice(name: str, value: str, kind: str = "choices") -> dict[str, Any]:
    return {"from_name": name, "to_name": "img", "type": kind, "value": {kind: [value]}}


def task(image: str, *annotations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": 1, "data": {"image": image}, "annotations": list(annotations), "predictions": [], **more}


def annotation(*result: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": 7, "completed_by": 10, "was_cancelled": False, "created_at": "2021-03-09T22:16:08.728353Z",
            "lead_time": 4.288, "result": list(result), **more}  # fmt: skip


def file(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "export.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_interface_asks_every_question() -> None:
    criteria = load_criteria("chest-xray")
    tree = ET.fromstring(labeling_config(criteria))
    controls = [each for each in tree if each.tag in ("Choices", "Rating", "TextArea")]
    picture = tree.find("Image")
    assert picture is not None
    assert picture.get("value") == "$image"
    assert [each.get("name") for each in controls] == ["verdict", *criteria.ids, "realism", "note"]
    assert {each.get("toName") for each in controls} == {picture.get("name")}
    assert [each.get("value") for each in controls[0]] == ["plausible", "implausible"]
    assert [each.get("value") for each in controls[1]] == ["yes", "no", "cannot tell"]
    heads = [str(each.get("value")) for each in tree.findall("Header")]
    assert any("only for: pneumonia" in head for head in heads)


def test_interface_escapes_what_a_question_may_hold(tmp_path: Path) -> None:
    path = new_criteria("x", tmp_path / "x.yaml")
    text = path.read_text(encoding="utf-8").replace(
        "Is the size of what was requested right?", "'<5 & \"big\"?'"
    )
    path.write_text(text, encoding="utf-8")
    heads = [
        each.get("value") for each in ET.fromstring(labeling_config(load_criteria(path))).findall("Header")
    ]
    assert '<5 & "big"?' in heads


def test_tasks_of_a_set_refer_to_files_and_tell_nothing_of_origin(images: ImageSet, tmp_path: Path) -> None:
    tasks = label_studio_tasks(
        RatingStore("sqlite://").ratings(), images, prefix="/data/local-files/?d=skin/"
    )
    assert [each["data"]["image"] for each in tasks] == [
        f"/data/local-files/?d=skin/{name}" for name in images.column("file_name")
    ]
    assert all(each["annotations"] == each["predictions"] == [] for each in tasks)
    assert set(tasks[0]["data"]) == {
        "image",
        "file_name",
        "image_key",
        "imageset",
        "label",
        "requested",
        "asked",
    }
    assert tasks[0]["data"]["asked"].startswith(f"requested: label: {images.column('label')[0]}")
    embedded = label_studio_tasks(RatingStore("sqlite://").ratings(), images, embed=True)
    assert embedded[0]["data"]["image"].startswith("data:image/png;base64,iVBOR")
    store = RatingStore("sqlite://")
    assert (
        export_ratings(
            store, tmp_path / "t.json", "label-studio", criteria=load_criteria("skin"), images=images
        )
        == 3
    )
    assert ET.parse(tmp_path / "t.xml").getroot().tag == "View"
    with pytest.raises(UserError, match="one is needed"):
        export_ratings(store, tmp_path / "t.json", "label-studio", images=images)


def test_annotations_made_on_our_tasks_come_back(images: ImageSet, tmp_path: Path) -> None:
    tasks = label_studio_tasks(RatingStore("sqlite://").ratings(), images, embed=True)
    results = [choice("verdict", "implausible"), choice("size", "no"), choice("colour", "cannot tell")]
    results += [{"from_name": "realism", "type": "rating", "value": {"rating": 2}}]
    results += [{"from_name": "note", "type": "textarea", "value": {"text": ["seam", "links äöü"]}}]
    tasks[1]["annotations"] = [annotation(*results, completed_by={"id": 3, "email": "anna@example.org"})]
    store = RatingStore("sqlite://")
    told: list[str] = []
    path = file(tmp_path, tasks)
    assert import_ratings(store, path, criteria=load_criteria("skin"), images=images, told=told.append) == 4
    assert told == ["2 tasks without annotations"]
    ratings = store.ratings()
    assert dict(zip(ratings["criterion"], ratings["answer"], strict=True)) == {
        "size": "no", "colour": "cannot tell", "realism": "2", "note": "seam\nlinks äöü"}  # fmt: skip
    row = ratings.iloc[0]
    assert (row["rater"], row["plausible"], row["seconds"]) == ("anna@example.org", 0, 4.288)
    assert row["time"] == "2021-03-09T22:16:08.728353+00:00"
    assert row["image_key"] == images.image_keys[1]
    assert row["label"] == images.column("label")[1]
    assert import_ratings(store, path, criteria=load_criteria("skin"), images=images) == 0


def test_ratings_go_out_with_the_person_where_it_can_be_looked_up() -> None:
    rows = event_rows(
        "1", "anna@example.org", "x", plausible=1, origin="diffusion", time="2026-01-02T03:04:05+00:00"
    )
    rows += event_rows("2", "ben", "x", plausible=0, answers={"size": "no"})
    (made,) = label_studio_tasks(check_ratings(pd.DataFrame(rows)))
    assert [each.get("completed_by") for each in made["annotations"]] == [{"email": "anna@example.org"}, None]
    assert made["annotations"][1]["result"][0]["value"] == {"choices": ["implausible"]}
    coded = check_ratings(pd.DataFrame(rows)).assign(label="mel", requested='{"label": "mel", "skin_tone": 5}')
    (named,) = label_studio_tasks(coded, criteria=load_criteria("skin"))
    assert named["data"]["asked"] == "requested: label: melanoma, skin_tone: 5"
    assert named["data"]["label"] == "mel"
    assert made["annotations"][0]["created_at"] == "2026-01-02T03:04:05+00:00"
    assert "diffusion" not in json.dumps(made["data"])


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("images/a.png", "images/a.png"),
        ("/data/local-files/?d=skin/images/a%20b.png", "skin/images/a b.png"),
        ("/data/upload/3/1a2b3c4d-a.png", "a.png"),
        ("https://example.org/skin/a.png?token=x", "skin/a.png"),
        ("s3://bucket/skin/a.png", "skin/a.png"),
    ],
)
def test_addresses_become_file_names(image: str, name: str, tmp_path: Path) -> None:
    path = file(tmp_path, [task(image, annotation(choice("verdict", "plausible")))])
    rated = read_exchange(path, keep_unknown=True).ratings
    assert rated is not None
    assert rated["image"].tolist() == [name]
    assert rated["rater"].tolist() == ["label-studio-10"]


def test_older_shapes_single_tasks_and_storage_files(tmp_path: Path) -> None:
    answers = annotation(choice("verdict", "plausible"), created_at=1615328168, completed_by=None)
    old = {"id": 348, "data": {"image": "a.png"}, "completions": [answers]}
    for content in (old, [old], {**answers, "task": {"id": 1, "data": {"image": "a.png"}}}):
        rated = read_exchange(file(tmp_path, content), rater="anna", keep_unknown=True).ratings
        assert rated is not None
        assert rated[["rater", "image", "time"]].values.tolist() == [
            ["anna", "a.png", "2021-03-09T22:16:08+00:00"]
        ]
    with pytest.raises(UserError, match="task 1, annotation 1: rater missing"):
        read_exchange(file(tmp_path, old), keep_unknown=True)


def test_cancelled_skipped_and_foreign_answers_are_left_out_and_told(tmp_path: Path) -> None:
    box = {"type": "rectanglelabels", "from_name": "b", "value": {"x": 1, "rectanglelabels": ["c"]}}
    good = annotation(choice("verdict", "plausible"), choice("mood", "happy"), box)
    content = [
        task("a.png", annotation(choice("verdict", "plausible"), was_cancelled=True), good),
        task("b.png", annotation(choice("verdict", "plausible"), skipped=True), annotation()),
        task("c.png"),
    ]
    found = read_exchange(file(tmp_path, content), keep_unknown=True)
    assert found.ratings is not None
    assert len(found.ratings) == 1
    assert set(found.told) == {
        "1 answers of other controls (mood)",
        "1 annotations without an answer",
        "2 annotations cancelled or skipped",
        "1 results of other kinds (rectanglelabels)",
        "1 tasks without annotations",
        "1 image is not in the store, and kept all the same",
    }


def test_the_later_of_two_annotations_by_one_person_holds(tmp_path: Path) -> None:
    later = annotation(choice("verdict", "implausible"), created_at="2022-01-01T00:00:00Z")
    other = annotation(choice("verdict", "plausible"), completed_by=11)
    found = read_exchange(file(tmp_path, [task("a.png", later, annotation(choice("verdict", "plausible")), other)]),
                          keep_unknown=True).ratings  # fmt: skip
    assert found is not None
    assert len(found) == 3
    held = latest(found).set_index("rater")["plausible"]
    assert held.to_dict() == {"label-studio-10": 0, "label-studio-11": 1}
    with pytest.raises(UserError, match=r"named there already.*leave --rater out"):
        read_exchange(file(tmp_path, [task("a.png", other)]), rater="anna", keep_unknown=True)


BAD = {
    "cut off": ('[{"id": 1, "data": {"im', "not readable as JSON"),
    "deep": ("[" * 100_000, "nested too deep"),
    "empty": ("", "not readable as JSON"),
    "no tasks": ("[]", "no annotation can be used (no tasks)"),
    "number": ("5", "task 1: no object with 'data'"),
    "json-min": ('[{"image": "a.png", "verdict": "plausible", "id": 1}]', "task 1: no object with 'data'"),
    "unannotated": ([task("a.png")], "1 tasks without annotations"),
    "no image": ([{"data": {"text": "x"}, "annotations": [annotation()]}], "task 1: its data has no 'image'"),
    "embedded": ([task("data:image/png;base64,AA", annotation())], "embedded and its file is not named"),
    "verdict": (
        [task("a", annotation(choice("verdict", "maybe")))],
        "task 1, annotation 1: verdict must be plausible",
    ),
    "two": (
        [task("a", annotation({**choice("size", "x"), "value": {"choices": ["yes", "no"]}}))],
        "2 answers",
    ),
    "time": ([task("a", annotation(choice("size", "yes"), created_at="gestern"))], "created_at is no time"),
    "huge time": ([task("a", annotation(choice("size", "yes"), created_at=10**30))], "created_at is no time"),
    "lead time": ([task("a", annotation(choice("size", "yes"), lead_time=-1))], "lead_time must be seconds"),
    "nan": (
        '[{"data": {"image": "a"}, "annotations": [{"lead_time": NaN, "result": []}]}]',
        "lead_time must be",
    ),
    "rating": (
        [task("a", annotation({"from_name": "realism", "type": "rating", "value": {"rating": 9}}))],
        "task 1, annotation 1: realism must be a whole number from 1 to 5",
    ),
    "half a letter": ('[{"data": {"image": "\\ud800"}, "annotations": []}]', "half a letter"),
    "result": ([task("a", annotation("x"))], "a result is no object"),
}


@pytest.mark.parametrize("name", BAD)
def test_faulty_files_are_told_in_one_line(name: str, tmp_path: Path) -> None:
    content, expected = BAD[name]
    with pytest.raises(UserError) as caught:
        read_exchange(file(tmp_path, content), keep_unknown=True)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_same_annotation_twice_is_one(tmp_path: Path) -> None:
    one = annotation(choice("verdict", "plausible"), choice("size", "yes"))
    found = read_exchange(file(tmp_path, [task("a.png", one), task("a.png", one)]), keep_unknown=True).ratings
    assert found is not None
    assert found["criterion"].tolist() == ["size"]


def test_a_faulty_file_leaves_the_store_as_it_is(images: ImageSet, tmp_path: Path) -> None:
    store = RatingStore("sqlite://")
    store.add(OracleExpert("phantom-derm").rate(images, seed=0))
    before = store.ratings()
    tasks = [
        task("a", annotation(choice("verdict", "plausible"))),
        task("b", annotation(choice("verdict", "maybe"))),
    ]
    with pytest.raises(UserError):
        import_ratings(store, file(tmp_path, tasks), keep_unknown=True)
    pd.testing.assert_frame_equal(store.ratings(), before)
