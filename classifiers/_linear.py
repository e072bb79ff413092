"""Multinomial logistic regression on features: the head of a frozen backbone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ._losses import row_losses

PENALTY = 0.03
"""Weight of the squared coefficients beside the *mean* loss, so that it is equal in arms of unequal size."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """Mean and spread of every feature; a constant feature has spread 1."""

    centre: Array
    spread: Array

    @classmethod
    def of(cls, features: NDArray[np.float32]) -> Scale:
        """The scale of these rows."""
        spread = features.std(0, dtype=np.float64)
        return cls(features.mean(0, dtype=np.float64), np.where(spread > 1e-6, spread, 1.0))

    def inner(self, features: NDArray[np.float32]) -> Tensor:
        """Standardised features, float64."""
        return torch.from_numpy((features - self.centre) / self.spread)

    def outer(self, beta: Array) -> tuple[Array, Array]:
        """Coefficients (K, D) and intercepts (K,) for raw features, from those for standardised ones."""
        coefficients = beta[:, :-1] / self.spread
        return coefficients, beta[:, -1] - coefficients @ self.centre


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
    scale = Scale.of(features)
    share = np.ones(len(targets)) if weights is None else weights
    beta, final, _ = minimise(scale.inner(features), targets, share, classes, steps=steps, penalty=penalty)
    return *scale.outer(beta), final


def minimise(
    x: Tensor,
    targets: NDArray[np.int64] | Array,
    weights: Array,
    classes: int,
    *,
    steps: int,
    penalty: float,
    loss: str = "cross-entropy",
    towards: Array | None = None,
) -> tuple[Array, float, float]:
    """Return the head (K, D + 1) for standardised features, its mean loss and the size of the last gradient.

    Minimises mean loss + penalty / 2 |W - W0|^2 by L-BFGS from ``towards`` (W0 and where the search begins; zero when
    None). ``targets`` are class numbers (N,) or shares (N, K). The focal loss is not convex: its minimum is the one
    that is reached from there.
    """
    y = torch.from_numpy(np.ascontiguousarray(targets))
    share = torch.from_numpy(np.array(weights, np.float64))
    share = share / share.sum()
    begin = torch.zeros(classes, x.shape[1] + 1, dtype=torch.float64) if towards is None else torch.from_numpy(towards)
    beta = begin.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([beta], max_iter=steps, line_search_fn="strong_wolfe", tolerance_grad=1e-7)

    def mean_loss() -> Tensor:
        logits = functional.linear(x, beta[:, :-1], beta[:, -1])
        return (row_losses(logits, y, loss) * share).sum()

    def closure() -> Tensor:
        optimiser.zero_grad()
        moved = beta[:, :-1] if towards is None else beta[:, :-1] - begin[:, :-1]
        whole = mean_loss() + 0.5 * penalty * moved.square().sum()
        whole.backward()  # type: ignore[no-untyped-call]
        return whole

    with torch.enable_grad():
        optimiser.step(closure)
    slope = float(beta.grad.abs().max()) if beta.grad is not None else 0.0
    with torch.no_grad():
        return beta.detach().numpy(), float(mean_loss()), slope
