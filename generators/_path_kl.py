"""How far a model has moved from its base: the KL divergence of their sampling paths."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core import derive_seed
from ._contracts import Conditions
from ._diffusion import Diffusion
from ._samplers import get_sigmas_karras

STEPS = 40
Denoise = Callable[[Tensor, Tensor], Tensor]


def path_kl(
    model: Diffusion,
    base: Diffusion,
    conditions: Conditions,
    *,
    seed: int,
    batch_size: int = 64,
    steps: int = STEPS,
) -> NDArray[np.float64]:
    """Return one Monte-Carlo term in nats for each condition; their mean estimates the KL of ``model`` from ``base``.

    Along the variance-exploding SDE with noise level sigma, run backwards by the model's own denoiser from sigma_max
    to sigma_min, Girsanov's theorem gives ``KL = E int |D - D_base|^2 / sigma^3 d sigma`` (both conditional, without
    guidance). It bounds the KL of the images from above. In float32 and without bf16, so that equal models give 0.
    """
    found: list[NDArray[np.float64]] = []
    kept = model.network.bf16, base.network.bf16
    model.network.bf16 = base.network.bf16 = False
    try:
        for start in range(0, len(conditions), batch_size):
            rows = list(range(start, min(start + batch_size, len(conditions))))
            tokens = model.tokens(conditions, rows)
            x = model.initial_noise(rows, seed)
            sigmas = get_sigmas_karras(steps, model.sigma_min, model.sigma_max, device=model.device)[:-1]
            own, reference = model.denoise(tokens, 0.0), base.denoise(base.tokens(conditions, rows), 0.0)
            found.append(path_terms(own, reference, x, sigmas, seed=derive_seed(seed, "path", start)))
    finally:
        model.network.bf16, base.network.bf16 = kept
    return np.concatenate(found) if found else np.zeros(0)


@torch.no_grad()
def path_terms(
    own: Denoise, reference: Denoise, x: Tensor, sigmas: Tensor, *, seed: int
) -> NDArray[np.float64]:
    """Return ``int |D - D_ref|^2 / sigma^3 d sigma`` along one path of each x (N, ...) that the model ``own`` runs.

    The steps between noise levels are the exact ones for a fixed clean image (DDPM's posterior), and the integral
    takes the trapezoid rule in log sigma: ``|D - D_ref|^2 / sigma^2 d ln sigma``.
    """
    draw = torch.Generator().manual_seed(seed)
    total = torch.zeros(len(x), dtype=torch.float64)
    before, at = None, None
    for now, then in pairwise([*sigmas, None]):
        clean = own(x, now.expand(len(x)))
        gap = (clean - reference(x, now.expand(len(x)))).double().flatten(1).square().sum(1).cpu() / float(
            now
        ) ** 2
        if before is not None and at is not None:
            total += (before + gap) / 2 * float(torch.log(at / now))
        before, at = gap, now
        if then is None:
            break
        kept = (then / now) ** 2
        noise = torch.randn(x.shape, generator=draw).to(x.device)
        x = kept * x + (1 - kept) * clean + then * (1 - kept).sqrt() * noise
    return np.asarray(total.numpy(), dtype=np.float64)


def best_of_n_kl(n: int) -> float:
    """Return the bound ``ln n - (n - 1) / n`` on the KL of best-of-n from its base.

    >>> round(best_of_n_kl(4), 3)
    0.636
    """
    return float(np.log(n) - (n - 1) / n)
