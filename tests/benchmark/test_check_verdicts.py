"""Verdicts of the self-check from made-up scores whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.benchmark._check_verdicts import make_curves

Rows = list[list[dict[str, object]]]


def cells(
    moves: dict[float, float], *, metric: str = "coverage", fault: str = "blur", splits: int = 5, noise: float = 0.01,
    spread: float = 0.0, seed: int = 0,
) -> Rows:  # fmt: skip
    """Scores around 0.8, shifted by ``moves`` (strength -> shift), with noise in the pairing and over splits."""
    generator = np.random.default_rng(seed)
    rows: Rows = []
    for _ in range(splits):
        base = 0.8 + spread * generator.standard_normal()
        points = {("clean", 0.0): base}
        points |= {(fault, s): base + move + noise * generator.standard_normal() for s, move in moves.items()}
        rows.append([
            {"fault": name, "strength": s, "metric": metric, "stratum": "all", "value": value, "reason": None}
            for (name, s), value in points.items()
        ])  # fmt: skip
    return rows


def verdict(rows: Rows, splits: int = 5):
    (curve,) = make_curves({"e": rows}, splits)
    return curve


def test_a_metric_that_falls_as_it_should_sees():
    curve = verdict(cells({0.5: 0.0, 1.0: -0.2, 2.0: -0.4, 4.0: -0.6}))
    assert (curve.verdict, curve.seen_from, curve.stands_out_from) == ("sees", 1.0, 1.0)


def test_a_move_within_the_spread_of_real_sets_is_barely_seen():
    curve = verdict(cells({0.5: -0.05, 1.0: -0.06}, spread=0.2))
    assert (curve.verdict, curve.stands_out_from) == ("barely sees", None)


def test_a_move_to_the_wrong_side_is_named():
    curve = verdict(cells({0.5: 0.1, 1.0: 0.3}))
    assert curve.verdict == "wrong way"
    assert "WRONG" in curve.words


def test_a_metric_that_does_not_move_is_blind():
    curve = verdict(cells({0.5: 0.0, 1.0: 0.0}, noise=0.0))
    assert (curve.verdict, curve.points[0].p) == ("does not see", 1.0)


def test_what_is_not_asked_is_only_watched():
    assert verdict(cells({0.1: 0.4, 0.25: 0.5}, metric="precision", fault="collapse")).verdict == "moves"
    assert verdict(cells({0.1: 0.0}, metric="precision", fault="collapse", noise=0.0)).verdict == "still"


@pytest.mark.parametrize("splits", [2, 4])
def test_fewer_than_five_splits_claim_nothing(splits):
    curve = verdict(cells({0.5: -0.4}, splits=splits), splits)
    assert curve.verdict == "cannot be known"
    assert "5 needed" in curve.words


def test_a_strength_from_which_all_stronger_ones_hold():
    curve = verdict(cells({0.5: -0.3, 1.0: 0.0, 2.0: -0.4, 4.0: -0.5}))
    assert curve.seen_from == 2.0


def test_a_metric_without_a_value_says_why():
    row = {
        "metric": "coverage",
        "stratum": "all",
        "value": None,
        "reason": "not enough data: 14 images, 50 needed",
    }
    rows: Rows = [[{"fault": "clean", "strength": 0.0, **row}, {"fault": "blur", "strength": 1.0, **row}]] * 5
    assert "14 images" in verdict(rows).words


def test_quality_of_a_jpeg_rises_towards_mild():
    curve = verdict(cells({50.0: -0.5, 95.0: -0.1, 75.0: -0.3}, fault="jpeg"))
    assert [point.strength for point in curve.points] == [95.0, 75.0, 50.0]
    assert curve.seen_from == 95.0


def test_other_faults_are_worth_a_blur():
    rows = cells({0.5: -0.1, 1.0: -0.3, 2.0: -0.5}, noise=1e-6)
    more = cells({0.25: -0.1, 1.0: -0.2}, fault="dropped_class", noise=1e-6)
    both = [a + b[1:] for a, b in zip(rows, more, strict=True)]
    found = {curve.fault: curve for curve in make_curves({"e": both}, 5)}
    assert found["dropped_class"].as_blur == pytest.approx(0.75, abs=0.01)


@pytest.mark.slow
def test_no_fault_no_claim():
    """Where nothing moves, at most about 5% of whole tables hold a false claim (Benjamini-Hochberg)."""
    false = 0
    for seed in range(400):
        rows: Rows = [[] for _ in range(5)]
        for number in range(10):
            made = cells(
                dict.fromkeys((1.0, 2.0), 0.0),
                metric=f"m{number}",
                noise=0.05,
                spread=0.05,
                seed=1000 * seed + number,
            )
            rows = [a + b for a, b in zip(rows, made, strict=True)]
        false += any(point.significant for curve in make_curves({"e": rows}, 5) for point in curve.points)
    print(f"tables with a false claim: {false} of 400")
    assert false <= 35
