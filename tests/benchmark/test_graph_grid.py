"""The stages of the grid: what is shared between cells, what changes a key, and what is never built."""

from __future__ import annotations

import pytest
import yaml
from drawn_sets import drawn

from synmedbench.benchmark import read_recipe
from synmedbench.benchmark._cell_key import CellKey
from synmedbench.benchmark._graph import Graph, build_graph
from synmedbench.benchmark._work_data import data_stage, open_data
from synmedbench.core import UserError
from synmedbench.imagesets import write_folder

CLASSIFIERS = {
    "models": [{"name": "timm:test_resnet", "alias": "frozen", "frozen": True, "weights": "random"}],
    "arms": ["real-only", "real+synthetic", "synthetic-only"],
    "generators": ["classical"],
    "closed_set": ["classical"],
    "closed_n_real": [8],
    "n_real": [4, 8],
    "ratios": [1, 2],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("sets")
    write_folder(drawn(200, 0), root / "real")
    write_folder(drawn(40, 3), root / "far")
    write_folder(drawn(40, 3, kinds=("round", "square")), root / "strange")
    write_folder(drawn(40, 3, kinds=("square", "star")), root / "other")
    return root


def graph_of(folder, tmp_path, grid=None, *, grid_only=True, overrides=(), **more) -> Graph:
    document = {
        "name": "x", "imageset": {"path": str(folder / "real"), "size": 16, "strata": ["sex"]}, "base": None,
        "alignment": None, "references": ["real-holdout", "classical"], "seeds": [0, 1], "extractors": ["texture"],
        "classifiers": {**CLASSIFIERS, **(grid or {})}, **more,
    }  # fmt: skip
    path = tmp_path / "r.yaml"
    path.write_text(yaml.safe_dump(document))
    recipe = read_recipe(path, overrides)
    images = open_data(recipe.imageset)
    return build_graph(
        recipe, data_stage(images, recipe.imageset, recipe.splits), images, grid_only=grid_only
    )


def test_features_of_real_images_are_computed_once_and_pools_once_for_each_seed(folder, tmp_path):
    graph = graph_of(folder, tmp_path)
    cells = list(graph.cells.values())
    assert len({stage.needs["features-data"].key for stage in cells}) == 1
    pools = {stage.needs["synthetic"].name for stage in cells if "synthetic" in stage.needs}
    assert pools == {
        f"sample {name} for training [seed {seed}]" for name in ("classical", "classical-closed n=8") for seed in (0, 1)
    }  # fmt: skip
    assert sum(stage.function == "._work_embed:embed" for stage in graph.stages.values()) == 1 + len(pools)


def test_cells_with_the_same_real_images_share_their_closed_generator(folder, tmp_path):
    graph = graph_of(folder, tmp_path)
    closed = [stage for key, stage in graph.cells.items() if key.generator == "classical-closed"]
    fits = {stage.needs["synthetic"].needs["fit"].key for stage in closed}
    assert len(closed) == 2 * 2 * 2
    assert len(fits) == 2
    (fit,) = {s.needs["synthetic"].needs["fit"].name for s in closed if s.seed == 0}
    assert graph.stages[fit].config["closed"] == {"n_real": 8, "left_out": None}
    assert {stage.config["open_set"] for stage in closed} == {False}


def test_the_grid_alone_scores_nothing(folder, tmp_path):
    alone, whole = graph_of(folder, tmp_path), graph_of(folder, tmp_path, grid_only=False)
    assert alone.scores == {}
    assert alone.copies is None
    assert set(alone.cells) == set(whole.cells)
    assert {key: stage.key for key, stage in alone.cells.items()} == {
        key: stage.key for key, stage in whole.cells.items()
    }  # fmt: skip
    assert len(whole.scores) == 4


def test_a_number_of_images_that_a_class_lacks_asks_no_generator_for_anything(folder, tmp_path):
    graph = graph_of(folder, tmp_path, {"n_real": [4, 5000], "closed_n_real": [5000]})
    lacking = [stage for key, stage in graph.cells.items() if key.n_real == 5000]
    assert len(lacking) > 0
    assert all("synthetic" not in stage.needs for stage in lacking)
    assert max(s.config["n"] for s in graph.stages.values() if s.function == "._work_generate:sample") < 100


def test_the_penalty_of_a_head_does_not_change_the_key_of_its_features(folder, tmp_path):
    plain = graph_of(folder, tmp_path)
    other = graph_of(folder, tmp_path, overrides=["classifiers.models.0.penalty=0.5"])
    key = CellKey("real-only", None, 4, 0.0, "frozen", 0)
    assert plain.cells[key].key != other.cells[key].key
    assert plain.cells[key].needs["features-data"].key == other.cells[key].needs["features-data"].key
    wider = graph_of(folder, tmp_path, overrides=["classifiers.models.0.in_size=32"])
    assert plain.cells[key].needs["features-data"].key != wider.cells[key].needs["features-data"].key


def test_a_left_out_site_has_cells_of_its_own(folder, tmp_path):
    graph = graph_of(folder, tmp_path, {"leave_out": "sex"})
    outside = {key: stage for key, stage in graph.cells.items() if key.test_set != "test"}
    assert {key.test_set for key in outside} == {"sex=f", "sex=m"}
    assert {tuple(stage.config["left_out"]) for stage in outside.values()} == {("sex", "f"), ("sex", "m")}
    fits = [stage.needs["synthetic"].needs["fit"] for stage in outside.values() if "synthetic" in stage.needs]
    assert {tuple(fit.config["closed"]["left_out"]) for fit in fits} == {("sex", "f"), ("sex", "m")}


def test_an_external_set_is_opened_once_and_must_have_the_labels(folder, tmp_path):
    graph = graph_of(folder, tmp_path, {"external": [{"name": f"folder:{folder / 'far'}", "alias": "far"}]})
    assert {stage.needs["external-far"].key for stage in graph.cells.values()} == {
        graph.stages["external far"].key
    }
    assert all("features-external-far" in stage.needs for stage in graph.cells.values())
    kept = graph_of(folder, tmp_path, {"external": [f"folder:{folder / 'strange'}"]})
    assert kept.stages["external folder:strange"].config["images"] == 20
    with pytest.raises(UserError, match="no image of the external set has a label of this run"):
        graph_of(folder, tmp_path, {"external": [f"folder:{folder / 'other'}"]})


def test_leakage_stops_every_cell_where_the_recipe_says_so(folder, tmp_path):
    counted, stopped = graph_of(folder, tmp_path), graph_of(folder, tmp_path, {"leakage": "stop"})
    assert counted.leakage is not None
    assert not any("leakage" in stage.needs for stage in counted.cells.values())
    assert all("leakage" in stage.needs for stage in stopped.cells.values())
    pooled = [stage for stage in stopped.cells.values() if "synthetic" in stage.needs]
    assert all("leakage-pool" in stage.needs for stage in pooled)


def test_whole_networks_are_timed_and_tuned_once(folder, tmp_path):
    models = [{"name": "timm:test_resnet", "alias": "whole", "steps": 3}]
    graph = graph_of(folder, tmp_path, {"models": models, "precision": "auto", "tune": {"steps": [1, 2]}})
    assert len({stage.needs["speed"].key for stage in graph.cells.values()}) == 1
    assert set(graph.tunings) == {("whole", n, seed, "test") for n in (4, 8) for seed in (0, 1)}
    assert all("features-data" not in stage.needs for stage in graph.cells.values())


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ({"name": "timm:resnet10"}, "timm has no model 'resnet10'"),
        ({"name": "timm:test_resnet", "frozen": True}, "needs weights"),
        ({"name": "timm:test_resnet", "precision": "float8"}, "precision"),
    ],
)
def test_a_classifier_that_cannot_be_is_told_before_any_stage(folder, tmp_path, model, told):
    with pytest.raises(UserError, match=told):
        graph_of(folder, tmp_path, {"models": [model]})


def test_an_aim_that_no_own_image_has_is_a_cell_without_a_value_and_stops_nothing(tmp_path):
    images = drawn(200, 0)
    rare = images.table.assign(sex=["rare" if row == 0 else "m" for row in range(len(images))])
    write_folder(images.with_table(rare), tmp_path / "real")
    arms = ["real-only", "real+synthetic", "real+aimed-synthetic"]
    grid = {"arms": arms, "aim": {"column": "sex", "values": ["none"]}}
    graph = graph_of(tmp_path, tmp_path, grid, conditions=["label", "sex"])
    aimed = {key: stage for key, stage in graph.cells.items() if key.arm == "real+aimed-synthetic"}
    assert {stage.function for stage in aimed.values()} == {"._work_lacking:null_cell"}
    closed = {stage.config["lacking"] for key, stage in aimed.items() if key.generator == "classical-closed"}
    assert closed == {"not enough data: no image with sex none among its own real images"}
    others = [stage for key, stage in graph.cells.items() if key not in aimed]
    assert {stage.function for stage in others} == {"._work_cells:train_cell"}


def test_settings_that_do_not_act_on_a_classifier_are_not_tried_on_it(folder, tmp_path):
    models = [*CLASSIFIERS["models"], {"name": "timm:test_resnet", "alias": "whole", "steps": 3}]
    graph = graph_of(folder, tmp_path, {"models": models, "tune": {"penalty": [0.1, 1]}})
    tried = {key[0]: stage.config["grid"] for key, stage in graph.tunings.items()}
    assert tried == {"frozen": {"penalty": [0.1, 1]}, "whole": None}


def test_a_second_labeller_is_measured_as_well(tmp_path):
    images = drawn(200, 0)
    images = images.with_table(images.table.assign(sex_2=images.table["sex"]))
    write_folder(images, tmp_path / "real")
    graph = graph_of(tmp_path, tmp_path)
    assert {tuple(stage.config["strata"]) for stage in graph.cells.values()} == {("sex", "sex_2")}
