"""The tutorial's code runs, its generator passes the battery, and its output is what the page shows."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "adding-a-generator.md"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def steady(text: str) -> list[str]:
    """Lines without what differs by machine or by a change of the phantom: times, sizes, shares, hashes."""
    text = re.sub(r"[0-9a-f]{32}", "HASH", re.sub(r"[\d.,]+( s| ms| MB|%)", r"N\1", text))
    return [line.rstrip() for line in text.strip().splitlines()]


@pytest.fixture(scope="module")
def run() -> tuple[str, dict[str, Any]]:
    printed, names = StringIO(), {}
    with redirect_stdout(printed):
        for block in blocks("python"):
            exec(compile(block, str(PAGE), "exec"), names)
    return printed.getvalue(), names


def test_the_code_prints_what_the_page_shows(run: tuple[str, dict[str, Any]]) -> None:
    shown = blocks("text")
    assert steady(run[0]) == steady(shown[0]) + steady(shown[2])


def test_every_clause_passes(run: tuple[str, dict[str, Any]]) -> None:
    checks = run[1]["check_generator"](run[1]["PcaGaussian"](), run[1]["images"])
    assert [str(check) for check in checks if not check.passed] == []
    assert len(checks) >= 11


def test_the_failure_that_the_page_shows_is_the_one_that_comes(run: tuple[str, dict[str, Any]]) -> None:
    names = dict(run[1])
    code = blocks("python")[0].replace("rng(seed, i).standard_normal", "np.random.standard_normal")
    state = np.random.get_state()
    try:
        exec(compile(code, str(PAGE), "exec"), names)
        checks = names["check_generator"](names["PcaGaussian"](), names["images"])
    finally:
        np.random.set_state(state)
    shown = blocks("text")[1].strip().splitlines()
    found = str(next(check for check in checks if check.name == "repeatable")).splitlines()
    assert re.sub(r"\d+", "N", found[0]) == re.sub(r"\d+", "N", shown[0])
    assert found[1].strip() == shown[1].strip()
