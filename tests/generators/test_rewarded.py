"""Best of n and guidance on toys whose answer is known."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray

from synmedbench.core import UserError, silent
from synmedbench.generators import (
    BestOfN,
    Budget,
    Conditions,
    Copy,
    Diffusion,
    GuidedDiffusion,
    Inverted,
    RewardGuidance,
    Shuffled,
    best_of_n_kl,
    conditions_like,
    load_aligned,
    path_kl,
    sample_images,
)
from synmedbench.generators._path_kl import path_terms
from synmedbench.generators._samplers import get_sigmas_karras, sample_heun
from synmedbench.imagesets import ImageSet
from synmedbench.metrics import RewardModel

BUDGET = Budget(steps=1)


class Bright:
    """P(plausible) by the mean of the image."""

    def logit(self, images: Any, conditions: pd.DataFrame) -> Any:
        assert len(images) == len(conditions)
        return 8.0 * images.mean((1, 2, 3))

    def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
        assert len(images) == len(conditions)
        return images.mean((1, 2, 3)) / 255.0


class Exponential:
    """log r = w mean(x), far below 0, so that its logistic function is its exponential."""

    def __init__(self, weight: float) -> None:
        self.weight = weight

    def logit(self, images: Any, conditions: pd.DataFrame) -> Any:
        return self.weight * images.mean((1, 2, 3)) - 60.0


def aligned(method: Any, base: Diffusion, shades: ImageSet, reward: Any = None) -> Any:
    return method.align(base, reward or Bright(), shades, seed=0, budget=BUDGET, progress=silent())


def means(generator: Any, wanted: Conditions, seed: int) -> NDArray[np.float64]:
    return sample_images(generator, wanted, seed=seed, batch_size=16).images().mean((1, 2, 3))


def test_the_best_of_n_is_the_best_of_n(fitted: Diffusion, shades: ImageSet) -> None:
    wanted = conditions_like(shades.table, 48, ("label", "skin_tone"))
    best = means(aligned(BestOfN(n=3), fitted, shades), wanted, 5)
    first = means(fitted, wanted, 5)
    assert (best >= first).all()
    assert 0.4 < (best > first).mean() < 0.95  # in two of three cases another candidate is the brightest
    again = means(aligned(BestOfN(n=3), fitted, shades), wanted, 5)
    assert np.array_equal(best, again)


def test_the_choice_depends_on_seed_and_index_alone(fitted: Diffusion, shades: ImageSet) -> None:
    wanted, best = (
        conditions_like(shades.table, 12, ("label", "skin_tone")),
        aligned(BestOfN(n=2), fitted, shades),
    )
    whole = np.concatenate(list(best.sample(wanted, indices=range(12), seed=2, batch_size=12)))
    part = np.concatenate(list(best.sample(wanted, indices=[7, 3], seed=2, batch_size=2)))
    assert np.abs(part.astype(int) - whole[[7, 3]].astype(int)).max() <= 2


def test_guidance_samples_the_tilted_gaussian() -> None:
    """For N(0, s^2) and r = exp(w mean) the target is N(w s^2 / d, s^2) in each of d pixels, and D' its denoiser."""
    spread, weight, size = 0.3, 100.0, 4

    def denoise(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        return x * spread**2 / (spread**2 + sigma**2)[:, None, None, None]

    guided = GuidedDiffusion.__new__(GuidedDiffusion)
    guided.reward, guided.strength = Exponential(weight), 2.0
    guided.base = SimpleNamespace(network=SimpleNamespace(sigma_data=spread))  # type: ignore[assignment]
    bent = guided.steered(denoise, pd.DataFrame(index=range(256)))
    x = torch.randn((256, 3, size, size), generator=torch.Generator().manual_seed(0)) * 40.0
    found = sample_heun(bent, x, get_sigmas_karras(80, 0.01, 40.0))
    target = 2.0 * weight * spread**2 / (3 * size * size)
    assert float(found.mean()) == pytest.approx(target, abs=0.01)
    assert float(found.std()) == pytest.approx(spread, rel=0.03)


def test_guidance_brightens_more_the_stronger_it_is(grey_base: Diffusion, greys: ImageSet) -> None:
    wanted = conditions_like(greys.table, 24)
    told = [means(grey_base, wanted, 1).mean()]
    told += [
        means(aligned(RewardGuidance(strength=s), grey_base, greys), wanted, 1).mean() for s in (5.0, 20.0)
    ]
    assert told[0] + 2.0 < told[1] < told[2] - 2.0


def test_they_are_saved_and_loaded(fitted: Diffusion, shades: ImageSet, tmp_path: Path) -> None:
    reward = RewardModel(steps=2, batch_size=4)
    table = shades.table[["label"]]
    reward.fit(shades.images(), table, np.arange(len(table)) % 2, seed=0)
    wanted = conditions_like(shades.table, 6, ("label", "skin_tone"))
    for number, method in enumerate((BestOfN(n=2), RewardGuidance(strength=2.0), Inverted("best-of-n", n=2))):
        generator = aligned(method, fitted, shades, reward)
        generator.save(tmp_path / str(number))
        loaded = load_aligned(tmp_path / str(number))
        assert loaded.card == generator.card
        assert np.array_equal(means(loaded, wanted, 3), means(generator, wanted, 3))
    fitted.save(tmp_path / "plain")
    assert isinstance(load_aligned(tmp_path / "plain"), Diffusion)
    (tmp_path / "0" / "rewarded.json").write_text('{"kind": "magic"}')
    with pytest.raises(UserError, match="not readable"):
        load_aligned(tmp_path / "0")
    with pytest.raises(UserError, match="cannot be saved"):
        aligned(BestOfN(n=2), fitted, shades).save(tmp_path / "3")


def test_bad_settings_are_refused(shades: ImageSet) -> None:
    with pytest.raises(UserError, match="n of 2 or more, got 1"):
        BestOfN(n=1)
    with pytest.raises(UserError, match="strength above 0"):
        RewardGuidance(strength=0.0)
    with pytest.raises(UserError, match="best-of-n steers a diffusion model, not 'copy'"):
        aligned(BestOfN(n=2), Copy(), shades)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="not fitted"):
        aligned(RewardGuidance(), Diffusion("unet-micro"), shades)


def test_path_kl_of_two_gaussians_is_theirs() -> None:
    """N(m, s^2) from N(0, s^2) in d dimensions: d m^2 / (2 s^2), for a path from large noise to none."""
    spread, mean, shape = 0.5, 0.2, (64, 3, 2, 2)

    def denoiser(centre: float) -> Any:
        def denoise(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
            s2 = sigma[:, None, None, None] ** 2
            return (spread**2 * x + s2 * centre) / (spread**2 + s2)

        return denoise

    x = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 80.0
    terms = path_terms(denoiser(mean), denoiser(0.0), x, get_sigmas_karras(80, 0.002, 80.0)[:-1], seed=0)
    assert terms.mean() == pytest.approx(12 * mean**2 / (2 * spread**2), rel=0.02)


def test_a_model_is_no_way_from_itself(fitted: Diffusion, shades: ImageSet) -> None:
    wanted = conditions_like(shades.table, 6, ("label", "skin_tone"))
    assert path_kl(fitted, fitted, wanted, seed=0, steps=5).tolist() == [0.0] * 6
    assert best_of_n_kl(1) == 0.0


def test_the_opposite_of_a_reward_chooses_the_other_way(fitted: Diffusion, shades: ImageSet) -> None:
    wanted = conditions_like(shades.table, 24, ("label", "skin_tone"))
    darkest = means(aligned(Inverted("best-of-n", n=2), fitted, shades), wanted, 5)
    first = means(fitted, wanted, 5)
    assert (darkest <= first).all()
    assert (darkest < first).any()


def test_shuffled_takes_none_but_a_shuffled_reward(
    fitted: Diffusion, shades: ImageSet, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="fitted on shuffled verdicts"):
        aligned(Shuffled("best-of-n", n=2), fitted, shades)
    with pytest.raises(UserError, match="takes no reward that could be wrong"):
        Shuffled("real-only")
    table, reward = shades.table[["label"]], RewardModel(steps=2, batch_size=4)
    reward.fit(shades.images(), table, np.arange(len(table)) % 3 == 0, shuffle=True, seed=0)
    reward.save(tmp_path / "reward")
    kept = RewardModel.load(tmp_path / "reward")
    assert kept.shuffled
    assert aligned(Shuffled("best-of-n", n=2), fitted, shades, kept).card.name == "best-of-n"
