"""Fill README.md with what commands print: ``python docs/make_readme.py RUN_DIR`` after ``make demo``.

RUN_DIR is the folder of a finished quickstart run: its leaderboard table and its overview picture are taken; the
``evaluate`` example is run anew. A test runs the same commands and compares.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from synmedbench.benchmark import read_record
from synmedbench.reports import build_overview, leaderboard_table

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"


def table_of(run: Path) -> str:
    """The leaderboard as the run printed it."""
    text = io.StringIO()
    Console(file=text, width=110, highlight=False).print(leaderboard_table(read_record(run / "record.json")))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def evaluation() -> str:
    """What the README's example of ``evaluate`` prints."""
    blocks = re.findall(r"```bash\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    script = next(block for block in blocks if "my-other-real')" in block)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["bash", "-ec", script], cwd=folder, capture_output=True, text=True, check=True,
            env={**os.environ, "PATH": path, "COLUMNS": "110"},
        )  # fmt: skip
    printed = done.stdout[done.stdout.index("images: my-synthetic") :].partition("\n")[2]
    return "\n".join(line.rstrip() for line in printed.splitlines()) + "\n"


def fill(name: str, text: str) -> None:
    """Put the text between the README's markers of that name."""
    page = README.read_text(encoding="utf-8")
    pattern = rf"(<!-- {name} -->\n```text\n).*?(```\n<!-- /{name} -->)"
    README.write_text(re.sub(pattern, lambda m: m[1] + text + m[2], page, flags=re.DOTALL), encoding="utf-8")


def main() -> None:
    run = Path(sys.argv[1])
    overview = build_overview(run)
    if overview is not None:
        (ROOT / "docs" / "images").mkdir(exist_ok=True)
        shutil.copyfile(overview, ROOT / "docs" / "images" / "quickstart.png")
    fill("quickstart", table_of(run))
    fill("evaluate", evaluation())


if __name__ == "__main__":
    main()
