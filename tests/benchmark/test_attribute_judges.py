"""Recipes with attribute panels: each judge has its own, fitted on its third, kept by the rules' content."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from synmedbench.benchmark import read_recipe
from synmedbench.benchmark._assemble import unreliable_h
from synmedbench.benchmark._graph import build_graph
from synmedbench.benchmark._recipe import SplitsPart
from synmedbench.benchmark._shelf import shelve
from synmedbench.benchmark._stage import Stage, Work
from synmedbench.benchmark._work_data import GROUP
from synmedbench.benchmark._work_feedback import build_expert, fit_panel, judge_verdicts
from synmedbench.core import UserError, silent
from synmedbench.experts import AttributePanel
from synmedbench.imagesets import ImageSet, open_imageset

from ..experts.planted_cells import RULES, discs

SPLITS = SplitsPart().model_dump()
EXPERTS = {"source": "attributes", "oracle": None, "noise": 0.05, "n": 20, "rules": RULES.model_dump()}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cells = discs(420, seed=4)
    split = np.where(np.arange(420) % 7 < 5, "train", "val")
    table = cells.table.assign(split=split, **{GROUP: np.arange(420)})
    folder = tmp_path_factory.mktemp("data")
    shelve(ImageSet.from_arrays(cells.images(), table), folder)
    return folder


def fitted(data: Path, out: Path, role: str) -> Path:
    folder = out / role
    folder.mkdir()
    config = {"role": role, "steps": 20, "rules": RULES.model_dump(), "code": AttributePanel.version}
    fit_panel(Work(config, 0, {"data": data}, folder, folder, silent()))
    return folder


def test_a_judge_has_an_attribute_panel_of_its_own(data: Path, tmp_path: Path) -> None:
    folder = fitted(data, tmp_path, "R")
    card = json.loads((folder / "card.json").read_text())
    assert card["columns"]["hue"]["kept"]
    assert 60 < card["n_train"] < 140
    assert card["noise"]["hue"]["kappa"] == RULES.attributes["hue"].kappa
    work = Work({"experts": EXPERTS, "role": "R"}, 0, {"panel-R": folder}, tmp_path, tmp_path, silent())
    expert = build_expert(work, "R")
    assert isinstance(expert, AttributePanel)
    asked = discs(40, seed=9, attributes=False)
    assert judge_verdicts(expert, asked, 0).mean() > 0.4
    wrong = asked.with_table(asked.table.assign(label=np.roll(asked.table["label"], 1)))
    assert judge_verdicts(expert, wrong, 0).mean() < 0.15


def test_a_dropped_attribute_does_not_make_the_judge_unreliable() -> None:
    kept = {"balanced_accuracy": 0.9, "reliable": True, "kept": True}
    dropped = {"balanced_accuracy": 0.6, "reliable": False, "kept": False}
    weak = {"balanced_accuracy": 0.7, "reliable": False, "kept": True}
    assert unreliable_h({"panel H, seed 0": {"columns": {"label": kept, "mood": dropped}}}) is None
    assert "0.70" in str(unreliable_h({"panel H, seed 0": {"columns": {"label": weak, "mood": dropped}}}))


def test_the_rules_are_part_of_the_keys() -> None:
    images = open_imageset("phantom-blood?n=40&size=32")
    images = ImageSet.from_arrays(images.images(), images.table)
    panels = {}
    for source in ("panel", "attributes"):
        recipe = read_recipe("blood-quick", [f"alignment.experts.source={source}"])
        graph = build_graph(recipe, Stage("data", "._work_data:keep", 1, {"group": None, "splits": SPLITS}), images)
        panels[source] = {role: stage for (role, _), stage in graph.panels.items()}
    assert "rules" not in panels["panel"]["H"].config
    assert panels["attributes"]["H"].config["rules"]["name"] == "blood"
    assert len({stage.key for part in panels.values() for stage in part.values()}) == 6
    recipe = read_recipe(
        "blood-quick", ["alignment.experts.source=attributes", "alignment.experts.rules=blod"]
    )
    with pytest.raises(UserError, match="did you mean 'blood'"):
        build_graph(recipe, Stage("data", "._work_data:keep", 1, {"group": None, "splits": SPLITS}), images)
