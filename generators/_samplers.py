"""Samplers on the Karras schedule, under the names that k-diffusion gave them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

Denoiser = Callable[[Tensor, Tensor], Tensor]
"""``D(x, sigma)``: the clean image expected under noise level ``sigma`` (N,)."""


def get_sigmas_karras(
    n: int, sigma_min: float, sigma_max: float, rho: float = 7.0, device: torch.device | str = "cpu"
) -> Tensor:
    """Return n falling noise levels and a final 0 (Karras et al. 2022, equation 5).

    >>> get_sigmas_karras(3, 0.1, 10.0).tolist()[0], len(get_sigmas_karras(3, 0.1, 10.0))
    (10.0, 4)
    """
    ramp = torch.linspace(0.0, 1.0, n, dtype=torch.float64)
    low, high = sigma_min ** (1.0 / rho), sigma_max ** (1.0 / rho)
    sigmas = (high + ramp * (low - high)) ** rho
    return torch.cat([sigmas, sigmas.new_zeros(1)]).float().to(device)


def guided(conditional: Denoiser, unconditional: Denoiser | None, strength: float) -> Denoiser:
    """Return ``D = D_c + g (D_c - D_u)`` (classifier-free guidance, Ho & Salimans 2022); g = 0 is D_c."""
    if unconditional is None or strength == 0.0:
        return conditional

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        wanted = conditional(x, sigma)
        return wanted + strength * (wanted - unconditional(x, sigma))

    return denoise


def sample_heun(denoise: Denoiser, x: Tensor, sigmas: Tensor) -> Tensor:
    """Follow the probability-flow ODE by Heun's second-order method (Karras et al. 2022, algorithm 1)."""
    for now, then in pairwise(sigmas):
        slope = (x - denoise(x, _of_batch(now, x))) / now
        ahead = x + (then - now) * slope
        if then > 0:
            slope = (slope + (ahead - denoise(ahead, _of_batch(then, x))) / then) / 2
            ahead = x + (then - now) * slope
        x = ahead
    return x


def sample_dpmpp_2m(denoise: Denoiser, x: Tensor, sigmas: Tensor) -> Tensor:
    """DPM-Solver++(2M), deterministic (Lu et al. 2022, arXiv 2211.01095, algorithm 2): one call a step."""
    before: Tensor | None = None
    for i, (now, then) in enumerate(pairwise(sigmas)):
        clean = denoise(x, _of_batch(now, x))
        if then == 0:
            return clean
        step = now.log() - then.log()
        target = clean
        if before is not None:
            ratio = (sigmas[i - 1].log() - now.log()) / step
            target = (1 + 1 / (2 * ratio)) * clean - before / (2 * ratio)
        x = (then / now) * x - torch.expm1(-step) * target
        before = clean
    return x


SAMPLERS: dict[str, Callable[[Denoiser, Tensor, Tensor], Tensor]] = {
    "dpmpp_2m": sample_dpmpp_2m,
    "heun": sample_heun,
}


def _of_batch(sigma: Tensor, x: Tensor) -> Tensor:
    return sigma.expand(len(x))
