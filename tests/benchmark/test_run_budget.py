"""A run with a budget: nothing begins past it, what runs is finished, the same call goes on."""

from __future__ import annotations

import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from synmedbench.benchmark import Recipe
from synmedbench.benchmark._assemble import unfinished
from synmedbench.benchmark._engine import Outcome, PutOffError, _Job, _work, run_local
from synmedbench.benchmark._stage import Stage, in_order
from synmedbench.core import silent

HERE = "stage_functions"


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def chain(log: Path) -> list[Stage]:
    """Three stages in a chain, and two that need nothing."""
    first = Stage("first", f"{HERE}:count_calls", 1, {"log": str(log)})
    second = Stage("second", f"{HERE}:count_calls", 1, {"log": str(log), "n": 2}, needs={"first": first})
    third = Stage("third", f"{HERE}:count_calls", 1, {"log": str(log), "n": 3}, needs={"second": second})
    others = [Stage(str(n), f"{HERE}:add", 1, {"n": n}) for n in (3, 4)]
    return in_order({stage.name: stage for stage in (third, *others)})


def over_after(monkeypatch, n: int) -> None:
    """Let the run's time be over once so many stages were done."""
    monkeypatch.setattr(_Job, "over", lambda job: job.outcome.begun >= n)


LATER = time.monotonic() + 1e6


def test_nothing_begins_past_the_budget_and_the_same_call_goes_on(tmp_path, monkeypatch):
    log, stages = tmp_path / "log", chain(tmp_path / "log")
    with monkeypatch.context() as during:
        over_after(during, 1)
        outcome = run_local(stages, tmp_path / "cache", workers=1, progress=silent(), until=LATER)
    assert set(outcome.seconds) == {stages[0].key}
    assert outcome.put_off == {stage.key for stage in stages[1:]}
    assert (outcome.failed, outcome.begun) == ({}, 1)
    assert not any(stage.done(tmp_path / "cache") for stage in stages[1:])
    again = run_local(stages, tmp_path / "cache", workers=2, progress=silent())
    assert set(again.seconds) == {stage.key for stage in stages}
    assert (again.put_off, again.begun) == (set(), len(stages) - 1)
    assert log.read_text() == "called\n" * 3


def test_a_worker_whose_turn_comes_too_late_does_not_begin(tmp_path):
    stage = chain(tmp_path / "log")[0]
    with pytest.raises(PutOffError):
        _work(stage, tmp_path, time.monotonic() - 1)
    assert not stage.done(tmp_path)
    assert not (tmp_path / "log").exists()


def test_with_a_budget_no_stage_waits_in_a_workers_queue(tmp_path):
    class Pool:
        asked = 0

        def submit(self, *_):
            self.asked += 1
            return Future()

    stages, pool = chain(tmp_path / "log"), Pool()
    with silent().task("stages", 5) as bar:
        job = _Job(list(stages), tmp_path, Outcome(), bar, silent(), 2, LATER)
        job._submit_ready(pool, {})  # type: ignore[arg-type]
    assert (pool.asked, len(job.waiting)) == (2, 3)


def test_a_budget_that_is_over_starts_no_process(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "synmedbench.benchmark._engine._pool", lambda *_: pytest.fail("a process was started")
    )
    stages = chain(tmp_path / "log")
    outcome = run_local(stages, tmp_path, workers=2, progress=silent(), until=time.monotonic() - 1)
    assert outcome.put_off == {stage.key for stage in stages}
    assert (outcome.seconds, outcome.failed, outcome.begun) == ({}, {}, 0)


def test_a_budget_that_is_over_changes_nothing_for_a_finished_run(tmp_path):
    stages = chain(tmp_path / "log")
    run_local(stages, tmp_path / "cache", workers=1, progress=silent())
    outcome = run_local(stages, tmp_path / "cache", workers=1, progress=silent(), until=time.monotonic() - 1)
    assert (set(outcome.seconds), outcome.put_off) == ({stage.key for stage in stages}, set())


def test_a_failure_is_told_from_what_was_put_off(tmp_path, monkeypatch):
    over_after(monkeypatch, 1)
    bad = Stage("bad", f"{HERE}:fail", 1, {"n": 1})
    child = Stage("child", f"{HERE}:add", 1, {"n": 2}, needs={"bad": bad})
    other = Stage("other", f"{HERE}:add", 1, {"n": 9})
    stages = in_order({"child": child, "other": other})
    outcome = run_local(stages, tmp_path, workers=1, progress=silent(), until=LATER)
    assert set(outcome.failed) == {bad.key}
    assert outcome.put_off == {child.key, other.key}


def test_the_line_says_how_far_it_came():
    recipe = Recipe(name="r", imageset={"path": "phantom-derm"}, max_minutes=240)  # type: ignore[arg-type]
    some = Outcome({"a": 1.0, "b": 2.0}, {}, {"c", "d"}, begun=1)
    found = unfinished(recipe, some)
    assert found is not None
    assert found.words == "stopped at its budget of 240 minutes: 2 of 4 stages are done"
    none = unfinished(recipe, Outcome({"a": 1.0}, {}, {"c"}))
    assert none is not None
    assert none.words.endswith("1 of 2 stages are done, none could begin in so short a time")
    assert unfinished(recipe, Outcome({"a": 1.0}, {"b": "broke"})) is None


@pytest.mark.parametrize("minutes", [0, -1, "soon", float("nan"), float("inf")])
def test_a_budget_is_a_positive_number_of_minutes(minutes):
    with pytest.raises(ValueError, match="max_minutes"):
        Recipe(name="r", imageset={"path": "phantom-derm"}, max_minutes=minutes)  # type: ignore[arg-type]
