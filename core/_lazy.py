"""Doors that import a room only when somebody enters it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def lazy_exports(
    package: str, rooms: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` for a package whose names live in private modules.

    ``rooms`` maps a public name to the module that holds it (``"._frechet"``, relative to the package);
    the module is imported at the first use of the name, so that ``import synmedbench`` never loads torch.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807
        if name not in rooms:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(rooms[name], package), name)
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807
        return sorted({*vars(sys.modules[package]), *rooms})

    return __getattr__, __dir__
