"""Memorisation: found when planted, never claimed of real hold-outs."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.core import UserError
from synmedbench.metrics import memorisation

N, WIDTH, SIDE = 256, 24, 6


def images(rng: np.random.Generator, n: int) -> np.ndarray:
    """Features of a mixture of kinds, so that places differ in density."""
    kinds = np.random.default_rng(99).standard_normal((5, WIDTH)) * 2
    spread = np.array([0.3, 0.6, 1.0, 1.5, 2.0])
    kind = rng.integers(0, 5, n)
    return kinds[kind] + rng.standard_normal((n, WIDTH)) * spread[kind, None]


def three(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng([3, seed])
    return images(rng, N), images(rng, N), images(rng, N)


def test_copies_are_found_with_their_sources() -> None:
    train, _, holdout = three(0)
    verdict = memorisation(train, train[::-1], holdout, features="texture")
    assert verdict.memorising
    assert verdict.copy_share.value == 1
    assert verdict.p_value < 1e-12
    assert (verdict.nearest_train == np.arange(N)[::-1]).all()
    assert verdict.pairs[0].closeness == 0
    assert verdict.words.startswith("memorising: 100.0%")
    assert "texture" in verdict.words


def test_five_per_cent_of_copies_are_found_nearly_always() -> None:
    found = 0
    for seed in range(40):
        train, good, holdout = three(seed)
        good[:13] = train[:13]
        found += memorisation(train, good, holdout).memorising
    assert found >= 38


def test_near_copies_are_found() -> None:
    train, good, holdout = three(1)
    rng = np.random.default_rng(0)
    good[:30] = train[:30] + rng.standard_normal((30, WIDTH)) * 0.05
    assert memorisation(train, good, holdout).memorising


def test_a_real_holdout_is_not_accused() -> None:
    """By the exact test at most 1 in 100; 8 or more of 200 would happen once in a thousand times."""
    accused = sum(memorisation(*three(seed)).memorising for seed in range(200))
    assert accused < 8


def test_a_generator_that_keeps_to_the_middle_is_not_accused() -> None:
    """Its images are near to all training images, and to no single one."""
    accused = 0
    for seed in range(20):
        rng = np.random.default_rng([5, seed])
        train, holdout = rng.standard_normal((2, N, WIDTH))
        accused += memorisation(train, rng.standard_normal((N, WIDTH)) * 0.5, holdout).memorising
    assert accused <= 1


def test_flipped_copies_are_found_when_flipped_views_are_given() -> None:
    rng = np.random.default_rng(0)
    pictures = rng.standard_normal((4, N, SIDE, SIDE))
    train, good, holdout, _ = pictures.reshape(4, N, -1)
    flipped = pictures[0, :, :, ::-1].reshape(N, -1)
    good[:50] = flipped[:50]
    assert not memorisation(train, good, holdout).memorising
    verdict = memorisation(train, good, holdout, train_views=[flipped])
    assert verdict.memorising
    assert (verdict.nearest_train[:50] == np.arange(50)).all()
    assert not memorisation(train, pictures[3].reshape(N, -1), holdout, train_views=[flipped]).memorising


def test_a_leaking_holdout_is_the_yardstick() -> None:
    """Exact duplicates in the hold-out excuse as many in the generator, and no more."""
    train, good, holdout = three(2)
    holdout[:20], good[:20] = train[:20], train[20:40]
    assert not memorisation(train, good, holdout).memorising
    assert memorisation(train, train, holdout).memorising


def test_the_verdict_can_be_taken_again_at_an_adjusted_p() -> None:
    train, _, holdout = three(0)
    verdict = memorisation(train, train, holdout)
    assert verdict.decide(0.005)
    assert not verdict.decide(0.02)


def test_the_precedence_p_value_is_the_share_of_orders() -> None:
    """Against shuffling which of the pooled images are synthetic."""
    from synmedbench.metrics._memorisation import _precedence

    rng = np.random.default_rng(0)
    pooled = rng.random(120)
    observed = _precedence(np.concatenate([np.sort(pooled)[:3], pooled[:37]]), rng.random(80) + 1)
    assert observed[3] < 1e-10
    counts = []
    for _ in range(4000):
        shuffled = rng.permutation(pooled)
        counts.append(int((shuffled[:40] < shuffled[40:].min()).sum()))
    planted = np.concatenate([np.zeros(3), np.full(37, 2.0)])
    _, copies, _, p_value = _precedence(planted, np.linspace(0.5, 1, 80))
    assert copies.sum() == 3
    assert p_value == pytest.approx(np.mean(np.array(counts) >= 3), abs=0.012)


def test_faults_are_named() -> None:
    train, good, holdout = three(0)
    with pytest.raises(UserError, match="49 hold-out images, 50 needed"):
        memorisation(train, good, holdout[:49])
    with pytest.raises(UserError, match="train view 1"):
        memorisation(train, good, holdout, train_views=[train[:-1]])
    with pytest.raises(UserError, match="columns"):
        memorisation(train, good, holdout[:, :-1])


def test_constant_features_accuse_nobody() -> None:
    same = np.ones((60, 3))
    verdict = memorisation(same, same, same)
    assert not verdict.memorising
    assert verdict.p_value == 1
