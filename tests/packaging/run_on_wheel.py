"""Run the core and packaging tests against an installed wheel, from a folder whose name has a hyphen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUITES = ("core", "imagesets", "benchmark")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        away = Path(folder) / "not-the-checkout"
        shutil.copytree(ROOT / "tests", away / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        words = [sys.executable, "-m", "build", "--wheel", "--outdir", folder, str(ROOT)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        wheel = next(Path(folder).glob("*.whl"))
        site = Path(folder) / "site"
        words = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(site), str(wheel)]
        subprocess.run(words, check=True)
        environment = {**os.environ, "PYTHONPATH": str(site)}
        where = [sys.executable, "-P", "-c", "import synmedbench; print(synmedbench.__file__)"]
        seen = subprocess.run(where, cwd=away, env=environment, capture_output=True, text=True, check=True)
        if str(site) not in seen.stdout:
            sys.exit(f"the tests would not run on the wheel but on {seen.stdout.strip()}")
        options = ["-q", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(away), "-p", "no:cacheprovider"]
        tests = [str(away / "tests" / suite) for suite in SUITES]
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pytest", *options, "-n", "2", *tests], cwd=away, env=environment
        )
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
