"""What Label Studio's annotations hold: images, people, times and answers, each in its several spellings."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ._exchange_cells import TRUTH

VERDICT_NAMES = ("verdict", "plausible")
"""Names of the control that holds the verdict on the whole image."""


def image_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the image of a task's data: what an export of ours says, else the path of its picture."""
    path = data.get("file_name") or data.get("image")
    if not isinstance(path, str) or not path:
        others = [value for value in data.values() if isinstance(value, str) and _looks_like_picture(value)]
        if len(others) != 1:
            raise ValueError("its data has no 'image'")
        path = others[0]
    found: dict[str, Any] = {"image": _file_name(path)}
    for name in ("image_key", "imageset", "label", "requested"):
        value = data.get(name)
        found[name] = json.dumps(value, sort_keys=True) if isinstance(value, dict) else value
    return found


def _file_name(path: str) -> str:
    """Return the file name in what Label Studio calls an image.

    >>> _file_name("/data/local-files/?d=skin/images/a%20b.png"), _file_name("/data/upload/3/1a2b3c4d-7.png")
    ('skin/images/a b.png', '7.png')
    """
    if path.startswith("data:"):
        raise ValueError("the picture is embedded and its file is not named ('file_name')")
    address = urlsplit(path)
    local = parse_qs(address.query).get("d") if "local-files" in address.path else None
    if local:
        return local[0].lstrip("/")
    if not address.scheme and not address.path.startswith("/data/upload/"):
        return path
    name = unquote(address.path)
    if name.startswith("/data/upload/"):
        last = name.rsplit("/", 1)[-1]
        head, mark, rest = last.partition("-")
        return rest if mark and len(head) == 8 and rest else last
    return name.lstrip("/")


def _looks_like_picture(value: str) -> bool:
    return value.lower().split("?")[0].endswith((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"))


def rater_of(person: Any) -> str | None:
    """Return a name for who annotated: an address, a name, or the number that Label Studio gave."""
    if isinstance(person, dict):
        full = " ".join(str(person.get(name) or "") for name in ("first_name", "last_name")).strip()
        return str(person.get("email") or full or "") or rater_of(person.get("id"))
    if isinstance(person, bool) or person is None:
        return None
    return f"label-studio-{person}" if isinstance(person, int) else str(person)


def time_of(value: Any) -> str | None:
    """Return ISO 8601 in UTC; older exports write seconds since 1970."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC).isoformat()
        moment = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"created_at is no time: {str(value)[:40]!r}") from error
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat()


def seconds_of(value: Any) -> float | None:
    """Return a lead time in seconds, None where none was kept; raises ``ValueError`` for what is no time."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"lead_time must be seconds from 0, got {str(value)[:40]!r}")
    return float(value)


def single_of(value: Any, name: str, kind: str) -> Any:
    """Return the one value of a control: choices come as a list, nested ones as a list of lists."""
    if kind == "textarea":
        lines = value if isinstance(value, list) else [value]
        return "\n".join(str(line) for line in lines)
    while isinstance(value, list):
        if len(value) != 1:
            raise ValueError(f"{name} has {len(value)} answers, one is needed")
        value = value[0]
    if kind == "choices" and not isinstance(value, str):
        raise ValueError(f"{name} must be text, got {str(value)[:40]!r}")
    if kind == "choices" and name in VERDICT_NAMES and " ".join(value.lower().split()) not in TRUTH:
        raise ValueError(f"{name} must be plausible or implausible, got {value[:40]!r}")
    return value
