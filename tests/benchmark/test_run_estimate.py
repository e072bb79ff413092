"""The estimate of a run's time: what it is based on, and what is not known."""

from __future__ import annotations

import json

import pytest

from synmedbench.benchmark._estimate import estimate_run, minutes
from synmedbench.benchmark._stage import Stage
from synmedbench.benchmark._stage_kind import likeness, size_of, stage_note

DATA = Stage("data", "._work_data:keep", 2, {"content": "x"})


def align(seed: int, method: str = "draft", steps: int = 100, data: Stage = DATA, **needs: Stage) -> Stage:
    config = {"spec": "diffusion:unet-tiny", "method": method, "budget": {"steps": steps, "batch_size": 64}}
    title = f"align {method} [seed {seed}]"
    return Stage(title, "._work_generate:align", 1, config, seed, {"data": data, **needs})


def finish(stage: Stage, cache, seconds: float, **changes) -> Stage:
    stage.folder(cache).mkdir(parents=True)
    note = {"name": stage.name, "seconds": seconds, **stage_note(stage), **changes}
    (stage.folder(cache) / "stage.json").write_text(
        json.dumps({k: v for k, v in note.items() if v != "drop"})
    )
    return stage


def test_nothing_known_is_said_to_be_unknown(tmp_path):
    found = estimate_run([align(0), align(1)], tmp_path / "none", {}, workers=2)
    assert found.lines()[0] == "align: 2 to do, time unknown"
    assert found.lines()[1].startswith("in all: time unknown")
    assert (found.unknown, found.seconds) == (2, 0.0)


def test_another_seed_tells_the_time_scaled_by_steps(tmp_path):
    finish(align(0, steps=50), tmp_path, 60)
    found = estimate_run([align(1), align(2)], tmp_path, {"align": 999}, workers=1)
    assert found.kinds["align"].seconds == pytest.approx(240)
    assert found.lines() == [
        "align: 2 to do, about 4 minutes of work (from finished stages alike)",
        "in all: about 4 minutes with 1 process",
    ]


def test_its_like_goes_before_other_images_and_those_before_other_methods(tmp_path):
    other = Stage("data", "._work_data:keep", 2, {"content": "y"})
    finish(align(0, "kto"), tmp_path, 30)
    assert estimate_run([align(1)], tmp_path, {}, workers=1).kinds["align"].basis == [
        "other stages of the kind, roughly"
    ]
    finish(align(0, data=other), tmp_path, 50)
    rough = estimate_run([align(1)], tmp_path, {}, workers=1).kinds["align"]
    assert (rough.seconds, rough.basis) == (50, ["stages alike on other images"])
    finish(align(0), tmp_path, 90)
    assert estimate_run([align(1)], tmp_path, {}, workers=1).kinds["align"].seconds == 90


def test_a_fit_tells_nothing_of_another_model(tmp_path):
    def fit(name: str, spec: str) -> Stage:
        return Stage(f"fit {name} [seed 0]", "._work_generate:fit", 1, {"spec": spec}, 0, {"data": DATA})

    finish(fit("noise", "noise"), tmp_path, 0.1)
    asked = fit("diffusion", "diffusion:unet-small?steps=2000&batch_size=16")
    assert estimate_run([asked], tmp_path, {}, workers=1).unknown == 1
    finish(fit("diffusion", "diffusion:unet-small?steps=1000&batch_size=16"), tmp_path, 300)
    assert estimate_run([asked], tmp_path, {}, workers=1).kinds["fit"].seconds == pytest.approx(600)
    assert (
        estimate_run([fit("diffusion", "diffusion:unet-tiny?steps=9")], tmp_path, {}, workers=1).unknown == 1
    )


def test_the_recipes_own_guess_is_shared_over_its_stages(tmp_path):
    judges = [Stage(f"judge {r} [seed {s}]", "f:judge", 1, {"r": r}, s) for r in "RE" for s in (0, 1)]
    found = estimate_run(judges[:3], tmp_path, {"judges": 2, "train classifiers": 9}, workers=2)
    assert found.kinds["judge"].seconds == pytest.approx(2 * 60 * 2)
    assert "(from the recipe's budget_minutes)" in found.lines()[0]


def test_the_clock_waits_for_what_is_needed(tmp_path):
    first, other = align(0), align(1, "kto")
    last = align(2, "nft", needs=first)
    seconds = {first.name: 60, other.name: 100, last.name: 60}
    past = Stage("data", "._work_data:keep", 2, {"content": "z"})
    for stage in (first, other, last):
        finish(align(9, stage.name.split()[1], data=past), tmp_path, seconds[stage.name])
    asked = [first, other, last]
    assert estimate_run(asked, tmp_path, {}, workers=1).seconds == pytest.approx(220)
    assert estimate_run(asked, tmp_path, {}, workers=2).seconds == pytest.approx(120)
    assert estimate_run(asked, tmp_path, {}, workers=9).seconds == pytest.approx(120)


@pytest.mark.parametrize("text", ["", "[]", '{"seconds": "x"}', '{"seconds": -1}', '{"seconds": null}', "{"])
def test_a_broken_note_tells_nothing(tmp_path, text):
    stage = align(0)
    stage.folder(tmp_path).mkdir(parents=True)
    (stage.folder(tmp_path) / "stage.json").write_text(text)
    (tmp_path / ".partial").mkdir()
    assert estimate_run([align(1)], tmp_path, {}, workers=1).unknown == 1


def test_a_note_of_an_older_version_still_tells_of_this_runs_seeds(tmp_path):
    old = finish(align(0), tmp_path, 30, like="drop", size="drop", data="drop")
    assert estimate_run([old, align(1)], tmp_path, {}, workers=1).kinds["align"].seconds == 30
    assert estimate_run([align(1)], tmp_path, {}, workers=1).unknown == 1


def test_sizes_and_likeness():
    assert likeness(align(0)) == likeness(align(5)) != likeness(align(0, "kto"))
    assert size_of(align(0)) == 6400
    assert size_of(Stage("s", "f", 1, {"n": 360})) == 360
    assert size_of(Stage("s", "f", 1, {"judge": {"steps": 10, "ensemble": 3}, "n": 4})) == 30
    assert size_of(Stage("s", "f", 1, {"model": "timm:resnet10t?steps=150"})) == 150
    assert size_of(Stage("s", "f", 1, {"model": {"name": "timm", "alias": "a", "steps": 7}})) == 7
    assert size_of(Stage("s", "f", 1, {"spec": "not a spec ?? =", "x": 1})) is None


def test_minutes_are_no_finer_than_they_can_be_known():
    assert [minutes(s) for s in (0, 89, 91, 3600, 7199, 9000, 360000)] == [
        "1 minute", "1 minute", "2 minutes", "60 minutes", "2.0 hours", "2.5 hours", "100.0 hours",
    ]  # fmt: skip


def test_options_of_a_plug_in_that_are_no_numbers_cost_no_finished_stage():
    spec = {"name": "mine", "steps": 10, "batch_size": "auto", "ensemble": [1, 2]}
    assert size_of(Stage("fit mine", "", 1, {"spec": spec})) == 10
    assert size_of(Stage("fit mine", "", 1, {"spec": {"name": "mine", "steps": True}, "n": 4})) == 4
