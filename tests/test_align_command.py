"""``align`` as it is typed: snapshots, early stop, and one clear line for whatever does not fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import Done, call, one_line
from safetensors.torch import load_file

from synmedbench.core import silent
from synmedbench.generators import BestOfN, Budget, Diffusion, conditions_like, load_trail, sample_images
from synmedbench.imagesets import ImageSet, open_imageset, write_folder
from synmedbench.metrics import RewardModel

DATA = "phantom-derm?n=60&diseases=2&seed=3&size=32"


def reward_of(images: ImageSet, seed: int = 0, **options: Any) -> RewardModel:
    """A reward model of a few steps; every third image is plausible."""
    model = RewardModel(**{"steps": 2, "batch_size": 4, **options})
    verdicts = (np.arange(len(images)) + seed) % 3 == 0
    model.fit(images.images(), images.table[list(model.columns)], verdicts, seed=seed)
    return model


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    """A base, a reward, an evaluator, and what does not fit them."""
    folder = tmp_path_factory.mktemp("align")
    real = open_imageset(DATA)
    base = Diffusion("unet-micro", steps=4, batch_size=8, sampling_steps=2)
    base.fit(real, seed=0)
    base.save(folder / "base")
    made = sample_images(base, conditions_like(real.table, 24), seed=1)
    first = reward_of(made)
    first.save(folder / "reward")
    reward_of(made, seed=1).save(folder / "evaluator")
    reward_of(made, steps=3).save(folder / "twin")
    BestOfN(n=2).align(base, first, real, seed=0, budget=Budget(1), progress=silent()).save(folder / "best")
    one = made.subset((made.table["label"] == made.table["label"][0]).to_numpy())
    reward_of(one).save(folder / "one-class")
    reward_of(ImageSet.from_arrays(made.images(size=16), made.table)).save(folder / "small")
    sexed = ImageSet.from_arrays(made.images(), made.table.assign(sex="f"))
    reward_of(sexed, columns=("label", "sex")).save(folder / "sexed")
    unlabelled = ImageSet.from_arrays(real.images(), real.table.drop(columns="label"))
    write_folder(unlabelled, folder / "unlabelled")
    renamed = ImageSet.from_arrays(real.images(), real.table.assign(label="mumps"))
    write_folder(renamed, folder / "mumps")
    return folder


def broken(work: Path, part: str, file: str, content: bytes | None, into: Path) -> Path:
    """A copy of a saved folder with one file gone, or with another content."""
    shutil.copytree(work / part, into)
    (into / file).unlink()
    if content is not None:
        (into / file).write_bytes(content)
    return into


def align(work: Path, out: Path, **changed: Any) -> Done:
    """Run the command on the good parts, but for what is changed."""
    options = {
        "data": DATA,
        "reward": work / "reward",
        "method": "draft",
        "steps": 3,
        "batch_size": 4,
        **changed,
    }
    base = options.pop("base", work / "base")
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
    return call("align", base, *words, "--out", out)


def test_the_evaluator_stops_it_and_the_trail_is_kept(work, tmp_path):
    out = tmp_path / "out"
    done = align(work, out, evaluator=work / "evaluator", snapshots=3, stop_images=8)
    assert done.returncode == 0, done.stderr
    stopped = json.loads((out / "stopped.json").read_text())
    assert list(stopped["scores"]) == ["0", "1", "2", "3"]
    best = max(stopped["scores"].values())
    assert stopped["step"] == min(int(step) for step, score in stopped["scores"].items() if score == best)
    assert f"stopped after step {stopped['step']}" in done.stdout
    model = Diffusion.load(out)
    assert model.card.settings["aligner"]["step"] == stopped["step"]
    states = {each.step: each for each in load_trail(out / "trail", model)}
    assert sorted(states) == [1, 2, 3]
    start = tuple(Diffusion.load(work / "base").network.parameters())
    kept = states[stopped["step"]].weights if stopped["step"] else start
    for a, b in zip(model.network.parameters(), kept, strict=True):
        assert np.array_equal(a.detach().numpy(), b.detach().numpy())


def test_snapshots_alone_keep_the_end_and_the_trail(work, tmp_path):
    assert align(work, tmp_path / "plain").returncode == 0
    assert align(work, tmp_path / "kept", snapshots=2).returncode == 0
    assert not (tmp_path / "plain" / "trail").exists()
    assert [p.name for p in sorted((tmp_path / "kept" / "trail").iterdir())] == [
        "step-000001.safetensors",
        "step-000003.safetensors",
    ]
    weights = "unet/diffusion_pytorch_model.safetensors"
    assert (tmp_path / "plain" / weights).read_bytes() == (tmp_path / "kept" / weights).read_bytes()


def test_a_finished_training_is_not_run_again_after_the_disk_was_full(work, tmp_path, monkeypatch):
    """The state is kept in a file of the user's choice; what failed was only the writing."""
    import synmedbench.benchmark._align_base as room

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    method = f"real-only?checkpoint={tmp_path / 'state'}"
    with monkeypatch.context() as patch:
        patch.setattr(room, "_save", full)
        done = align(work, tmp_path / "out", method=method)
    assert (done.returncode, (tmp_path / "out").exists()) == (1, False)
    assert "no space is left on the disk" in one_line(done)
    before = (tmp_path / "state").read_bytes()
    assert align(work, tmp_path / "out", method=method).returncode == 0
    assert (tmp_path / "state").read_bytes() == before


NOT_FITTING = [
    ({"reward": "one-class"}, "which the base makes"),
    ({"reward": "small"}, "the reward model judges images of 16 px, the base makes 32 px"),
    ({"reward": "sexed"}, "the reward model judges by 'sex', which the base does not honour (it has label)"),
    ({"reward": "sexed", "method": "best-of-n"}, "judges by 'sex'"),
    ({"reward": "base"}, "not a saved reward model"),
    ({"reward": "nowhere"}, "nowhere"),
    ({"base": "nowhere"}, "not the folder of a saved diffusion model"),
    ({"base": "reward"}, "not the folder of a saved diffusion model"),
    ({"base": "best"}, "best: not a diffusion model alone, but one with its reward"),
    ({"data": "unlabelled"}, "label"),
    ({"data": "mumps"}, "label 'mumps' was not among the training images"),
    ({"data": "nowhere"}, "nowhere"),
    ({"steps": 0}, "steps must be a whole number of 1 or more, got 0"),
    ({"steps": -3}, "steps must be a whole number of 1 or more, got -3"),
    ({"batch_size": 0}, "batch_size must be a whole number of 1 or more, got 0"),
    ({"batch_size": 61}, "a batch of 61 is more than the 60 images there are"),
    ({"learning_rate": 0}, "learning_rate must be a number above 0"),
    ({"learning_rate": "nan"}, "learning_rate must be a number above 0, got nan"),
    ({"snapshots": -1}, "snapshots must be a whole number of 0 or more, got -1"),
    ({"snapshots": 4}, "4 snapshots cannot be taken in 3 steps"),
    ({"method": "nft"}, "3 steps cannot be cut into 4 rounds"),
    ({"method": "drafft"}, "did you mean 'draft'"),
    ({"method": "draft?weigth=1"}, "takes no 'weigth'"),
    ({"method": "shuffled:draft"}, "needs a reward that was fitted on shuffled verdicts"),
    ({"method": "guidance", "snapshots": 2}, "guidance leaves the base as it is"),
    ({"method": "inverted:best-of-n", "snapshots": 2}, "inverted:best-of-n leaves the base as it is"),
    ({"evaluator": "evaluator"}, "an evaluator needs states to choose from (give --snapshots 4)"),
    ({"evaluator": "evaluator", "snapshots": 2, "stop_images": 0}, "at least one image to judge"),
    ({"evaluator": "reward", "snapshots": 2}, "the evaluator is the reward itself"),
    ({"evaluator": "twin", "snapshots": 2}, "the evaluator has the reward's backbone and its ratings"),
    ({"evaluator": "small", "snapshots": 2}, "small: the evaluator judges images of 16 px"),
    ({"evaluator": "one-class", "snapshots": 2}, "one-class: the evaluator never saw label"),
    ({"evaluator": "base", "snapshots": 2}, "not a saved reward model"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "told"), NOT_FITTING, ids=lambda each: str(each)[:60])
def test_what_does_not_fit_is_told_in_one_line_and_nothing_is_written(work, tmp_path, changed, told):
    folders = {"reward", "base", "data", "evaluator"}
    named = {name: work / value if name in folders else value for name, value in changed.items()}
    before = {path: path.stat().st_mtime_ns for path in work.rglob("*")}
    done = align(work, tmp_path / "out", **named)
    assert done.returncode == 1, done.stderr
    assert told in one_line(done)
    assert list(tmp_path.iterdir()) == []
    assert {path: path.stat().st_mtime_ns for path in work.rglob("*")} == before


DAMAGED = [
    ("base", "conditions/config.json", None, "no saved diffusion model is here"),
    ("base", "conditions/config.json", b"{", "not readable JSON"),
    ("base", "conditions/config.json", b"[]", "not a JSON object"),
    ("base", "conditions/config.json", b'{"format": 1}', "config.json"),
    ("base", "conditions/embeddings.safetensors", None, "the weights cannot be read"),
    ("base", "conditions/embeddings.safetensors", b"12", "the weights cannot be read"),
    ("base", "unet/diffusion_pytorch_model.safetensors", None, "the weights cannot be read"),
    ("base", "unet/diffusion_pytorch_model.safetensors", b"half", "the weights cannot be read"),
    ("base", "unet/config.json", b"half", "the weights cannot be read"),
    ("base", "card.json", b"{", "card.json"),
    ("reward", "reward.json", None, "reward.json"),
    ("reward", "reward.json", b"{", "reward.json"),
    ("reward", "reward.json", b"{}", "reward.json"),
    ("reward", "reward.json", b"[1]", "reward.json"),
    ("reward", "weights.safetensors", None, "weights.safetensors"),
    ("reward", "weights.safetensors", b"half", "weights.safetensors"),
]


@pytest.mark.parametrize(("part", "file", "content", "told"), DAMAGED)
def test_a_truncated_folder_is_told_by_its_file(work, tmp_path, part, file, content, told):
    damaged = broken(work, part, file, content, tmp_path / "damaged")
    done = align(work, tmp_path / "out", **{part: damaged})
    assert done.returncode == 1, done.stderr
    assert told in one_line(done)
    assert str(damaged) in one_line(done)
    assert [path.name for path in tmp_path.iterdir()] == ["damaged"]


def test_a_folder_that_is_there_is_not_written_over(work, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    done = align(work, tmp_path / "out")
    assert done.returncode == 1
    assert "out" in one_line(done)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_a_weight_that_is_cut_in_half_is_told(work, tmp_path):
    file = "unet/diffusion_pytorch_model.safetensors"
    whole = (work / "base" / file).read_bytes()
    assert load_file(work / "base" / file)
    damaged = broken(work, "base", file, whole[: len(whole) // 2], tmp_path / "damaged")
    assert "the weights cannot be read" in one_line(align(work, tmp_path / "out", base=damaged))
