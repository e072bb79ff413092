"""The commands as a user types them: exit codes, one clear line for wrong input, nothing lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import call, one_line
from PIL import Image

from synmedbench.benchmark import read_record
from synmedbench.core import KINDS
from synmedbench.imagesets import ImageSet, write_folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> tuple[Path, Path, Path]:
    """Two real folders and a synthetic one with a class missing, with a space and an umlaut in their names."""
    root = tmp_path_factory.mktemp("Häute und Zellen")
    made = []
    for number, (name, n) in enumerate((("real", 160), ("held out", 80), ("synthetic", 90))):
        generator = np.random.default_rng(number)
        labels = (
            np.array(["round", "streaky"])[np.arange(n) % 2] if name != "synthetic" else np.full(n, "round")
        )
        images = np.zeros((n, 24, 24, 3), np.uint8)
        y, x = np.mgrid[:24, :24] - 11.5
        for i in range(n):
            radius = generator.uniform(4, 9)
            shape = np.hypot(x, y) < radius if labels[i] == "round" else np.abs(y) < radius / 2
            images[i] = np.where(shape[..., None], (170, 80, 90), (235, 220, 215)) + generator.integers(
                0, 20, (24, 24, 3)
            )
        table = pd.DataFrame({"label": labels, "sex": np.array(["f", "m"])[(np.arange(n) // 2) % 2]})
        write_folder(ImageSet.from_arrays(images, table), root / name)
        made.append(root / name)
    return tuple(made)


def test_help_names_every_command_and_no_other():
    said = call("--help").stdout
    for name in ("evaluate", "run", "ls", "validate", "generate", "check-generator", "reward", "align", "report",
                 "leaderboard", "rate", "ratings", "new", "self-check", "plan", "augment"):  # fmt: skip
        assert f" {name} " in said
    for absent in ("submit", "verify"):
        assert absent not in said


def test_version_from_a_shell():
    words = [sys.executable, "-m", "synmedbench.cli", "--version"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("synmedbench 0.")


def test_evaluate_two_folders_with_nothing_configured(folders, tmp_path):
    real, held, fake = folders
    done = call("evaluate", fake, real, "--holdout", held, "--extractors", "texture", "--by", "label,sex",
                "--out", tmp_path / "record.json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = read_record(tmp_path / "record.json")
    rows = {(row.generator, row.metric, row.stratum): row for row in record.scores}
    ours, ceiling = rows[("synthetic", "coverage", "all")], rows[("real-holdout", "coverage", "all")]
    assert ours.lo is not None
    assert ceiling.lo is not None
    assert ours.hi is not None
    assert ours.hi < ceiling.lo
    missing, made = (rows[("synthetic", "coverage", f"label={name}")] for name in ("streaky", "round"))
    assert missing.value == pytest.approx(0.0, abs=0.1)
    assert made.value is not None
    assert made.value > 0.5
    assert record.memorisation[0].memorising is False
    assert "Coverage" in done.stdout


def test_evaluate_without_a_holdout_shows_the_floor_and_says_why_copies_are_not_judged(folders, tmp_path):
    real, _, fake = folders
    done = call("evaluate", fake, real, "--extractors", "texture", "--out", tmp_path / "r.json")
    assert done.returncode == 0, done.stderr
    record = read_record(tmp_path / "r.json")
    assert {row.generator for row in record.scores} == {"synthetic", "real, half against half"}
    copies = next(row for row in record.scores if row.metric == "copy_share")
    assert copies.value is None
    assert "--holdout" in (copies.reason or "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["evaluate", "no-such-folder", "phantom-derm?n=20"], "no-such-folder"),
        (["evaluate", "phantom-derm?n=1", "phantom-derm?n=20"], "too few images"),
        (["evaluate", "phantom-derm?n=20", "phantom-derm?n=20", "--extractors", "textur"], "did you mean 'texture'"),
        (["run", "quickstrat"], "did you mean 'quickstart'"),
        (["run", "tiny", "--engine", "clooud"], "known: local"),
        (["run", "tiny", "--set", "seeds=[]"], "seeds"),
        (["run", "tiny", "--set", "imageset.label=diagnosis"], "no column 'diagnosis'"),
        (["run", "tiny", "--set", "imageset.path=phantom-blood?n=300"], "skin tone cannot be known"),
        (["ls", "generator"], "did you mean 'generators'"),
        (["generate", "difusion", "--data", "phantom-derm?n=20", "--n", "2", "--out", "x"], "did you mean 'diffusion'"),
        (["report", "no-such-run"], "no-such-run"),
        (["leaderboard", "no-such-folder", "--out", "x"], "no-such-folder"),
        (["ratings", "agreement", "sqlite:///no-such.db"], "no-such.db"),
        (["check-generator", "folder:no-such-folder"], "no-such-folder"),
        (["align", "no-such-base", "--data", "phantom-derm?n=20", "--reward", "x", "--method", "draft", "--out", "y"],
         "no-such-base"),
    ],
)  # fmt: skip
def test_wrong_input_is_one_line_and_exit_1(words, told, tmp_path):
    done = call(*words, cwd=tmp_path)
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert told in one_line(done)


def test_wrong_usage_is_exit_2():
    assert call("evaluate").returncode == 2
    assert call("run", "tiny", "--worker", "2").returncode == 2


def test_evaluate_names_the_file_that_cannot_be_read(folders, tmp_path):
    import shutil

    real, _, fake = folders
    broken = tmp_path / "broken"
    shutil.copytree(fake, broken)
    victim = sorted((broken).rglob("*.png"))[3]
    victim.write_bytes(victim.read_bytes()[:40])
    done = call("evaluate", broken, real, "--extractors", "texture")
    assert done.returncode == 1
    assert victim.name in one_line(done)


def test_validate_lists_every_fault_and_fails(folders, tmp_path):
    import shutil

    broken = tmp_path / "broken"
    shutil.copytree(folders[0], broken)
    files = sorted(broken.rglob("*.png"))
    files[0].unlink()
    files[1].write_bytes(b"")
    Image.fromarray(np.zeros((9, 9), np.uint16)).save(files[2])
    done = call("validate", broken)
    assert done.returncode == 1
    for victim in files[:3]:
        assert victim.name in done.stdout
    assert call("validate", folders[0]).returncode == 0
    absent = call("validate", "no-such-set")
    assert absent.returncode == 1
    assert "no-such-set" in absent.stdout
    assert call("validate", "quickstart").returncode == 0


def test_generate_writes_a_folder_that_can_be_read_again_and_refuses_to_overwrite(tmp_path):
    out = tmp_path / "made"
    words = ["generate", "copy", "--data", "phantom-derm?n=60&diseases=2", "--n", "8", "--out", str(out)]
    done = call(*words)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out / "metadata.csv")
    assert len(table) == 8
    assert sorted(table["label"].value_counts()) == [4, 4]
    assert json.loads((out / "card.json").read_text())
    again = call(*words)
    assert again.returncode == 1
    assert "is not empty" in one_line(again)


@pytest.mark.parametrize("kind", [*KINDS, "criteria", "recipes"])
def test_ls_lists_what_there_is(kind):
    done = call("ls", kind)
    assert done.returncode == 0, done.stderr
    assert "broken" not in done.stdout
    assert done.stdout.strip()


def test_dry_run_computes_nothing(tmp_path):
    done = call("run", "tiny", "--engine", "local", "--dry-run", "--out", tmp_path / "r")
    assert done.returncode == 0, done.stderr
    assert "34 stages, 0 finished" in done.stdout
    assert not (tmp_path / "r").exists()
