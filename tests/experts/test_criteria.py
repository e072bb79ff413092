"""Criteria sets: the built-in ones are sound and match the oracles; faulty files are told by place."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from synmedbench.core import UserError
from synmedbench.experts import CriteriaSet, list_criteria, load_criteria
from synmedbench.imagesets import open_imageset, open_oracle


@pytest.mark.parametrize("name", ["blood", "chest-xray", "skin"])
def test_built_in_sets_name_their_sources(name: str) -> None:
    criteria = load_criteria(name)
    assert criteria.name == name
    assert name in list_criteria()
    assert all(len(source) > 40 for source in criteria.sources)
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
    for place in ("version:", "sources:", "colour:"):
        assert place in text


def test_doubled_and_reserved_ids_and_strange_expectations(tmp_path: Path) -> None:
    one = {"id": "size", "text": "Right?"}
    with pytest.raises(UserError, match="used twice or reserved: size"):
        load_criteria(own_set(tmp_path / "a.yaml", questions=[one, one]))
    with pytest.raises(UserError, match="reserved: note"):
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
