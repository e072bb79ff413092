"""The page on rating: its commands run, in their order; the options it names are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from command_line import call

PAGE = Path(__file__).parents[2] / "docs" / "rating.md"
TEXT = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
COMMANDS = [
    line
    for block in re.findall(r"```bash\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("synmedbench ")
]
pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the page is part of the source tree alone")
SERVING = [line for line in COMMANDS if line.startswith("synmedbench rate ")]


def test_the_page_shows_every_part() -> None:
    assert len(SERVING) == 1
    heads = set(re.findall(r"^## (.*)$", TEXT, re.MULTILINE))
    assert {"Plan", "Criteria", "Rate", "Export and import", "Label Studio", "Privacy"} <= heads


@pytest.mark.slow
def test_commands_run_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for line in COMMANDS:
        if line not in SERVING:
            done = call(*shlex.split(line)[1:])
            assert done.returncode == 0, f"{line}\n{done.stderr}"
    for name in (
        "trial.html",
        "trial.csv",
        "my-skin.yaml",
        "pairs.jsonl",
        "tasks.json",
        "tasks.xml",
        "images.parquet",
    ):
        assert (tmp_path / name).stat().st_size > 0


@pytest.mark.parametrize(
    "command", ["rate", "ratings export", "ratings import", "ratings report", "ratings agreement"]
)
def test_options_that_the_page_names_are_known(command: str) -> None:
    known = call(*command.split(), "--help").stdout
    lines = [line for line in TEXT.splitlines() if f"synmedbench {command} " in line]
    named = {
        option
        for line in lines
        for option in re.findall(r"(--[a-z-]+)", line.split(f"synmedbench {command} ")[1])
    }
    if command == "rate":
        named |= {
            "--detail",
            "--mode",
            "--n",
            "--show",
            "--days",
            "--address",
            "--overlap",
            "--repeats",
            "--real",
        }
    assert [option for option in sorted(named) if option not in known] == []
