from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from synmedbench.benchmark._engine import run_local
from synmedbench.benchmark._stage import Stage, in_order, perform
from synmedbench.core import UserError, silent

HERE = "stage_functions"


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def stage(name: str, function: str = "add", n: int = 1, **needs: Stage) -> Stage:
    return Stage(name, f"{HERE}:{function}", 1, {"n": n}, 0, needs)


def value(one: Stage, cache) -> int:
    return json.loads((one.folder(cache) / "n.json").read_text())


def test_the_key_rests_on_function_version_config_seed_and_needs():
    base = stage("a")
    keys = {
        base.key,
        stage("a", n=2).key,
        stage("a", "fail").key,
        stage("a", x=stage("b")).key,
        stage("a", x=stage("b", n=2)).key,
        Stage("a", f"{HERE}:add", 2, {"n": 1}).key,
        Stage("a", f"{HERE}:add", 1, {"n": 1}, seed=1).key,
    }
    assert len(keys) == 7
    assert stage("another name").key == base.key


def test_needs_come_first_and_each_key_once():
    a = stage("a")
    b, c = stage("b", n=2, a=a), stage("c", n=3, a=a)
    d = stage("d", n=4, b=b, c=c)
    order = [one.name for one in in_order({"d": d})]
    assert order.index("a") < order.index("b") < order.index("d")
    assert sorted(order) == ["a", "b", "c", "d"]


def test_a_finished_stage_is_never_done_again_and_scratch_goes(tmp_path):
    log = tmp_path / "log"
    once = Stage("count", f"{HERE}:count_calls", 1, {"log": str(log)})
    for _ in range(2):
        perform(once, tmp_path / "cache", silent())
    assert log.read_text() == "called\n"
    assert not (tmp_path / "cache" / ".partial" / once.key).exists()


def test_a_failed_stage_leaves_nothing_behind(tmp_path):
    bad = stage("bad", "fail")
    with pytest.raises(UserError, match="row 3"):
        perform(bad, tmp_path, silent())
    assert not bad.done(tmp_path)
    assert not bad.folder(tmp_path).exists()


def test_the_pool_runs_a_graph_and_what_fails_takes_down_only_its_dependants(tmp_path):
    a = stage("a")
    b = stage("b", n=10, a=a)
    bad, worse = stage("bad", "fail"), stage("worse", "crash")
    child, grandchild = stage("child", n=5, bad=bad), stage("grandchild", n=6)
    grandchild = stage("grandchild", n=6, child=child)
    graph = in_order({one.name: one for one in (b, grandchild, worse)})
    outcome = run_local(graph, tmp_path, workers=2, progress=silent())
    assert value(b, tmp_path) == 11
    assert outcome.failed[bad.key] == "row 3: the label 'x' is missing"
    assert "ZeroDivisionError: no (at stage_functions.py" in outcome.failed[worse.key]
    assert outcome.failed[child.key] == "needs bad, which failed"
    assert outcome.failed[grandchild.key] == "needs child, which failed"
    assert set(outcome.seconds) == {a.key, b.key}


def test_a_worker_that_dies_is_a_named_failure_and_the_next_run_goes_on(tmp_path):
    dead = stage("dead", "die")
    outcome = run_local([dead], tmp_path, workers=1, progress=silent())
    assert "its process died" in outcome.failed[dead.key]
    mended = stage("mended")
    assert run_local([mended], tmp_path, workers=1, progress=silent()).failed == {}


def test_a_worker_that_dies_takes_no_other_stage_with_it(tmp_path):
    dead, others = stage("dead", "die"), [stage(str(n), n=n) for n in range(2, 8)]
    child = stage("child", n=9, dead=dead)
    outcome = run_local(
        in_order({s.name: s for s in (dead, child, *others)}), tmp_path, workers=2, progress=silent()
    )
    assert set(outcome.failed) == {dead.key, child.key}
    assert [value(one, tmp_path) for one in others] == list(range(2, 8))


def test_two_runs_at_once_share_their_stages(tmp_path):
    stages = in_order({str(n): stage(str(n), n=n) for n in range(6)})
    threads = [
        threading.Thread(target=lambda: [perform(one, tmp_path, silent()) for one in stages])
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [value(one, tmp_path) for one in stages] == list(range(6))
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]
