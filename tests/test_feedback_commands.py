"""From a fitted base to an aligned one by commands alone: generate, rate, fit a reward, align, evaluate with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import call, one_line

from synmedbench.benchmark import read_record
from synmedbench.experts import OracleExpert, RatingStore
from synmedbench.imagesets import open_imageset

DATA = "phantom-derm?n=120&diseases=2&seed=3"


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    """A base, images of it that were rated, and the ratings in a store."""
    folder = tmp_path_factory.mktemp("feedback")
    spec = "diffusion:unet-micro?steps=10&batch_size=8&sampling_steps=2"
    done = call(
        "generate", spec, "--data", DATA, "--n", "40", "--out", folder / "made", "--save", folder / "base"
    )
    assert done.returncode == 0, done.stderr
    rated = open_imageset(str(folder / "made"))
    RatingStore(f"sqlite:///{folder / 'ratings.db'}").add(
        OracleExpert("phantom-derm", noise=0.2).rate(rated, seed=0)
    )
    return folder


@pytest.fixture(scope="module")
def reward(work) -> Path:
    """A reward model fitted by the command, on ratings and on mismatched real images."""
    done = call("reward", "fit", "--images", work / "made", "--ratings", f"sqlite:///{work / 'ratings.db'}", "--real",
                DATA, "--out", work / "reward")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "ratings: 40, of which" in done.stdout
    return work / "reward"


def test_align_writes_a_generator_that_generates(work, reward, tmp_path):
    words = [
        "align",
        work / "base",
        "--data",
        DATA,
        "--reward",
        reward,
        "--method",
        "draft",
        "--out",
        tmp_path / "a",
    ]
    done = call(*words, "--steps", "2", "--batch-size", "4")
    assert done.returncode == 0, done.stderr
    made = call(
        "generate", f"diffusion:{tmp_path / 'a'}", "--data", DATA, "--n", "4", "--out", tmp_path / "images"
    )
    assert made.returncode == 0, made.stderr
    assert len(open_imageset(str(tmp_path / "images"))) == 4


def test_evaluate_with_a_reward_gives_its_share(work, reward, tmp_path):
    done = call("evaluate", work / "made", DATA, "--extractors", "texture", "--reward", reward, "--out",
                tmp_path / "r.json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    row = next(row for row in read_record(tmp_path / "r.json").scores if row.metric == "plausible_share")
    assert row.value is not None
    assert (row.extractor, row.n_synthetic) == ("R", 40)


def test_evaluate_does_not_drop_a_reward_of_which_nothing_is_asked(work, reward):
    done = call("evaluate", work / "made", DATA, "--metrics", "coverage", "--reward", reward)
    assert done.returncode == 1
    assert "plausible_share is not among the metrics" in done.stderr


def test_ratings_go_out_and_in_and_are_not_doubled(work, tmp_path):
    store = f"sqlite:///{work / 'ratings.db'}"
    assert call("ratings", "export", store, "--out", tmp_path / "ratings.csv").returncode == 0
    fresh = f"sqlite:///{tmp_path / 'fresh.db'}"
    first = call("ratings", "import", fresh, tmp_path / "ratings.csv")
    again = call("ratings", "import", fresh, tmp_path / "ratings.csv")
    assert "240 new rows" in first.stdout
    assert "0 new rows" in again.stdout
    assert "simulated" in call("ratings", "agreement", fresh).stdout


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"--method": "drafft"}, "did you mean 'draft'"),
        ({"--reward": "no-such-reward"}, "no-such-reward"),
        ({"--data": "phantom-blood?n=80"}, "label"),
    ],
)
def test_what_does_not_fit_the_base_is_told(work, reward, tmp_path, change, told):
    options = {
        "--data": DATA,
        "--reward": str(reward),
        "--method": "draft",
        "--out": str(tmp_path / "x"),
        **change,
    }
    done = call("align", work / "base", *[word for pair in options.items() for word in pair], "--steps", "1")
    assert done.returncode == 1
    assert told in one_line(done)
    assert not (tmp_path / "x").exists()


def test_a_store_without_ratings_of_these_images_is_told(work, tmp_path):
    RatingStore(f"sqlite:///{tmp_path / 'empty.db'}")
    done = call("reward", "fit", "--images", work / "made", "--ratings", f"sqlite:///{tmp_path / 'empty.db'}", "--out",
                tmp_path / "x")  # fmt: skip
    assert done.returncode == 1
    assert "no image of this set has a rating" in one_line(done)
