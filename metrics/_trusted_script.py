"""A TorchScript file is a program: it is run only when its SHA-256 is the expected one, or on permission."""

from __future__ import annotations

from pathlib import Path

import torch

from ..core import UserError, file_hash


def trusted_hash(path: Path, trust: bool | str, expected: str | None, missing: str, found_other: str) -> str:
    """Return the file's SHA-256 when it may be run.

    It may when its hash is ``expected``, or ``trust`` is true or is the hash. Raises ``UserError`` for a missing
    file (with the remedy ``missing``), and for another file (``found_other`` says what it is not).
    """
    if not path.is_file():
        raise UserError(
            "the weights are not there, and nothing is downloaded unasked", where=path, remedy=missing
        )
    found = file_hash(path)
    pinned = {expected, trust.lower() if isinstance(trust, str) else None}
    if trust is not True and found not in pinned:
        raise UserError(f"{found_other}: its SHA-256 is {found}", where=path,
                        remedy="a TorchScript file is a program; to run this one, pin that SHA-256")  # fmt: skip
    return found


def load_script(path: Path, extra: dict[str, str] | None = None) -> torch.jit.ScriptModule:
    """Load a TorchScript file in evaluation mode; ``extra`` is filled with the texts it carries."""
    try:
        return torch.jit.load(path, map_location="cpu", _extra_files=extra).eval()
    except (RuntimeError, AttributeError, ValueError, OSError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise UserError(f"not a TorchScript network: {reason}", where=path) from error
