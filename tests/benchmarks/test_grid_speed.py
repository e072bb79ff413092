"""Cells of the grid beside a plain loop, on the same two cores: ``make bench``. Read the ratios, not the seconds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plain_grid import Grid, fastest, our_loop, plain_loop, workers, written

pytestmark = pytest.mark.slow
SPECS: dict[str, dict[str, Any]] = {
    "whole": {"name": "timm", "argument": "test_byobnet", "steps": 60},
    "frozen": {"name": "timm", "argument": "test_resnet", "weights": "random", "frozen": True, "in_size": 64},
}
ROUNDS = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("cells"), n=480, size=32)


@pytest.fixture(scope="module")
def grids(folder: Path) -> dict[str, Grid]:
    return {kind: Grid(folder, spec, 16, (0, 1, 2, 3)) for kind, spec in SPECS.items()}


@pytest.mark.benchmark(group="cells of the grid")
@pytest.mark.parametrize("kind", list(SPECS))
def test_cells_beside_a_plain_loop(
    benchmark: Any, grids: dict[str, Grid], kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = grids[kind]
    spec, _ = fastest(plain.spec, 32, seconds=1.0)
    ours = Grid(plain.folder, spec, plain.n_real, plain.seeds)
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    with workers() as pool:
        work = {"ours": lambda: our_loop(ours, pool), "plain": lambda: plain_loop(plain)}

        def both() -> None:
            for name, run in work.items():
                start = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - start)

        our_loop(ours, pool)
        benchmark.pedantic(both, rounds=ROUNDS)
    rates = {name: 3600 * len(plain.seeds) / float(np.median(times)) for name, times in seconds.items()}
    ratio = rates["ours"] / rates["plain"]
    benchmark.extra_info.update(cells_per_hour=rates, ratio=ratio)
    with capsys.disabled():
        print(f"\n{kind}: {rates['ours']:,.0f} cells/h, plain loop {rates['plain']:,.0f}: {ratio:.1f}x")


@pytest.mark.parametrize("kind", list(SPECS))
def test_the_results_are_those_of_the_plain_loop_within_seed_noise(grids: dict[str, Grid], kind: str) -> None:
    with workers() as pool:
        ours = np.array(our_loop(grids[kind], pool))
    plain = np.array(plain_loop(grids[kind]))
    noise = np.sqrt((ours.var(ddof=1) + plain.var(ddof=1)) / len(plain))
    assert min(ours.mean(), plain.mean()) > 0.3
    assert abs(ours.mean() - plain.mean()) < max(3 * noise, 0.05)
