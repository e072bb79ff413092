"""Criteria sets: the written questions that raters answer, one YAML file each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ..core import UserError, did_you_mean

_BUILTIN = Path(__file__).parent / "criteria"
RESERVED = ("realism", "note")
"""Criteria that every set has besides its questions: realism from 1 to 5, and a free note."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(_Part):
    """One question, answered yes, no or cannot tell; yes means that the image is right in this respect."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="short name, used in ratings")
    text: str = Field(min_length=1, description="the question as the rater reads it")
    classes: list[str] | None = Field(
        default=None, description="requested classes it is asked for; None for all"
    )
    expected: dict[str, str] = Field(default_factory=dict, description="what is right, by class")

    def applies_to(self, label: str | None) -> bool:
        """True when the question is asked for images of this requested class."""
        return self.classes is None or (label is not None and label in self.classes)


class Realism(_Part):
    """How real the image looks as a whole, from 1 to 5."""

    text: str = Field(min_length=1)
    lowest: str = Field(min_length=1, description="what 1 means")
    highest: str = Field(min_length=1, description="what 5 means")


class CriteriaSet(_Part):
    """Questions for one kind of image, with their version and the literature that they rest on."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: int = Field(ge=1, description="grows when a question changes its meaning")
    title: str = Field(min_length=1, description="one line")
    sources: list[str] = Field(min_length=1, description="where the expectations come from")
    questions: list[Question] = Field(min_length=1)
    realism: Realism

    @field_validator("questions")
    @classmethod
    def _ids_differ(cls, value: list[Question]) -> list[Question]:
        ids = [question.id for question in value]
        doubled = sorted({each for each in ids if ids.count(each) > 1 or each in RESERVED})
        if doubled:
            raise ValueError(f"these ids are used twice or reserved: {', '.join(doubled)}")
        return value

    @model_validator(mode="after")
    def _expected_applies(self) -> CriteriaSet:
        for question in self.questions:
            strange = [name for name in question.expected if not question.applies_to(name)]
            if strange:
                raise ValueError(f"{question.id}: expected names classes that it is not asked for: {strange}")
        return self

    @property
    def ids(self) -> tuple[str, ...]:
        """The questions' ids, in order."""
        return tuple(question.id for question in self.questions)

    def questions_for(self, label: str | None) -> list[Question]:
        """Return the questions that are asked for images of a requested class."""
        return [question for question in self.questions if question.applies_to(label)]


def list_criteria() -> list[str]:
    """Names of the built-in criteria sets.

    >>> list_criteria()
    ['blood', 'chest-xray', 'skin']
    """
    return sorted(path.stem for path in _BUILTIN.glob("*.yaml"))


def load_criteria(name_or_path: str | Path) -> CriteriaSet:
    """Return a built-in criteria set by name, or one from a YAML file.

    Raises ``UserError`` that names every fault with its place in the file.

    >>> load_criteria("skin").ids[:3]
    ('size', 'morphology', 'colour')
    """
    path = Path(name_or_path)
    if str(name_or_path) in list_criteria():
        path = _BUILTIN / f"{name_or_path}.yaml"
    elif not path.is_file():
        hint = did_you_mean(str(name_or_path), list_criteria())
        raise UserError(f"no criteria set or file {str(name_or_path)!r}", remedy=hint)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return CriteriaSet.model_validate(content)
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"not readable as YAML: {error}", where=path) from error
    except ValidationError as error:
        faults = "; ".join(_told(fault) for fault in error.errors())
        raise UserError(faults, where=path, remedy="compare with a built-in set such as skin") from error


def _told(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"]) or "the file"
    return f"{place}: {fault['msg']}"
