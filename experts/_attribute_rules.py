"""Rules of the types: which values of a morphological attribute are right for each class, one YAML file each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..core import UserError, did_you_mean
from ._builtin_files import builtin_names, builtin_or_file
from ._criteria import load_criteria

_BUILTIN = Path(__file__).parent / "rules"

Values = Annotated[list[str], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Attribute(_Part):
    """One annotated attribute: the question that it answers, its values, and how far two experts agree on it."""

    criterion: str | None = Field(description="id of the question in the criteria set; null: predicted alone")
    kappa: float = Field(gt=0, le=1, description="published agreement of two annotators (Cohen)")
    values: list[str] = Field(min_length=2, description="every value that annotators may give")


class AttributeRules(_Part):
    """Attributes, and the values that are right for each class; classes without attributes stand apart."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: int = Field(ge=1)
    title: str = Field(min_length=1)
    criteria: str = Field(min_length=1, description="criteria set whose questions are answered")
    sources: list[str] = Field(min_length=1)
    notes: list[str] = Field(default_factory=list)
    attributes: dict[str, Attribute] = Field(min_length=1)
    classes: dict[str, dict[str, Values]] = Field(
        min_length=1,
        description="class: attribute: the values that are right; an attribute left out is not judged",
    )
    class_only: dict[str, str] = Field(
        default_factory=dict, description="class: why it is judged without attributes"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> AttributeRules:
        faults = [*_attribute_faults(self), *_class_faults(self)]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def judged(self) -> tuple[str, ...]:
        """Attributes that answer a question and that at least one class has a rule for."""
        named = {name for rules in self.classes.values() for name in rules}
        return tuple(name for name, part in self.attributes.items() if part.criterion and name in named)

    def groups(self, attribute: str) -> dict[str, str]:
        """Return the values of an attribute, those that no rule tells apart under one name.

        Two values are one when every class that has a rule allows both or neither: a panel need not see a
        difference that nobody asks for. An attribute without rules keeps its values apart.
        """
        values = self.attributes[attribute].values
        rules = [set(each[attribute]) for each in self.classes.values() if attribute in each]
        alike: dict[tuple[bool | str, ...], list[str]] = {}
        for value in values:
            pattern: tuple[bool | str, ...] = tuple(value in allowed for allowed in rules) if rules else (value,)
            alike.setdefault(pattern, []).append(value)
        return {value: " or ".join(group) for group in alike.values() for value in group}

    def rules_of(self, label: str | None) -> Mapping[str, list[str]]:
        """Return the rules of a class, by its name or by an alias that the criteria set knows; none: empty."""
        return self.classes.get(self._name_of(label), {})

    def reason_of(self, label: str) -> str | None:
        """Return why a class is judged without attributes; None for a class with rules."""
        name = self._name_of(label)
        if name in self.classes:
            return None
        return self.class_only.get(name, "the rules do not name this class; judged on the class alone")

    @cached_property
    def _aliases(self) -> dict[str, str]:
        return load_criteria(self.criteria).aliases

    def _name_of(self, label: str | None) -> str:
        named = {*self.classes, *self.class_only}
        return str(label) if label in named else self._aliases.get(str(label), str(label))

    def allowed(self, label: str | None, attribute: str) -> set[str] | None:
        """Return the grouped values that are right for a class; None where nothing is asked."""
        rule = self.rules_of(label).get(attribute)
        return None if rule is None else {self.groups(attribute)[value] for value in rule}


def list_rules() -> list[str]:
    """Names of the built-in rules.

    >>> list_rules()
    ['blood']
    """
    return builtin_names(_BUILTIN)


def load_rules(name_or_path: str | Path) -> AttributeRules:
    """Return built-in rules by name, or those of a YAML file; ``UserError`` names every fault.

    >>> rules = load_rules("blood")
    >>> sorted(rules.allowed("lymphocyte", "nuclear_cytoplasmic_ratio"))
    ['high']
    """
    path = builtin_or_file(name_or_path, _BUILTIN, "rules")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return AttributeRules.model_validate(content)
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"not readable as YAML: {error}", where=path) from error
    except ValidationError as error:
        told = [f"{'.'.join(map(str, each['loc'])) or 'the file'}: {each['msg']}" for each in error.errors()]
        raise UserError(
            "; ".join(told), where=path, remedy="compare with the built-in rules blood"
        ) from error


def _attribute_faults(rules: AttributeRules) -> list[str]:
    try:
        known = load_criteria(rules.criteria).ids
    except UserError as error:
        return [f"criteria: {error}"]
    faults = []
    for name, part in rules.attributes.items():
        if part.criterion is not None and part.criterion not in known:
            faults.append(f"attributes.{name}: {rules.criteria} has no question {part.criterion!r}")
        if len(set(part.values)) < len(part.values):
            faults.append(f"attributes.{name}: a value stands twice")
    return faults


def _class_faults(rules: AttributeRules) -> list[str]:
    faults = [
        f"{name!r} stands in classes and class_only" for name in rules.classes if name in rules.class_only
    ]
    for label, wanted in rules.classes.items():
        for attribute, values in wanted.items():
            if attribute not in rules.attributes:
                hint = did_you_mean(attribute, rules.attributes)
                faults.append(f"classes.{label}: no attribute {attribute!r} ({hint})")
                continue
            strange = [value for value in values if value not in rules.attributes[attribute].values]
            if strange:
                faults.append(f"classes.{label}.{attribute}: unknown values {', '.join(map(repr, strange))}")
    return faults
