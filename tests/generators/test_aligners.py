"""A toy with a known answer: brightness is rewarded, so images become brighter, and stay without reward."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray

from synmedbench.core import UserError, silent
from synmedbench.generators import (
    Aligner,
    Budget,
    Copy,
    Diffusion,
    Draft,
    RealOnly,
    RewardWeighted,
    conditions_like,
    sample_images,
)
from synmedbench.generators._finetune import Finetuning
from synmedbench.imagesets import ImageSet

BUDGET = Budget(steps=30, batch_size=24, learning_rate=2e-3)


class Brightness:
    """P(plausible) rises with the mean of the image, half at mean grey 115."""

    def logit(self, images: Any, conditions: pd.DataFrame) -> Any:
        assert len(images) == len(conditions)
        return 8.0 * (images.mean((1, 2, 3)) + 0.1)

    def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
        pixels = torch.from_numpy(images.astype(np.float32) / 127.5 - 1.0).permute(0, 3, 1, 2)
        return np.asarray(torch.sigmoid(self.logit(pixels, conditions)), dtype=np.float64)


@pytest.fixture(scope="module")
def base(grey_base: Diffusion) -> Diffusion:
    return grey_base


def brightness(model: Any, greys: ImageSet) -> float:
    return float(sample_images(model, conditions_like(greys.table, 64), seed=1).images().mean())


@pytest.fixture(scope="module")
def brightened(base: Diffusion, greys: ImageSet) -> dict[str, float]:
    found = {"real": float(greys.images().mean()), "base": brightness(base, greys)}
    for aligner in (RealOnly(), RewardWeighted(beta=0.0, samples=64), Draft(weight=1.0)):
        assert isinstance(aligner, Aligner)
        model = aligner.align(base, Brightness(), greys, seed=5, budget=BUDGET, progress=silent())
        assert (model.card.kind, model.card.name) == ("aligned", aligner.name)
        assert len(model.losses) == BUDGET.steps
        found[aligner.name] = brightness(model, greys)
    found["base after"] = brightness(base, greys)
    return found


def test_the_base_is_left_as_it_was(brightened: dict[str, float]) -> None:
    assert brightened["base after"] == brightened["base"]


def test_the_rewards_gradient_brightens_and_real_images_alone_do_not(brightened: dict[str, float]) -> None:
    assert abs(brightened["real-only"] - brightened["real"]) < 8.0
    assert brightened["draft"] > brightened["real-only"] + 10.0


def test_samples_weighted_by_brightness_brighten(brightened: dict[str, float]) -> None:
    assert brightened["reward-weighted"] > brightened["real-only"] + 5.0


def test_the_weighted_loss_is_the_papers(base: Diffusion, greys: ImageSet) -> None:
    data, budget = base.training_data(greys), Budget(steps=1, batch_size=16)

    class Never(Brightness):
        def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
            return np.zeros(len(images))

    class Always(Brightness):
        def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
            return np.ones(len(images))

    def loss(beta: float, reward: Brightness) -> float:
        method = RewardWeighted(beta=beta, samples=32)
        return float(method.loss(Finetuning(base, base, reward, greys, data, 2, budget))(0).detach())

    real = float(base.real_loss(data, 2, 8)(0).detach())
    assert loss(0.3, Never()) == pytest.approx(0.3 * real)
    assert loss(0.3, Always()) == pytest.approx(0.3 * real + loss(0.0, Always()))


def test_weight_zero_of_the_reward_is_real_only(base: Diffusion, greys: ImageSet) -> None:
    budget = Budget(steps=4, batch_size=16)
    draft = Draft(weight=0.0).align(base, Brightness(), greys, seed=3, budget=budget, progress=silent())
    control = RealOnly().align(base, Brightness(), greys, seed=3, budget=budget, progress=silent())
    for a, b in zip(draft.network.parameters(), control.network.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_an_aligned_model_is_saved_and_loaded(base: Diffusion, greys: ImageSet, tmp_path: Path) -> None:
    budget = Budget(steps=2, batch_size=8)
    model = RealOnly().align(base, Brightness(), greys, seed=3, budget=budget, progress=silent())
    model.save(tmp_path / "aligned")
    loaded = Diffusion.load(tmp_path / "aligned")
    assert loaded.card == model.card
    assert brightness(loaded, greys) == brightness(model, greys)


def test_only_diffusion_models_are_finetuned(greys: ImageSet) -> None:
    with pytest.raises(UserError, match="draft finetunes a diffusion model, not 'copy'"):
        Draft().align(Copy(), Brightness(), greys, seed=0, budget=BUDGET, progress=silent())
    with pytest.raises(UserError, match="weight >= 0"):
        Draft(weight=-1.0)
    with pytest.raises(UserError, match="at least one sample"):
        RewardWeighted(samples=0)
