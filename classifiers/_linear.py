"""Multinomial logistic regression on features: the head of a frozen backbone."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

PENALTY = 0.03
"""Weight of the squared coefficients beside the *mean* loss, so that it is equal in arms of unequal size."""


def logistic_regression(
    features: NDArray[np.float32],
    targets: NDArray[np.int64],
    classes: int,
    *,
    weights: NDArray[np.float64] | None = None,
    steps: int = 100,
    penalty: float = PENALTY,
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return coefficients (K, D) and intercepts (K,) for the raw features, and the final mean loss.

    Features are standardised, the loss is minimised by ``steps`` iterations of L-BFGS from zero, in
    float64: the problem is convex, so that the result depends on neither seed nor order.
    """
    centre, spread = features.mean(0, dtype=np.float64), features.std(0, dtype=np.float64)
    spread = np.where(spread > 1e-6, spread, 1.0)
    x = torch.from_numpy((features - centre) / spread)
    y = torch.from_numpy(targets)
    share = torch.ones(len(y), dtype=torch.float64) if weights is None else torch.from_numpy(weights.copy())
    share = share / share.sum()
    beta = torch.zeros(classes, x.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([beta], max_iter=steps, line_search_fn="strong_wolfe", tolerance_grad=1e-7)

    def mean_loss() -> torch.Tensor:
        logits = functional.linear(x, beta[:, :-1], beta[:, -1])
        return (functional.cross_entropy(logits, y, reduction="none") * share).sum()

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = mean_loss() + 0.5 * penalty * beta[:, :-1].square().sum()
        loss.backward()
        return loss

    with torch.enable_grad():
        optimiser.step(closure)
    with torch.no_grad():
        final = float(mean_loss())
        found = beta.numpy()
    coefficients = found[:, :-1] / spread
    return coefficients, found[:, -1] - coefficients @ centre, final
