"""Streaming metrics give the functions' values, in any batches, merged over shards, reset and pickled."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

from synmedbench import metrics as m
from synmedbench.core import UserError

RNG = np.random.default_rng(0)
REAL, MADE = (
    RNG.standard_normal((90, 6)).astype(np.float32),
    RNG.standard_normal((70, 6)).astype(np.float32) + 0.3,
)

SHELLS = {
    "frechet": (lambda: m.FrechetDistance(width=6), m.frechet_distance, 1e-10),
    "kernel": (m.KernelDistance, m.kernel_distance, 1e-9),
    "cmmd": (m.CMMD, m.cmmd, 1e-9),
    "balls": (lambda: m.PrecisionRecallDensityCoverage(k=3), lambda x, y: m.prdc(x, y, 3)._asdict(), 1e-12),
    "vendi": (m.VendiScore, lambda _, y: m.vendi_score(y), 1e-9),
    "authenticity": (m.Authenticity, m.authenticity, 1e-12),
}


@pytest.fixture(params=SHELLS)
def shell(request):
    return SHELLS[request.param]


def fed(metric, real, made, step=25):
    for rows, side in ((real, True), (made, False)):
        for start in range(0, len(rows), step):
            metric.update(torch.from_numpy(rows[start : start + step]), real=side)
    return metric


def numbers(value):
    return {name: each.item() for name, each in value.items()} if isinstance(value, dict) else value.item()


def test_batches_give_the_value_of_the_function(shell):
    make, function, rel = shell
    assert numbers(fed(make(), REAL, MADE).compute()) == pytest.approx(function(REAL, MADE), rel=rel)


def test_two_shards_merged_are_one_pass(shell):
    make, function, rel = shell
    first, second = fed(make(), REAL[:40], MADE[:50]), fed(make(), REAL[40:], MADE[50:])
    numbers(first.compute())  # a value computed before the merge must not be given again
    first.merge_state(second)
    assert numbers(first.compute()) == pytest.approx(function(REAL, MADE), rel=rel)


def test_a_state_without_rows_changes_nothing(shell):
    make, function, rel = shell
    first = fed(make(), REAL, MADE)
    first.merge_state(make())
    assert numbers(first.compute()) == pytest.approx(function(REAL, MADE), rel=rel)
    last = make()
    last.merge_state(fed(make(), REAL, MADE))
    assert numbers(last.compute()) == pytest.approx(function(REAL, MADE), rel=rel)


def test_gathered_over_processes_it_is_one_pass(shell):
    """What every process holds after the gather: the states of all; afterwards each goes on with its own."""
    make, function, rel = shell
    first, second = fed(make(), REAL[:40], MADE[:50]), fed(make(), REAL[40:], MADE[50:])
    waiting = []
    for name in first._reductions:
        both = [getattr(each, name) for each in (first, second)]
        waiting.append([torch.cat(each) if isinstance(each, list) else each for each in both])
    first.dist_sync_fn = lambda *_, **__: waiting.pop(0)
    first.distributed_available_fn = lambda: True
    assert numbers(first.compute()) == pytest.approx(function(REAL, MADE), rel=rel)
    first.distributed_available_fn = lambda: False
    fed(first, REAL[40:], MADE[50:])
    assert numbers(first.compute()) == pytest.approx(function(REAL, MADE), rel=rel)


RANKS = """
import sys, numpy as np, torch, torch.distributed as dist
from synmedbench import metrics as m
rank, file = int(sys.argv[1]), sys.argv[2]
dist.init_process_group("gloo", init_method=f"file://{file}", rank=rank, world_size=2)
rng = np.random.default_rng(0)
x, y = (torch.from_numpy(rng.standard_normal((n, 6))).float() for n in (90, 70))
for metric, function in ((m.FrechetDistance(6), m.frechet_distance), (m.KernelDistance(), m.kernel_distance)):
    metric.update(x[:40] if rank == 0 else x[40:], real=True)
    metric.update(y[:50] if rank == 0 else y[50:], real=False)
    assert abs(metric.compute().item() - function(x, y)) < 1e-9, (rank, metric)
dist.destroy_process_group()
"""


@pytest.mark.slow
def test_two_processes_compute_the_value_of_all(tmp_path):
    running = [
        subprocess.Popen([sys.executable, "-c", RANKS, str(rank), str(tmp_path / "meet")])
        for rank in range(2)
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0]


def test_reset_forgets_and_a_pickle_does_not(shell):
    make, function, rel = shell
    metric = fed(make(), REAL, MADE)
    again = pickle.loads(pickle.dumps(metric))
    copied = copy.deepcopy(metric)
    metric.reset()
    fed(metric, REAL[:30], MADE[:30])
    assert numbers(metric.compute()) == pytest.approx(function(REAL[:30], MADE[:30]), rel=rel)
    for kept in (again, copied):
        assert numbers(kept.compute()) == pytest.approx(function(REAL, MADE), rel=rel)


@pytest.mark.parametrize("make", [lambda **s: m.FrechetDistance(6, **s), m.KernelDistance])
def test_the_real_set_can_be_kept(make):
    metric = fed(make(keep_real=True), REAL, MADE)
    before = metric.compute().item()
    for _ in range(2):
        metric.reset()
        fed(metric, REAL[:0], MADE)
        assert metric.compute().item() == pytest.approx(before, rel=1e-12)


def test_half_precision_and_offsets_do_not_cost_digits():
    metric = fed(m.FrechetDistance(width=6), REAL.astype(np.float64) + 1e6, MADE.astype(np.float64) + 1e6, 7)
    assert metric.compute().item() == pytest.approx(m.frechet_distance(REAL, MADE), rel=1e-7)
    half = m.FrechetDistance(width=6)
    half.update(torch.from_numpy(REAL).bfloat16(), real=True)
    half.update(torch.from_numpy(MADE).bfloat16(), real=False)
    assert half.compute().dtype == torch.float64


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("FrechetDistance", False),
        ("KernelDistance", False),
        ("CMMD", False),
        ("PrecisionRecallDensityCoverage", True),
        ("VendiScore", True),
        ("Authenticity", True),
    ],
)
def test_directions(name, better):
    assert getattr(m, name).higher_is_better is better


def test_moments_go_on_elsewhere():
    metric = fed(m.FrechetDistance(width=6), REAL, MADE)
    assert m.frechet_distance_from_moments(metric.moments(real=True), m.Moments.of(MADE)) == pytest.approx(
        m.frechet_distance(REAL, MADE), rel=1e-10
    )


def test_bad_batches(shell):
    metric = shell[0]()
    for bad in (torch.zeros(3), torch.zeros((0, 6)), torch.full((2, 6), torch.nan), torch.zeros((2, 0))):
        with pytest.raises(UserError):
            metric.update(bad, real=True)
    with pytest.raises(UserError):
        fed(metric, REAL, MADE[:0]).compute()


def test_batches_of_other_widths():
    with pytest.raises(UserError, match="5 columns, 6 expected"):
        m.FrechetDistance(width=6).update(torch.zeros((2, 5)), real=True)
    metric = m.KernelDistance()
    metric.update(torch.zeros((2, 5)), real=True)
    metric.update(torch.zeros((2, 4)), real=True)
    with pytest.raises(UserError, match="different numbers of columns"):
        metric.compute()


def test_the_folder_is_entered_without_torch():
    code = "import sys, synmedbench.metrics as m; m.kernel_distance; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
