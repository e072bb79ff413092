"""Alignment with snapshots, the whole way and small: trajectories, early stop, a second rating, R afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from synmedbench.benchmark import Record, read_recipe, read_record
from synmedbench.benchmark._assemble import assemble
from synmedbench.benchmark._engine import Outcome
from synmedbench.benchmark._graph import build_graph
from synmedbench.benchmark._graph_seed import Graph
from synmedbench.benchmark._recipe import Recipe
from synmedbench.benchmark._stage import in_order, perform
from synmedbench.benchmark._work_data import data_stage, keep_data, open_data
from synmedbench.core import silent
from synmedbench.generators import Diffusion

pytestmark = pytest.mark.slow  # one run of all stages, about half a minute of a core

RECIPE = [
    "base=diffusion:unet-micro?steps=6&sampling_steps=2&batch_size=8",
    "imageset.path=phantom-derm?n=500&size=32&diseases=2&seed=0",
    "references=[real-holdout]",
    "n_images=24",
    "classifiers=null",
    "copies.views=[]",
    "claims=[{id: c, compare: non-inferiority, a: draft, metric: coverage}]",
    "alignment.methods=[real-only, draft, best-of-n, guidance]",
    "alignment.steps=4",
    "alignment.snapshots=2",
    "alignment.trajectory_images=16",
    "alignment.rerate=[draft]",
]


def done(recipe: Recipe, cache: Path) -> tuple[Graph, Outcome]:
    """All stages, one after the other, in this process; what fails takes down what needs it."""
    images = open_data(recipe.imageset)
    data = data_stage(images, recipe.imageset, recipe.splits)
    keep_data(data, images, cache)
    graph, outcome = build_graph(recipe, data, images), Outcome()
    for stage in in_order({"data": data, **graph.stages}):
        broken = [need for need in stage.needs.values() if need.key in outcome.failed]
        if broken:
            outcome.failed[stage.key] = f"needs {broken[0].name}, which failed"
            continue
        try:
            outcome.seconds[stage.key] = perform(stage, cache, silent())
        except Exception as error:
            outcome.failed[stage.key] = str(error)
    return graph, outcome


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[Recipe, Graph, Outcome, Path, Record]:
    cache, recipe = tmp_path_factory.mktemp("stages"), read_recipe("tiny", RECIPE)
    graph, outcome = done(recipe, cache)
    assert outcome.failed == {}
    return recipe, graph, outcome, cache, assemble(recipe, graph, outcome, cache, "test")


def test_every_state_is_measured_the_base_first(run):
    record = run[-1]
    steps = {
        name: [each.step for each in record.trajectories if each.generator == name]
        for name in {each.generator for each in record.trajectories}
    }
    assert steps == {
        "diffusion": [0],
        "real-only": [0, 2, 4],
        "draft": [0, 2, 4],
        "draft-rerated": [0, 2, 4],
        "best-of-n": [0],
        "guidance": [0],
    }
    for each in record.trajectories:
        shares = (each.R, each.E, each.H, each.R_mean, each.E_mean, each.coverage, each.near_copies)
        assert all(value is None or 0 <= value <= 1 for value in shares)
        assert each.H is not None
        assert each.vendi is not None
        assert each.n == 16


def test_the_path_kl_is_nothing_at_the_base_grows_and_is_a_bound_or_unknown_without_training(run):
    along = {(each.generator, each.step): each for each in run[-1].trajectories}
    assert along["diffusion", 0].path_kl == pytest.approx(0, abs=1e-9)
    assert 0 < along["draft", 2].path_kl_lo <= along["draft", 2].path_kl <= along["draft", 2].path_kl_hi
    assert along["best-of-n", 0].path_kl == pytest.approx(np.log(4) - 3 / 4)
    assert along["guidance", 0].path_kl is None
    assert "path_kl" in along["guidance", 0].reason


def test_one_state_of_each_is_chosen_and_its_images_are_those_that_are_scored(run):
    _, graph, _, cache, record = run
    for name in ("draft", "draft-rerated", "real-only"):
        chosen = [each for each in record.trajectories if each.generator == name and each.chosen]
        assert len(chosen) == 1
        scores = {each.step: each.E_mean for each in record.trajectories if each.generator == name}
        assert chosen[0].step == min(step for step in scores if scores[step] == max(scores.values()))
        kept = Diffusion.load(graph.stops[name, 0].folder(cache) / "generator")
        assert kept.card.settings["aligner"]["step"] == chosen[0].step


def test_the_base_has_its_own_weights_when_e_likes_it_best(run, tmp_path):
    _, graph, _, cache, _ = run
    stop = graph.stops["draft", 0]
    moved = tmp_path / "cache"
    shutil.copytree(cache, moved)
    shutil.rmtree(stop.folder(moved))
    path = stop.needs["trajectory-base"].folder(moved) / "trajectory.json"
    note = json.loads(path.read_text())
    note["points"][0]["E_mean"] = 2.0
    path.write_text(json.dumps(note))
    perform(stop, moved, silent())
    kept = Diffusion.load(stop.folder(moved) / "generator")
    base = Diffusion.load(graph.stages["fit diffusion [seed 0]"].folder(moved) / "generator")
    for ours, theirs in zip(kept.network.parameters(), base.network.parameters(), strict=True):
        assert bool((ours == theirs).all())
    assert json.loads((stop.folder(moved) / "stop.json").read_text())["step"] == 0


def test_the_audit_has_distance_cost_and_prices(run):
    record = run[-1]
    audits = {each.aligner: each for each in record.audits}
    assert set(audits) == {"draft", "best-of-n", "guidance", "draft-rerated"}
    draft, best = audits["draft"], audits["best-of-n"]
    assert draft.verdict == "cannot be known from these data"
    assert len(draft.trajectory_h) == 1
    assert len(draft.trajectory_h[0]) == 3
    assert draft.stopped_at[0] in (0, 2, 4)
    assert (best.stopped_at, best.path_kl_bound, best.trajectory_h) == ([None], True, [])
    assert [price.metric for price in draft.prices] == ["recall", "coverage"]
    assert all(price.verdict == "cannot be known from these data" for price in draft.prices)
    assert len(draft.seconds) == 1
    assert audits["draft-rerated"].seconds[0] > 0


def test_r_is_measured_again_on_what_was_made_after_alignment(run):
    after = run[-1].judges["R"]["seed 0"]["after"]
    assert set(after) == {"diffusion", "real-only", "draft", "best-of-n", "guidance", "draft-rerated"}
    assert {"auroc", "auprc", "brier", "ece", "by_class", "reason"} <= set(after["draft"])


def test_scores_have_the_mean_probability_beside_the_share(run):
    rows = [row for row in run[-1].scores if row.metric == "plausible_mean" and row.generator == "draft"]
    assert sorted(row.extractor for row in rows) == ["E", "R"]
    assert all(row.lo <= row.value <= row.hi for row in rows)


def test_the_record_is_plain_and_the_same_again(run, tmp_path):
    recipe, graph, outcome, cache, record = run
    again = assemble(recipe, graph, outcome, cache, "test again")
    assert again.measured() == record.measured()
    assert Record.model_validate_json(record.model_dump_json()).measured() == record.measured()
    outcome.seconds.update({key: seconds + 1 for key, seconds in outcome.seconds.items()})
    assert assemble(recipe, graph, outcome, cache, "slower").measured() == record.measured()


def test_an_alignment_that_fails_is_missing_and_the_others_are_there(run, tmp_path):
    recipe, graph, outcome, cache, _ = run
    moved = tmp_path / "cache"
    shutil.copytree(cache, moved)
    lost = {stage.key for name, stage in graph.stages.items() if "draft " in name and "align" not in name}
    for key in lost:
        shutil.rmtree(moved / key, ignore_errors=True)
    known = {key: seconds for key, seconds in outcome.seconds.items() if key not in lost}
    record = assemble(recipe, graph, Outcome(known, dict.fromkeys(lost, "the disk is full")), moved, "test")
    assert record.status == "partial"
    assert not [each for each in record.trajectories if each.generator == "draft"]
    (draft,) = [each for each in record.audits if each.aligner == "draft"]
    assert draft.verdict == "cannot be known from these data"
    assert draft.seconds == []
    assert next(each for each in record.audits if each.aligner == "best-of-n").stopped_at == [None]
    assert "draft" not in record.judges["R"]["seed 0"]["after"]


def test_killed_at_five_moments_the_record_is_the_same(run, tmp_path):
    record = run[-1]
    words = [
        sys.executable,
        "-m",
        "synmedbench.cli",
        "run",
        "tiny",
        "--workers",
        "1",
        "--out",
        str(tmp_path / "run"),
    ]
    words += [part for override in RECIPE for part in ("--set", override)]
    environment = {**os.environ, "SYNMEDBENCH_STAGES": str(tmp_path / "stages")}
    for moment in np.random.default_rng(0).uniform(5, 40, size=5):
        process = subprocess.Popen(
            words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(timeout=float(moment))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
    finished = subprocess.run(words, env=environment, text=True, capture_output=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    again = read_record(tmp_path / "run" / "record.json")
    assert again.measured() == record.measured()
