"""Built-in YAML files by name: criteria sets and rules are found alike."""

from __future__ import annotations

from pathlib import Path

from ..core import UserError, did_you_mean


def builtin_names(folder: Path) -> list[str]:
    """Return the names of the YAML files in a folder, sorted, without their ending."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def builtin_or_file(name_or_path: str | Path, folder: Path, what: str) -> Path:
    """Return the path of a built-in file by its name, or the path given; ``UserError`` where neither is a file.

    >>> builtin_or_file("blood", Path(__file__).parent / "rules", "rules").name
    'blood.yaml'
    """
    if str(name_or_path) in (names := builtin_names(folder)):
        return folder / f"{name_or_path}.yaml"
    if not Path(name_or_path).is_file():
        hint = did_you_mean(str(name_or_path), names)
        raise UserError(f"no {what} or file {str(name_or_path)!r}", remedy=hint)
    return Path(name_or_path)
