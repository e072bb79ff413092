"""What the data cannot support is null with its reason, never a failure and never a guess."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from synmedbench.benchmark._shelf import shelve
from synmedbench.benchmark._stage import Work
from synmedbench.benchmark._work_cells import train_cell
from synmedbench.benchmark._work_score import _not_asked
from synmedbench.core import silent
from synmedbench.imagesets import ImageSet
from synmedbench.metrics import by_stratum


@pytest.fixture
def work(tmp_path) -> Work:
    """A cell of 8 images a class, where one class has 5."""
    table = pd.DataFrame(
        {"label": ["a"] * 20 + ["b"] * 10, "split": (["train"] * 10 + ["test"] * 10 + ["train", "test"] * 5)}
    )
    images = np.random.default_rng(0).integers(0, 255, (30, 16, 16, 3)).astype(np.uint8)
    data = tmp_path / "data"
    out = tmp_path / "out"
    table["group_number"] = range(30)
    data.mkdir()
    out.mkdir()
    shelve(ImageSet.from_arrays(images, table), data)
    config = {
        "arm": "real-only", "generator": None, "n_real": 8, "ratio": 0.0, "model": "timm:test_byobnet?steps=2",
        "classes": ["a", "b"], "strata": [], "min_stratum": 2, "group": None, "seed": 0,
    }  # fmt: skip
    return Work(config, 0, {"data": data}, out, tmp_path, silent())


def rows(work: Work) -> list[dict]:
    return json.loads((work.out / "cell.json").read_text())["rows"]


def test_a_cell_that_takes_more_than_there_is_has_null_rows(work):
    train_cell(work)
    assert {row["metric"] for row in rows(work)} == {"macro_auroc", "balanced_accuracy"}
    assert {row["value"] for row in rows(work)} == {None}
    assert {row["reason"] for row in rows(work)} == {"not enough data: 5 training images of b, 8 needed"}


def test_a_cell_that_has_enough_is_trained(work):
    work.config["n_real"] = 4
    train_cell(work)
    found = {row["metric"]: row for row in rows(work) if row["stratum"] == "all"}
    assert found["macro_auroc"]["value"] is not None
    assert (work.out / "replicates.npz").is_file()


def test_a_column_that_is_not_honoured_says_so():
    x, y = np.random.default_rng(0).standard_normal((2, 120, 4))
    sex = np.repeat(["female", "male"], 60)
    scores = [_not_asked(each, "sex") for each in by_stratum(x, y, sex, np.full(120, ""), column="sex")]
    told = {each.metric: each for each in scores if each.stratum == "sex=female"}
    assert told["kernel_distance"].value is None
    assert "does not honour sex" in (told["kernel_distance"].reason or "")
    assert told["coverage"].value is not None
