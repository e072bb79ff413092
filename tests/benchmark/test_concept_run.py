"""A new concept from recipe to record: every stage once on a few drawn cells; and recipes that cannot be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synmedbench.benchmark import Recipe, plan_run, read_record, write_record
from synmedbench.benchmark._assemble import assemble
from synmedbench.benchmark._engine import Outcome
from synmedbench.benchmark._graph import build_graph
from synmedbench.benchmark._stage import in_order, perform
from synmedbench.benchmark._work_data import data_stage, keep_data, open_data
from synmedbench.core import UserError, silent
from synmedbench.imagesets import ImageSet, open_imageset, write_folder

TINY = {
    "name": "concept-tiny",
    "imageset": {"path": "phantom-blood?n=160&size=32&seed=0", "size": 32, "min_stratum": 5},
    "seeds": [0],
    "n_images": 16,
    "batch_size": 16,
    "base": "diffusion:unet-micro?steps=4&sampling_steps=2&batch_size=8",
    "references": ["real-holdout"],
    "alignment": None,
    "classifiers": None,
    "extractors": ["thumbnail"],
    "concept": {
        "column": "subtype",
        "where": {"label": "neutrophil"},
        "values": ["segmented", "band"],
        "ratings": 20,
        "n_images": 8,
        "methods": ["draft", "best-of-n?n=2"],
        "steps": 2,
        "batch_size": 4,
        "question": "value",
        "noise": 0.4,
        "reward": {"backbone": "test_byobnet", "steps": 2},
    },
}
PREDICTORS = {"source": "panel", "sights": {"R": "drawn", "H": "drawn"}}


def recipe_with(**changes):
    concept = {**TINY["concept"], **changes.pop("concept", {})}
    return Recipe.model_validate({**TINY, **changes, "concept": concept})


def run_here(recipe, cache):
    """The record of a run whose stages are done one after the other in this process."""
    images = open_data(recipe.imageset)
    data = data_stage(images, recipe.imageset, recipe.splits)
    keep_data(data, images, cache)
    graph = build_graph(recipe, data, images)
    outcome = Outcome()
    for stage in in_order({"data": data, **graph.stages}):
        if any(need.key in outcome.failed for need in stage.needs.values()):
            outcome.failed[stage.key] = "needs what failed"
            continue
        try:
            outcome.seconds[stage.key] = perform(stage, cache, silent())
        except UserError as error:
            outcome.failed[stage.key] = str(error)
    return assemble(recipe, graph, outcome, cache, "")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("concept")
    record = run_here(recipe_with(), folder / "stages")
    write_record(record, folder / "record.json")
    return record, folder


def test_every_arm_is_measured_by_value_and_nothing_is_claimed_from_one_seed(finished):
    record, folder = finished
    assert record.status == "complete", record.failed
    arms = ["untaught", "real-only", "shuffled", "draft", "best-of-n"]
    assert [row.method for row in record.concepts if row.value == "band"] == arms
    for row in record.concepts:
        shares = (row.asked_confirmed, row.other_confirmed, row.plausible, row.both)
        if row.value is None:
            assert shares[0] is None
            assert 0 <= shares[2] <= 1
        else:
            assert row.n == 8
            assert all(0 <= share <= 1 for share in shares)
            assert row.both <= min(row.asked_confirmed, row.plausible)
            assert row.lo <= row.asked_confirmed <= row.hi
    assert [each.method for each in record.concept_verdicts] == ["draft", "best-of-n"]
    assert {each.verdict for each in record.concept_verdicts} == {"cannot be known from these data"}
    assert set(record.concept_verdicts[0].gains) == {"untaught", "real-only", "shuffled"}
    assert read_record(folder / "record.json").concepts == record.concepts


def test_the_cards_of_r_and_of_its_raters_are_in_the_record(finished):
    cards = finished[0].concept_cards
    assert set(cards["rate [seed 0]"]["yes"]) == {"segmented", "band"}
    assert cards["judge R [seed 0]"]["n_ratings"] == 20
    assert cards["judge R [seed 0]"]["n_real"] > 0
    assert cards["judge R, shuffled [seed 0]"]["n_real"] == 0


def test_neither_the_generator_nor_r_sees_the_real_values(finished):
    _, folder = finished
    other = open_imageset("phantom-blood?n=160&size=32&seed=0")
    table = other.table.assign(subtype=[f"secret {i % 3}" for i in range(len(other))])
    from synmedbench.benchmark._work_concept import without_values

    assert "subtype" not in without_values(other.with_table(table), "subtype").table.columns
    for path in folder.glob("stages/*/model/reward.json"):
        assert "secret" not in path.read_text()


def test_the_same_run_again_does_nothing_again(finished, monkeypatch):
    record, folder = finished
    monkeypatch.setenv("SYNMEDBENCH_STAGES", str(folder / "stages"))
    plan = plan_run(recipe_with(), folder / "run")
    assert plan.total == plan.finished > 20
    assert run_here(recipe_with(), folder / "stages").measured() == record.measured()


def test_raters_who_all_say_no_stop_the_run_with_a_remedy(finished):
    base_too_young = recipe_with(concept={"question": "plausible", "noise": 0.0})
    record = run_here(base_too_young, finished[1] / "stages")
    failed = {cell.stage: cell.error for cell in record.failed}
    assert "all 20 ratings say no" in failed["concept rate [seed 0]"]
    assert "question: value" in failed["concept rate [seed 0]"]
    reasons = {row.method: row.reason for row in record.concepts}
    assert reasons["untaught"] is None
    assert "all 20 ratings say no" in reasons["draft"]


@pytest.mark.parametrize(
    ("concept", "words"),
    [
        ({"values": ["band"]}, "two different ones"),
        ({"values": ["band", "band"]}, "two different ones"),
        ({"values": ["band", "unknown"]}, "'unknown'"),
        ({"column": "label"}, "among the conditions"),
        ({"where": {"subtype": "band"}}, "not among the conditions"),
        ({"where": {}}, "where"),
        ({"methods": ["real-only"]}, "control already"),
        ({"methods": ["draft", "draft?late=1"]}, "twice"),
        ({"methods": ["drafd"]}, "no aligner is called 'drafd'"),
        ({"control": "shufled:draft"}, "no aligner is called 'shufled'"),
        ({"ratings": 3}, "greater than or equal to 20"),
    ],
)
def test_recipes_that_contradict_themselves_name_the_fault(concept, words):
    with pytest.raises(ValueError, match=words):
        recipe_with(concept=concept)


@pytest.mark.parametrize(
    ("concept", "words"),
    [
        ({"where": {"label": "neutrofil"}}, "no image has the label 'neutrofil'"),
        ({"values": ["segmented", "hypersegmented"]}, "no rule of the oracle phantom-blood knows"),
        ({"column": "lobes", "values": ["two", "three"]}, "nobody could judge"),
        (
            {"column": "lobes", "values": ["two", "three"], "source": "oracle"},
            "no oracle judges a column 'lobes'",
        ),
        (
            {**PREDICTORS, "values": {"segmented": "SNE", "band": "band"}},
            "no real image bears the subtype 'SNE'",
        ),
        ({**PREDICTORS, "values": {"segmented": "band", "band": "band"}}, "stand for the same real value"),
    ],
)
def test_what_nobody_could_judge_is_refused_before_anything_is_computed(tmp_path, concept, words):
    with pytest.raises(UserError, match=words):
        plan_run(recipe_with(concept=concept), tmp_path)


def test_a_recipe_without_a_base_has_nothing_to_teach():
    with pytest.raises(ValueError, match="concept: needs a base"):
        recipe_with(base=None)


def shades(folder):
    """Images without an oracle: bands are darker, so that predictors tell them; one in ten bears no value."""
    draw = np.random.default_rng(0)
    subtype = np.array(["segmented", "band"] * 90 + [None] * 60, dtype=object)
    subtype[::10] = None
    images = draw.integers(60, 120, (240, 32, 32, 3))
    images[subtype == "band"] -= 50
    images[180:, 8:24, 8:24] += 90
    labels = ["neutrophil"] * 180 + ["lymphocyte"] * 60
    table = pd.DataFrame({"label": labels, "subtype": subtype})
    write_folder(ImageSet.from_arrays(images.astype(np.uint8), table), folder)
    return folder


def recipe_on(folder):
    return recipe_with(
        imageset={"path": str(folder), "size": 32, "min_stratum": 5},
        splits={"train": 0.4, "val": 0.2, "reference": 0.15, "holdout": 0.15, "test": 0.1},
        concept={**PREDICTORS, "methods": ["best-of-n?n=2"]},
    )


def test_where_no_oracle_exists_predictors_of_real_values_rate_and_judge(tmp_path):
    record = run_here(recipe_on(shades(tmp_path / "cells")), tmp_path / "stages")
    assert record.status == "complete", record.failed
    card = record.concept_cards["panel H, subtype [seed 0]"]
    assert card["reliable"]
    assert card["balanced_accuracy"] >= 0.8
    assert {row.value for row in record.concepts} == {"segmented", "band", None}


def test_values_that_h_cannot_tell_apart_are_not_judged_and_the_record_says_so(tmp_path):
    data = shades(tmp_path / "cells")
    table = pd.read_csv(data / "metadata.csv")
    borne = table["subtype"].notna()
    table.loc[borne, "subtype"] = np.random.default_rng(0).permutation(table.loc[borne, "subtype"])
    table.to_csv(data / "metadata.csv", index=False)
    record = run_here(recipe_on(data), tmp_path / "stages")
    assert record.status == "partial"
    assert "H cannot tell" in record.concepts[0].reason
    assert {row.asked_confirmed for row in record.concepts} == {None}
    (verdict,) = record.concept_verdicts
    assert verdict.verdict == "cannot be known from these data"
    assert "0.80 needed" in verdict.words
