"""The grid of classifiers in a recipe: what it says, what it refuses, which cells it asks for."""

from __future__ import annotations

import pytest
import yaml

from synmedbench.benchmark import read_recipe
from synmedbench.benchmark._cell_key import CellKey, cell_key
from synmedbench.benchmark._grid import closed_components, grid_cells
from synmedbench.benchmark._recipe_classifiers import classifier_name
from synmedbench.benchmark._record import CellRow
from synmedbench.core import UserError

GOOD = {
    "name": "x",
    "imageset": {"path": "phantom-derm?n=300"},
    "alignment": None,
    "conditions": ["label", "skin_tone"],
    "base": "diffusion:unet-micro?steps=3",
}
GRID = {
    "arms": ["real-only", "real+synthetic"],
    "generators": ["diffusion"],
    "n_real": [4, 8],
    "ratios": [1, 2],
}


def read(tmp_path, grid, overrides=(), **more):
    path = tmp_path / "r.yaml"
    path.write_text(yaml.safe_dump({**GOOD, **more, "classifiers": {**GRID, **grid}}), encoding="utf-8")
    return read_recipe(path, overrides)


@pytest.mark.parametrize(
    ("grid", "told"),
    [
        ({"arms": ["real+synthetc"]}, "did you mean 'real+synthetic'"),
        (
            {"models": ["timm:resnet10t", "timm:resnet10t?steps=3"]},
            "timm:resnet10t stand(s) twice; give one an alias",
        ),
        ({"registered_models": ["timm:test_byobnet"]}, "stand(s) twice"),
        ({"registered_models": ["timm:test_resnet"]}, "no claim names 'timm:test_resnet'"),
        ({"arms": ["real-only", "group-weighted"]}, "group-weighted needs a stratum other than the class"),
        ({"models": ["tim:x"]}, "did you mean 'timm'"),
        ({"arms": ["real+aimed-synthetic"]}, "go together"),
        ({"aim": {"column": "skin_tone", "values": ["V-VI"]}}, "go together"),
        (
            {"arms": ["real+aimed-synthetic"], "aim": {"column": "sex", "values": ["x"]}},
            "not among the conditions",
        ),
        ({"closed_set": ["difusion"]}, "did you mean 'diffusion'"),
        ({"closed_set": ["real-holdout"]}, "is not fitted on the cell's images"),
        ({"closed_set": ["diffusion"], "closed_n_real": [16]}, "16 is not among n_real"),
        ({"closed_n_real": []}, "needs at least one number"),
        ({"max_synthetic": 0}, "max_synthetic"),
        ({"synthetic_weight": 0}, "synthetic_weight"),
        ({"precision": "float16"}, "precision"),
        ({"leakage": "ignore"}, "leakage"),
        ({"external": ["folder:/a/x", "folder:/b/x"]}, "stand(s) twice"),
    ],
)
def test_what_does_not_fit_together_is_told(tmp_path, grid, told):
    with pytest.raises(UserError) as caught:
        read(tmp_path, grid)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_aligned_generator_cannot_be_closed(tmp_path):
    with pytest.raises(UserError, match="'draft' cannot be closed, its reward has seen other patients"):
        read(tmp_path, {"closed_set": ["draft"]}, alignment={"methods": ["real-only", "draft"]})


@pytest.mark.parametrize("hidden", ["folder:/somewhere/images", "real-holdout"])
def test_an_alias_does_not_make_a_folder_or_the_hold_out_closed(tmp_path, hidden):
    with pytest.raises(UserError, match="'theirs' is not fitted on the cell's images"):
        read(tmp_path, {"closed_set": ["theirs"]}, generators=[{"name": hidden, "alias": "theirs"}])


def test_no_generator_may_be_named_as_closed_ones_are(tmp_path):
    with pytest.raises(UserError, match="'my-closed' ends in -closed"):
        read(tmp_path, {}, generators=[{"name": "classical", "alias": "my-closed"}])


@pytest.mark.parametrize("name", ["quick", "phantom", "ham", "pbc"])
def test_the_recipes_of_augmentation_fit_together(name):
    recipe = read_recipe(f"augmentation-{name}")
    assert recipe.classifiers is not None
    assert "class-weighted" not in recipe.classifiers.arms


def test_arms_balance_by_the_aims_column_unless_that_is_the_class(tmp_path):
    def column(aim, strata, label="label"):
        grid = {"arms": ["real+aimed-synthetic"], "aim": {"column": aim, "values": ["x"]}}
        part = read(tmp_path, grid).classifiers
        assert part is not None
        return part.balanced_by(strata, label)

    assert column("skin_tone", ["sex"]) == "skin_tone"
    assert column("label", ["label", "sex"]) == "sex"
    assert column("label", ["dx", "label_2"], "dx") is None


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        ({"compare": "equivalence", "a": "real-repeated"}, "needs its margin"),
        ({"compare": "classifier", "a": "real-onyl"}, "did you mean 'real-only'"),
        (
            {"compare": "classifier", "a": "real-only", "classifier": "resnet"},
            "no classifier is called 'resnet'",
        ),
        (
            {"compare": "score", "a": "diffusion", "classifier": "x"},
            "classifier is of claims that compare classifiers",
        ),
        ({"compare": "classifier", "a": "real+synthetic/diffusion-close"}, "did you mean 'diffusion-closed'"),
        ({"compare": "classifier", "a": "real+synthetic/diffusion", "n_real": 9}, "no cell of real-only with n_real 9"),
        (
            {"compare": "classifier", "a": "real+synthetic/diffusion", "n_real": 8, "ratio": 7},
            "no cell of real+synthetic/diffusion with n_real 8 at ratio 7",
        ),
        (
            {
                "compare": "classifier",
                "a": "real+synthetic/diffusion",
                "b": "real+synthetic/diffusion",
                "ratio": 2,
                "ratio_b": 9,
            },
            "no cell of real+synthetic/diffusion at ratio 9",
        ),
        ({"compare": "score", "a": "diffusion", "ratio_b": 2}, "ratio_b is of claims that compare classifiers"),
    ],
)
def test_claims_about_cells_are_checked(tmp_path, claim, told):
    with pytest.raises(UserError) as caught:
        read(tmp_path, {"closed_set": ["diffusion"]}, claims=[{"id": "c", **claim}])
    assert told in str(caught.value)


def test_every_cell_stands_once_with_what_its_arm_takes(tmp_path):
    arms = ["real-only", "real-repeated", "extra-real", "real+synthetic", "focal"]
    grid = {
        "arms": arms,
        "closed_set": ["diffusion"],
        "closed_n_real": [8],
        "max_synthetic": 8,
        "n_real": [4, 8, 8],
    }
    found = grid_cells(read(tmp_path, grid))
    assert len(found) == len(set(found))
    told = {(c.arm, c.generator, c.n_real, c.ratio) for c in found}
    assert {each for each in told if each[0] == "real-repeated"} == {
        ("real-repeated", None, 4, 2.0), ("real-repeated", None, 8, 1.0)
    }  # fmt: skip
    assert {each for each in told if each[0] == "focal"} == {("focal", None, 4, 0.0), ("focal", None, 8, 0.0)}
    assert {each for each in told if each[1] == "diffusion-closed"} == {
        ("real+synthetic", "diffusion-closed", 8, 1.0)
    }
    assert ("extra-real", None, 4, 2.0) in told


def test_a_registered_model_has_the_cells_of_its_claims_alone(tmp_path):
    claim = {"id": "c", "compare": "classifier", "classifier": "whole", "a": "real+synthetic/diffusion", "n_real": 8,
             "ratio": 2}  # fmt: skip
    other = {"id": "d", "compare": "classifier", "a": "real-repeated", "n_real": 4}
    models = [{"name": "timm:test_resnet", "alias": "whole"}]
    arms = ["real-only", "real-repeated", "real+synthetic"]
    recipe = read(tmp_path, {"registered_models": models, "arms": arms}, claims=[claim, other])
    whole = [cell for cell in grid_cells(recipe) if cell.classifier == "whole"]
    assert {(cell.arm, cell.n_real, cell.ratio) for cell in whole} == {
        ("real-only", 8, 0.0), ("real+synthetic", 8, 2.0)
    }  # fmt: skip


def test_where_a_value_is_left_out_no_open_set_generator_trains(tmp_path):
    recipe = read(tmp_path, {"closed_set": ["diffusion"], "leave_out": "site"})
    outside = [cell for cell in grid_cells(recipe, ["site=a", "site=b"]) if cell.test_set != "test"]
    assert {cell.generator for cell in outside} == {None, "diffusion-closed"}
    assert {cell.test_set for cell in outside} == {"site=a", "site=b"}


def test_a_closed_generator_is_the_named_one_or_a_spec_of_its_own(tmp_path):
    named = read(tmp_path, {"closed_set": ["diffusion", "classical"]})
    assert closed_components(named) == {
        "diffusion-closed": "diffusion:unet-micro?steps=3", "classical-closed": "classical"
    }  # fmt: skip
    own = read(tmp_path, {"closed_set": ["diffusion:unet-micro?steps=9"]})
    assert closed_components(own) == {"diffusion-closed": "diffusion:unet-micro?steps=9"}


def test_overrides_reach_into_lists(tmp_path):
    models = {"models": [{"name": "timm:test_resnet", "alias": "a", "weights": None}]}
    changes = ["seeds=[0]", "classifiers.models.0.weights=/w.safetensors", "seeds.1=7", "seeds.0=3"]
    recipe = read(tmp_path, models, changes)
    assert recipe.classifiers is not None
    assert recipe.classifiers.models == [
        {"name": "timm:test_resnet", "alias": "a", "weights": "/w.safetensors"}
    ]
    assert recipe.seeds == [3, 7]
    longer = read(tmp_path, models, ["classifiers.models.1={name: timm:resnet18, alias: b}"])
    assert longer.classifiers is not None
    assert [classifier_name(part) for part in longer.classifiers.models] == ["a", "b"]


@pytest.mark.parametrize("text", ["classifiers.n_real.5=1", "classifiers.n_real.x=1", "classifiers.ratios.9.x=1",
                                  "classifiers.n_real.0.x=1", "classifiers.n_real.-1=2"])  # fmt: skip
def test_an_override_of_no_place_in_a_list_is_named(tmp_path, text):
    with pytest.raises(UserError, match="--set"):
        read(tmp_path, {}, [text])


def test_a_row_tells_its_cell():
    row = CellRow(arm="real+synthetic", generator="g", n_real_train=8, ratio=2, classifier="c", seed=1, n_test=9,
                  metric="ece", test_set="site=a")  # fmt: skip
    assert cell_key(row) == CellKey("real+synthetic", "g", 8, 2.0, "c", 1, "site=a")
    assert len({cell_key(row), cell_key(row.model_copy(update={"stratum": "sex=f"}))}) == 1
