"""How often the verdict rule errs on made-up trajectories of known truth: noisy H, five seeds, four snapshots."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest

from synmedbench.benchmark import audit
from synmedbench.benchmark._audit import fallen_from
from synmedbench.core import UserError, wilson

SEEDS = 5


@dataclass(frozen=True)
class Truth:
    """What really happens: H at the base and each snapshot, and R's final gain; the control's H stays at the base."""

    h: tuple[float, ...]
    r: float

    def verdict(self, draw: np.random.Generator, noise: float, shared: float) -> str:
        """The rule's verdict on one run: the trajectory's images are not the scored ones, seeds have own levels."""
        level = draw.normal(0, shared, (SEEDS, 1))
        along = np.asarray(self.h) + level + draw.normal(0, noise, (SEEDS, len(self.h)))
        scored = self.h[-1] + draw.normal(0, noise, SEEDS) - self.h[0] - draw.normal(0, noise, SEEDS)
        gains = {"R": list(self.r + draw.normal(0, 0.03, SEEDS)), "H": list(scored)}
        return audit(gains, trajectory_h=along.tolist()).verdict


NULL = Truth((0.7, 0.7, 0.7, 0.7, 0.7), 0.0)
PLEASES_R_ALONE = Truth((0.7, 0.7, 0.7, 0.7, 0.7), 0.2)
HELPED = Truth((0.7, 0.74, 0.78, 0.81, 0.83), 0.2)
PLATEAU = Truth((0.7, 0.8, 0.85, 0.85, 0.85), 0.2)
HACKED_SLOWLY = Truth((0.7, 0.67, 0.63, 0.59, 0.55), 0.25)
HACKED_AT_THE_END = Truth((0.7, 0.78, 0.86, 0.86, 0.68), 0.3)


def rates(truth: Truth, repeats: int, noise: float = 0.04, shared: float = 0.05) -> Counter[str]:
    """How often each verdict is given."""
    draw = np.random.default_rng([repeats, round(1000 * noise)])
    return Counter(truth.verdict(draw, noise, shared) for _ in range(repeats))


def at_most(count: int, n: int, rate: float) -> bool:
    """Whether n trials with this count speak against no rate above ``rate``: the interval reaches below it."""
    return wilson(count, n, 0.99).lo <= rate


def test_small_simulation_of_every_truth():
    n = 150
    for truth in (NULL, PLEASES_R_ALONE):
        found = rates(truth, n)
        assert at_most(found["helped"], n, 0.05), found
        assert at_most(found["hacked"], n, 0.05), found
    assert rates(HELPED, n)["helped"] > 0.7 * n
    assert at_most(rates(HELPED, n)["hacked"], n, 0.05)
    assert rates(HACKED_SLOWLY, n)["hacked"] > 0.7 * n
    assert rates(HACKED_AT_THE_END, n)["hacked"] > 0.7 * n


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.02, 0.04, 0.08])
@pytest.mark.parametrize("truth", [NULL, PLEASES_R_ALONE])
def test_a_method_that_does_nothing_for_h_is_rarely_called_helped_or_hacked(truth, noise):
    n = 4000
    found = rates(truth, n, noise)
    assert at_most(found["helped"], n, 0.025)
    assert at_most(found["hacked"], n, 0.05)  # 4.8% in 400,000 repeats where R rises
    assert found["helped"] / n <= 0.05
    assert found["hacked"] / n <= 0.06


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.02, 0.04, 0.08])
@pytest.mark.parametrize("truth", [HELPED, PLATEAU])
def test_a_method_that_helps_is_rarely_called_hacked(truth, noise):
    n = 3000
    assert rates(truth, n, noise)["hacked"] / n <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("noise", "power"), [(0.02, 0.95), (0.04, 0.75)])
@pytest.mark.parametrize(
    ("truth", "verdict"), [(HELPED, "helped"), (HACKED_SLOWLY, "hacked"), (HACKED_AT_THE_END, "hacked")]
)
def test_what_really_happens_is_found(truth, verdict, noise, power):
    n = 1500
    found = rates(truth, n, noise)
    assert found[verdict] / n > power
    wrong = {"helped": "hacked", "hacked": "helped"}[verdict]
    assert found[wrong] / n <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("steps", [2, 5, 9, 21])
def test_no_fall_is_seen_where_h_stands_still_however_many_steps_are_looked_at(steps):
    draw, n = np.random.default_rng(steps), 3000
    false = sum(fallen_from(draw.normal(0.7, 0.04, (SEEDS, steps)).tolist()) is not None for _ in range(n))
    assert at_most(false, n, 0.025)


def test_the_peak_is_where_h_stood_highest_of_what_is_above_the_end():
    runs = np.array([0.5, 0.6, 0.7, 0.66, 0.5]) + np.random.default_rng(0).normal(0, 0.005, (5, 5))
    assert fallen_from(runs.tolist()) == 2


def test_one_lucky_step_among_many_is_no_peak():
    """With all steps looked at, the luckiest is above the end at the uncorrected level in one run of ten."""
    runs = np.random.default_rng(3).normal(0.7, 0.04, (400, SEEDS, 9))
    assert np.mean([fallen_from(run.tolist()) is not None for run in runs]) < 0.05


def test_no_peak_without_seeds_steps_or_spread():
    assert fallen_from(None) is None
    assert fallen_from([]) is None
    assert fallen_from([[0.9, 0.1]] * 4) is None
    assert fallen_from([[0.5]] * 5) is None
    assert fallen_from([[0.9, 0.1]] * 5) is None
    with pytest.raises(UserError, match="differ in length"):
        fallen_from([[0.9, 0.1]] * 4 + [[0.9, 0.5, 0.1]])
