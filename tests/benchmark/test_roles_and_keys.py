"""Judges share no patients, keys see content, directions come from the metric, and what is undecided has no rank."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synmedbench.benchmark import CellRow, Memorisation, ScoreRow, decide, rank, read_recipe
from synmedbench.benchmark._assemble import direction_of
from synmedbench.benchmark._claims import Evidence
from synmedbench.benchmark._graph import build_graph
from synmedbench.benchmark._graph_keys import content_of
from synmedbench.benchmark._recipe import ClaimPart
from synmedbench.benchmark._shelf import unshelve
from synmedbench.benchmark._stage import Stage
from synmedbench.benchmark._work_data import GROUP, data_stage, keep_data, open_data
from synmedbench.benchmark._work_feedback import PANELS, own_third
from synmedbench.core import UserError
from synmedbench.imagesets import ImageSet, flip_views, open_imageset, write_folder


def test_the_judges_images_are_of_different_patients_and_are_all_of_them():
    groups = np.repeat(np.arange(40), np.random.default_rng(0).integers(1, 5, 40))
    images = np.zeros((len(groups), 8, 8, 3), np.uint8)
    train = ImageSet.from_arrays(images, pd.DataFrame({"label": "a", GROUP: groups}))
    parts = [own_third(train, role) for role in PANELS]
    assert np.sum(parts, axis=0).tolist() == [1] * len(groups)
    owned = [set(groups[part]) for part in parts]
    assert len(set.union(*owned)) == sum(map(len, owned))
    assert min(map(len, owned)) >= 10


def test_no_two_judges_of_a_panel_decide_with_the_networks_of_h():
    assert PANELS["H"]["backbone"] not in (PANELS["R"]["backbone"], PANELS["E"]["backbone"])


def test_a_folder_generator_is_keyed_by_its_images(tmp_path):
    def keyed(seed: int) -> list[str]:
        folder = tmp_path / "gan"
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
        write_folder(open_imageset(f"phantom-derm?n=6&diseases=2&seed={seed}"), folder)
        return content_of(f"folder:{folder}")

    assert keyed(0) == keyed(0)
    assert keyed(0) != keyed(1)


def test_weights_are_keyed_by_their_bytes(tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"one")
    first = content_of(f"timm:resnet18?weights={path}")
    path.write_bytes(b"two")
    assert first != content_of(f"timm:resnet18?weights={path}") != []


@pytest.mark.parametrize(("flips", "n"), [("none", 0), ("horizontal", 1), ("both", 5)])
def test_copies_are_looked_for_in_the_mirror_images_that_generators_train_on(flips, n):
    recipe = read_recipe("tiny", [f"imageset.flips={flips}"])
    images = open_data(recipe.imageset)
    graph = build_graph(recipe, data_stage(images, recipe.imageset, recipe.splits), images)
    views = graph.copies.config["views"]
    assert set(flip_views(flips)) <= set(views)
    assert len(flip_views(flips)) == n
    turned = {name.partition("+")[0] for name in views} & {"across", "down", "both", "turn:90", "turn:270"}
    assert len(turned) == n
    assert all("copies" in stage.needs for stage in graph.scores.values())


def test_a_recipe_chooses_how_copies_are_looked_for():
    recipe = read_recipe("tiny", ["copies.extractor=texture", "copies.views=[across, 'crop:0.9', across]"])
    assert (recipe.copies.extractor, recipe.copies.views) == ("texture", ["across", "crop:0.9"])
    assert read_recipe("tiny", ["copies.views=[]"]).copies.views == []
    with pytest.raises(UserError, match=r"copies\.views.*did you mean 'across'"):
        read_recipe("tiny", ["copies.views=[acros]"])
    with pytest.raises(UserError, match=r"copies\.extractor.*thumbnail"):
        read_recipe("tiny", ["copies.extractor=thumbnial"])


def test_the_direction_is_the_metrics_own_also_when_a_stage_failed():
    recipe = read_recipe("quickstart")
    assert direction_of("frechet_distance", recipe) is False
    assert direction_of("coverage", recipe) is True
    with pytest.raises(UserError, match="did you mean 'coverage'"):
        direction_of("covrage", recipe)
    rows = [
        ScoreRow(
            generator="real", imageset="x", extractor="e", metric="fd", seed=0, reason="its stage failed"
        )
    ]
    for seed in range(5):
        for name, value in (("diffusion", 5.0 + 0.1 * seed), ("noise", 50.0 - 0.1 * seed)):
            rows.append(ScoreRow(generator=name, imageset="x", extractor="e", metric="fd", seed=seed, value=value,
                                 lo=value - 1, hi=value + 1, higher_is_better=False))  # fmt: skip
    evidence = Evidence(rows, [], [], ["real", "diffusion", "noise"], list(range(5)), "e", "fd")
    parts = [ClaimPart(id="right", compare="score", a="diffusion", b="noise"),
             ClaimPart(id="wrong", compare="score", a="noise", b="diffusion")]  # fmt: skip
    assert [claim.verdict for claim in decide(parts, evidence)] == ["shown", "not shown"]


def test_seeds_without_any_spread_decide_nothing():
    rows = [ScoreRow(generator=g, imageset="x", extractor="e", metric="fd", seed=s, value=v, higher_is_better=False)
            for s in range(5) for g, v in (("a", 100.0), ("b", 100.5))]  # fmt: skip
    evidence = Evidence(rows, [], [], ["a", "b"], list(range(5)), "e", "fd")
    claim = decide([ClaimPart(id="c", compare="score", a="a", b="b")], evidence)[0]
    assert claim.verdict == "cannot be known from these data"


def test_a_missing_cell_takes_its_seed_out_of_the_contrast():
    def cell(arm: str, n: int, seed: int, value: float) -> CellRow:
        return CellRow(arm=arm, n_real_train=n, ratio=0, classifier="t", seed=seed, n_test=9, metric="macro_auroc",
                       value=value)  # fmt: skip

    cells = [cell("real-only", n, s, 0.5) for n in (8, 32) for s in range(5)]
    cells += [cell("real-repeated", n, s, 0.6) for n in (8, 32) for s in range(5) if (n, s) != (32, 3)]
    evidence = Evidence([], cells, [], [], list(range(5)), "e", "fd")
    claim = decide([ClaimPart(id="c", compare="classifier", a="real-repeated", b="real-only")], evidence)[0]
    assert len(claim.per_seed) == 4


def test_undecided_memorisation_has_no_rank():
    row = ScoreRow(generator="copy", imageset="x", extractor="e", metric="fd", seed=0, value=0.1, lo=0, hi=0.2,
                   higher_is_better=False)  # fmt: skip
    unknown = Memorisation(generator="copy", seed=0, memorising=None, words="not enough data")
    ranking = rank(
        [row], {"copy": "reference"}, [unknown], metric="fd", extractor="e", higher_is_better=False
    )
    assert ranking.rows[0].rank is None
    assert "could not be decided" in (ranking.rows[0].reason or "")


def test_unknown_values_and_missing_patients_do_not_break_a_plan(tmp_path):
    table = open_imageset("phantom-derm?n=400&diseases=2&seed=5").table
    images = open_imageset("phantom-derm?n=400&diseases=2&seed=5").with_table(
        table.assign(
            skin_tone=[None if i % 3 == 0 else tone for i, tone in enumerate(table["skin_tone"])],
            patient_id=[None if i % 4 == 0 else who for i, who in enumerate(table["patient_id"])],
        )
    )
    write_folder(images, tmp_path / "set")
    changes = [f"imageset.path={tmp_path / 'set'}", "imageset.strata=[skin_tone]", "imageset.group=null"]
    recipe = read_recipe("quickstart", changes)
    opened = open_data(recipe.imageset)
    stage = data_stage(opened, recipe.imageset, recipe.splits)
    keep_data(stage, opened, tmp_path)
    kept = unshelve(stage.folder(tmp_path)).table
    lonely = kept[kept["patient_id"].isna()]
    assert lonely[GROUP].is_unique
    graph = build_graph(recipe, stage, opened)
    assert isinstance(graph.samples[("diffusion", 0)], Stage)


def test_conditions_that_the_set_lacks_are_told():
    recipe = read_recipe(
        "quickstart", ["conditions=[label, colour]", "imageset.path=phantom-derm?n=300&diseases=2"]
    )
    opened = open_data(recipe.imageset)
    with pytest.raises(UserError, match="no column 'colour'"):
        build_graph(recipe, data_stage(opened, recipe.imageset, recipe.splits), opened)
    with pytest.raises(UserError, match="must hold 'label'"):
        read_recipe("quickstart", ["conditions=[skin_tone]"])
