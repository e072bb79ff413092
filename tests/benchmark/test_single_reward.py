"""The commands of reward models: what they read from a store, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synmedbench.benchmark import _single_reward as commands
from synmedbench.core import UserError, silent
from synmedbench.experts import OracleExpert, RatingStore
from synmedbench.imagesets import ImageSet, open_imageset, write_folder
from synmedbench.metrics import RewardModel

ASKED: dict[str, Any] = {"real": None, "columns": ["label"]}


class Quick(RewardModel):
    """A reward model that is hardly trained."""

    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__(*words, **{**options, "steps": 2, "batch_size": 4})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "RewardModel", Quick)


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, pd.DataFrame]:
    """72 drawn cells, of which a third was asked to be of another class; the first 60 rated, one of them twice."""
    folder = tmp_path_factory.mktemp("rated")
    cells = open_imageset("phantom-blood?n=72&cell_types=4&size=32&seed=4")
    asked = cells.table["label"].to_numpy().copy()
    asked[::3] = np.roll(asked, 1)[::3]
    images = ImageSet.from_arrays(cells.images(), cells.table.assign(label=asked), about=cells.about)
    write_folder(images, folder / "made")
    opened = open_imageset(str(folder / "made"))
    expert = OracleExpert("phantom-blood", noise=0.0)
    ratings = expert.rate(opened.subset(range(60)), seed=0)
    again = expert.rate(opened.subset([0]), seed=0, repeat=1)
    again = again.assign(answer=again["answer"].map({"yes": "no", "no": "yes"}))
    store = f"sqlite:///{folder / 'ratings.db'}"
    RatingStore(store).add(pd.concat([ratings, again]))
    return str(folder / "made"), store, expert.answers(opened.subset(range(60)), seed=0)


def test_ratings_are_read_with_their_answers_and_without_hidden_repeats(rated) -> None:
    images, store, answers = rated
    read = commands.read_ratings(images, store, **ASKED).rated
    assert len(read) == 60
    assert read.criteria is not None
    said = (answers == "yes").astype(float)
    np.testing.assert_array_equal(read.criteria[list(said.columns)].to_numpy(), said.to_numpy())
    np.testing.assert_array_equal(read.verdicts, said.all(axis=1).to_numpy(float))
    assert 0 < read.verdicts.mean() < 1


def test_fit_keeps_the_model_that_knows_the_criteria(rated, tmp_path: Path) -> None:
    images, store, answers = rated
    how: dict[str, Any] = {"backbone": "test_byobnet", "seed": 0, "progress": silent(), **ASKED}
    card = commands.fit_reward(images, store, tmp_path / "R", **how)
    assert (card["n_ratings"], card["n_held_out"]) == (60, 15)
    assert set(RewardModel.load(tmp_path / "R").criteria) == set(answers.columns)


@pytest.mark.parametrize("real", [None, "phantom-blood?n=24&cell_types=4&size=32&seed=5"])
@pytest.mark.parametrize(("verdict", "told"), [(True, "none of the 4 rated images is implausible"),
                                               (False, "none of the 4 rated images is plausible")])  # fmt: skip
def test_fit_refuses_ratings_that_all_agree(
    rated, tmp_path: Path, verdict: bool, told: str, real: str | None
) -> None:
    images, store, answers = rated
    same = np.flatnonzero((answers == "yes").all(axis=1).to_numpy() == verdict)[:4]
    some = RatingStore(store).ratings()
    names = open_imageset(images).table["file_name"].iloc[same]
    one_sided = f"sqlite:///{tmp_path / 'r.db'}"
    RatingStore(one_sided).add(some[some["image"].isin(names)])
    with pytest.raises(UserError, match=told):
        commands.fit_reward(images, one_sided, tmp_path / "R", **{**ASKED, "real": real}, backbone="test_byobnet",
                            seed=0, progress=silent())  # fmt: skip
    assert not (tmp_path / "R").exists()


def test_a_column_that_the_images_lack_is_told(rated, tmp_path: Path) -> None:
    images, store, _ = rated
    with pytest.raises(UserError, match="tone"):
        commands.read_ratings(images, store, real=None, columns=["tone"])


def test_a_curve_is_drawn_from_a_store(rated) -> None:
    images, store, _ = rated
    how: dict[str, Any] = {"backbone": "test_byobnet", "seed": 0, "progress": silent(), **ASKED}
    rows = commands.draw_reward_curve(images, store, n_test=24, sizes=[16, 32], seeds=2, **how)
    assert rows["n_ratings"].tolist() == [16, 32, 16, 32]
    assert rows["auroc"].between(0, 1).all()
    with pytest.raises(UserError, match="36 ratings are left to learn from"):
        commands.draw_reward_curve(images, store, n_test=24, sizes=[], seeds=1, **how)
    with pytest.raises(UserError, match="--test 60 of 60"):
        commands.draw_reward_curve(images, store, n_test=60, sizes=[16], seeds=1, **how)


def test_images_that_were_rated_are_not_chosen_again(rated, tmp_path: Path) -> None:
    images, store, _ = rated
    commands.fit_reward(
        images, store, tmp_path / "R", **ASKED, backbone="test_byobnet", seed=0, progress=silent()
    )
    unrated = set(open_imageset(images).table["file_name"].iloc[60:])
    chosen = commands.choose_images(images, tmp_path / "R", 12, how="both", store=store, seed=0)
    assert set(chosen.table["file_name"]) == unrated
    with pytest.raises(UserError, match="--n 13, but 12 images"):
        commands.choose_images(images, tmp_path / "R", 13, how="both", store=store, seed=0)
    assert len(commands.choose_images(images, tmp_path / "R", 30, how="random", store=None, seed=0)) == 30
