"""Rules of the classes: what is right is read, values that no rule tells apart are one, faults are all named."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from synmedbench.core import UserError
from synmedbench.experts import list_rules, load_criteria, load_rules

TINY = {
    "name": "tiny",
    "version": 1,
    "title": "two kinds",
    "criteria": "blood",
    "sources": ["made up"],
    "attributes": {
        "width": {"criterion": "cell_size", "kappa": 0.8, "values": ["small", "big", "huge"]},
        "hue": {"criterion": "cytoplasm_colour", "kappa": 0.9, "values": ["red", "blue"]},
        "mood": {"criterion": None, "kappa": 0.7, "values": ["calm", "wild"]},
    },
    "classes": {"oak": {"width": ["big", "huge"], "hue": ["red"]}, "elm": {"width": ["small"]}},
    "class_only": {"moss": "nobody looked"},
}


def written(folder: Path, content: object) -> Path:
    path = folder / "rules.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def test_built_in_rules_answer_questions_of_their_criteria() -> None:
    assert list_rules() == ["blood"]
    rules = load_rules("blood")
    ids = load_criteria(rules.criteria).ids
    assert len(rules.attributes) == 11
    assert {part.criterion for part in rules.attributes.values()} - {None} <= set(ids)
    assert set(rules.classes) == {"neutrophil", "eosinophil", "basophil", "lymphocyte", "monocyte"}
    assert {"immature-granulocyte", "erythroblast", "platelet"} <= set(rules.class_only)
    assert rules.rules_of("lymphocytes") == rules.rules_of("LY") == rules.classes["lymphocyte"]
    assert "no attributes" in str(rules.reason_of("ig"))
    assert rules.reason_of("MO") is None
    assert "do not name" in str(rules.reason_of("blast"))
    assert "cell_shape" not in rules.judged
    assert rules.attributes["cell_size"].kappa == 0.79
    known = load_criteria("blood").questions[0].expected
    assert {*rules.classes, *rules.class_only} == set(known) - set(load_criteria("blood").aliases)


def test_every_two_typed_classes_differ_in_a_rule() -> None:
    rules = load_rules("blood")
    for one in rules.classes:
        for two in rules.classes:
            apart = [
                name
                for name in rules.judged
                if (a := rules.allowed(one, name)) and (b := rules.allowed(two, name)) and not a & b
            ]
            assert one == two or apart, (one, two)


def test_values_that_no_rule_tells_apart_are_one(tmp_path: Path) -> None:
    rules = load_rules(written(tmp_path, TINY))
    assert rules.groups("width") == {"small": "small", "big": "big or huge", "huge": "big or huge"}
    assert rules.groups("mood") == {"calm": "calm", "wild": "wild"}
    assert rules.allowed("oak", "width") == {"big or huge"}
    assert rules.allowed("elm", "hue") is None
    assert rules.allowed("moss", "width") is None
    assert rules.allowed(None, "width") is None
    assert rules.judged == ("width", "hue")


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    broken = {
        **TINY,
        "attributes": {
            "width": {"criterion": "girth", "kappa": 0.8, "values": ["small", "small"]},
            "hue": {"criterion": "cytoplasm_colour", "kappa": 0.9, "values": ["red", "blue"]},
        },
        "classes": {"oak": {"widht": ["big"], "hue": ["green"]}, "moss": {"hue": ["red"]}},
    }
    with pytest.raises(UserError) as told:
        load_rules(written(tmp_path, broken))
    for word in (
        "no question 'girth'",
        "stands twice",
        "did you mean 'width'",
        "'green'",
        "'moss' stands in",
    ):
        assert word in str(told.value), word


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (
            {"attributes": {"hue": {"criterion": None, "kappa": 1.5, "values": ["a", "b"]}}},
            "attributes.hue.kappa",
        ),
        ({"version": 0}, "version"),
        ({"sources": []}, "sources"),
        ({"extra": 1}, "extra"),
        ({"criteria": "bloood"}, "did you mean 'blood'"),
        ({"classes": {"oak": {"width": []}}}, "classes.oak.width"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, change: dict[str, object], word: str) -> None:
    with pytest.raises(UserError, match=word):
        load_rules(written(tmp_path, {**TINY, **change}))


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"known: blood|did you mean"):
        load_rules("blod")
    path = tmp_path / "r.yaml"
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(UserError, match="not readable as YAML"):
        load_rules(path)
    path.write_text("- 1", encoding="utf-8")
    with pytest.raises(UserError, match="dictionary"):
        load_rules(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not readable"):
        load_rules(path)
