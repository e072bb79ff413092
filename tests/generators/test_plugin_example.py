"""The plug-in project is installed as a user would, and found by the registry in a new process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1] / "plugin_example"

USE = """
import sys
from synmedbench.core import registry

assert "torch" not in sys.modules
assert "pca-gaussian" in registry("generators").names()
generator = registry("generators").build("pca-gaussian?components=7")
metric = registry("metrics").build("mean-colour-gap")
print(type(generator).__module__, generator.components, metric.name, metric.higher_is_better)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pip")
    folder = tmp_path_factory.mktemp("plugin")
    copy, site = folder / "project", folder / "site"
    shutil.copytree(PROJECT, copy)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(site)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(copy)], check=True, timeout=120)
    return site


def python(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(
        [sys.executable, *words], env=environment, cwd=site, capture_output=True, text=True, timeout=120
    )


def test_the_registry_finds_and_builds_it(installed: Path) -> None:
    done = python(installed, "-c", USE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["synmedbench_plugin_example.pca_gaussian", "7", "mean-colour-gap", "False"]


def test_the_projects_own_test_passes(installed: Path) -> None:
    done = python(
        installed,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        str(installed.parent / "project" / "tests"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
