"""Speed and memory beside the peers, in one run: ``make bench``. Read the ratios, not the seconds.

The sets are as large as evaluations are (10,000 + 10,000 images, 2,048 features); ``SYNMEDBENCH_BENCH_N`` changes that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable

import numpy as np
import pytest

from synmedbench.metrics import frechet_distance, kernel_distance, prdc, score_panel, vendi_score

pytestmark = pytest.mark.slow

N, D = int(os.environ.get("SYNMEDBENCH_BENCH_N", 10_000)), 2048
CORE = ("frechet_distance", "kernel_distance", "precision", "recall", "density", "coverage", "vendi_score")
REST = (*CORE, "cmmd", "alpha_precision", "beta_recall", "authenticity")

Pair = tuple[np.ndarray, np.ndarray]


def drawn(n: int = N, width: int = D) -> Pair:
    """Two sets that differ a little, with features as unequal in variance as a network's are."""
    rng = np.random.default_rng(0)
    spectrum = (1 / np.sqrt(np.arange(1, width + 1))).astype(np.float32)
    x, y = (rng.standard_normal((n, width), dtype=np.float32) * spectrum for _ in range(2))
    return x, y * np.float32(1.02) + np.float32(0.003)


@pytest.fixture(scope="module")
def features() -> Pair:
    return drawn()


def ours(x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Frechet distance, KID, precision and its kin, Vendi: one process, one sweep."""
    scores = score_panel(x, y, metrics=CORE, intervals=False)
    return {score.metric: float(score.value or 0) for score in scores}


def theirs(x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """The same numbers by clean-fid, prdc and vendi-score, one after the other."""
    from cleanfid import fid
    from prdc import compute_prdc
    from vendi_score import vendi

    moments = [part for rows in (x, y) for part in (rows.mean(axis=0), np.cov(rows, rowvar=False))]
    found = {"frechet_distance": float(fid.frechet_distance(*moments))}
    found["kernel_distance"] = float(fid.kernel_distance(x, y))
    found |= {name: float(value) for name, value in compute_prdc(x, y, nearest_k=5).items()}
    found["vendi_score"] = float(vendi.score_dual(y, normalize=True))
    return found


@pytest.mark.benchmark(group="core panel, no intervals")
def test_core_panel(benchmark, features):
    found = benchmark.pedantic(ours, args=features, rounds=2)
    assert 0 < found["coverage"] <= 1


@pytest.mark.benchmark(group="core panel, no intervals")
def test_core_panel_of_the_peers(benchmark, features):
    peers = benchmark.pedantic(theirs, args=features, rounds=2)
    mine = ours(*features)
    for name in ("precision", "recall", "density", "coverage"):
        assert mine[name] == pytest.approx(peers[name], abs=1e-3)
    assert mine["frechet_distance"] == pytest.approx(peers["frechet_distance"], rel=1e-4)
    assert mine["vendi_score"] == pytest.approx(peers["vendi_score"], rel=1e-4)


@pytest.mark.benchmark(group="core panel, no intervals")
def test_plain_matrix_products(benchmark, features):
    """The floor: three Gram matrices and two covariances in float64, nothing made of them."""
    x, y = (part.astype(np.float64) for part in features)

    def products() -> None:
        for a, b in ((x, x), (y, y), (x, y)):
            for start in range(0, len(a), 1024):
                a[start : start + 1024] @ b.T
        _ = x.T @ x, y.T @ y

    benchmark.pedantic(products, rounds=2)


@pytest.mark.benchmark(group="whole panel")
def test_whole_panel(benchmark, features):
    x, y = features
    scores = benchmark.pedantic(
        score_panel, args=(x, y), kwargs={"metrics": REST, "train": x, "intervals": False}, rounds=2
    )
    assert all(score.value is not None for score in scores)


@pytest.mark.benchmark(group="whole panel")
def test_whole_panel_with_intervals(benchmark, features):
    x, y = features
    scores = benchmark.pedantic(score_panel, args=(x, y), kwargs={"metrics": REST, "train": x}, rounds=1)
    assert all(score.lo is not None for score in scores)


@pytest.mark.benchmark(group="single functions, 3,000 x 1,024")
@pytest.mark.parametrize("function", [frechet_distance, kernel_distance, prdc, lambda _, y: vendi_score(y)])
def test_single_functions(benchmark, function: Callable[[np.ndarray, np.ndarray], object]):
    assert benchmark.pedantic(function, args=drawn(3000, 1024), rounds=3) is not None


def peak_of(call: str, n: int) -> dict[str, float]:
    """Run one of this file's functions in a process of its own; return its seconds and its peak memory in GiB."""
    script = f"""
    import json, resource, sys, time
    sys.path.insert(0, {os.path.dirname(__file__)!r})
    import test_speed_metrics as here
    x, y = here.drawn({n})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    found = {call}
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({{"seconds": seconds, "GiB": peak / 2**20, "GiB before": before / 2**20, **found}}))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True, cwd="/"
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_half_the_peak_memory_of_the_peers():
    mine, peers = peak_of("here.ours(x, y)", N), peak_of("here.theirs(x, y)", N)
    for name, found in (("ours", mine), ("peers", peers)):
        print(f"\n{name}: {found['seconds']:.1f} s, {found['GiB']:.2f} GiB", end="")
    print(f"\ntime ratio {peers['seconds'] / mine['seconds']:.2f}, memory ratio {mine['GiB'] / peers['GiB']:.2f}")
    assert mine["GiB"] <= 0.5 * peers["GiB"]


def test_fifty_thousand_images_in_four_gibibytes():
    found = peak_of("here.ours(x, y)", 5 * N)
    print(f"\n{5 * N} + {5 * N} x {D}: {found['seconds']:.0f} s, {found['GiB']:.2f} GiB")
    assert found["GiB"] < 4
