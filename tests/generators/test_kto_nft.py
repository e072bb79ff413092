"""KTO and NFT: their losses where the answer is known, and the way that they move a model."""

from __future__ import annotations

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
from synmedbench.generators import Budget, Diffusion, Kto, Nft, conditions_like, sample_images
from synmedbench.generators._finetune import Finetuning, cut
from synmedbench.generators._kto import expected_plausible
from synmedbench.generators._nft import implicit
from synmedbench.imagesets import ImageSet

BUDGET = Budget(steps=40, batch_size=16, learning_rate=2e-3)


class Bright:
    """Plausible is what is brighter than a level."""

    def __init__(self, level: float = 90.0, sharp: float = 0.05) -> None:
        self.level, self.sharp = level, sharp

    def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
        return 1 / (1 + np.exp(-self.sharp * (images.mean((1, 2, 3)) - self.level)))

    def logit(self, images: Any, conditions: pd.DataFrame) -> Any:
        raise AssertionError("these methods need no gradient of the reward")


class Same(Bright):
    """Everything is as plausible as everything else."""

    def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
        return np.full(len(images), 0.5)


@pytest.fixture(scope="module")
def base(grey_base: Diffusion) -> Diffusion:
    return grey_base


def brightness(model: Any, greys: ImageSet) -> float:
    return float(sample_images(model, conditions_like(greys.table, 64), seed=1).images().mean())


def test_the_implicit_pair_is_least_where_the_paper_says() -> None:
    """x is 0 or 1 with equal chance, r(0) = .2 and r(1) = .8: new = old + E[(2 r - 1)(x - old)] / beta."""
    old, beta = torch.tensor(0.5), 0.5
    x, r = torch.tensor([0.0, 1.0]), torch.tensor([0.2, 0.8])
    new = torch.tensor(0.5, requires_grad=True)
    descent = torch.optim.SGD([new], lr=0.5)
    for _ in range(200):
        positive, negative = implicit(old, new, beta)
        loss = (r * (positive - x) ** 2 + (1 - r) * (negative - x) ** 2).mean()
        descent.zero_grad()
        loss.backward()
        descent.step()
    expected = 0.5 + (0.5 * (-0.6) * (-0.5) + 0.5 * 0.6 * 0.5) / beta
    assert float(new.detach()) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    "method", [Nft(real=0.0, rounds=2, samples=32), Nft(real=0.0, kl=1.0, rounds=1, samples=32)]
)
def test_equal_rewards_move_nothing(base: Diffusion, greys: ImageSet, method: Nft) -> None:
    data = base.training_data(greys)
    twin = base.aligned("twin", "")
    loss = method.loss(Finetuning(twin, base, Same(), greys, data, 1, BUDGET))(0)
    loss.backward()
    largest = max(float(p.grad.abs().max()) for p in twin.network.parameters() if p.grad is not None)
    for p in twin.network.parameters():
        p.grad = None
    loss = Nft(real=0.0, rounds=1, samples=32).loss(Finetuning(twin, base, Bright(), greys, data, 1, BUDGET))(
        0
    )
    loss.backward()
    moved = max(float(p.grad.abs().max()) for p in twin.network.parameters() if p.grad is not None)
    assert largest < 1e-3 * moved


@pytest.mark.parametrize(
    "method",
    [Nft(beta=0.5, rounds=2, samples=64, real=0.2), Kto(beta=30.0, samples=96, real=0.2)],
    ids=lambda m: m.name,
)
def test_plausible_brightness_brightens_and_the_other_way_round(
    base: Diffusion, greys: ImageSet, method: Any
) -> None:
    def after(sharp: float) -> float:
        reward = Bright(level=brightness(base, greys), sharp=sharp)
        model = method.align(base, reward, greys, seed=5, budget=BUDGET, progress=silent())
        assert (model.card.kind, model.card.name) == ("aligned", method.name)
        assert len(model.losses) == BUDGET.steps
        return brightness(model, greys)

    brighter, darker = after(0.1), after(-0.1)
    assert brighter > brightness(base, greys) + 4.0
    assert darker < brightness(base, greys) - 4.0


def test_at_the_base_ktos_utility_is_one_half(base: Diffusion, greys: ImageSet) -> None:
    method = Kto(samples=64, real=0.0)
    reward = Bright(level=brightness(base, greys), sharp=0.1)
    twin = base.aligned("twin", "")
    loss = method.loss(Finetuning(twin, base, reward, greys, base.training_data(greys), 1, BUDGET))
    assert float(loss(0).detach()) == pytest.approx(-0.5, abs=1e-6)


def test_kto_needs_samples_of_either_kind(base: Diffusion, greys: ImageSet) -> None:
    with pytest.raises(UserError, match="only 0 of 32 samples of the base are implausible"):
        Kto(samples=32).align(base, Bright(level=-1000.0), greys, seed=0, budget=BUDGET, progress=silent())


def test_without_a_threshold_an_honest_reward_that_is_never_sure_sorts_the_samples(
    base: Diffusion, greys: ImageSet
) -> None:
    """All rewards are below one half: by that threshold nothing is plausible; their sum says how many are."""
    reward, budget = Bright(level=brightness(base, greys) + 45.0), Budget(steps=1, batch_size=8)
    with pytest.raises(UserError, match="only 0 of 64 samples of the base are plausible"):
        Kto(samples=64, threshold=0.5).align(base, reward, greys, seed=0, budget=budget, progress=silent())
    Kto(samples=64).align(base, reward, greys, seed=0, budget=budget, progress=silent())


def test_a_reward_that_tells_nothing_apart_is_refused(base: Diffusion, greys: ImageSet) -> None:
    with pytest.raises(UserError, match=r"only 0 of 32 .* plausible .*mean 0\.500, from 0\.500 to 0\.500"):
        Kto(samples=32).align(base, Same(), greys, seed=0, budget=BUDGET, progress=silent())


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_as_many_are_plausible_as_the_rewards_add_up_to(rewards: list[float]) -> None:
    given_rewards = np.array(rewards)
    chosen = expected_plausible(given_rewards)
    assert chosen.sum() <= round(given_rewards.sum())
    if len(set(rewards)) == len(rewards):
        assert chosen.sum() == round(given_rewards.sum())
    if chosen.any() and not chosen.all():
        assert given_rewards[chosen].min() > given_rewards[~chosen].max()


def test_a_round_that_is_done_is_not_run_again(base: Diffusion, greys: ImageSet, tmp_path: Path) -> None:
    reward = Bright(level=brightness(base, greys), sharp=0.1)
    budget = Budget(steps=6, batch_size=8)

    def run() -> Diffusion:
        method = Nft(rounds=2, samples=16, checkpoint=str(tmp_path / "state"))
        return method.align(base, reward, greys, seed=3, budget=budget, progress=silent())

    first, again = run(), run()
    assert len(first.losses) == 6
    assert again.losses == []
    for a, b in zip(first.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(a, b)


def test_bad_settings_are_refused() -> None:
    with pytest.raises(UserError, match="6 steps cannot be cut into 7 rounds"):
        cut(6, 7)
    with pytest.raises(UserError, match="beta > 0"):
        Nft(beta=0.0)
    with pytest.raises(UserError, match="threshold between 0 and 1, or none"):
        Kto(threshold=1.0)
