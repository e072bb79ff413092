"""Content keys: two things have one key exactly when their content is equal."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np


def hash_bytes(data: bytes | bytearray | memoryview) -> str:
    """SHA-256 of the bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def file_hash(path: str | Path) -> str:
    """SHA-256 of a file's content, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_key(*parts: Any) -> str:
    """Return 32 hexadecimal digits made from the parts' content.

    Parts may be None, bool, int, float, str, bytes, paths (their *text*, not the file's content), numpy arrays,
    data frames, dataclasses, mappings (in any order) and sequences. Any other type raises ``TypeError``: a key
    must never rest on an object's address.

    >>> content_key({"a": 1, "b": 2}) == content_key({"b": 2, "a": 1})
    True
    >>> content_key(1) == content_key("1")
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()[:32]


def _feed(digest: Any, part: Any) -> None:
    if type(part) is str:  # by far the most parts are
        _put(digest, "str", part.encode())
        return
    if isinstance(part, np.generic):
        part = part.item()
    if part is None or isinstance(part, bool | int | str | Path):
        _put(digest, type(part).__name__ if not isinstance(part, Path) else "path", str(part).encode())
    elif isinstance(part, float):
        _put(digest, "float", b"nan" if math.isnan(part) else part.hex().encode())
    elif isinstance(part, bytes | bytearray | memoryview):
        _put(digest, "bytes", bytes(part))
    elif isinstance(part, np.ndarray):
        _feed_array(digest, part)
    elif _is_frame(part):
        _put(digest, "frame", str(len(part)).encode())
        for column in sorted(map(str, part.columns)):
            _feed(digest, [column, *part[column].tolist()])
    elif dataclasses.is_dataclass(part) and not isinstance(part, type):
        fields = {field.name: getattr(part, field.name) for field in dataclasses.fields(part)}
        _feed(digest, {"": type(part).__name__, **fields})
    elif isinstance(part, Mapping):
        _put(digest, "mapping", str(len(part)).encode())
        for key in sorted(part, key=str):
            _feed(digest, str(key))
            _feed(digest, part[key])
    elif isinstance(part, Sequence):
        _put(digest, "sequence", str(len(part)).encode())
        for item in part:
            _feed(digest, item)
    elif _is_missing(part):
        _put(digest, "NoneType", b"None")
    else:
        raise TypeError(f"no content key for {type(part).__name__}")


def _is_frame(part: Any) -> bool:
    return type(part).__module__.startswith("pandas") and type(part).__name__ == "DataFrame"


def _is_missing(part: Any) -> bool:
    return type(part).__module__.startswith("pandas") and type(part).__name__ in ("NAType", "NaTType")


def _feed_array(digest: Any, array: np.ndarray[Any, Any]) -> None:
    if array.dtype.hasobject:
        _feed(digest, array.tolist())
        return
    _put(digest, "array", f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).tobytes())


def _put(digest: Any, kind: str, data: bytes) -> None:
    digest.update(f"{kind}:{len(data)}:".encode() + data)
