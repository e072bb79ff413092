"""The pages on alignment, rewards, new concepts and runs: their commands, recipes and links are such as exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer
import yaml

from synmedbench.benchmark import read_recipe
from synmedbench.cli import app

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("alignment.md", "rewards.md", "concept.md", "runs.md")
BLOCK = re.compile(r"```(?:bash|text)\n(.*?)```", re.DOTALL)
MADE = ("results/rewards.md", "results/alignment.md")  # written from measurements
pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="the pages are part of the source tree alone")


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def commands_of(page: str) -> list[list[str]]:
    joined = "\n".join(BLOCK.findall(text_of(page))).replace("\\\n", " ")
    lines = (line for line in joined.splitlines() if line.startswith("synmedbench "))
    return [shlex.split(line.partition(" > ")[0], comments=True)[1:] for line in lines]


def fault(words: list[str]) -> str | None:
    """What the command line would not understand; None when it takes all of the words."""
    command, rest = typer.main.get_command(app), words
    while hasattr(command, "commands"):
        if rest[0] not in command.commands:
            return f"no command {rest[0]}"
        command, rest = command.commands[rest[0]], rest[1:]
    try:
        command.make_context("synmedbench", rest)
    except Exception as error:  # the parser has several of its own
        return str(error) or type(error).__name__
    return None


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_understood(page: str) -> None:
    found = commands_of(page)
    assert found
    assert [" ".join(words) for words in found if fault(words)] == []


def test_a_command_that_is_not_there_would_be_seen() -> None:
    assert fault(["align", "base", "--rewards", "R"])
    assert fault(["reward", "draw"]) == "no command draw"
    assert fault(["reward", "choose", "--images", "m", "--reward", "R", "--n", "many", "--out", "o"])


def test_the_recipes_part_is_valid(tmp_path: Path) -> None:
    (part,) = re.findall(r"```yaml\n(.*?)```", text_of("alignment.md"), re.DOTALL)
    whole = {"name": "mine", "imageset": {"path": "phantom-blood?n=400&size=32"}, "seeds": [0, 1, 2, 3, 4]}
    base = {"conditions": ["label"], "base": "diffusion:unet-micro?steps=2"}
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump({**whole, **base, **yaml.safe_load(part)}), encoding="utf-8")
    read = read_recipe(str(path))
    assert read.alignment is not None
    assert (read.alignment.snapshots, read.max_minutes) == (4, 240)


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    found = re.findall(r"\]\(([\w./-]+\.md)\)", text_of(page))
    assert [link for link in found if link not in MADE and not (DOCS / link).is_file()] == []


def test_the_evaluator_of_the_example_has_another_backbone_and_other_ratings() -> None:
    first, second = (words for words in commands_of("alignment.md") if words[:2] == ["reward", "fit"])
    assert second[second.index("--backbone") + 1] != "test_resnet"
    assert first[first.index("--ratings") + 1] != second[second.index("--ratings") + 1]
    assert "--backbone" not in first
