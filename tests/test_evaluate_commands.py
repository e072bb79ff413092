"""evaluate, merge and explain as typed: what they print, what they refuse, and what survives."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from command_line import call, one_line
from drawn_sets import drawn

from synmedbench.benchmark import read_record
from synmedbench.imagesets import write_folder

TEXTURE = ("--extractors", "texture")


@pytest.fixture(scope="module")
def sets(tmp_path_factory) -> Path:
    """Folders real, held, fake (its halves fake-1, fake-2), below a folder with a space and an umlaut."""
    root = tmp_path_factory.mktemp("Häute und Zellen")
    for seed, (name, n) in enumerate((("real", 120), ("held", 60), ("fake", 100))):
        write_folder(drawn(n, seed), root / name)
    fake = drawn(100, 2)
    write_folder(fake.subset(range(40)), root / "fake-1")
    write_folder(fake.subset(range(40, 100)), root / "fake-2")
    return root


def test_the_table_is_printed_in_four_forms(sets, tmp_path):
    words = (
        "evaluate",
        sets / "fake",
        sets / "real",
        *TEXTURE,
        "--by",
        "label",
        "--metrics",
        "coverage,kernel_distance",
    )
    table = call(*words)
    assert table.returncode == 0, table.stderr
    assert "\n   class round" in table.stdout
    record = json.loads(call(*words, "--format", "json").stdout)
    rows = list(
        csv.DictReader(io.StringIO(call(*words, "--format", "csv", "--out", tmp_path / "r.json").stdout))
    )
    assert [row["metric"] for row in rows] == [row["metric"] for row in record["scores"]]
    assert len(read_record(tmp_path / "r.json").scores) == len(rows)
    markdown = call(*words, "--format", "markdown").stdout
    assert "| Coverage ↑ | class round | texture |" in markdown
    assert "did you mean 'markdown'" in one_line(call(*words, "--format", "markdwn"))


def test_shards_are_merged_to_the_table_of_all(sets, tmp_path):
    for name in ("fake-1", "fake-2"):
        done = call("evaluate", sets / name, sets / "real", *TEXTURE, "--keep-features", tmp_path / name)
        assert done.returncode == 0, done.stderr
        assert f"shard: {tmp_path / name}" in done.stdout
    merged = call("merge", tmp_path / "fake-1", tmp_path / "fake-2", "--out", tmp_path / "m.json")
    assert merged.returncode == 0, merged.stderr
    whole = call("evaluate", sets / "fake", sets / "real", *TEXTURE, "--out", tmp_path / "w.json")
    one, two = (read_record(tmp_path / name).scores for name in ("m.json", "w.json"))
    assert [row.value for row in one] == [row.value and pytest.approx(row.value, rel=1e-4) for row in two]
    assert merged.stdout.splitlines()[2] == whole.stdout.splitlines()[2]
    again = call("evaluate", sets / "fake-1", sets / "real", *TEXTURE, "--keep-features", tmp_path / "fake-1")
    assert "is not empty (choose another --keep-features)" in one_line(again)
    assert "in " in one_line(call("merge", tmp_path / "fake-1", tmp_path / "fake-1"))


def test_features_are_kept_and_read_again(sets, tmp_path):
    words = (
        "evaluate",
        sets / "fake",
        sets / "real",
        *TEXTURE,
        "--cache",
        tmp_path / "c",
        "--metrics",
        "kernel_distance",
    )
    first = call(*words)
    assert "were read" not in first.stderr
    kept = sorted((tmp_path / "c").glob("*.npy"))
    assert len(kept) == 2
    assert (tmp_path / "c").stat().st_mode & 0o077 == 0
    second = call(*words)
    assert f"features were read 2 times from {tmp_path / 'c'}" in second.stderr
    assert second.stdout == first.stdout
    kept[0].write_bytes(b"broken")
    assert call(*words).stdout == first.stdout
    assert kept[0].stat().st_size > 100
    assert "were read" not in call(*words[:-4], "--no-cache", "--metrics", "kernel_distance").stderr
    assert "exclude each other" in one_line(call(*words, "--no-cache"))


def test_the_cache_is_the_users_and_can_be_named(sets, tmp_path, monkeypatch):
    words = ("evaluate", sets / "fake", sets / "real", *TEXTURE, "--metrics", "kernel_distance")
    monkeypatch.delenv("SYNMEDBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert call(*words).returncode == 0
    assert len(list((tmp_path / "xdg" / "synmedbench" / "features").glob("*.npy"))) == 2
    monkeypatch.setenv("SYNMEDBENCH_CACHE", str(tmp_path / "own"))
    assert call(*words).returncode == 0
    assert len(list((tmp_path / "own").glob("*.npy"))) == 2


def test_a_default_cache_that_cannot_be_written_is_told_and_not_fatal(sets, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SYNMEDBENCH_CACHE", str(tmp_path / "file" / "below"))
    done = call("evaluate", sets / "fake", sets / "real", *TEXTURE, "--metrics", "kernel_distance")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("features are not kept") == 1
    named = call("evaluate", sets / "fake", sets / "real", *TEXTURE, "--cache", tmp_path / "file")
    assert "not a folder" in one_line(named)


def test_a_full_disk_costs_the_cache_and_not_the_evaluation(sets, tmp_path, monkeypatch):
    import errno

    from synmedbench.metrics import _feature_cache

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(_feature_cache.np, "save", full)
    done = call(
        "evaluate", sets / "fake", sets / "real", *TEXTURE, "--cache", tmp_path / "c", "--metrics", "coverage"
    )
    assert done.returncode == 0, done.stderr
    assert "No space left" in done.stderr
    assert list((tmp_path / "c").iterdir()) == []


def _process(*words: str | Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "synmedbench.cli", *map(str, words)], text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env={**os.environ, **environment},
    )  # fmt: skip


def test_two_processes_share_one_cache(sets, tmp_path):
    words = (
        "evaluate",
        sets / "fake",
        sets / "real",
        *TEXTURE,
        "--cache",
        tmp_path / "c",
        "--metrics",
        "kernel_distance",
    )
    done = [process.communicate() for process in [_process(*words), _process(*words)]]
    assert done[0][0] == done[1][0]
    assert "Kernel distance" in done[0][0]
    assert len(list((tmp_path / "c").iterdir())) == 2


def test_a_killed_evaluation_leaves_nothing_half_written(sets, tmp_path):
    out, kept = tmp_path / "r.json", tmp_path / "shard"
    words = ("evaluate", sets / "fake", sets / "real", *TEXTURE, "--cache", tmp_path / "c", "--out", out,
             "--keep-features", kept)  # fmt: skip
    process = _process(*words)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("c/*.npy")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not out.exists() or read_record(out)
    assert not kept.exists() or (kept / "shard.json").is_file()
    done = call(*words) if not kept.exists() else call(*words[:-2])
    assert done.returncode == 0, done.stderr
    assert read_record(out).scores
    assert all(np.load(path).ndim == 2 for path in (tmp_path / "c").glob("*.npy"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["evaluate", "empty", "real"], "empty"),
        (["evaluate", "fake", "real", "--train", "no-such-set"], "no-such-set"),
        (["evaluate", "fake", "real", "--train", "held", "--holdout", "held"], "among the training images"),
        (["evaluate", "fake", "real", "--metrics", "authenticity"], "--train"),
        (
            ["evaluate", "fake", "real", "--extractors", "texture,texture"],
            "two extractors are called 'texture'",
        ),
        (["evaluate", "fake", "real", "--ruler", "real/metadata.csv"], "metadata.csv"),
        (["evaluate", "fake", "real", "--out", "/dev/full"], "no plain file"),
        (["explain", "fake", "real", "--metric", "covrage"], "did you mean 'coverage'"),
        (["explain", "fake", "real", "--by", "grade"], "no column 'grade'"),
        (["explain", "fake", "real", "--out", "real/metadata.csv"], "it is not a folder"),
        (["evaluate", "fake", "real", "--metrics", "label_agreement", *TEXTURE], "give --extractors domain"),
        (["evaluate", "fake", "real", "--metrics", "tone_agreement"], "no column 'skin_tone'"),
        (["merge", "real", "fake"], "no shard is here"),
        (["merge", "real"], "at least 2 shards"),
    ],
)
def test_wrong_input_is_one_line_and_exit_1(sets, words, told):
    (sets / "empty").mkdir(exist_ok=True)
    done = call(*words, cwd=sets)
    assert done.returncode == 1, done.stdout
    assert told in one_line(done)
    assert "features:" not in done.stderr


def test_explain_prints_and_writes_a_page(sets, tmp_path):
    words = (
        "explain",
        sets / "fake",
        sets / "real",
        "--extractor",
        "texture",
        "--metric",
        "coverage,copy_share",
    )
    done = call(*words, "--out", tmp_path / "why.html", "--n", "3")
    assert done.returncode == 0, done.stderr
    assert "no synthetic image in their neighbourhood" in done.stdout
    assert f"explanation: {tmp_path / 'why.html'}" in done.stdout
    assert "data:image/png" in (tmp_path / "why.html").read_text(encoding="utf-8")
    assert call(*words, "--out", tmp_path / "why.json").returncode == 0
    assert json.loads((tmp_path / "why.json").read_text(encoding="utf-8"))["kind"] == "explanation"


def test_jpeg_against_png_is_told(sets, tmp_path):
    from PIL import Image

    (tmp_path / "jpeg").mkdir()
    images = drawn(60, 8)
    for i in range(60):
        Image.fromarray(images.image(i)).save(tmp_path / "jpeg" / f"{i}.jpg", quality=75)
    done = call("evaluate", tmp_path / "jpeg", sets / "real", *TEXTURE, "--metrics", "kernel_distance")
    assert done.returncode == 0, done.stderr
    assert "formats alone move distances" in " ".join(done.stdout.split())
