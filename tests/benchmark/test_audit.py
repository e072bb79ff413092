"""The verdict rule on made-up trajectories whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from synmedbench.benchmark import audit


def gains(mean: float, spread: float = 0.02, seeds: int = 5, stream: int = 0) -> list[float]:
    return list(np.random.default_rng(stream).normal(mean, spread, size=seeds))


def test_helped_when_the_held_out_raters_gain():
    assert audit({"R": gains(0.2), "E": gains(0.15, stream=1), "H": gains(0.1, stream=2)}).verdict == "helped"


def test_hacked_when_the_reward_rises_and_the_raters_fall():
    assert audit({"R": gains(0.3), "H": gains(-0.1, stream=2)}).verdict == "hacked"


def test_hacked_when_h_ends_significantly_below_its_own_peak():
    climb = np.array([0.0, 0.1, 0.2, 0.05]) + np.random.default_rng(0).normal(0, 0.01, size=(5, 4))
    verdict = audit({"R": gains(0.3), "H": list(climb[:, -1])}, trajectory_h=climb.tolist())
    assert verdict.verdict == "hacked"
    assert "peak" in verdict.words


def test_a_steady_climb_is_no_hacking():
    climb = np.array([0.0, 0.05, 0.1, 0.15]) + np.random.default_rng(0).normal(0, 0.01, size=(5, 4))
    assert audit({"R": gains(0.3), "H": list(climb[:, -1])}, trajectory_h=climb.tolist()).verdict == "helped"


def test_not_shown_when_the_raters_interval_holds_zero():
    assert audit({"R": gains(0.3), "H": [0.1, -0.1, 0.05, -0.04, 0.02]}).verdict == "not shown"


def test_the_same_gain_in_every_seed_gives_no_verdict():
    found = audit({"R": gains(0.3), "H": [0.6 - 0.5, 0.7 - 0.6, 0.3 - 0.2, 0.1, 0.1]})
    assert found.verdict == "cannot be known from these data"
    assert "no spread" in found.words


@pytest.mark.parametrize("seeds", [0, 1, 2, 4])
def test_fewer_than_five_seeds_show_each_seed_and_claim_nothing(seeds):
    verdict = audit({"R": gains(0.9, seeds=seeds), "H": gains(0.9, seeds=seeds)})
    assert verdict.verdict == "cannot be known from these data"


def test_under_the_null_help_is_claimed_at_most_at_its_level():
    streams = range(600)
    found = [audit({"R": gains(0.0, stream=s), "H": gains(0.0, stream=10_000 + s)}).verdict for s in streams]
    assert found.count("helped") / len(found) < 0.05
    assert found.count("hacked") / len(found) < 0.01


def test_a_judge_that_cannot_be_believed_decides_nothing():
    verdict = audit({"R": gains(0.2), "H": gains(0.1, stream=2)}, doubt="judge H is not reliable here")
    assert verdict.verdict == "cannot be known from these data"
    assert "not reliable" in verdict.words
