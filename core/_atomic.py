"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ._errors import UserError


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it is flushed to disk and renamed to ``path``.

    After an error (a full disk, a kill) the old file, if any, is untouched and the temporary one is removed.
    """
    target = Path(path)
    if target.exists() and not target.is_file():
        raise UserError("is not a file that could be replaced", where=target, remedy="choose another path")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(target)
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, target)
        _sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path, *, replace: bool = False) -> Iterator[Path]:
    """Give a temporary folder beside ``path``; on success its files are flushed and it is renamed to ``path``.

    Where ``path`` already exists, the first writer wins (the new folder is dropped), unless ``replace``.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(target)
    temporary.mkdir()
    try:
        yield temporary
        for item in temporary.rglob("*"):
            if item.is_file():
                _sync(item)
        if replace and target.exists():
            shutil.rmtree(target)
        try:
            os.rename(temporary, target)
        except OSError:
            if not target.is_dir():
                raise
        _sync(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.{uuid.uuid4().hex}.tmp")


def sweep(folder: str | Path) -> int:
    """Remove what processes that are dead (by ``kill -9``, say) left unfinished in a folder; return how many."""
    removed = 0
    for path in Path(folder).glob(".*.tmp"):
        owner = path.name.split(".")[-3]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            removed += 1
    return removed


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write the bytes to ``path`` atomically."""
    with atomic_file(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | Path, text: str) -> None:
    """Write the text to ``path`` in UTF-8, atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: str | Path, value: Any) -> None:
    """Write ``value`` as JSON (sorted by nothing, indented by two, no NaN), atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        if not path.is_dir():
            raise
    finally:
        os.close(descriptor)
