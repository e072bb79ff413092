"""Memorisation: found when planted, never claimed of real hold-outs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synmedbench.core import UserError
from synmedbench.metrics import memorisation
from synmedbench.metrics._closeness import closeness_to
from synmedbench.metrics._precedence import calibrate, fewest_copies, precedence_p

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
    rng = np.random.default_rng(0)
    pooled = rng.random(120)
    assert precedence_p(40, 40, 1, 80) < 1e-10
    counts = []
    for _ in range(4000):
        shuffled = rng.permutation(pooled)
        counts.append(int((shuffled[:40] < shuffled[40:].min()).sum()))
    assert float(precedence_p(3, 40, 1, 80)) == pytest.approx(np.mean(np.array(counts) >= 3), abs=0.012)


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
    assert verdict.memorising is None
    assert verdict.p_value == 1
    assert verdict.words.startswith("cannot be known")


def test_a_patient_copied_often_is_one_patient() -> None:
    train, good, holdout = three(4)
    owners = np.array([f"p{i // 4}" for i in range(N)])
    good[:30], good[30:36] = train[0], train[9:15]
    verdict = memorisation(train, good, holdout, groups=owners)
    assert verdict.memorising
    risk = verdict.patients
    assert (risk.n, risk.copied, risk.known) == (64, 3, True)
    assert (risk.most[0].patient, risk.most[0].images, risk.most[0].train) == ("p0", 30, 0)
    assert sum(each.images for each in risk.most) == int(verdict.copies.sum())
    assert risk.share.lo < 3 / 64 < risk.share.hi
    assert "3 of 64 training patients (4.7%" in verdict.words


def test_without_patients_each_training_image_stands_for_one() -> None:
    train, good, holdout = three(4)
    good[:30] = train[0]
    risk = memorisation(train, good, holdout).patients
    assert (risk.n, risk.copied, risk.known) == (N, 1, False)


def test_holdout_images_of_one_patient_are_one_witness() -> None:
    """Without it, a hold-out of few patients accuses: its images rise and fall together."""
    train, good, holdout = three(5)
    few = np.repeat(np.arange(8), N // 8)
    alone, grouped = (memorisation(train, good, holdout, holdout_groups=g) for g in (None, few))
    assert (alone.holdout_units, grouped.holdout_units) == (N, 8)
    assert alone.fewest_copies is not None
    assert grouped.fewest_copies is not None
    assert grouped.fewest_copies > alone.fewest_copies
    assert memorisation(train, train, holdout, holdout_groups=few).memorising
    one = memorisation(train, train, holdout, holdout_groups=np.zeros(N))
    assert one.fewest_copies == N - 1


def test_the_view_that_came_nearest_is_named() -> None:
    train, good, holdout = three(6)
    mirrored = train[:, ::-1]
    good[:30] = mirrored[:30]
    verdict = memorisation(train, good, holdout, train_views={"across": mirrored})
    assert verdict.memorising
    assert set(verdict.nearest_view[:30]) == {"across"}
    assert {pair.view for pair in verdict.pairs} == {"across"}
    assert {pair.view for pair in memorisation(train, train, holdout).pairs} == {"as-is"}


def test_the_holdouts_nearest_pairs_stand_beside() -> None:
    train, good, holdout = three(7)
    verdict = memorisation(train, good, holdout)
    nearness = [pair.closeness for pair in verdict.holdout_pairs]
    assert nearness == sorted(nearness)
    assert len(nearness) == 20
    assert verdict.threshold < nearness[1]


def test_verdicts_are_of_three_kinds_and_none_says_safe() -> None:
    train, good, holdout = three(0)
    said = [memorisation(train, made, held).words for made, held in
            ((train, holdout), (good, holdout), (good, train))]  # fmt: skip
    assert [words.partition(":")[0] for words in said] == [
        "memorising", "not shown to memorise", "cannot be known",
    ]  # fmt: skip
    assert all("patient" in words and "safe" not in words for words in said)
    assert "Fewer than 10 copies among 256 (3.9%) could not have been found" in said[1]
    assert "100.0% of the 256 hold-out images are copies of training images themselves" in said[2]


@given(st.integers(1, 400), st.integers(50, 400))
def test_the_fewest_copies_are_exactly_where_the_verdict_turns(n: int, h: int) -> None:
    known = calibrate(np.linspace(0.5, 1, h))
    needed = fewest_copies(n, known)
    p = precedence_p(np.arange(n + 1), n, known.rank, known.units)
    assert (np.diff(p) <= 1e-12).all()
    if needed is None:
        assert p[-1] >= 0.01
    else:
        assert p[needed] < 0.01 <= p[needed - 1]


def test_one_synthetic_image() -> None:
    train, _, holdout = three(0)
    assert memorisation(train, train[:1], holdout).memorising
    verdict = memorisation(train, train[:1], holdout[:60])
    assert verdict.memorising is None
    assert "60 hold-out images and 1 synthetic ones are too few" in verdict.words


def test_one_training_patient_and_fewest_training_images() -> None:
    train, good, holdout = three(0)
    risk = memorisation(train, train, holdout, groups=np.zeros(N)).patients
    assert (risk.n, risk.copied) == (1, 1)
    assert memorisation(train[:2], train[:2], holdout[:50]).n_train == 2
    assert memorisation(train[:2], good, holdout).memorising is False


@pytest.mark.parametrize("which", ["groups", "holdout_groups"])
def test_groups_that_do_not_match_are_named(which: str) -> None:
    train, good, holdout = three(0)
    with pytest.raises(UserError, match=which):
        memorisation(train, good, holdout, **{which: np.zeros(N - 1)})


def test_nan_in_a_view_is_named() -> None:
    train, good, holdout = three(0)
    broken = train.copy()
    broken[3, 2] = np.nan
    with pytest.raises(UserError, match=r"crop:0\.9.*row 3"):
        memorisation(train, good, holdout, train_views={"crop:0.9": broken})


@given(st.integers(2, 60), st.integers(1, 4), st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_closeness_over_views_is_that_over_all_distances(n: int, views: int, seed: int) -> None:
    rng = np.random.default_rng([seed, n, views])
    queries, seen = rng.integers(0, 5, (7, 3)).astype(float), rng.integers(0, 5, (views, n, 3)).astype(float)
    distances = np.sqrt(((queries[:, None, None] - seen[None]) ** 2).sum(-1)).min(axis=1)
    nearest = np.sort(distances, axis=1)[:, : 51 if n > 51 else n]
    others = nearest[:, 1:].mean(axis=1)
    expected = np.divide(nearest[:, 0], others, out=np.zeros(7), where=others > 0)
    found = closeness_to(queries, list(seen))
    np.testing.assert_allclose(found.values, expected, rtol=1e-12)
    assert (distances[np.arange(7), found.train] == nearest[:, 0]).all()
