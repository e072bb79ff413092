from __future__ import annotations

import pytest
import yaml

from synmedbench.benchmark import builtin_recipes, read_recipe, short_name
from synmedbench.core import UserError

GOOD = {"name": "x", "imageset": {"path": "phantom-derm?n=300"}}


def write(tmp_path, document) -> str:
    path = tmp_path / "r.yaml"
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", sorted(builtin_recipes()))
def test_every_built_in_recipe_is_valid_and_says_what_it_is(name):
    assert read_recipe(name).about


def test_the_smallest_recipe_is_complete(tmp_path):
    recipe = read_recipe(write(tmp_path, GOOD))
    assert recipe.generator_names()[0] == "real-holdout"
    assert "draft" in recipe.generator_names()


def test_every_fault_is_told_at_once_with_its_path(tmp_path):
    bad = {
        **GOOD,
        "seeds": "many",
        "n_image": 5,
        "imageset": {"path": "x", "size": 4},
        "classifiers": {"n_real": [0]},
    }
    with pytest.raises(UserError) as caught:
        read_recipe(write(tmp_path, bad))
    told = str(caught.value)
    assert "\n" not in told
    for part in ("r.yaml", "seeds", "n_image", "imageset.size", "classifiers.n_real"):
        assert part in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"base": "difusion"}, "did you mean 'diffusion'"),
        ({"references": ["blurr:1"]}, "did you mean 'blur'"),
        ({"extractors": ["domian"]}, "did you mean 'domain'"),
        ({"classifiers": {"model": "tim:x"}}, "did you mean 'timm'"),
        ({"classifiers": {"generators": ["drafft"]}}, "did you mean 'draft'"),
        ({"alignment": {"methods": ["draft"]}}, "'real-only' is not among the methods"),
        ({"base": None}, "needs a base"),
        ({"seeds": [1, 1]}, "each seed may stand once"),
        ({"references": ["noise", "noise"]}, "noise stand(s) twice"),
        ({"extractors": ["timm:resnet18", "timm:resnet34"]}, "give one an alias"),
        ({"claims": [{"id": "c", "compare": "score", "a": "diffusio"}]}, "did you mean 'diffusion'"),
        ({"splits": {"train": 0.9}}, "sum to 1"),
    ],
)
def test_what_does_not_fit_together_is_told(tmp_path, change, told):
    with pytest.raises(UserError) as caught:
        read_recipe(write(tmp_path, {**GOOD, **change}))
    assert told in str(caught.value)


@pytest.mark.parametrize("text", ["a: [1", "- 1\n- 2", "", "just text"])
def test_what_is_no_recipe_is_refused_in_one_line(tmp_path, text):
    with pytest.raises(UserError) as caught:
        read_recipe(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_an_unknown_name_says_which_there_are():
    with pytest.raises(UserError, match="did you mean 'quickstart'"):
        read_recipe("quickstrat")


def test_overrides_reach_into_the_recipe():
    recipe = read_recipe(
        "quickstart", ["imageset.path=folder:/x", "alignment.steps=7", "alignment.learning_rate=1e-4"]
    )
    assert recipe.imageset.path == "folder:/x"
    assert recipe.alignment is not None
    assert (recipe.alignment.steps, recipe.alignment.learning_rate) == (7, 1e-4)
    assert read_recipe("quickstart", ["alignment=null", "classifiers=null", "claims=[]"]).alignment is None


@pytest.mark.parametrize("text", ["steps", "=3", "name.x=3", "imageset.path.x=1", "a=[1"])
def test_an_override_that_cannot_be_read_is_named(text):
    with pytest.raises(UserError):
        read_recipe("quickstart", [text])


def test_short_names():
    assert short_name({"name": "folder:/data/my-gan", "alias": "my-gan"}) == "my-gan"
    assert short_name("folder:/data/my-gan") == "folder:my-gan"
