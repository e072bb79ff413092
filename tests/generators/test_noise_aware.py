"""Guidance by a reward of noisy images, where the posterior is known in closed form."""

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
    Budget,
    Diffusion,
    Inverted,
    RewardGuidance,
    conditions_like,
    load_aligned,
    sample_images,
)
from synmedbench.generators._batches import TrainingData
from synmedbench.generators._guidance import NoiseAwareDiffusion
from synmedbench.generators._noise_aware import Judged, NoiseAwareReward, fit_noise_aware
from synmedbench.generators._noise_aware_network import NoiseAwareNetwork
from synmedbench.generators._samplers import get_sigmas_karras, sample_heun
from synmedbench.generators._vocabulary import Vocabulary
from synmedbench.imagesets import ImageSet

BUDGET = Budget(steps=150, batch_size=32)
LEVELS = (0.02, 20.0)


class Bright:
    """P(plausible) rises with the mean of the image, half at mean grey 115."""

    def logit(self, images: Any, conditions: pd.DataFrame) -> Any:
        raise AssertionError("no gradient of the clean reward is needed")

    def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
        return np.asarray(1 / (1 + np.exp(-0.08 * (images.mean((1, 2, 3)) - 115.0))))


def steered(reward: Any, spread: float, strength: float, denoise: Any, n: int) -> Any:
    guided = NoiseAwareDiffusion.__new__(NoiseAwareDiffusion)
    guided.reward, guided.strength = reward, strength
    reward.vocabulary = Vocabulary({"label": ("a",)})
    network = SimpleNamespace(sigma_data=spread)
    guided.base = SimpleNamespace(network=network, device="cpu")  # type: ignore[assignment]
    return guided.steered(denoise, pd.DataFrame({"label": ["a"] * n}))


def start(shape: tuple[int, ...], sigma: float) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)) * sigma


def test_the_exact_noisy_reward_samples_the_tilted_gaussian() -> None:
    """For N(0, s^2) and r = exp(w mean): log r(x_t) = w s^2 / (s^2 + sigma^2) mean(x_t) and a constant."""
    spread, weight, n = 0.3, 100.0, 256

    class Exact:
        def logit_at(self, x: torch.Tensor, sigma: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
            return weight * spread**2 / (spread**2 + sigma**2) * x.mean((1, 2, 3)) - 60.0

    def denoise(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        return x * spread**2 / (spread**2 + sigma**2)[:, None, None, None]

    bent = steered(Exact(), spread, 2.0, denoise, n)
    found = sample_heun(bent, start((n, 3, 4, 4), 40.0), get_sigmas_karras(80, 0.01, 40.0))
    assert float(found.mean()) == pytest.approx(2.0 * weight * spread**2 / 48, abs=0.01)
    assert float(found.std()) == pytest.approx(spread, rel=0.03)


@pytest.mark.parametrize("good", [0.8, 0.35])
def test_the_exact_noisy_reward_samples_the_tilted_mixture(good: float) -> None:
    """Images are a or -a with equal chance and r is ``good`` or 1 - good: so many must be a, which no Gaussian is."""
    a, n = 0.5, 600

    def chance(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        return 2 * a * x.sum((1, 2, 3)) / sigma**2

    class Exact:
        def logit_at(self, x: torch.Tensor, sigma: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
            p = torch.sigmoid(chance(x, sigma))
            return torch.logit(good * p + (1 - good) * (1 - p))

    def denoise(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        return (a * torch.tanh(chance(x, sigma) / 2))[:, None, None, None].expand_as(x)

    bent = steered(Exact(), a, 1.0, denoise, n)
    found = sample_heun(bent, start((n, 3, 2, 2), 40.0), get_sigmas_karras(60, 0.05, 40.0)).mean((1, 2, 3))
    assert float(found.abs().mean()) == pytest.approx(a, abs=0.02)
    assert float((found > 0).float().mean()) == pytest.approx(good, abs=0.05)


def exact_expectation(seen: NDArray[np.float64], sigma: float, spread: float, steep: float) -> Any:
    """E[sigmoid(steep b) | mean of 192 noisy pixels] for b ~ N(0, spread^2), by quadrature."""
    left = 1 / (1 / spread**2 + 192 / sigma**2)
    nodes, weights = np.polynomial.hermite_e.hermegauss(31)
    b = (left * 192 / sigma**2 * seen)[:, None] + np.sqrt(left) * nodes
    return (1 / (1 + np.exp(-steep * b)) * weights).sum(1) / weights.sum()


def test_the_distilled_reward_is_the_posterior_mean() -> None:
    spread, steep, draw = 0.4, 6.0, np.random.default_rng(0)
    shades = np.clip(np.round((draw.normal(0, spread, 1500) + 1) * 127.5), 0, 255)
    images = np.broadcast_to(shades[:, None, None, None], (1500, 8, 8, 3)).astype(np.uint8)
    data = TrainingData(images, np.ones((1500, 1), np.int64))
    told = 1 / (1 + np.exp(-steep * (shades / 127.5 - 1)))
    network = NoiseAwareNetwork((2,), spread, seed=1)
    losses = fit_noise_aware(network, [Judged(data, told)], LEVELS, Budget(300, 64), 0, silent(), "fit")
    assert len(losses) == 300
    reward, tokens = (
        NoiseAwareReward([network], Vocabulary({"label": ("a",)}), LEVELS),
        torch.ones(400, 1).long(),
    )
    for sigma in (0.05, 0.5, 2.0, 6.0, 20.0):
        clean = draw.normal(0, spread, (400, 1, 1, 1)).clip(-1, 1)
        x = torch.from_numpy((clean + sigma * draw.normal(size=(400, 3, 8, 8))).astype(np.float32))
        with torch.no_grad():
            found = torch.sigmoid(reward.logit_at(x, torch.full((400,), sigma), tokens)).numpy()
        expected = exact_expectation(x.mean((1, 2, 3)).numpy().astype(float), sigma, spread, steep)
        assert np.abs(found - expected).mean() < 0.06, sigma


def test_its_gradient_times_sigma_squared_stays_bounded_at_high_noise() -> None:
    network = NoiseAwareNetwork((2,), 0.5, seed=0)
    torch.nn.init.normal_(network.head.weight, generator=torch.Generator().manual_seed(0))
    moved = []
    for sigma in (1.0, 20.0):
        x = start((16, 3, 8, 8), sigma).requires_grad_()
        logit = network(x, torch.full((16,), sigma), torch.ones(16, 1).long())
        (slope,) = torch.autograd.grad(logit.sum(), x)
        moved.append(sigma**2 * float(slope.norm()))
    assert moved[1] < 3 * moved[0]


def guided(base: Diffusion, greys: ImageSet, method: Any) -> Any:
    return method.align(base, Bright(), greys, seed=0, budget=BUDGET, progress=silent())


def test_it_brightens_and_its_opposite_darkens_and_both_are_kept(
    grey_base: Diffusion, greys: ImageSet, tmp_path: Path
) -> None:
    wanted = conditions_like(greys.table, 24)

    def brightness(generator: Any) -> float:
        return float(sample_images(generator, wanted, seed=1).images().mean())

    options: dict[str, Any] = {"noise_aware": True, "members": 2, "samples": 64, "strength": 2.0}
    up = guided(grey_base, greys, RewardGuidance(**options))
    down = guided(grey_base, greys, Inverted("guidance", **options))
    assert brightness(down) + 2.0 < brightness(grey_base) < brightness(up) - 2.0
    assert (up.card.name, up.card.kind) == ("noise-aware-guidance", "aligned")
    up.save(tmp_path / "up")
    loaded = load_aligned(tmp_path / "up")
    assert loaded.card == up.card
    assert brightness(loaded) == brightness(up)
    assert loaded.reward.key == up.reward.key
    probability = up.reward.probability(greys.images(), greys.table)
    assert np.corrcoef(probability, greys.images().mean((1, 2, 3)))[0, 1] > 0.8
    (tmp_path / "up" / "reward" / "weights.safetensors").write_bytes(b"torn")
    with pytest.raises(UserError, match="not a saved noise-aware reward"):
        load_aligned(tmp_path / "up")


def test_the_same_seed_gives_the_same_reward(grey_base: Diffusion, greys: ImageSet) -> None:
    method = RewardGuidance(noise_aware=True, members=2, samples=16)

    def key(seed: int) -> str:
        budget = Budget(steps=2, batch_size=8)
        model = method.align(grey_base, Bright(), greys, seed=seed, budget=budget, progress=silent())
        return str(model.reward.key)  # type: ignore[attr-defined]

    assert key(1) == key(1) != key(2)


def test_bad_settings_are_refused() -> None:
    with pytest.raises(UserError, match="members and samples of 1 or more"):
        RewardGuidance(noise_aware=True, members=0)
    with pytest.raises(UserError, match="noise_aware true or false"):
        RewardGuidance(noise_aware="yes")  # type: ignore[arg-type]
