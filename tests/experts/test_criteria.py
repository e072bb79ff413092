"""Criteria sets: the built-in ones are sound and match the oracles; faulty files are told by place."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.core import UserError
from synmedbench.experts import (
    CriteriaSet,
    RatingStore,
    StudySettings,
    by_version,
    check_same_criteria,
    criteria_differences,
    criteria_faults,
    criteria_fingerprint,
    criteria_schema,
    is_criteria_file,
    list_criteria,
    load_criteria,
    mixed_versions,
    new_criteria,
    open_study,
    stored_criteria,
    template_left,
)
from synmedbench.experts._criteria import SCHEMA_FILE
from synmedbench.imagesets import open_imageset, open_oracle
from synmedbench.imagesets._medmnist_names import NAMES as MEDMNIST_NAMES


@pytest.mark.parametrize("name", ["blood", "chest-xray", "skin"])
def test_built_in_sets_name_their_sources(name: str) -> None:
    criteria = load_criteria(name)
    assert criteria.name == name
    assert name in list_criteria()
    assert all(len(source) > 40 for source in criteria.sources)
    assert not criteria_faults(SCHEMA_FILE.parent / f"{name}.yaml")
    assert all(question.text.endswith("?") for question in criteria.questions)


@pytest.mark.parametrize(("oracle", "name"), [("phantom-derm", "skin"), ("phantom-blood", "blood")])
def test_every_criterion_of_an_oracle_is_a_question(oracle: str, name: str) -> None:
    assert set(open_oracle(oracle).criteria) <= set(load_criteria(name).ids)


@pytest.mark.parametrize(("spec", "name"), [("phantom-derm?n=72", "skin"), ("phantom-blood?n=64", "blood")])
def test_expectations_cover_every_class_of_the_phantoms(spec: str, name: str) -> None:
    told = [question.expected for question in load_criteria(name).questions if question.expected]
    for label in open_imageset(spec).classes:
        assert all(label in expected for expected in told)


def test_questions_are_asked_for_their_classes() -> None:
    criteria = load_criteria("chest-xray")
    assert "finding_place" in [question.id for question in criteria.questions_for("pneumonia")]
    assert "finding_place" not in [question.id for question in criteria.questions_for("normal")]
    assert "finding_place" not in [question.id for question in criteria.questions_for(None)]


def test_tone_is_asked_where_raters_are_told_one() -> None:
    criteria = load_criteria("skin")
    assert "tone" in [each.id for each in criteria.questions_for("nevus", ["label", "skin_tone"])]
    assert "tone" not in [each.id for each in criteria.questions_for("nevus", ["label"])]
    assert "tone" in [each.id for each in criteria.questions_for("nevus")], "nothing said of what is told"
    assert [each.id for each in criteria.questions if each.needs] == ["tone"]


def test_what_a_question_needs_is_part_of_what_is_asked(tmp_path: Path) -> None:
    questions = load_criteria("skin").model_dump()["questions"]
    bare = load_criteria(own_set(tmp_path / "bare.yaml", questions=[{**each, "needs": None} for each in questions]))
    assert criteria_differences(load_criteria("skin"), bare) == ["question tone: another needs"]
    assert criteria_fingerprint(load_criteria("skin")) != criteria_fingerprint(bare)
    faulty = own_set(tmp_path / "faulty.yaml", questions=[{**questions[0], "needs": "skin tone"}])
    assert "needs" in str(criteria_faults(faulty)[0])


def test_names_and_unknown_labels(tmp_path: Path) -> None:
    skin = load_criteria("skin")
    assert [skin.display_name(name) for name in ("mel", "melanoma", "rosacea")] == ["melanoma", "melanoma", "rosacea"]
    assert skin.unknown_labels(["nv", "rosacea", "melanoma", "Zoster"]) == ["Zoster", "rosacea"]
    classless = own_set(tmp_path / "c.yaml", aliases={}, questions=[{"id": "sharp", "text": "Is it sharp?"}])
    assert load_criteria(classless).unknown_labels(["anything"]) == []


def test_what_is_left_of_the_template(tmp_path: Path) -> None:
    path = new_criteria("mine", tmp_path / "mine.yaml")
    assert [line.partition(":")[0] for line in template_left(load_criteria(path))] == ["title", "sources", "classes"]
    words = {"what kind of image these questions are for, in one line": "feet", "Author A, Author B. Title.": "Nail M.",
             "class-": "toe-"}  # fmt: skip
    text = path.read_text()
    for old, new in words.items():
        text = text.replace(old, new)
    path.write_text(text)
    assert template_left(load_criteria(path)) == template_left(load_criteria("skin")) == []


def own_set(path: Path, **changes: object) -> Path:
    content = load_criteria("skin").model_dump()
    content.update(changes)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def test_own_file_is_read(tmp_path: Path) -> None:
    criteria = load_criteria(own_set(tmp_path / "my.yaml", name="my-skin", version=3))
    assert isinstance(criteria, CriteriaSet)
    assert (criteria.name, criteria.version) == ("my-skin", 3)


def test_all_faults_of_a_file_are_told_with_their_places(tmp_path: Path) -> None:
    path = own_set(tmp_path / "my.yaml", version=0, sources=[], colour="red")
    with pytest.raises(UserError) as caught:
        load_criteria(path)
    text = str(caught.value)
    assert str(path) in text
    for place in ("version:", "sources:", "colour: unknown field", "line "):
        assert place in text


def test_doubled_and_reserved_ids_and_strange_expectations(tmp_path: Path) -> None:
    one = {"id": "size", "text": "Right?"}
    with pytest.raises(UserError, match="'size' is used twice"):
        load_criteria(own_set(tmp_path / "a.yaml", questions=[one, one]))
    with pytest.raises(UserError, match="'note' is reserved"):
        load_criteria(own_set(tmp_path / "b.yaml", questions=[{"id": "note", "text": "Right?"}]))
    strange = {"id": "size", "text": "Right?", "classes": ["acne"], "expected": {"nevus": "small"}}
    with pytest.raises(UserError, match="classes that it is not asked for"):
        load_criteria(own_set(tmp_path / "c.yaml", questions=[strange]))


def test_unknown_name_and_broken_yaml(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load_criteria("skni")
    assert "did you mean 'skin'?" in str(caught.value)
    (tmp_path / "x.yaml").write_text("a: [")
    with pytest.raises(UserError, match="not readable as YAML"):
        load_criteria(tmp_path / "x.yaml")
    (tmp_path / "y.yaml").write_text("")
    with pytest.raises(UserError, match="the file"):
        load_criteria(tmp_path / "y.yaml")


NAMES = {
    "blood": (
        "basophil",
        "eosinophil",
        "erythroblast",
        "ig",
        "lymphocyte",
        "monocyte",
        "neutrophil",
        "platelet",
        "BNE",
        "PMY",
    ),
    "skin": ("nv", "bkl", "mel", "bcc", "akiec", "vasc", "df"),
    "chest-xray": ("normal", "pneumonia", "effusion", "No Finding"),
}
MEDMNIST = {"bloodmnist": "blood", "dermamnist": "skin", "pneumoniamnist": "chest-xray"}


@pytest.mark.parametrize("name", NAMES)
def test_names_of_public_data_sets_find_their_expectations(name: str) -> None:
    told = [q for q in load_criteria(name).questions if q.expected and q.classes is None]
    assert told
    for question in told:
        assert [label for label in NAMES[name] if not question.expected.get(label)] == []


@pytest.mark.parametrize("dataset", MEDMNIST)
def test_names_of_medmnist_find_their_expectations(dataset: str) -> None:
    for question in load_criteria(MEDMNIST[dataset]).questions:
        if question.expected:
            assert set(MEDMNIST_NAMES[dataset]) <= set(question.expected)


def test_schema_that_is_shipped_is_the_models() -> None:
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == criteria_schema()


def test_new_criteria_is_valid_and_points_to_the_schema(tmp_path: Path) -> None:
    path = new_criteria("my-skin", tmp_path / "Häute.yaml")
    assert load_criteria(path).name == "my-skin"
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA_FILE.as_uri()}"
    with pytest.raises(UserError, match="exists already"):
        new_criteria("my-skin", path)
    for name, expected in (
        ("skin", "built in"),
        ("My Skin", "no name"),
        ("", "no name"),
        ("a" * 65, "no name"),
    ):
        with pytest.raises(UserError, match=expected):
            new_criteria(name, tmp_path / "y.yaml")
    with pytest.raises(UserError, match=r"kept as \.yaml"):
        new_criteria("x", tmp_path / "x.txt")


def test_kinds_of_yaml_files_are_told_apart(tmp_path: Path) -> None:
    path = new_criteria("mine", tmp_path / "mine.yaml")
    assert is_criteria_file(path)
    assert is_criteria_file("blood")
    assert not is_criteria_file("quickstart")
    path.write_text(path.read_text(encoding="utf-8") + "\n\tbroken", encoding="utf-8")
    assert is_criteria_file(path)
    path.write_text("name: x\nimageset: phantom-derm\ntitle: y\nsources: []\n", encoding="utf-8")
    assert not is_criteria_file(path)


HEAD = "name: x\nversion: 1\ntitle: t\nsources: [s]\nrealism: {text: a, lowest: b, highest: c}\n"
QUESTION = "questions:\n  - id: size\n    text: Right?\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join(f'*{a}' for _ in range(10))}]\n"
    for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
TRAPS = {
    "tab": (HEAD + "questions:\n\t- id: size\n", "line 7: a tab: YAML is indented by spaces alone"),
    "doubled": (HEAD + QUESTION + "version: 2\n", "line 9: 'version' stands twice, first in line 2"),
    "doubled inside": (HEAD + QUESTION + "    text: Left?\n", "line 9: questions.1: 'text' stands twice"),
    "bomb": (HEAD + BOMB, "expands to too many parts"),
    "loop": (HEAD + "questions: &q [*q]\n", "nested too deep"),
    "deep": ("questions: " + "[" * 5000, "nested too deep"),
    "latin": (HEAD.encode() + "title2: Größe\n".encode("latin-1"), "line 6: not UTF-8 text"),
    "huge": (HEAD + "#" + "x" * 1_000_001, "over 1,000 kB"),
    "huge number": (HEAD.replace("version: 1", "version: " + "9" * 5000) + QUESTION, "not readable as YAML"),
    "large number": (
        HEAD.replace("version: 1", "version: " + "9" * 50) + QUESTION,
        "line 2: version: must be a whole",
    ),
    "no date": (HEAD + QUESTION + "x: 2020-13-45\n", "not readable as YAML"),
    "colon": ("name: x: y\n", "line 1: not readable as YAML: mapping values are not allowed here: put text"),
    "two": (HEAD + QUESTION + "---\na: 1\n", "line 9: not readable as YAML: a second document"),
    "list": ("- a\n- b\n", "line 1: the file is no mapping"),
    "empty": ("", "the file is empty"),
    "comment": ("# nothing\n", "the file is empty"),
    "null": ("~\n", "the file is no mapping"),
    "tag": ("a: !!python/object/apply:os.system [x]\n", "line 1: not readable as YAML"),
    "truth": (HEAD + QUESTION.replace("Right?", "no"), "line 8: questions.1.text: YAML reads this as false"),
    "class no": (
        HEAD + QUESTION + "    classes: [no]\n",
        "line 9: questions.1.classes.1: YAML reads this as false",
    ),
    "number": (HEAD + QUESTION + "    expected: {1: small}\n", "1 is a number here: put it into quotes"),
    "alias": (
        HEAD + "aliases: {nv: naevus}\n" + QUESTION + "    expected: {nevus: x}\n",
        "did you mean 'nevus'",
    ),
    "reserved": (HEAD + QUESTION.replace("size", "verdict"), "line 7: questions.1.id: 'verdict' is reserved"),
    "reserved-too": (HEAD + QUESTION.replace("size", "plausible"), "questions.1.id: 'plausible' is reserved"),
    "meaning": (HEAD + QUESTION + "    meaning: x\n", "questions.1.meaning: unknown field"),
    "misspelt": (
        HEAD + QUESTION + "    expeced: {a: b}\n",
        "expeced: unknown field, did you mean 'expected'?",
    ),
}


@pytest.mark.parametrize("name", TRAPS)
def test_traps_of_yaml_are_told_in_one_line(name: str, tmp_path: Path) -> None:
    content, expected = TRAPS[name]
    path = tmp_path / "x.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    faults = [str(fault) for fault in criteria_faults(path)]
    assert any(expected in fault for fault in faults), faults
    assert all("\n" not in fault and len(fault) < 400 for fault in faults)
    with pytest.raises(UserError):
        load_criteria(path)


def test_a_bom_is_no_fault_and_a_folder_is_one(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xef\xbb\xbf" + (HEAD + QUESTION).encode())
    assert load_criteria(tmp_path / "x.yaml").ids == ("size",)
    assert "cannot be read" in str(criteria_faults(tmp_path)[0])


@settings(deadline=None, max_examples=150)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=6),
                    lambda part: st.lists(part, max_size=3) | st.dictionaries(
                        st.sampled_from([*CriteriaSet.model_fields, "id", "text", "classes", "expected", "lowest"]),
                        part, max_size=5), max_leaves=25))  # fmt: skip
def test_any_document_is_valid_or_has_faults(
    tmp_path_factory: pytest.TempPathFactory, content: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    faults = criteria_faults(path)
    assert faults
    assert all(str(fault) for fault in faults)


def test_aliases_give_expectations_and_classes() -> None:
    content = yaml.safe_load(HEAD + QUESTION + "    classes: [nevus]\n    expected: {nevus: small}\n")
    criteria = CriteriaSet.model_validate({**content, "aliases": {"nv": "nevus"}})
    assert criteria.questions[0].applies_to("nv")
    assert criteria.questions[0].expected == {"nevus": "small", "nv": "small"}
    assert CriteriaSet.model_validate(criteria.model_dump(mode="json")) == criteria


def test_fingerprints_see_what_raters_are_asked_and_nothing_else() -> None:
    content = yaml.safe_load(HEAD + QUESTION)
    one = CriteriaSet.model_validate(content)
    titled = CriteriaSet.model_validate({**content, "title": "T", "sources": ["other"]})
    asked = CriteriaSet.model_validate(
        {**content, "questions": [{"id": "size", "text": "Wrong?"}, {"id": "a", "text": "b"}]}
    )
    assert criteria_fingerprint(one) == criteria_fingerprint(titled)
    check_same_criteria(one, titled)
    assert criteria_fingerprint(one) != criteria_fingerprint(asked)
    assert criteria_differences(one, asked) == ["question a is new", "question size: another text"]
    with pytest.raises(UserError, match=r"other content: question a is new; .*write version: 2"):
        check_same_criteria(one, asked)
    check_same_criteria(one, asked.model_copy(update={"version": 2}))


def test_answers_to_several_versions_are_kept_apart() -> None:
    table = pd.DataFrame(
        {"criteria": ["skin", None, "skin"], "criteria_version": [2, None, 1], "answer": list("abc")}
    )
    parts = by_version(table)
    assert {key: part["answer"].tolist() for key, part in parts.items()} == {("", 1): ["b"], ("skin", 1): ["c"],
                                                                              ("skin", 2): ["a"]}  # fmt: skip
    assert mixed_versions(table) == (
        "answers to several versions are kept apart: skin in version 1 (1 answers), version 2 (1 answers)"
    )
    assert mixed_versions(table.iloc[:2]) is None


def test_a_store_has_one_content_of_a_name_and_version() -> None:
    images = open_imageset("phantom-derm?n=4&size=32&diseases=2")
    store = RatingStore("sqlite://")
    asked = load_criteria("skin")
    with closing(open_study(store, [images], asked, StudySettings(name="one", raters=("anna",)))):
        pass
    assert stored_criteria(store) == {"one": asked}
    mended = asked.model_copy(update={"title": "photographs"})
    with closing(open_study(store, [images], mended, StudySettings(name="one", raters=("anna",)))):
        pass
    changed = asked.model_copy(update={"questions": asked.questions[:2]})
    for name in ("one", "two"):
        with pytest.raises(UserError, match=r"other content.*: question artefacts is gone"):
            open_study(store, [images], changed, StudySettings(name=name, raters=("anna",)))
    newer = changed.model_copy(update={"version": asked.version + 1})
    with closing(open_study(store, [images], newer, StudySettings(name="two", raters=("anna",)))):
        pass
    assert [each.version for each in stored_criteria(store).values()] == [asked.version, asked.version + 1]
