"""Commands as a user types them, run in this process."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from synmedbench.cli import main


@dataclass
class Done:
    """What a command said and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def call(*words: str | Path, cwd: Path | None = None) -> Done:
    """Run a command as the console script does, in this process (a process each would import torch each time)."""
    said, told, code = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(told):
        patch.setattr(sys, "argv", ["synmedbench", *map(str, words)])
        patch.chdir(cwd or Path.cwd())
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, said.getvalue(), told.getvalue())


def one_line(done: Done) -> str:
    """The single line of an error; a traceback or a second line fails the test."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]
