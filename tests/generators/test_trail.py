"""Snapshots along an alignment: the same over rounds, over a kill and over the disk."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from synmedbench.core import UserError, silent
from synmedbench.generators import (
    BestOfN,
    Budget,
    Diffusion,
    Nft,
    RealOnly,
    Snapshot,
    conditions_like,
    load_trail,
    sample_images,
    save_trail,
)
from synmedbench.generators._trail import Trail, marks
from synmedbench.imagesets import ImageSet

BUDGET = Budget(steps=7, batch_size=8, snapshots=3)


class Bright:
    """Brighter is more plausible."""

    key = "bright"

    def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
        return images.mean((1, 2, 3)) / 255.0

    def logit(self, images: Any, conditions: pd.DataFrame) -> Any:
        return 8.0 * images.mean((1, 2, 3))


def along(base: Diffusion, greys: ImageSet, method: Any = None, budget: Budget = BUDGET) -> Diffusion:
    method = method or RealOnly()
    return method.align(base, Bright(), greys, seed=3, budget=budget, progress=silent())


def same(a: tuple[Snapshot, ...], b: tuple[Snapshot, ...]) -> bool:
    return [each.step for each in a] == [each.step for each in b] and all(
        torch.equal(x, y)
        for one, two in zip(a, b, strict=True)
        for x, y in zip(one.weights, two.weights, strict=True)
    )


def weights(model: Diffusion) -> tuple[torch.Tensor, ...]:
    return tuple(each.detach() for each in model.network.parameters())


@given(steps=st.integers(1, 5000), snapshots=st.integers(0, 50))
def test_marks_are_equally_spaced_and_end_at_the_end(steps: int, snapshots: int) -> None:
    if snapshots > steps:
        with pytest.raises(UserError, match="cannot be taken"):
            marks(steps, snapshots)
        return
    found = marks(steps, snapshots)
    assert len(found) == snapshots
    gaps = np.diff((0, *found))
    assert (gaps >= steps // max(1, snapshots)).all()
    assert gaps.max(initial=0) - gaps.min(initial=steps) <= 1
    assert not found or found[-1] == steps


@given(
    steps=st.integers(1, 60),
    snapshots=st.integers(0, 20),
    rounds=st.integers(1, 9),
)
def test_rounds_share_the_marks_out_and_lose_none(steps: int, snapshots: int, rounds: int) -> None:
    snapshots, rounds = min(snapshots, steps), min(rounds, steps)
    wanted, found, done = marks(steps, snapshots), [], 0
    for part in [steps // rounds + (i < steps % rounds) for i in range(rounds)]:
        trail = Trail.part(wanted, done, part)
        for step in range(1, part + 1):
            trail.note(step, [torch.tensor(float(done + step))])
        found += trail.snapshots(done)
        done += part
    assert [each.step for each in found] == list(wanted)
    assert [float(each.weights[0]) for each in found] == list(wanted)


def test_snapshots_cost_nothing_and_the_last_is_the_model(grey_base: Diffusion, greys: ImageSet) -> None:
    model, plain = along(grey_base, greys), along(grey_base, greys, budget=Budget(steps=7, batch_size=8))
    assert [each.step for each in model.trail] == [2, 4, 7]
    assert plain.trail == () == grey_base.trail
    assert plain.card == model.card
    assert all(torch.equal(a, b) for a, b in zip(weights(model), weights(plain), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(weights(model), model.trail[-1].weights, strict=True))
    assert not torch.equal(model.trail[0].weights[0], model.trail[1].weights[0])
    assert all(each.device.type == "cpu" for kept in model.trail for each in kept.weights)


def test_over_rounds_the_steps_go_on(grey_base: Diffusion, greys: ImageSet) -> None:
    model = along(grey_base, greys, Nft(rounds=3, samples=8), Budget(steps=8, batch_size=8, snapshots=4))
    assert [each.step for each in model.trail] == [2, 4, 6, 8]
    assert all(torch.equal(a, b) for a, b in zip(weights(model), model.trail[-1].weights, strict=True))
    # the second of three rounds ends at step 6: its snapshot is what the third begins with
    two = along(grey_base, greys, Nft(rounds=3, samples=8), Budget(steps=8, batch_size=8, snapshots=8))
    assert all(torch.equal(a, b) for a, b in zip(model.trail[2].weights, two.trail[5].weights, strict=True))


def test_a_model_at_a_snapshot_is_that_model(grey_base: Diffusion, greys: ImageSet) -> None:
    model = along(grey_base, greys)
    before = [each.clone() for each in weights(model)]
    then = model.at(model.trail[0])
    assert all(torch.equal(a, b) for a, b in zip(weights(then), model.trail[0].weights, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(weights(model), before, strict=True))
    assert (then.trail, then.card.settings["aligner"]["step"]) == ((), 2)
    assert then.card.kind == "aligned"
    with torch.no_grad():
        next(then.network.parameters()).zero_()
    assert model.trail[0].weights[0].abs().sum() > 0
    wanted = conditions_like(greys.table, 4)
    end, whole = (sample_images(m, wanted, seed=1).images() for m in (model.at(model.trail[-1]), model))
    assert np.array_equal(end, whole)
    with pytest.raises(UserError, match="step 5: the snapshot is of a network of another shape"):
        model.at(Snapshot(5, model.trail[0].weights[:-1]))


@pytest.mark.parametrize(
    "method", [RealOnly, lambda **o: Nft(rounds=2, samples=8, **o)], ids=["one", "rounds"]
)
def test_a_finished_training_gives_its_trail_again(
    grey_base: Diffusion, greys: ImageSet, tmp_path: Path, method: Callable[..., Any]
) -> None:
    first = along(grey_base, greys, method(checkpoint=str(tmp_path / "state")))
    again = along(grey_base, greys, method(checkpoint=str(tmp_path / "state")))
    assert again.losses == []
    assert same(first.trail, again.trail)
    other = along(grey_base, greys, method(checkpoint=str(tmp_path / "state")), Budget(7, 8, snapshots=1))
    assert len(other.losses) == 7  # another trail is another training: it is not taken up half way
    assert [each.step for each in other.trail] == [7]


SCRIPT = """
    import os, signal, sys
    import numpy as np, pandas as pd
    from synmedbench.core import silent
    from synmedbench.generators import Budget, Diffusion, Nft, RealOnly, _optimise, save_trail
    from synmedbench.imagesets import ImageSet

    class Bright:
        key = "bright"
        def probability(self, images, conditions):
            return images.mean((1, 2, 3)) / 255.0

    def train(kind, folder, saves_to_live):
        images = np.random.default_rng(0).integers(0, 255, (24, 8, 8, 3)).astype(np.uint8)
        train = ImageSet.from_arrays(images, pd.DataFrame({"label": ["a", "b"] * 12}))
        base = Diffusion("unet-micro", steps=2, batch_size=4, sampling_steps=2)
        base.fit(train, seed=0)
        base.save_every = 0.0
        write = _optimise._write

        def mortal(state, path, key):
            nonlocal saves_to_live
            write(state, path, key)
            saves_to_live -= 1
            if not saves_to_live:
                os.kill(os.getpid(), signal.SIGKILL)

        _optimise._write = mortal
        state = folder + "/state"
        method = RealOnly(checkpoint=state) if kind == "one" else Nft(rounds=2, samples=6, checkpoint=state)
        model = method.align(base, Bright(), train, seed=1, budget=Budget(9, 4, snapshots=3), progress=silent())
        save_trail(model, folder + "/trail")
        model.save(folder + "/model")
        print(kind, folder[-5:], "steps", len(model.losses), flush=True)

    for kind in ("one", "rounds"):
        for name, saves_to_live in (("whole", 0), ("in 2s", 4), ("in 2s", 3), ("in 2s", 0)):
            folder = f"{sys.argv[1]}/{kind} {name}"
            os.makedirs(folder, exist_ok=True)
            child = os.fork()
            if not child:
                train(kind, folder, saves_to_live)
                os._exit(0)
            ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(kind, name, "ended", ended, os.path.exists(folder + "/trail"), flush=True)
"""


def test_after_kill_9_it_goes_on_to_the_same_trail(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(SCRIPT))
    command = [sys.executable, str(script), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    said = done.stdout.splitlines()
    for kind in ("one", "rounds"):
        assert f"{kind} whole steps 9" in said, done.stderr
        assert said.count(f"{kind} in 2s ended {-signal.SIGKILL} False") == 2, said
        assert f"{kind} in 2s ended 0 True" in said
        assert {f"{kind} in 2s steps {n}" for n in (2, 3)} & set(said)
        whole, cut = tmp_path / f"{kind} whole", tmp_path / f"{kind} in 2s"
        files = [p.relative_to(whole) for p in whole.glob("[tm]*/**/*.safetensors")]
        assert sum(file.parts[0] == "trail" for file in files) == 3
        assert len(files) == 5
        for file in files:
            assert (whole / file).read_bytes() == (cut / file).read_bytes(), file


def test_a_trail_goes_to_disk_and_back(grey_base: Diffusion, greys: ImageSet, tmp_path: Path) -> None:
    model = along(grey_base, greys)
    save_trail(model, tmp_path / "träil")
    assert [p.name for p in sorted((tmp_path / "träil").iterdir())] == [
        "step-000002.safetensors",
        "step-000004.safetensors",
        "step-000007.safetensors",
    ]
    assert same(load_trail(tmp_path / "träil", grey_base), model.trail)
    save_trail(model, tmp_path / "träil")
    assert same(load_trail(tmp_path / "träil", model), model.trail)


def test_what_is_no_whole_trail_of_this_model_is_told(
    grey_base: Diffusion, greys: ImageSet, diffusion_of: Callable[..., Diffusion], tmp_path: Path
) -> None:
    model, folder = along(grey_base, greys), tmp_path / "trail"
    with pytest.raises(UserError, match="diffusion has no trail"):
        save_trail(grey_base, folder)
    assert not folder.exists()
    with pytest.raises(UserError, match="no trail of snapshots is here"):
        load_trail(folder, model)

    def fault(like: Diffusion = model) -> str:
        with pytest.raises(UserError) as told:
            load_trail(folder, like)
        save_trail(model, folder)
        return str(told.value)

    save_trail(model, folder)
    (folder / "step-000004.safetensors").unlink()
    assert "the trail is not whole: step-000004.safetensors is missing" in fault()
    whole = (folder / "step-000004.safetensors").read_bytes()
    (folder / "step-000004.safetensors").write_bytes(whole[:-1])
    assert "step-000004.safetensors: not a readable snapshot" in fault()
    (folder / "step-000004.safetensors").write_bytes(b"")
    assert "step-000004.safetensors: not a readable snapshot" in fault()
    (folder / "step-000004.safetensors").rename(folder / "step-000009.safetensors")
    assert "not whole: step-000004.safetensors is missing" in fault()
    two = along(grey_base, greys, budget=Budget(7, 8, snapshots=1))
    save_trail(two, tmp_path / "other")
    (folder / "step-000007.safetensors").write_bytes(
        (tmp_path / "other" / "step-000007.safetensors").read_bytes()
    )
    assert "not whole: the files are of several trails" in fault()
    wide = diffusion_of(steps=1)
    wide.fit(ImageSet.from_arrays(greys.images(), greys.table.assign(skin_tone=1)), seed=0)
    assert "step-000002.safetensors: a snapshot of another network" in fault(wide)
    darker = Diffusion("unet-micro", steps=1, batch_size=4, sampling_steps=2)
    darker.fit(ImageSet.from_arrays(greys.images() // 2, greys.table), seed=0)
    assert "trained on other images" in fault(darker)


def test_a_method_without_training_has_no_trail(grey_base: Diffusion, greys: ImageSet) -> None:
    steered = along(grey_base, greys, BestOfN(n=2))
    assert not hasattr(steered, "trail")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"steps": 0}, "steps must be a whole number of 1 or more, got 0"),
        ({"steps": 2.5}, "steps must be a whole number of 1 or more, got 2.5"),
        ({"batch_size": 0}, "batch_size must be a whole number of 1 or more"),
        ({"snapshots": -1}, "snapshots must be a whole number of 0 or more"),
        ({"snapshots": True}, "snapshots must be a whole number"),
        ({"snapshots": 6}, "6 snapshots cannot be taken in 5 steps"),
        ({"learning_rate": 0.0}, "learning_rate must be a number above 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number above 0, got nan"),
    ],
)
def test_a_budget_that_cannot_be_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        Budget(**{"steps": 5, **given})
