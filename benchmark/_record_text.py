"""The text of a record's file, plain or packed (``record.json.gz``)."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from ..core import UserError, write_bytes, write_text

PACKED = ".gz"
LARGEST = 2**30
"""Bytes of a record, unpacked: a larger one is no record (a packed file may pretend to be small)."""
RECORD_FILES = ("record.json", "record.json.gz")
"""What a run's record is called, plain and packed."""


def record_file(folder: Path) -> Path:
    """The record of a folder, plain or packed; the plain name where there is neither."""
    found = [folder / name for name in RECORD_FILES if (folder / name).is_file()]
    return found[0] if found else folder / RECORD_FILES[0]


def read_text(path: Path) -> str:
    """The text of a file, unpacked where its name ends in ``.gz``. Raises what opening and decoding raise."""
    if path.suffix != PACKED:
        return path.read_text(encoding="utf-8")
    try:
        with gzip.open(path) as packed:
            content = packed.read(LARGEST + 1)
    except (EOFError, zlib.error) as error:
        raise UserError(f"the packed record is broken: {error}", where=path) from error
    if len(content) > LARGEST:
        raise UserError("the packed record holds more than 1 GiB", where=path)
    return content.decode("utf-8")


def write_packed(path: str | Path, text: str) -> None:
    """Write a text atomically, packed where the name ends in ``.gz``: equal texts give equal bytes."""
    if Path(path).suffix == PACKED:
        write_bytes(path, gzip.compress(text.encode("utf-8"), mtime=0))
    else:
        write_text(path, text)
