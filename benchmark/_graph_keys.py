"""What a component is, for the keys of stages: its code, and the content that its options name."""

from __future__ import annotations

from pathlib import Path

from ..core import file_hash, parse_spec, registry
from ..imagesets import open_imageset
from ._recipe import Component, without_alias


def code_of(kind: str, part: Component) -> str:
    """The version of a component's code."""
    return registry(kind).version(without_alias(part))


def content_of(part: Component | None) -> list[str]:
    """Hashes of the files and folders that a component's argument and options name: a path is not its content."""
    if part is None:
        return []
    spec = parse_spec(without_alias(part))
    named = [value for value in (spec.argument, *spec.options.values()) if isinstance(value, str)]
    hashes = []
    for name in [*named, *([part] if isinstance(part, str) else [])]:
        path = Path(name).expanduser()
        if path.is_file():
            hashes.append(file_hash(path))
        elif spec.name == "folder" and path.is_dir():
            hashes.append(open_imageset(name).content_hash)
            hashes += [file_hash(path / "card.json")] if (path / "card.json").is_file() else []
    return hashes
