"""Measure the grid of classifiers beside a plain loop: ``python docs/make_grid_speed.py FOLDER [WEIGHTS]``.

Needs two quiet cores for about half an hour. Both sides run in turn (plain, ours, plain, ours), each in a process of
its own; writes ``results/grid-speed.json``: cells an hour, their ratio in each round, balanced accuracies, peak memory.
WEIGHTS is a ``.safetensors`` file of mobilenetv2_100; without it the frozen one is small, with random weights.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
KEPT = ROOT / "results" / "grid-speed.json"
SEEDS, N_REAL, IMAGES, ROUNDS = (0, 1, 2, 3), 16, 480, 3


def specs(weights: str | None) -> dict[str, tuple[int, dict[str, Any]]]:
    """Name -> size of the images, and the classifier."""
    found: dict[str, tuple[int, dict[str, Any]]] = {
        f"whole {model}, {size} px": (size, {"name": "timm", "argument": model, "steps": 60})
        for model, size in (("test_byobnet", 32), ("resnet10t", 32), ("mobilenetv2_100", 64))
    }
    frozen: dict[str, Any] = {"argument": "test_resnet", "weights": "random", "in_size": 64}
    if weights:
        frozen = {"argument": "mobilenetv2_100", "weights": weights, "in_size": 64, "mean": 0.5, "std": 0.5}
        frozen["pad_type"] = "same"
    found[f"frozen {frozen['argument']}, 64 px"] = (
        64,
        {"name": "timm", "frozen": True, "steps": 200, **frozen},
    )
    return found


def one_side(side: str, folder: Path, spec: dict[str, Any]) -> dict[str, Any]:
    """Run one side here: seconds (without the start of the workers), results, peak memory in MiB."""
    from plain_grid import Grid, our_loop, plain_loop, workers

    grid = Grid(folder, spec, N_REAL, SEEDS)
    if side == "plain":
        start = time.perf_counter()
        found = plain_loop(grid)
        seconds = time.perf_counter() - start
    else:
        with workers() as pool:
            list(pool.map(len, ["", ""]))
            start = time.perf_counter()
            found = our_loop(grid, pool)
            seconds = time.perf_counter() - start
    peaks = [
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return {
        "seconds": seconds,
        "balanced_accuracy": found,
        "peak_mib": peaks[0],
        "peak_mib_largest_child": peaks[1],
    }


def in_its_own_process(side: str, folder: Path, spec: dict[str, Any]) -> dict[str, Any]:
    """The same in a fresh process, so that its peak memory is its own."""
    command = [sys.executable, __file__, "--side", side, str(folder), json.dumps(spec)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def compared(folder: Path, size: int, spec: dict[str, Any]) -> dict[str, Any]:
    """Both sides in turn; the way to train is measured once before."""
    from plain_grid import fastest, written

    cells = written(folder / f"cells-{size}", IMAGES, size)
    chosen, steps = fastest(spec, size, seconds=2.0)
    sides: dict[str, list[dict[str, Any]]] = {"plain": [], "ours": []}
    for _ in range(ROUNDS):
        for side, given in (("plain", spec), ("ours", chosen)):
            sides[side].append(in_its_own_process(side, cells, given))
    seconds = {side: [row["seconds"] for row in rows] for side, rows in sides.items()}
    ratios = [plain / ours for plain, ours in zip(seconds["plain"], seconds["ours"], strict=True)]
    return {
        "precision": chosen["precision"],
        "channels_last": chosen["channels_last"],
        "seconds_per_step": steps,
        "cells_per_hour": {
            side: 3600 * len(SEEDS) / float(np.median(times)) for side, times in seconds.items()
        },
        "ratios": ratios,
        "ratio": float(np.median(ratios)),
        "balanced_accuracy": {side: rows[0]["balanced_accuracy"] for side, rows in sides.items()},
        "peak_mib": {
            side: {key: max(row[key] for row in rows) for key in ("peak_mib", "peak_mib_largest_child")}
            for side, rows in sides.items()
        },
    }


def main(folder: Path, weights: str | None) -> None:
    """Measure what the kept file lacks."""
    from synmedbench.core import describe_machine, write_json

    kept: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.is_file() else {"grids": {}}
    kept |= {"machine": describe_machine(), "cells": len(SEEDS), "n_real": N_REAL, "rounds": ROUNDS}
    for name, (size, spec) in specs(weights).items():
        if name not in kept["grids"]:
            kept["grids"][name] = compared(folder, size, spec)
            write_json(KEPT, kept)
            print(f"{name}: {kept['grids'][name]['ratio']:.1f}x")


if __name__ == "__main__":
    if sys.argv[1] == "--side":
        print(json.dumps(one_side(sys.argv[2], Path(sys.argv[3]), json.loads(sys.argv[4]))))
    else:
        main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
