"""The page on image sets: its code and commands give the outputs that it prints."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "imagesets.md"
BLOCKS = re.compile(r"```(python|text|console)\n(.*?)```", re.DOTALL)


def run_python(code: str, names: dict[str, object]) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, str(PAGE), "exec"), names)
    return "".join(line.rstrip() + "\n" for line in said.getvalue().splitlines())


def run_command(line: str) -> str:
    words = shlex.split(line)
    assert words[0] == "synmedbench"
    code = "from synmedbench.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *words[1:]],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "COLUMNS": "200"},
    )
    return done.stdout + done.stderr


@pytest.mark.skipif(not PAGE.is_file(), reason="the page is part of the source tree alone")
def test_page_prints_what_its_code_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    said = ""
    kinds = []
    for kind, text in BLOCKS.findall(PAGE.read_text(encoding="utf-8")):
        kinds.append(kind)
        if kind == "python":
            said = run_python(text, names)
        elif kind == "text":
            assert said == text
        else:
            command, _, expected = text.removeprefix("$ ").partition("\n")
            assert run_command(command) == expected
    assert (kinds.count("python"), kinds.count("text"), kinds.count("console")) == (6, 5, 1)
