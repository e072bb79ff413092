"""Faults of a criteria file in words: where, what, and what was probably meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from ..core import did_you_mean

Place = tuple[str | int, ...]
"""The way to a part of a file: keys of mappings and numbers in lists, from 0."""


@dataclass(frozen=True)
class Fault:
    """One fault of a criteria file.

    >>> print(Fault(("questions", 0, "id"), "missing", line=7))
    line 7: questions.1.id: missing
    """

    place: Place
    text: str
    line: int | None = None

    def at(self, lines: Mapping[Place, int]) -> Fault:
        """Return the fault with the line of its place, or of the nearest part around it."""
        place = self.place
        while place and place not in lines:
            place = place[:-1]
        return self if self.line or not place else replace(self, line=lines[place])

    def __str__(self) -> str:
        """People count list items from 1, as they see them in the file."""
        way = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in self.place)
        parts = [f"line {self.line}" if self.line else "", way, self.text]
        return ": ".join(part for part in parts if part)

    def __lt__(self, other: Fault) -> bool:
        return (self.line or 0, str(self)) < (other.line or 0, str(other))


def told(error: Any, fields: Mapping[str, Sequence[str]]) -> Fault:
    """Return a fault that pydantic found, in plain words; ``fields`` has the known names by part of the file."""
    place, kind, given = tuple(error["loc"]), str(error["type"]), error.get("input")
    place = place[:-1] if place and place[-1] == "[key]" else place
    if kind == "extra_forbidden":
        known = fields.get(str(place[0]) if len(place) > 1 else "", ())
        return Fault(place, f"unknown field, {did_you_mean(str(place[-1]), known)}")
    if kind == "missing":
        return Fault(place, "missing")
    if kind == "string_type" and isinstance(given, bool):
        return Fault(place, f"YAML reads this as {str(given).lower()}: put it into quotes")
    if kind == "string_type" and isinstance(given, int | float):
        return Fault(place, f"{_shown(given)} is a number here: put it into quotes")
    if kind == "string_type" and given is None:
        return Fault(place, "nothing is written here")
    if kind == "string_pattern_mismatch":
        asked = "small letters, digits and _" if place[-1] == "id" else "small letters, digits and -"
        return Fault(place, f"{_shown(given)} must be {asked}, a letter first")
    if kind in ("dict_type", "list_type", "model_type", "model_attributes_type"):
        asked = (
            "a list, each item behind '- '"
            if kind == "list_type"
            else "a mapping, 'name: value' in each line"
        )
        return Fault(place, f"must be {asked}, got {_shown(given)}")
    if kind in ("too_short", "string_too_short"):
        return Fault(place, "must not be empty")
    if kind in ("greater_than_equal", "less_than_equal", "int_type", "int_parsing", "int_from_float"):
        return Fault(place, f"must be a whole number from 1 to 1,000,000, got {_shown(given)}")
    return Fault(place, f"{error['msg']}, got {_shown(given)}")


def meaning_faults(value: Any, reserved: Sequence[str]) -> list[Fault]:
    """Return what no single field can show: doubled ids, expectations and aliases of classes that are not there.

    Whatever has another shape is passed over: its own faults are told elsewhere.
    """
    if not isinstance(value, Mapping):
        return []
    questions = value.get("questions")
    parts = [(i, q) for i, q in enumerate(questions) if isinstance(q, Mapping)] if _many(questions) else []
    found: list[Fault] = []
    seen: dict[str, int] = {}
    for number, question in parts:
        name = question.get("id")
        if isinstance(name, str):
            if name in reserved:
                text = f"{name!r} is reserved: every set has it"
                found.append(Fault(("questions", number, "id"), text))
            elif name in seen:
                text = f"{name!r} is used twice, first by question {seen[name] + 1}"
                found.append(Fault(("questions", number, "id"), text))
            seen.setdefault(name, number)
        found += _strange_classes(number, question, value.get("aliases"))
    return found + _strange_aliases(value.get("aliases"), parts)


def _strange_classes(number: int, question: Mapping[str, Any], aliases: Any) -> list[Fault]:
    classes, expected = question.get("classes"), question.get("expected")
    if not _many(classes) or not isinstance(expected, Mapping):
        return []
    others = (
        [alias for alias, name in aliases.items() if name in classes] if isinstance(aliases, Mapping) else []
    )
    return [
        Fault(
            ("questions", number, "expected", str(name)),
            f"{name!r} is one of the classes that it is not asked for (classes: {', '.join(map(str, classes))})",
        )
        for name in expected
        if name not in classes and name not in others
    ]


def _strange_aliases(aliases: Any, parts: Sequence[tuple[int, Mapping[str, Any]]]) -> list[Fault]:
    if not isinstance(aliases, Mapping):
        return []
    known: set[str] = set()
    for _, question in parts:
        for names in (question.get("classes"), question.get("expected")):
            known |= {name for name in names if isinstance(name, str)} if _many(names) else set()
    return [
        Fault(("aliases", str(alias)), f"no class {name!r}, {did_you_mean(name, known)}")
        for alias, name in aliases.items()
        if isinstance(name, str) and name not in known
    ]


def _many(value: Any) -> TypeGuard[list[Any] | Mapping[Any, Any]]:
    return isinstance(value, list | Mapping)


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**18 else "a huge number"
    return text if len(text) <= 60 else f"{text[:57]}..."
