"""The README's code and commands are run, and what they print is what the README says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[1] / "README.md"
NUMBER = re.compile(r"[-+]?\d+\.\d+")

pytestmark = pytest.mark.skipif(not README.is_file(), reason="runs on a checkout")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)


def numbers(text: str) -> list[float]:
    return [float(found) for found in NUMBER.findall(text)]


def test_the_python_example_prints_what_the_readme_says():
    code = next(block for block in blocks("python") if "frechet_distance" in block)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    shown = next(block for block in blocks("text") if "PRDC" in block)
    assert numbers(done.stdout) == pytest.approx(numbers(shown), rel=1e-6)


def test_the_evaluation_prints_what_the_readme_says(tmp_path):
    script = next(block for block in blocks("bash") if "my-other-real')" in block)
    shown = re.search(r"<!-- evaluate -->\n```text\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    tool = shlex.join([sys.executable, "-m", "synmedbench.cli"])
    lines = script.replace("synmedbench generate", f"{tool} generate").replace(
        "synmedbench evaluate", f"{tool} evaluate"
    )
    lines = lines.replace("python -c", f"{shlex.quote(sys.executable)} -c")
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(
        ["bash", "-ec", lines], cwd=tmp_path, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout[done.stdout.index("images: my-synthetic") :].partition("\n")[2]
    assert re.findall(r"[a-z]{4,}", printed) == re.findall(r"[a-z]{4,}", shown.group(1))
    assert numbers(printed) == pytest.approx(numbers(shown.group(1)), rel=0.05, abs=0.02)


@pytest.mark.slow
def test_the_lines_on_trust_run_as_they_stand(tmp_path):
    script = next(block for block in blocks("bash") if "synmedbench self-check" in block)
    tool = shlex.join([sys.executable, "-m", "synmedbench.cli"])
    made = f"{tool} generate blur:1 --data phantom-derm?n=240 --n 120 --out my-synthetic\n"
    kept = (
        "from synmedbench.imagesets import open_imageset, write_folder; "
        "write_folder(open_imageset('phantom-derm?n=240'), 'my-real')"
    )
    lines = f"{made}{shlex.quote(sys.executable)} -c {shlex.quote(kept)}\n" + script.replace(
        "synmedbench ", f"{tool} "
    )
    done = subprocess.run(["bash", "-ec", lines], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {"check.json", "check.html", "why.html"} <= {path.name for path in tmp_path.iterdir()}


def test_the_twenty_line_generator_passes_the_battery():
    from synmedbench.generators import check_generator
    from synmedbench.imagesets import open_imageset

    code = next(block for block in blocks("python") if "class MeanAndNoise" in block)
    space: dict[str, object] = {}
    exec(code, space)
    made = space["MeanAndNoise"]
    assert callable(made)
    results = check_generator(made(), open_imageset("phantom-derm?n=240&diseases=3"))
    assert [str(check) for check in results if not check.passed] == []


def test_every_link_of_the_readme_leads_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / target).exists(), target
