"""Settings by validation loss, a flat top to the cheaper; the fastest way to train, and that it learns the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.classifiers import FittedClassifier, TimmClassifier, measure_speed, tune
from synmedbench.classifiers._tune import choose, default_grid
from synmedbench.core import UserError, registry

FROZEN = {"name": "timm", "argument": "test_resnet", "weights": "random", "frozen": True}


def blobs(n: int, seed: int, gap: float = 2.0) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    return (rng.normal(size=(n, 60)) + gap * np.eye(3, 60)[y]).astype(np.float32), [str(k) for k in y]


def squares(n: int, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    images = np.random.default_rng(seed).integers(60, 200, (n, 32, 32, 3), dtype=np.uint8)
    images[::2, 8:20, 8:20, 0] = 250
    images[1::2, 8:20, 8:20, 2] = 250
    return images, ["red", "blue"] * (n // 2)


@pytest.mark.parametrize("form", [FROZEN, "timm:test_resnet?weights=random&frozen=true"])
def test_the_penalty_is_chosen_from_features_and_the_spec_is_built_with_it(form: object) -> None:
    found = tune(form, *blobs(30, 0), *blobs(200, 1), classes=["0", "1", "2"], seed=0)  # type: ignore[arg-type]
    losses = [row["val_log_loss"] for row in found.tried]
    assert len(losses) == 6
    chosen = next(row for row in found.tried if row["penalty"] == found.chosen["penalty"])
    assert chosen["val_log_loss"] <= min(losses) + 0.01 * math.log(3)
    assert found.chosen["penalty"] > 0.01
    built = registry("classifiers").build(found.spec)
    assert (built.penalty, built.frozen, built.model) == (found.chosen["penalty"], True, "test_resnet")
    assert found.plateau


def test_images_are_embedded_once_and_give_what_their_features_give() -> None:
    images, labels = squares(24)
    model = registry("classifiers").build(FROZEN)
    grid = {"penalty": [0.01, 1.0]}
    one = tune(FROZEN, images, labels, images, labels, classes=["blue", "red"], grid=grid, seed=0)
    features = model.embed(images)
    two = tune(FROZEN, features, labels, features, labels, classes=["blue", "red"], grid=grid, seed=0)
    assert one == two


def test_a_whole_network_is_tuned_and_one_cut_short_is_not_at_its_plateau() -> None:
    grid = {"steps": [1, 40], "learning_rate": [0.003]}
    found = tune(
        "timm?batch_size=8", *squares(24), *squares(20, 5), classes=["blue", "red"], grid=grid, seed=0
    )
    assert found.chosen == {"steps": 40, "learning_rate": 0.003}
    assert next(row["plateau"] for row in found.tried) is False


def test_the_default_grids() -> None:
    whole = default_grid(TimmClassifier(steps=100, learning_rate=0.6))
    assert whole == {"learning_rate": [0.2, 0.6], "steps": [50, 100, 200]}
    assert default_grid(TimmClassifier(steps=1))["steps"] == [1, 2]
    with pytest.raises(UserError, match="give the grid"):
        default_grid(object())


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 40))
def test_the_choice_is_never_clearly_worse_than_the_best(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    losses = rng.gamma(2.0, 0.3, (4, n))
    options = [{"steps": steps} for steps in (400, 100, 200, 300)]
    found = choose(options, losses, 5)
    assert losses[found].mean() <= losses.mean(1).min() + 0.01 * math.log(5) + 1e-12


def test_a_flat_top_goes_to_fewer_steps_or_the_larger_penalty_and_a_steep_one_to_the_best() -> None:
    base = np.random.default_rng(0).uniform(0.2, 1, 50)
    noise = np.random.default_rng(1).normal(0, 0.05, 50)
    flat = np.stack([base + noise - noise.mean() + 0.001, base])
    assert choose([{"steps": 50}, {"steps": 200}], flat, 7) == 0
    assert choose([{"penalty": 1.0}, {"penalty": 0.1}], flat, 7) == 0
    assert choose([{"penalty": 0.1}, {"penalty": 1.0}], flat, 7) == 1
    assert choose([{"steps": 50}, {"steps": 200}], np.stack([base + 0.1, base]), 7) == 1
    same = np.stack([base, base])
    assert choose([{"learning_rate": 0.1}, {"learning_rate": 0.2}], same, 7) == 0


def test_settings_that_diverge_are_passed_over() -> None:
    losses = np.array([[np.nan, 0.1], [0.5, 0.6], [np.inf, 0.2]])
    assert choose([{"steps": 1}, {"steps": 2}, {"steps": 3}], losses, 2) == 1
    with pytest.raises(UserError, match="no setting gave a finite"):
        choose([{"steps": 1}], np.array([[np.nan]]), 2)


def test_what_cannot_be_tuned_is_told() -> None:
    x, y = blobs(12, 0)
    for grid in ({}, {"penalty": []}):
        with pytest.raises(UserError, match="grid of settings is empty"):
            tune(FROZEN, x, y, x, y, classes=["0", "1", "2"], grid=grid, seed=0)
    with pytest.raises(UserError, match="0 validation images"):
        tune(FROZEN, x, y, x[:0], [], classes=["0", "1", "2"], seed=0)
    with pytest.raises(UserError, match="not among the classes"):
        tune(FROZEN, x, y, x, y, classes=["0", "1"], seed=0)
    with pytest.raises(UserError, match="at least 1 step"):
        tune(FROZEN, x, y, x, y, classes=["0", "1", "2"], grid={"steps": [0]}, seed=0)


def test_four_ways_are_timed_and_the_answer_is_one_of_them() -> None:
    found = measure_speed("timm:test_byobnet", size=32, batch_size=4, seconds=0.05)
    name = f"{found['precision']} channels-{'last' if found['channels_last'] else 'first'}"
    assert name in found["seconds_per_step"]
    assert len(found["seconds_per_step"]) == 4
    assert all(0 < seconds < 60 for seconds in found["seconds_per_step"].values())
    spec = {"name": "timm", "precision": found["precision"], "channels_last": found["channels_last"]}
    assert registry("classifiers").build(spec).precision == found["precision"]


def test_a_frozen_backbone_has_one_way() -> None:
    found = measure_speed(FROZEN, size=32, batch_size=4, seconds=0.01)
    assert (found["precision"], found["channels_last"]) == ("float32", True)
    assert list(found["seconds_per_step"]) == ["float32 channels-last"]


def test_nothing_to_measure_is_told() -> None:
    for asked in ({"size": 0}, {"size": 32, "batch_size": 1}, {"size": 32, "seconds": 0.0}):
        with pytest.raises(UserError, match="nothing to measure"):
            measure_speed("timm", **asked)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="no precision 'float16'"):
        TimmClassifier(precision="float16")


@pytest.fixture(scope="module")
def plain() -> FittedClassifier:
    return TimmClassifier(steps=30, batch_size=8).fit(*squares(64), seed=3)


@pytest.mark.parametrize("way", [("bfloat16", True), ("bfloat16", False), ("float32", False)])
def test_another_precision_or_layout_learns_the_same(way: tuple[str, bool], plain: FittedClassifier) -> None:
    model = TimmClassifier(steps=30, batch_size=8, precision=way[0], channels_last=way[1])
    other = model.fit(*squares(64), seed=3)
    assert other.final_loss == pytest.approx(plain.final_loss, abs=0.1)
    assert other.losses[0] == pytest.approx(plain.losses[0], abs=0.02)
    seen, truth = squares(40, 7)
    right = np.array(other.classes)[other.predict_proba(seen).argmax(1)] == np.array(truth)
    assert right.mean() > 0.9
    assert other.state()["head.weight"].dtype == np.float32


def test_bfloat16_is_repeatable() -> None:
    model = TimmClassifier(steps=3, batch_size=8, precision="bfloat16")
    assert model.fit(*squares(16), seed=3).key == model.fit(*squares(16), seed=3).key


def test_a_setting_that_cannot_be_trained_is_kept_with_the_reason() -> None:
    grid = {"steps": [0, 2]}
    found = tune("timm?batch_size=4", *squares(8), *squares(8, 5), classes=["blue", "red"], grid=grid, seed=0)
    assert found.chosen == {"steps": 2}
    assert found.tried[0]["val_log_loss"] is None
    assert "at least 1 step" in found.tried[0]["reason"]
    assert "reason" not in found.tried[1]


class Plain:
    """A plug-in that gives probabilities and a final loss, and tells nothing else."""

    def __init__(self, sharp: float = 1.0) -> None:
        self.sharp, self.final_loss = sharp, 0.3

    def fit(self, images, labels, *, classes, seed):  # type: ignore[no-untyped-def]
        return self

    def predict_proba(self, images):  # type: ignore[no-untyped-def]
        right = 0.5 + 0.4 * self.sharp
        return np.where(images[:, 8:9, 8, 0] == 250, [[1 - right, right]], [[right, 1 - right]])


def test_a_plug_in_that_tells_little_is_tuned_by_its_probabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    build = lambda self, spec: Plain(*(spec[key] for key in ("sharp",) if key in spec))  # noqa: E731
    monkeypatch.setattr(type(registry("classifiers")), "build", build)
    sets = (*squares(8), *squares(8, 5))
    found = tune("plain", *sets, classes=["blue", "red"], grid={"sharp": [0.0, 1.0]}, seed=0)
    assert found.chosen == {"sharp": 1.0}
    assert found.tried[1]["val_log_loss"] == pytest.approx(-math.log(0.9))
    assert found.plateau is None
    kept = tune("plain", *sets, classes=["blue", "red"], seed=0)
    assert (kept.tried, kept.chosen, kept.spec) == ([], {}, {"name": "plain"})


def test_speed_is_measured_on_the_classifiers_own_batch_and_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def step(spec, images, classes):  # type: ignore[no-untyped-def]
        seen.append((len(images), classes))
        return lambda: None

    monkeypatch.setattr("synmedbench.classifiers._speed._step", step)
    measure_speed("timm?batch_size=6", size=32, seconds=0.001, classes=3)
    measure_speed("timm?batch_size=6", size=32, seconds=0.001, batch_size=4)
    assert set(seen) == {(12, 3), (8, 8)}
