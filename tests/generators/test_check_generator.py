"""The battery passes what keeps the contract, and finds each way of breaking it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from synmedbench.core import UserError, rng
from synmedbench.generators import (
    Blur,
    Check,
    Classical,
    Conditions,
    Copy,
    Diffusion,
    GeneratorCard,
    Noise,
    check_generator,
)
from synmedbench.imagesets import ImageSet


class ClassMeans:
    """Each class's mean image and a little noise: keeps the contract."""

    def __init__(self) -> None:
        self.card = GeneratorCard(name="class-means", columns=("label",))

    def fit(self, train: ImageSet, *, seed: int, progress: object) -> None:
        self.means = {label: train.where(label=label).images().mean(0) for label in train.classes}
        self.card = replace(self.card, trained_on=train.content_hash)

    def sample(
        self, conditions: Conditions, *, indices: Sequence[int], seed: int, batch_size: int
    ) -> Iterator[NDArray[np.uint8]]:
        for start in range(0, len(indices), batch_size):
            yield np.stack([self.image(conditions, i, seed) for i in indices[start : start + batch_size]])

    def image(self, conditions: Conditions, i: int, seed: int) -> NDArray[np.uint8]:
        label = str(conditions.table["label"].iloc[i])
        if label not in self.means:
            raise UserError(f"label {label!r} is unknown")
        mean = self.means[label]
        return (mean + rng(seed, i).normal(0, 9, mean.shape)).clip(0, 255).astype(np.uint8)


class NoCard(ClassMeans):
    def __init__(self) -> None:
        super().__init__()
        del self.card


class ChangesTraining(ClassMeans):
    def fit(self, train: ImageSet, *, seed: int, progress: object) -> None:
        super().fit(train, seed=seed, progress=progress)
        train.table["label"] = "a"


class Peeks(ClassMeans):
    def fit(self, train: ImageSet, *, seed: int, progress: object) -> None:
        super().fit(train, seed=seed, progress=progress)
        self.seen = [train.source.read(row) for row in range(len(train.source))]


class Crashes(ClassMeans):
    def fit(self, train: ImageSet, *, seed: int, progress: object) -> None:
        raise ZeroDivisionError("no")


class OneGrey(ClassMeans):
    def image(self, conditions: Conditions, i: int, seed: int) -> NDArray[np.uint8]:
        return np.full((8, 8, 3), 100, np.uint8)


class TooFew(ClassMeans):
    def sample(self, conditions: Conditions, **asked: Any) -> Iterator[NDArray[np.uint8]]:
        yield next(super().sample(conditions, **asked))


class GlobalRandom(ClassMeans):
    def image(self, conditions: Conditions, i: int, seed: int) -> NDArray[np.uint8]:
        return (super().image(conditions, i, seed) + np.random.randint(0, 5, (8, 8, 3))).astype(np.uint8)


class DeafToSeed(ClassMeans):
    def image(self, conditions: Conditions, i: int, seed: int) -> NDArray[np.uint8]:
        return super().image(conditions, i, 0)


class NoiseByPlace(ClassMeans):
    def sample(
        self, conditions: Conditions, *, indices: Sequence[int], seed: int, batch_size: int
    ) -> Iterator[NDArray[np.uint8]]:
        for k, i in enumerate(indices):
            mean = self.means[str(conditions.table["label"].iloc[i])]
            yield (mean + rng(seed, k).normal(0, 20, mean.shape)).clip(0, 255).astype(np.uint8)[None]


class BatchStatistics(ClassMeans):
    def sample(self, conditions: Conditions, **asked: Any) -> Iterator[NDArray[np.uint8]]:
        for batch in super().sample(conditions, **asked):
            yield (batch - batch.mean((0, 1, 2)) + 100).clip(0, 255).astype(np.uint8)


class Untraceable(ClassMeans):
    def fit(self, train: ImageSet, *, seed: int, progress: object) -> None:
        super().fit(train, seed=seed, progress=progress)
        self.card = replace(self.card, trained_on="nothing")


class WrongClass(ClassMeans):
    def fit(self, train: ImageSet, *, seed: int, progress: object) -> None:
        super().fit(train, seed=seed, progress=progress)
        self.means = dict(zip(self.means, reversed(list(self.means.values())), strict=True))


class TakesAnyLabel(ClassMeans):
    def image(self, conditions: Conditions, i: int, seed: int) -> NDArray[np.uint8]:
        try:
            return super().image(conditions, i, seed)
        except UserError:
            return np.zeros((8, 8, 3), np.uint8)


class LoadsWrong(ClassMeans):
    def save(self, folder: Path) -> None:
        folder.mkdir()
        np.savez(folder / "means.npz", **self.means)

    @classmethod
    def load(cls, folder: Path) -> LoadsWrong:
        model = cls()
        model.means = {name: array + 7 for name, array in np.load(folder / "means.npz").items()}
        return model


def failed(checks: list[Check]) -> set[str]:
    assert all(check.advice for check in checks if not check.passed)
    return {check.name for check in checks if not check.passed}


@pytest.mark.parametrize("arm", [ClassMeans, Copy, Blur, Classical, Noise])
def test_generators_that_keep_the_contract_pass(arm: Callable[[], Any], shades: ImageSet) -> None:
    checks = check_generator(arm(), shades)
    assert failed(checks) == set()
    assert len(checks) >= 10


def test_diffusion_passes_all_clauses(shades: ImageSet, diffusion_of: Callable[..., Diffusion]) -> None:
    checks = check_generator(diffusion_of(steps=200), shades)
    assert failed(checks) == set()
    assert {"honours label", "honours skin_tone", "save and load", "seed"} <= {check.name for check in checks}


@pytest.mark.parametrize(
    ("broken", "clauses"),
    [
        (NoCard, {"card"}),
        (Crashes, {"fit"}),
        (ChangesTraining, {"training set unchanged"}),
        (Peeks, {"only the training set"}),
        (OneGrey, {"images"}),
        (TooFew, {"images"}),
        (GlobalRandom, {"repeatable"}),
        (DeafToSeed, {"seed"}),
        (NoiseByPlace, {"position"}),
        (BatchStatistics, {"batch size"}),
        (Untraceable, {"card after fit"}),
        (WrongClass, {"honours label"}),
        (TakesAnyLabel, {"unknown label"}),
        (LoadsWrong, {"save and load"}),
    ],
)
def test_each_way_of_breaking_it_is_found(
    broken: Callable[[], Any], clauses: set[str], shades: ImageSet
) -> None:
    assert clauses <= failed(check_generator(broken(), shades))


def test_a_failure_is_printed_with_its_advice() -> None:
    check = Check("seed", False, "0 of 16 images change", "Use the seed.")
    assert str(check) == "FAIL  seed: 0 of 16 images change\n      Use the seed."
