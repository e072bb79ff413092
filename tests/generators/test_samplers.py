"""For Gaussian data of spread s the optimal denoiser and the end of the probability-flow ODE are known exactly."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from synmedbench.generators._samplers import SAMPLERS, get_sigmas_karras, guided

SPREAD = 0.5


def gaussian_denoiser(x: Tensor, sigma: Tensor) -> Tensor:
    return x * (SPREAD**2 / (SPREAD**2 + sigma**2))[:, None]


def end_of_ode(x: Tensor, sigma: float) -> Tensor:
    return x * SPREAD / (SPREAD**2 + sigma**2) ** 0.5


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_samplers_reach_the_exact_end_and_improve_with_steps(name: str) -> None:
    x = 10.0 * torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
    gaps = []
    for steps in (10, 20, 40):
        ends = SAMPLERS[name](gaussian_denoiser, x, get_sigmas_karras(steps, 0.002, 10.0))
        gaps.append(float((ends - end_of_ode(x, 10.0)).abs().max()))
    assert gaps[2] < 0.01
    assert gaps[1] < 0.5 * gaps[0]
    assert gaps[2] < 0.5 * gaps[1]


def test_schedule_falls_from_largest_to_smallest_to_zero() -> None:
    sigmas = get_sigmas_karras(10, 0.02, 20.0)
    assert sigmas[0] == pytest.approx(20.0)
    assert sigmas[-2] == pytest.approx(0.02)
    assert sigmas[-1] == 0
    assert (sigmas[1:] < sigmas[:-1]).all()


def test_guidance_moves_away_from_the_unconditional() -> None:
    ones, halves = (lambda x, s: torch.ones(2)), (lambda x, s: torch.full((2,), 0.5))
    assert guided(ones, halves, 2.0)(torch.zeros(2), torch.ones(2)).tolist() == [2.0, 2.0]
    assert guided(ones, halves, 0.0) is ones
