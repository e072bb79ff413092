"""What a record says of the machine and the code."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("torch", "torchvision", "timm", "diffusers", "torchmetrics", "numpy", "scipy", "pandas")


def code_version() -> str:
    """The installed version of synmedbench."""
    try:
        return version("synmedbench")
    except PackageNotFoundError:
        return "0+unknown"


def code_commit() -> str | None:
    """The commit of the source tree that the package runs from, with ``+changes``; None outside a git checkout."""
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return commit + ("+changes" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()


def describe_machine() -> dict[str, str | int]:
    """Processor, cores, system, Python and the versions of the packages that numbers depend on."""
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
        **packages,
    }
