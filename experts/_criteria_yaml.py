"""YAML of a criteria file: read with the line of every part, refused where it is a trap."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ._criteria_faults import Fault, Place

_MOST_BYTES = 1_000_000
_MOST_PARTS = 50_000
_DEEPEST = 20
_FaultyYaml = (yaml.YAMLError, ValueError, RecursionError, OverflowError)


def read_yaml(path: Path) -> tuple[Any, Mapping[Place, int], list[Fault]]:
    """Return a file's content, the line of every part by its place, and faults; content None: unreadable.

    Refused: more than 1 MB, other encodings than UTF-8, several documents, nesting deeper than 20, and files
    whose aliases expand to more than 50,000 parts. A key that stands twice is a fault, the rest is read.
    """
    text, fault = _text(path)
    if text is None:
        return None, {}, [Fault((), fault)]
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            return None, {}, [Fault((), "the file is empty")]
        lines: dict[Place, int] = {}
        faults: list[Fault] = []
        _walk(node, (), lines, faults, [0])
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        return None, {}, [_marked(error)]
    except _FaultyYaml as error:
        return None, {}, [Fault((), f"not readable as YAML: {_short(error)}")]
    if not isinstance(content, dict):
        return None, lines, [Fault((), "the file is no mapping: begin with 'name: ', a field in each line", line=1)]
    return content, lines, faults


def yaml_fault(path: str | Path) -> Fault | None:
    """Return why a YAML file holds no mapping that could be read: unreadable, no YAML, empty, a list; None: it does."""
    content, _, faults = read_yaml(Path(path))
    return faults[0] if content is None else None


def _text(path: Path) -> tuple[str | None, str]:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        return None, f"cannot be read: {error.strerror or error}"
    if len(data) > _MOST_BYTES:
        return None, f"over {_MOST_BYTES // 1000:,} kB: this is no criteria file"
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return None, f"line {line}: not UTF-8 text; save the file as UTF-8"


def _walk(
    node: yaml.Node, place: Place, lines: dict[Place, int], faults: list[Fault], seen: list[int]
) -> None:
    """Note the line of each part; aliases are walked as often as they are used, so a bomb is counted."""
    seen[0] += 1
    if seen[0] > _MOST_PARTS or len(place) > _DEEPEST:
        reason = "it expands to too many parts" if seen[0] > _MOST_PARTS else "it is nested too deep"
        raise ValueError(f"{reason} (from line {node.start_mark.line + 1})")
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _walk(item, (*place, number), lines, faults, seen)
    elif isinstance(node, yaml.MappingNode):
        names: dict[str, int] = {}
        for key, item in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in names:
                faults.append(Fault(place, f"{name!r} stands twice, first in line {names[name]}", line=line))
            names.setdefault(name, line)
            lines.setdefault((*place, name), line)
            _walk(item, (*place, name), lines, faults, seen)


def _marked(error: yaml.MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else None
    problem = str(error.problem or error.context or "not readable")
    if "'\\t'" in problem:
        return Fault((), "a tab: YAML is indented by spaces alone", line=line)
    if "mapping values are not allowed" in problem:
        problem += ": put text that holds ': ' into quotes"
    if "expected a single document" in problem or "another document" in problem:
        problem = "a second document begins ('---'): one file holds one set"
    return Fault((), f"not readable as YAML: {problem}", line=line)


def _short(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    text = " ".join(str(error).split())
    return text if len(text) < 200 else f"{text[:200]} ..."
