from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from synmedbench.core import atomic_file, atomic_folder, sweep, write_json, write_text


def test_a_failure_leaves_the_old_file_and_no_rubbish(tmp_path):
    target = tmp_path / "é.txt"
    write_text(target, "old")

    def stop_half_way() -> None:
        with atomic_file(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        stop_half_way()
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["é.txt"]


def test_json_refuses_nan_and_keeps_the_old_document(tmp_path):
    write_json(tmp_path / "r.json", {"a": 1})
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "r.json", {"a": float("nan")})
    assert json.loads((tmp_path / "r.json").read_text()) == {"a": 1}


def test_a_folder_appears_whole_and_the_first_writer_wins(tmp_path):
    target = tmp_path / "result"
    with atomic_folder(target) as out:
        (out / "a").write_text("first")
        assert not target.exists()
    with atomic_folder(target) as out:
        (out / "a").write_text("second")
    assert (target / "a").read_text() == "first"
    with atomic_folder(target, replace=True) as out:
        (out / "a").write_text("third")
    assert (target / "a").read_text() == "third"
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_kill_9_in_the_middle_leaves_nothing_half_written(tmp_path):
    program = (
        "import sys, time\nfrom synmedbench.core import atomic_file\n"
        "with atomic_file(sys.argv[1]) as path:\n    path.write_text('half')\n    print('in', flush=True)\n"
        "    time.sleep(60)\n"
    )
    target = tmp_path / "out.txt"
    process = subprocess.Popen([sys.executable, "-c", program, str(target)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.05)
    assert not target.exists()
    assert len(list(tmp_path.iterdir())) == 1
    assert sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_sweeping_spares_what_a_living_process_writes(tmp_path):
    with atomic_file(tmp_path / "x") as temporary:
        temporary.write_text("whole")
        assert sweep(tmp_path) == 0
    assert (tmp_path / "x").read_text() == "whole"


def test_a_full_disk_is_an_error_and_loses_nothing(tmp_path, monkeypatch):
    target = tmp_path / "x"
    write_text(target, "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_text(target, "new")
    assert target.read_text() == "old"
