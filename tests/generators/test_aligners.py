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
from synmedbench.generators._batches import TrainingData
from synmedbench.generators._finetune import Finetuning
from synmedbench.generators._own_samples import OwnSamples, own_samples
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


def test_above_every_noise_level_no_sample_is_learned_from(base: Diffusion, greys: ImageSet) -> None:
    job = Finetuning(base, base, Brightness(), greys, base.training_data(greys), 2, Budget(1, 16))
    parts = [float(RewardWeighted(samples=32, above=a).loss(job)(0).detach()) for a in (0.0, 0.4, 1e6)]
    assert parts[0] > parts[1] > parts[2]
    assert parts[2] == pytest.approx(0.3 * float(base.real_loss(job.data, 2, 8)(0).detach()))


def test_centred_samples_move_nothing_when_all_are_as_plausible(base: Diffusion, greys: ImageSet) -> None:
    class Same(Brightness):
        def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
            return np.full(len(images), 0.5)

    def pull(reward: Brightness, centred: bool) -> float:
        twin = base.aligned("twin", "")
        job = Finetuning(twin, base, reward, greys, base.training_data(greys), 1, Budget(1, 16))
        RewardWeighted(beta=0.0, samples=32, centred=centred).loss(job)(0).backward()
        return max(float(p.grad.abs().max()) for p in twin.network.parameters() if p.grad is not None)

    assert pull(Same(), True) < 1e-3 * min(pull(Same(), False), pull(Brightness(), True))


def test_centred_samples_brighten_and_the_other_way_round(base: Diffusion, greys: ImageSet) -> None:
    method = RewardWeighted(beta=0.1, samples=64, keep=0.9, centred=True)
    level = brightness(base, greys)

    def after(sign: float) -> float:
        class Tilted(Brightness):
            def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
                return 1 / (1 + np.exp(-sign * 0.1 * (images.mean((1, 2, 3)) - level)))

        return brightness(
            method.align(base, Tilted(), greys, seed=5, budget=BUDGET, progress=silent()), greys
        )

    assert after(1.0) > level + 4.0
    assert after(-1.0) < level - 4.0


def test_of_each_request_the_best_are_kept() -> None:
    data = TrainingData(np.zeros((7, 2, 2, 3), np.uint8), np.arange(7).reshape(-1, 1))
    own = OwnSamples(
        data, pd.DataFrame({"label": list("aaaabbb")}), np.array([0.1, 0.4, 0.3, 0.2, 0.9, 0.8, 0.8])
    )
    assert own.best(0.5).tolist() == [1, 2, 4, 5]
    assert own.best(0.01).tolist() == [1, 4]
    assert own.best(1.0).tolist() == list(range(7))
    assert own.subset(own.best(0.5)).data.tokens[:, 0].tolist() == [1, 2, 4, 5]
    assert own.mean_of_request() == pytest.approx([0.25] * 4 + [2.5 / 3] * 3)


def test_samples_can_be_drawn_in_another_way_and_the_model_stays_as_it_was(
    base: Diffusion, greys: ImageSet
) -> None:
    def drawn(**how: Any) -> NDArray[np.uint8]:
        return own_samples(base, Brightness(), greys, 6, seed=0, batch_size=6, **how).data.images

    before = (base.guidance, base.sampling_steps)
    assert np.array_equal(drawn(), drawn(guidance=base.guidance, sampling_steps=base.sampling_steps))
    assert not np.array_equal(drawn(), drawn(guidance=2.0))
    assert not np.array_equal(drawn(), drawn(sampling_steps=9))
    assert (base.guidance, base.sampling_steps) == before


def test_under_a_ceiling_plausible_images_are_not_pushed(base: Diffusion, greys: ImageSet) -> None:
    data, budget = base.training_data(greys), Budget(steps=1, batch_size=16)

    class Sure(Brightness):
        def logit(self, images: Any, conditions: pd.DataFrame) -> Any:
            return images.mean((1, 2, 3)) * 0.0 + 2.0  # r = .88

    job = Finetuning(base, base, Sure(), greys, data, 2, budget)
    real = float(base.real_loss(data, 2, 16)(0).detach())
    assert float(Draft(ceiling=0.8).loss(job)(0).detach()) == pytest.approx(real)
    pushed = 0.2 * float(np.log(0.9) - np.log(1 / (1 + np.exp(-2.0))))
    assert float(Draft(ceiling=0.9).loss(job)(0).detach()) == pytest.approx(real + pushed, rel=1e-4)


def test_kl_holds_the_model_at_its_base(base: Diffusion, greys: ImageSet) -> None:
    def moved(kl: float) -> float:
        method, budget = Draft(weight=1.0, kl=kl), Budget(steps=15, batch_size=16, learning_rate=2e-3)
        model = method.align(base, Brightness(), greys, seed=5, budget=budget, progress=silent())
        return abs(brightness(model, greys) - brightness(base, greys))

    assert moved(100.0) < 0.5 * moved(0.0)


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
    with pytest.raises(UserError, match="late, share and ceiling"):
        Draft(ceiling=0.0)
    with pytest.raises(UserError, match="at least one sample"):
        RewardWeighted(samples=0)
    with pytest.raises(UserError, match="keep in"):
        RewardWeighted(keep=0.0)
