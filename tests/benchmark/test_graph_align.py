"""The stages of alignment: what is there with snapshots and without, and faults of the recipe."""

from __future__ import annotations

import pytest

from synmedbench.benchmark import read_recipe
from synmedbench.benchmark._graph import build_graph
from synmedbench.benchmark._graph_seed import Graph
from synmedbench.benchmark._recipe import SplitsPart
from synmedbench.benchmark._stage import Stage
from synmedbench.benchmark._work_data import open_data
from synmedbench.core import UserError

SPLITS = SplitsPart().model_dump()
IMAGES = open_data(read_recipe("tiny").imageset)
WITH = ["alignment.steps=10", "alignment.snapshots=3"]


def graph(*overrides: str) -> Graph:
    recipe = read_recipe("tiny", overrides)
    return build_graph(recipe, Stage("data", "._work_data:keep", 1, {"group": None, "splits": SPLITS}), IMAGES)


def names(found: Graph) -> set[str]:
    return {name.removesuffix(" [seed 0]") for name in found.stages}


def test_without_snapshots_there_is_no_trace_of_them():
    found = graph()
    assert not {name.split()[0] for name in names(found)} & {"trajectory", "stop", "card"}
    assert found.stages["align draft [seed 0]"].config["budget"].keys() == {
        "steps",
        "batch_size",
        "learning_rate",
    }
    assert found.samples[("draft", 0)].needs["fit"] is found.stages["align draft [seed 0]"]


def test_with_snapshots_the_state_that_e_chose_is_sampled():
    found = graph(*WITH)
    assert found.stages["align draft [seed 0]"].config["budget"]["snapshots"] == 3
    stop = found.stages["stop draft [seed 0]"]
    assert found.samples[("draft", 0)].needs["fit"] is stop
    assert stop.needs["trajectory-base"] is found.stages["trajectory diffusion [seed 0]"]
    assert found.cards[("draft", 0)] is stop
    assert {"card R after draft", "card R after diffusion", "rate draft for R after"} <= names(found)


def test_all_but_the_inverted_control_stop_by_one_rule():
    found = graph(*WITH, "alignment.methods=[real-only, draft, 'inverted:draft', 'shuffled:draft']")
    assert "stop inverted" not in names(found)
    assert {"trajectory real-only", "trajectory inverted", "stop real-only", "stop shuffled"} <= names(found)
    assert found.samples[("real-only", 0)].needs["fit"] is found.stages["stop real-only [seed 0]"]
    assert found.samples[("inverted", 0)].needs["fit"] is found.stages["align inverted [seed 0]"]
    shuffled = found.stages["align shuffled [seed 0]"]
    assert shuffled.needs["reward"] is found.stages["judge R, shuffled [seed 0]"]


def test_stopping_early_can_be_left_out():
    found = graph(*WITH, "alignment.stop_early=false")
    assert "trajectory draft" in names(found)
    assert not any(name.startswith("stop") for name in names(found))


def test_e_judges_every_state_and_gives_no_reward():
    found = graph(*WITH, "alignment.rerate=[draft]")
    for name, stage in found.stages.items():
        if name.startswith("align"):
            assert found.judges[("E", 0)] not in stage.needs.values()
        if name.startswith("trajectory"):
            assert stage.needs["judge-E"] is found.judges[("E", 0)]


def test_a_method_that_is_rated_again_takes_as_many_steps_in_two_halves():
    found = graph(*WITH, "alignment.steps=11", "alignment.rerate=[draft]")
    first = found.stages["align draft-rerated, first half [seed 0]"]
    second = found.stages["align draft-rerated [seed 0]"]
    assert first.config["budget"]["steps"] + second.config["budget"]["steps"] == 11
    assert first.config["budget"]["snapshots"] + second.config["budget"]["snapshots"] == 3
    assert second.needs["base"] is first
    assert second.config["done"] == first.config["budget"]["steps"]
    judge = second.needs["reward"]
    assert set(judge.needs) == {"data", "images", "ratings", "images-again", "ratings-again"}
    assert judge.needs["images-again"].needs["fit"] is first
    assert judge.needs["ratings-again"].config["role"] == "R"
    assert ("draft-rerated", 0) in found.scores
    assert found.spent[("draft-rerated", 0)][0] is first


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        (["alignment.rerate=[drft]"], "rerate: did you mean 'draft'"),
        (["alignment.rerate=[real-only]"], "the control"),
        (["alignment.rerate=[draft, draft]"], "may stand once"),
        (["alignment.rerate=[draft]", "alignment.snapshots=1"], "2 or more"),
        (["alignment.methods=[real-only, best-of-n]", "alignment.rerate=[best-of-n]"], "is not trained"),
        (["alignment.methods=[real-only, 'shuffled:draft']", "alignment.rerate=[shuffled]"], "is a control"),
        (["alignment.steps=1", "alignment.rerate=[draft]"], "too few"),
        (["alignment.snapshots=3"], "2 are too few to be cut into 3"),
        (["alignment.snapshots=-1"], "greater than or equal to 0"),
        (["alignment.margin=0"], "greater than 0"),
        (["alignment.trajectory_images=4"], "greater than or equal to 16"),
    ],
)
def test_faults_of_the_recipe_are_told(override, fault):
    with pytest.raises(UserError, match=fault):
        read_recipe("tiny", override)
