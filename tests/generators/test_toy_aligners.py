"""Every aligner where its right answer is known in closed form: Gaussians and mixtures of one grey pixel."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import pytest
import torch
from toy_models import (
    GaussianToy,
    Linear,
    MixtureToy,
    Rising,
    Steps,
    aligned,
    curvature,
    drawn,
    levels,
    pixels,
    pull,
    toy_model,
)

from synmedbench.generators import (
    BestOfN,
    Draft,
    Inverted,
    Kto,
    Nft,
    RealOnly,
    RewardGuidance,
    RewardWeighted,
    best_of_n_kl,
)
from synmedbench.generators._contracts import Budget
from synmedbench.generators._finetune import Finetuning
from synmedbench.generators._own_samples import own_samples

SPREAD = 0.2
REAL = pixels(np.random.default_rng(0).normal(0.1, SPREAD, 400))


def gaussian(a: float = 0.0, b: float = 0.0, **options: Any) -> Any:
    return toy_model(GaussianToy((a, b), SPREAD), **options)


def spotted(share: float) -> Any:
    """Real images with this share of bright spots."""
    place = np.where(np.arange(400) < 400 * share, MixtureToy.at, -MixtureToy.at)
    return pixels(place + np.random.default_rng(1).normal(0, MixtureToy.narrow, 400))


def learned(model: Any) -> list[float]:
    return model.network.mean.detach()[1:].tolist()


def own(base: Any, reward: Any, train: Any, n: int, batch_size: int = 128) -> tuple[Any, Any]:
    """The samples that a method draws of the base with the seed of ``aligned``, and their rewards."""
    found = own_samples(base, reward, train, n, seed=3, batch_size=batch_size)
    return levels(found.data.images), found.probability


def test_the_toys_sample_what_they_say() -> None:
    found = drawn(gaussian(0.3, 0.3), REAL, 2000)
    # the three pixels are independent draws, so that their mean has a third of the variance
    assert (found.mean(), found.std()) == pytest.approx((0.3, SPREAD / 3**0.5), abs=0.01)
    found = drawn(toy_model(MixtureToy(0.7)), REAL, 2000)
    assert (found > 0).mean() == pytest.approx(0.7, abs=0.03)
    assert np.abs(np.abs(found) - 0.5).max() < 0.2


def test_real_only_goes_to_the_mean_of_each_class_and_to_the_share_of_each_spot() -> None:
    draw = np.random.default_rng(2)
    values = np.concatenate([draw.normal(0.3, 0.1, 200), draw.normal(-0.4, 0.1, 200)])
    train = pixels(values, ["a"] * 200 + ["b"] * 200)
    means = levels(train.images())
    model = aligned(RealOnly(), gaussian(0.0, 0.1), None, train)
    assert learned(model) == pytest.approx([means[:200].mean(), means[200:].mean()], abs=0.015)
    spots = spotted(0.8)
    model = aligned(RealOnly(), toy_model(MixtureToy(0.5)), None, spots, learning_rate=0.05)
    assert model.network.share == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("centred", [False, True])
def test_reward_weighted_has_the_optimum_of_beta_data_and_r_base(centred: bool) -> None:
    """The optimum is the density beta p_data + r p_base, made to sum to one: so is the share of bright spots."""
    beta, high, low, base = 0.3, 0.9, 0.1, toy_model(MixtureToy(0.5))
    spots = spotted(0.25)
    x, r = own(base, Steps(high, low), spots, 1000)
    expected = (beta * 0.25 + (r * (x > 0)).mean()) / (beta + r.mean())
    assert expected == pytest.approx((0.3 * 0.25 + 0.45) / 0.8, abs=0.02)
    method = RewardWeighted(beta=beta, samples=1000, centred=centred)
    model = aligned(method, base, Steps(high, low), spots)
    assert model.network.share == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("beta", [0.0, 0.3, 3.0])
def test_reward_weighted_mean_is_the_weighted_mean(beta: float) -> None:
    base, reward = gaussian(0.2, 0.2), Rising()
    x, r = own(base, reward, REAL, 1000)
    expected = (beta * levels(REAL.images()).mean() + (r * x).mean()) / (beta + r.mean())
    model = aligned(RewardWeighted(beta=beta, samples=1000), base, reward, REAL)
    assert np.mean(learned(model)) == pytest.approx(expected, abs=0.012)


@pytest.mark.parametrize(("weight", "kl"), [(0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.0, 2.0)])
def test_draft_moves_until_the_denoising_term_balances_the_gradient(weight: float, kl: float) -> None:
    """``2 A (m - mean) + 2 kl A (m - m_base) = weight w E[dD / dm]``, with dD / dm the pull at a late noise level.

    The last two noise levels are alike, so that the clipping of gradients takes no side.
    """
    slope, start = 6.0, -0.1
    base = gaussian(start, start, sampler="dpmpp_2m", sampling_steps=12, sigma_min=0.2, sigma_max=5.0)
    rise = float(pull(base.sigmas()[-3:-1], SPREAD).mean())
    data, a = levels(REAL.images()).mean(), curvature(SPREAD)
    expected = (data + kl * start + weight * slope * rise / (2 * a)) / (1 + kl)
    model = aligned(Draft(weight=weight, late=1 / 6, share=0.125, kl=kl), base, Linear(slope), REAL)
    assert np.mean(learned(model)) == pytest.approx(expected, abs=0.015)
    if weight == 1.0 and not kl:
        assert expected > data + 0.05  # the reward is felt


@pytest.mark.parametrize("strength", [0.5, 2.0])
def test_guidance_is_exact_on_a_gaussian(strength: float) -> None:
    """p r^strength with log r = w mean(x) over d pixels is N(m + strength w s^2 / d, s^2)."""
    slope = 6.0
    guided = aligned(RewardGuidance(strength=strength), gaussian(-0.1, -0.1), Linear(slope), REAL)
    found = drawn(guided, REAL, 2000)
    assert found.mean() == pytest.approx(-0.1 + strength * slope * SPREAD**2 / 3, abs=0.01)
    assert found.std() == pytest.approx(SPREAD / 3**0.5, rel=0.06)


@pytest.mark.parametrize("n", [2, 4])
def test_best_of_n_has_the_distribution_of_the_highest_of_n(n: int) -> None:
    base = toy_model(MixtureToy(0.3))
    share = (drawn(base, REAL, 4000) > 0).mean()
    for method, expected in ((BestOfN(n=n), 1 - (1 - share) ** n), (Inverted("best-of-n", n=n), share**n)):
        found = (drawn(aligned(method, base, Rising(), REAL), REAL, 2000) > 0).mean()
        assert found == pytest.approx(expected, abs=0.035)


def test_best_of_ns_kl_is_its_bound_for_a_continuous_reward() -> None:
    """The density of the best is n F^(n - 1) times the base's, so that E[ln n F^(n - 1)] is the divergence."""
    n, base = 4, gaussian()
    reference = np.sort(drawn(base, REAL, 4000))
    best = drawn(aligned(BestOfN(n=n), base, Rising(), REAL), REAL, 2000)
    rank = (np.searchsorted(reference, best, "left") + np.searchsorted(reference, best, "right")) / 2 / 4000
    found = log(n) + (n - 1) * np.log(np.clip(rank, 1 / 8000, 1)).mean()
    assert found == pytest.approx(best_of_n_kl(n), abs=0.04)


@pytest.mark.parametrize(("beta", "real"), [(1.0, 0.0), (0.5, 0.0), (1.0, 0.5)])
def test_nft_has_the_fixed_point_of_the_paper(beta: float, real: float) -> None:
    """``m = m_old + E[(2 r - 1)(x - m_old)] / beta``; real images pull with the weight real / beta^2."""
    base, reward = gaussian(0.05, 0.05), Rising()
    x, r = own(base, reward, REAL, 1000)
    moved = ((2 * r - 1) * (x - 0.05)).mean()
    data = levels(REAL.images()).mean()
    expected = (beta**2 * 0.05 + beta * moved + real * data) / (beta**2 + real)
    method = Nft(beta=beta, rounds=1, samples=1000, real=real, normalise=False)
    assert np.mean(learned(aligned(method, base, reward, REAL))) == pytest.approx(expected, abs=0.012)
    if not real:
        assert expected > 0.05 + 0.02


def test_nft_in_rounds_is_one_fixed_point_after_another() -> None:
    """With all samples above a level r = 1 and below it 0, each round goes on from where the last one ended."""
    base, reward = gaussian(), Rising()
    one, two = (
        np.mean(learned(aligned(Nft(rounds=n, samples=600, real=0.0), base, reward, REAL, steps=200 * n)))
        for n in (1, 2)
    )
    # normalised: r = 1/2 + clip(z, -1, 1) / 2 of a Gaussian z, so that a round moves by E[z clip(z)] spread / sqrt 3
    z = np.random.default_rng(3).standard_normal(200_000)
    step = (z * np.clip(z, -1, 1)).mean() * SPREAD / 3**0.5
    assert one == pytest.approx(step, abs=0.015)
    assert two == pytest.approx(2 * step, abs=0.03)


class TestKto:
    """Plausible is what is brighter than the base's mean; the number that is learned is that mean."""

    reward = Steps(0.9, 0.1)

    def loss(self, model: Any, base: Any, beta: float) -> Any:
        job = Finetuning(model, base, self.reward, REAL, model.training_data(REAL), 3, Budget(1, 256))
        return Kto(beta=beta, real=0.0, samples=800, threshold=0.5).loss(job)

    def slope(self, at: float, beta: float, steps: int = 200) -> tuple[float, float]:
        """Mean loss and mean gradient in the mean of the model, when it is ``at`` and the base 0."""
        base, model = gaussian(), gaussian(at, at)
        loss, told = self.loss(model, base, beta), 0.0
        for step in range(steps):
            each = loss(step) / steps
            each.backward()
            told += float(each.detach())
        return told, float(model.network.mean.grad.sum())

    def test_at_the_base_the_gradient_is_that_of_the_paper(self) -> None:
        """``beta A (mean of implausible - mean of plausible) / 4``: towards what is plausible."""
        beta = 8.0
        x, r = own(gaussian(), self.reward, REAL, 800, batch_size=256)
        good, bad = x[r > 0.5].mean(), x[r < 0.5].mean()
        told, slope = self.slope(0.0, beta)
        assert told == pytest.approx(-0.5, abs=1e-6)
        assert slope == pytest.approx(beta * curvature(SPREAD) * (bad - good) / 4, rel=0.1)
        assert slope < 0

    def test_the_utility_saturates_on_either_side(self) -> None:
        beta = 2000.0
        _, start = self.slope(0.0, beta, 40)
        told, better = self.slope(0.02, beta, 40)
        assert told < -0.75
        assert abs(better) < 0.2 * abs(start)
        told, worse = self.slope(-0.02, beta, 40)
        assert told > -0.25
        assert abs(worse) < 0.2 * abs(start)

    def test_it_moves_towards_what_is_plausible(self) -> None:
        data = levels(REAL.images()).mean()
        for reward, sign in ((self.reward, 1), (Steps(0.1, 0.9), -1)):
            method = Kto(beta=8.0, real=0.2, samples=400, threshold=0.5)
            found = np.mean(learned(aligned(method, gaussian(data, data), reward, REAL)))
            assert sign * (found - data) > 0.02


def test_a_step_with_no_pull_leaves_the_model_where_it_was() -> None:
    """Guard of the toys themselves: a tiny learning rate moves nothing, so that what moves above is learned."""
    model = aligned(RealOnly(), gaussian(0.5, 0.5), None, REAL, learning_rate=1e-9)
    assert learned(model) == pytest.approx([0.5, 0.5], abs=1e-5)
    assert torch.isfinite(model.network.mean).all()
