"""The power of the memorisation test, and whether it keeps its level on generators that copy nobody."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.core import UserError
from synmedbench.metrics import CopyPower, memorisation, planted_copy_power

WIDTH = 16


def spread(seed: int, n: int) -> np.ndarray:
    return np.random.default_rng([7, seed]).standard_normal((n, WIDTH))


@pytest.fixture(scope="module")
def power() -> CopyPower:
    train, unseen = spread(0, 400), spread(1, 600)
    near = train + 0.02 * spread(2, 400)
    far = train[:50] + 3 * spread(3, 50)
    return planted_copy_power(
        train,
        unseen,
        disguised={"near": near, "far": far},
        n_holdout=140,
        n_synthetic=360,
        repeats=300,
        seed=1,
    )


def test_power_rises_with_the_share_and_exact_copies_are_found_best(power: CopyPower) -> None:
    assert (power.n_holdout, power.n_synthetic, power.repeats) == (140, 360, 300)
    for curve in power.curves.values():
        found = [point.detected.value for point in curve]
        assert found == sorted(found)
        assert [point.copies for point in curve] == [2, 4, 7, 18, 36, 72]
    exact, near, far = (
        [point.detected.value for point in power.curves[kind]] for kind in ("exact", "near", "far")
    )
    assert exact[0] == exact[1] == 0
    assert exact[3:] == [1, 1, 1]
    assert all(a >= b for a, b in zip(exact, near, strict=True))
    assert max(far) < 0.05


def test_nothing_is_alarmed_of_sets_without_copies(power: CopyPower) -> None:
    assert power.false_alarm is not None
    assert power.false_alarm.value <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / 300)


def test_the_smallest_share_is_where_power_passes_80_per_cent(power: CopyPower) -> None:
    smallest = power.smallest["exact"]
    assert smallest is not None
    found = [
        planted_copy_power(
            spread(0, 400), spread(1, 600), n_holdout=140, n_synthetic=360, repeats=300, seed=1, shares=(copies / 360,)
        ).curves["exact"][0].detected.value
        for copies in (round(smallest * 360) - 1, round(smallest * 360))
    ]  # fmt: skip
    assert found[0] < 0.8 <= found[1]
    assert power.smallest["far"] is None
    assert power.recognised["near"].value == 1
    assert power.recognised["far"].value < 0.05


def test_it_says_what_it_means(power: CopyPower) -> None:
    assert power.words.startswith(
        "With 140 real unseen images that calibrate and 360 images judged, this test finds 20%"
    )
    assert f"means little below {power.smallest['exact']:.1%} copies" in power.words


def test_the_same_seed_gives_the_same_curve() -> None:
    first, again, other = (
        planted_copy_power(spread(0, 100), spread(1, 150), repeats=50, seed=seed, shares=(0.08,)).curves
        for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other


def test_too_few_unseen_images_are_null_with_the_reason() -> None:
    found = planted_copy_power(spread(0, 100), spread(1, 69))
    assert (dict(found.curves), found.false_alarm) == ({}, None)
    assert found.reason is not None
    assert "69 real unseen images (up to 1 of one patient), 70 needed" in found.reason
    assert found.words.startswith("How many copies this test would find cannot be known")
    assert planted_copy_power(spread(0, 100), spread(1, 70), repeats=20).reason is None


def test_one_patient_cannot_both_calibrate_and_be_judged() -> None:
    found = planted_copy_power(spread(0, 100), spread(1, 400), groups=np.zeros(400))
    assert found.reason is not None
    assert "up to 400 of one patient" in found.reason


def test_patients_are_never_parted() -> None:
    from synmedbench.metrics._memorisation_power import _parted

    owners = np.random.default_rng(0).integers(0, 40, 300)
    for trial in range(20):
        calibrating, judged = _parted(owners, 100, 150, np.random.default_rng(trial))
        assert not set(owners[calibrating]) & set(owners[judged])
        assert len(calibrating) >= 100
        assert len(judged) == 150
        assert len(set(calibrating) | set(judged)) == len(calibrating) + 150


def test_a_leaking_or_featureless_hold_out_finds_nothing_and_says_so() -> None:
    train = spread(0, 200)
    leaked = planted_copy_power(train, train, repeats=30)
    same = planted_copy_power(np.ones((90, 3)), np.ones((150, 3)), repeats=30)
    for found in (leaked, same):
        assert max(point.detected.value for point in found.curves["exact"]) == 0
        assert found.smallest["exact"] is None
        assert "means nothing here" in found.words


@pytest.mark.parametrize("shares", [(0.0,), (1.0,), (-0.1, 0.5)])
def test_shares_out_of_range_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(UserError, match="between 0 and 1"):
        planted_copy_power(spread(0, 80), spread(1, 120), shares=shares)


def test_what_the_power_finds_the_test_finds() -> None:
    """One trial by hand, image by image, against the same share planted by the power analysis."""
    train, unseen = spread(0, 400), spread(1, 600)
    found = 0
    for trial in range(40):
        order = np.random.default_rng(trial).permutation(600)
        made = np.concatenate([unseen[order[140:487]], train[:13]])
        found += bool(memorisation(train, made, unseen[order[:140]]).memorising)
    again = planted_copy_power(
        train, unseen, n_holdout=140, n_synthetic=360, shares=(13 / 360,), repeats=300
    ).curves["exact"][0]
    assert again.copies == 13
    assert found / 40 == pytest.approx(again.detected.value, abs=0.25)
