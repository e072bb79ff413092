"""Criteria sets: the written questions that raters answer, one YAML file each."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..core import UserError, content_key
from ._builtin_files import builtin_names, builtin_or_file
from ._criteria_faults import Fault, meaning_faults, told
from ._criteria_yaml import read_yaml

_BUILTIN = Path(__file__).parent / "criteria"
SCHEMA_FILE = _BUILTIN / "criteria.schema.json"
RESERVED = ("verdict", "plausible", "realism", "note")
"""Criteria that every set has besides its questions: the verdict on the whole image, realism from 1 to 5, and a
free note."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(_Part):
    """One question, answered yes, no or cannot tell; yes means that the image is right in this respect."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64, description="short name, used in ratings")
    text: str = Field(min_length=1, description="the question as the rater reads it")
    classes: list[str] | None = Field(
        default=None, description="requested classes it is asked for; null for all"
    )
    expected: dict[str, str] = Field(default_factory=dict, description="what is right, by class")
    needs: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="requested column that the rater must be told, such as skin_tone; null for none",
    )

    def applies_to(self, label: str | None, told: Collection[str] | None = None) -> bool:
        """True when the question is asked for images of this requested class, where the rater is told the columns
        ``told`` (None: all that a question may need)."""
        if self.needs is not None and told is not None and self.needs not in told:
            return False
        return self.classes is None or (label is not None and label in self.classes)


class Realism(_Part):
    """How real the image looks as a whole, from 1 to 5."""

    text: str = Field(min_length=1, description="the question as the rater reads it")
    lowest: str = Field(min_length=1, description="what 1 means")
    highest: str = Field(min_length=1, description="what 5 means")


class CriteriaSet(_Part):
    """Questions for one kind of image, with their version and the literature that they rest on."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=64, description="short name, used in ratings")
    version: int = Field(ge=1, le=1_000_000, description="grows when a question changes its meaning")
    title: str = Field(min_length=1, description="one line")
    sources: list[str] = Field(min_length=1, description="where the expectations come from")
    aliases: dict[str, str] = Field(
        default_factory=dict, description="other names of classes, as data sets write them: name -> class"
    )
    questions: list[Question] = Field(min_length=1, description="in the order they are asked")
    realism: Realism = Field(description="how real the image looks as a whole, from 1 to 5")

    @model_validator(mode="before")
    @classmethod
    def _checked(cls, value: Any) -> Any:
        faults = meaning_faults(value, RESERVED)
        if faults:
            raise ValueError("; ".join(fault.text for fault in faults))
        return _with_aliases(value)

    @property
    def ids(self) -> tuple[str, ...]:
        """The questions' ids, in order."""
        return tuple(question.id for question in self.questions)

    def questions_for(self, label: str | None, told: Collection[str] | None = None) -> list[Question]:
        """Return the questions that are asked for images of a requested class; ``told`` are the requested columns that
        the rater is told (None: all that a question may need).

        >>> [each.id for each in load_criteria("skin").questions_for("nevus", told=["label"])]
        ['size', 'morphology', 'colour', 'distribution', 'texture', 'artefacts']
        """
        return [question for question in self.questions if question.applies_to(label, told)]

    def display_name(self, label: str) -> str:
        """Return a class as raters read it: an alias becomes the class that it means.

        >>> load_criteria("skin").display_name("mel"), load_criteria("skin").display_name("rosacea")
        ('melanoma', 'rosacea')
        """
        return self.aliases.get(label, label)

    def unknown_labels(self, labels: Iterable[str]) -> list[str]:
        """Return those of the labels that the set does not know, sorted: no question names them, and no alias.

        A set that names no class at all knows them all.

        >>> load_criteria("skin").unknown_labels(["nv", "melanoma", "class-a"])
        ['class-a']
        """
        known = {name for each in self.questions for name in (*(each.classes or ()), *each.expected)}
        return sorted(set(labels) - known - set(self.aliases)) if known else []


def list_criteria() -> list[str]:
    """Names of the built-in criteria sets.

    >>> list_criteria()
    ['blood', 'chest-xray', 'skin']
    """
    return builtin_names(_BUILTIN)


def load_criteria(name_or_path: str | Path) -> CriteriaSet:
    """Return a built-in criteria set by name, or one from a YAML file.

    Raises ``UserError`` that names every fault with its line in the file.

    >>> load_criteria("skin").ids[:3]
    ('size', 'morphology', 'colour')
    """
    path = builtin_or_file(name_or_path, _BUILTIN, "criteria set")
    criteria, faults = _read(path)
    if criteria is None:
        remedy = "compare with a built-in set such as skin" if len(faults) > 1 or not faults[0].line else None
        raise UserError("; ".join(map(str, faults)), where=path, remedy=remedy)
    return criteria


def criteria_faults(path: str | Path) -> list[Fault]:
    """Return all faults of a criteria file, each with its line where one can be named; none: the file is valid."""
    return _read(Path(path))[1]


def is_criteria_file(name_or_path: str | Path) -> bool:
    """True for the name of a built-in criteria set (unless a folder of that name is there), and for a YAML file that
    has more of a criteria set than of another kind of document (also where it cannot be read to its end)."""
    path = Path(name_or_path)
    if not path.is_file():
        return str(name_or_path) in list_criteria() and not path.exists()
    if path.suffix.lower() not in (".yaml", ".yml"):
        return False
    with path.open("rb") as file:
        text = file.read(1_000_000).decode("utf-8", "replace")
    keys = set(re.findall(r"^([A-Za-z_]+)[ \t]*:", text, re.MULTILINE))
    return len(keys & {"questions", "realism", "sources", "title", "aliases"}) >= 2 and "imageset" not in keys


def criteria_schema() -> dict[str, Any]:
    """Return the JSON schema of a criteria file: what `SCHEMA_FILE` holds."""
    made = CriteriaSet.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **made,
        "title": "synmedbench criteria",
    }


def criteria_fingerprint(criteria: CriteriaSet) -> str:
    """Return the content key of what raters are asked: name, version, questions and realism.

    Two sets of one name and version must have one fingerprint. A mended title or source changes nothing.
    """
    asked = criteria.model_dump(mode="json", exclude_defaults=True, exclude={"title", "sources", "aliases"})
    return content_key(asked)


def criteria_differences(stored: CriteriaSet, given: CriteriaSet) -> list[str]:
    """Return one line for each part that raters would be asked otherwise, empty when there is none."""
    one, other = ({each.id: each for each in criteria.questions} for criteria in (stored, given))
    lines = [f"question {name} is new" for name in other if name not in one]
    lines += [f"question {name} is gone" for name in one if name not in other]
    for name in one.keys() & other.keys():
        parts = [
            part
            for part in ("text", "classes", "expected", "needs")
            if getattr(one[name], part) != getattr(other[name], part)
        ]
        lines += [f"question {name}: another {', '.join(parts)}"] if parts else []
    if not lines and stored.ids != given.ids:
        lines.append("the questions stand in another order")
    return sorted(lines) + (["another question on realism"] if stored.realism != given.realism else [])


def check_same_criteria(stored: CriteriaSet, given: CriteriaSet, *, where: object = "criteria") -> None:
    """Raise ``UserError`` when two sets have one name and version, but ask raters other things."""
    if (stored.name, stored.version) != (given.name, given.version):
        return
    if criteria_fingerprint(stored) != criteria_fingerprint(given):
        changed = "; ".join(criteria_differences(stored, given))
        raise UserError(
            f"criteria {given.name!r} version {given.version} were answered there with other content: {changed}",
            where=where,
            remedy=f"write version: {given.version + 1} into the changed file",
        )


def _read(path: Path) -> tuple[CriteriaSet | None, list[Fault]]:
    content, lines, faults = read_yaml(path)
    if content is None:
        return None, faults
    faults = [*faults, *meaning_faults(content, RESERVED), *_shape_faults(content)]
    if faults:
        return None, sorted({fault.at(lines) for fault in faults})
    return CriteriaSet.model_validate(content), []


class _Shape(CriteriaSet):
    """The same fields without the checks of meaning, so that faults of both kinds are told at once."""

    @model_validator(mode="before")
    @classmethod
    def _checked(cls, value: Any) -> Any:
        return value


def _shape_faults(content: Any) -> list[Fault]:
    names = {"": list(CriteriaSet.model_fields), "questions": list(Question.model_fields)}
    names["realism"] = list(Realism.model_fields)
    try:
        _Shape.model_validate(content)
    except ValidationError as error:
        return [told(each, names) for each in error.errors()]
    return []


def _with_aliases(value: Any) -> Any:
    """Give every alias what its class has, so that expectations are found by the name a data set writes."""
    aliases = value.get("aliases") if isinstance(value, Mapping) else None
    if not isinstance(aliases, Mapping) or not isinstance(value.get("questions"), list):
        return value
    whole = copy.deepcopy(dict(value))
    for question in whole["questions"]:
        if not isinstance(question, dict):
            continue
        expected, classes = question.get("expected"), question.get("classes")
        for alias, name in aliases.items():
            if isinstance(expected, dict) and name in expected:
                expected.setdefault(alias, expected[name])
            if isinstance(classes, list) and name in classes and alias not in classes:
                classes.append(alias)
    return whole
