"""The whole way once, small; and the same after ``kill -9`` at ten moments."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from synmedbench.benchmark import Record, read_record

COMMAND = [sys.executable, "-m", "synmedbench.cli", "run", "tiny", "--workers", "1"]


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "SYNMEDBENCH_STAGES": str(folder / "stages")}
    words = [*COMMAND, "--out", str(folder / "run"), *more]
    return subprocess.Popen(
        words, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> tuple[Record, str, Path, float]:
    folder = tmp_path_factory.mktemp("undisturbed")
    began = time.monotonic()
    process = start(folder)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return read_record(folder / "run" / "record.json"), said, folder, time.monotonic() - began


def test_the_run_measures_every_generator_and_writes_every_page(undisturbed):
    record, said, folder, _ = undisturbed
    assert record.status == "complete"
    names = ["real-holdout", "blur:1", "copy", "noise", "diffusion", "real-only", "draft"]
    assert [entry.name for entry in record.generators] == names
    for name in names:
        metrics = {row.metric for row in record.scores if row.generator == name}
        assert {"frechet_distance", "kernel_distance", "coverage", "plausible_share", "copy_share"} <= metrics
    assert {(cell.arm, cell.generator) for cell in record.cells} == {
        ("real-only", None),
        ("real+synthetic", "diffusion"),
    }
    for page in (
        "report.html",
        "leaderboard/index.html",
        "recipe.yaml",
        "gallery/_real.npz",
        "gallery/diffusion.npz",
    ):
        assert (folder / "run" / page).is_file(), page
    assert "report:" in said


def test_nothing_is_claimed_from_one_seed_and_copies_are_caught(undisturbed):
    record = undisturbed[0]
    verdicts = {claim.id: claim.verdict for claim in record.claims}
    assert verdicts["draft-helps"] == "cannot be known from these data"
    assert verdicts["copies-are-caught"] == "shown"
    assert record.ranking is not None
    places = {row.generator: row.rank for row in record.ranking.rows}
    assert places["copy"] is None
    assert places["real-holdout"] is not None


def test_copies_are_told_by_image_view_and_patient_with_the_tests_power(undisturbed):
    record, _, folder, _ = undisturbed
    found = {entry.generator: entry for entry in record.memorisation}
    copies = found["copy"]
    assert (copies.memorising, copies.exact_copies, copies.extractor) == (True, copies.n, "thumbnail")
    assert copies.patients_by == "patient_id"
    assert 0 < copies.patients_copied <= copies.n < copies.n_patients
    assert {"across", "turn:90", "across+crop:0.9"} <= set(copies.views)
    assert copies.exact[0].train_file == copies.pairs[0].train_file or copies.pairs[0].closeness == 0
    assert found["real-holdout"].memorising is False
    assert found["real-holdout"].exact_copies == 0
    (power,) = record.copy_power
    assert power.n_synthetic == 60
    assert {row.kind for row in power.rows} >= {"exact", "disguised"}
    assert max(row.value for row in power.rows if row.kind == "exact") == 1
    with np.load(folder / "run" / "gallery" / "copy.npz", allow_pickle=False) as kept:
        assert (kept["pair_closeness"] == 0).all()
        assert len(kept["control_closeness"]) == len(kept["pair_closeness"]) == 12
    page = (folder / "run" / "report.html").read_text()
    assert "What this test could have found" in page
    assert len(page) < 10_000_000


def test_the_same_command_again_does_nothing_again(undisturbed):
    _, _, folder, _ = undisturbed
    before = (folder / "run" / "record.json").read_bytes()
    process = start(folder)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    after = json.loads((folder / "run" / "record.json").read_text())
    assert Record.model_validate(after).measured() == Record.model_validate_json(before).measured()


def test_killed_at_ten_moments_the_record_is_the_same(undisturbed, tmp_path):
    record, _, _, seconds = undisturbed
    moments = np.random.default_rng(0).uniform(0.5, max(2.0, seconds / 4), size=10)
    for moment in moments:
        process = start(tmp_path)
        try:
            process.wait(timeout=float(moment))
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    time.sleep(1.0)
    process = start(tmp_path)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    assert read_record(tmp_path / "run" / "record.json").measured() == record.measured()
    leftovers = [path.name for path in tmp_path.rglob("*.tmp")]
    assert leftovers == []


def test_a_run_that_stops_at_its_budget_goes_on_to_the_same_record(undisturbed, tmp_path):
    record = undisturbed[0]
    process = start(tmp_path, "--max-minutes", "0.01")
    said, _ = process.communicate()
    assert process.returncode == 3, said
    assert re.search(r"stopped at its budget of 0.01 minutes: 1 of \d+ stages are done, none could begin", said)
    first = read_record(tmp_path / "run" / "record.json")
    assert first.status == "partial"
    assert first.failed == []
    assert all(row.value is None and "budget was over" in str(row.reason) for row in first.scores)
    assert (tmp_path / "run" / "report.html").is_file()
    process = start(tmp_path, "--max-minutes", "0.3")
    said, _ = process.communicate()
    assert process.returncode in (0, 3), said
    part = read_record(tmp_path / "run" / "record.json")
    assert (part.unfinished is None) is (process.returncode == 0)
    assert part.failed == []
    process = start(tmp_path)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    assert read_record(tmp_path / "run" / "record.json").measured() == record.measured()
