"""Run the tests against the wheel of a clean copy, from a folder whose name has a hyphen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from check_wheel import ROOT, build_wheel, call

SUITES = ("core", "imagesets", "experts", "classifiers", "metrics", "generators", "benchmark", "reports")
"""Folders of tests; those of README and docs need the checkout and run there."""
NEED_THE_CHECKOUT = ("test_docs_imagesets.py", "test_tutorial_generator.py", "test_plugin_example.py",
                     "test_oracle_agreement.py", "test_tiny_run.py")  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        away = Path(folder) / "not-the-checkout"
        shutil.copytree(ROOT / "tests", away / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        site = Path(folder) / "site"
        call(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", site, wheel, cwd=away)
        environment = {**os.environ, "PYTHONPATH": str(site)}
        where = [sys.executable, "-P", "-c", "import synmedbench; print(synmedbench.__file__)"]
        seen = subprocess.run(where, cwd=away, env=environment, capture_output=True, text=True, check=True)
        if str(site) not in seen.stdout:
            sys.exit(f"the tests would not run on the wheel but on {seen.stdout.strip()}")
        shutil.copyfile(ROOT / "pyproject.toml", away / "pyproject.toml")
        options = ["-q", "--rootdir", str(away), "-p", "no:cacheprovider", "-n", "2", "--dist", "loadfile"]
        tests = [str(away / "tests" / suite) for suite in SUITES]
        left_out = [f"--ignore-glob=*/{name}" for name in NEED_THE_CHECKOUT]
        words = [sys.executable, "-P", "-m", "pytest", *options, *tests, *left_out]
        sys.exit(subprocess.run(words, cwd=away, env=environment).returncode)


if __name__ == "__main__":
    main()
