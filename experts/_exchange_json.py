"""JSON from elsewhere, as text that can be kept."""

from __future__ import annotations

import json
from typing import Any


def load_json(text: str) -> Any:
    """Return what the text holds; ``ValueError`` also for nesting too deep and for half a letter (a lone surrogate),
    which JSON can write but UTF-8 cannot."""
    try:
        value = json.loads(text)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    except UnicodeEncodeError as error:
        raise ValueError(f"it holds half a letter, {error.object[error.start]!r}") from error
    return value
