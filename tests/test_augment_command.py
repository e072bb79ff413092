"""``synmedbench augment``: the grid alone, from a recipe to a record and a report; and what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from synmedbench.benchmark import read_record

SMALL = [
    "--set", "imageset.path=phantom-derm?n=300&size=32&diseases=2&seed=0", "--set", "classifiers.n_real=[4,8]",
    "--set", "classifiers.closed_n_real=[4]", "--set", "classifiers.ratios=[1]", "--set", "classifiers.tune=false",
    "--set", "classifiers.arms=[real-only,real+synthetic,extra-real]", "--set", "classifiers.aim=null", "--set",
    "classifiers.registered_models=[]", "--set",
    "claims=[{id: c, compare: classifier, a: real+synthetic/diffusion-closed, n_real: 4}]",
]  # fmt: skip


def augment(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SYNMEDBENCH_STAGES": str(folder / "stages")}
    command = [
        sys.executable,
        "-m",
        "synmedbench.cli",
        "augment",
        "augmentation-quick",
        "--out",
        str(folder / "run"),
    ]
    return subprocess.run([*command, *words], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_grid_alone_gives_a_record_and_a_report_and_is_not_run_again(tmp_path):
    done = augment(tmp_path, *SMALL, "--workers", "2")
    assert done.returncode == 0, done.stderr
    record = read_record(tmp_path / "run" / "record.json")
    assert record.status == "complete"
    assert record.scores == []
    assert record.ranking is None
    assert {(row.arm, row.generator, row.open_set) for row in record.cells} == {
        ("real-only", None, None), ("real+synthetic", "diffusion", True), ("extra-real", None, None),
        ("real+synthetic", "diffusion-closed", False),
    }  # fmt: skip
    assert record.augmentation is not None
    assert {entry.kind for entry in record.augmentation.leakage} >= {"patient", "synthetic near test"}
    assert record.claims[0].verdict == "cannot be known from these data"
    assert (tmp_path / "run" / "report.html").is_file()
    cells = {path: path.stat().st_mtime_ns for path in (tmp_path / "stages").glob("*/cell.json")}
    again = augment(tmp_path, *SMALL)
    assert again.returncode == 0, again.stderr
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "stages").glob("*/cell.json")} == cells
    assert read_record(tmp_path / "run" / "record.json").measured() == record.measured()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--set", f"seeds={list(range(900))}", "--set", "classifiers.n_real=[1,2,3,4,5,6,8,16]"], "--yes"),
        (["--set", "classifiers=null", "--set", "claims=[]"], "no grid of classifiers"),
        (["--set", "classifiers.arms=[real-onyl]"], "did you mean 'real-only'"),
        (["--set", "classifiers.models.4.x=1"], "is no place in the list"),
    ],
)
def test_what_cannot_be_is_one_line_and_writes_nothing(tmp_path, words, told):
    done = augment(tmp_path, *words)
    assert done.returncode == 1, done.stderr
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
