"""Links' tokens and pictures' names: keyed hashes (HMAC, RFC 2104) that only the store's secret can make."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping


def keyed(secret: str, *parts: str | int) -> bytes:
    """Return the HMAC-SHA-256 of the parts, which cannot be confused with those of other parts."""
    message = json.dumps(parts, ensure_ascii=True).encode()
    return hmac.digest(bytes.fromhex(secret), message, "sha256")


def token_of(secret: str, *parts: str | int) -> str:
    """Return a token for an address: 43 letters, digits, ``-`` and ``_``.

    >>> token_of("00" * 32, "link", "study", "anna", 0)[:8]
    'UgO7o_PB'
    """
    return base64.urlsafe_b64encode(keyed(secret, *parts)).rstrip(b"=").decode()


def opaque(secret: str, *parts: str | int) -> str:
    """Return a name of 32 hexadecimal digits that tells nothing of what it stands for.

    >>> opaque("00" * 32, "task", 1) == opaque("00" * 32, "task", 2)
    False
    """
    return keyed(secret, *parts).hex()[:32]


def whose(token: str, tokens: Mapping[str, tuple[str, int]]) -> tuple[str, int] | None:
    """Return what a token stands for, or None; the time taken does not tell how much of it was right.

    Every known token is compared, each in constant time.
    """
    given, found = token.encode("utf-8", "replace"), None
    for known, value in tokens.items():
        if hmac.compare_digest(given, known.encode()):
            found = value
    return found
