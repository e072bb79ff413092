"""The linear head of a frozen backbone, fitted on features alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from ..core import UserError, derive_seed
from ._linear import Array, Scale, minimise
from ._losses import mixed_features
from ._temperature import fit_temperature
from ._weighted import targets_of

VIEWS = 4
"""Augmented copies of each image for a frozen backbone, unless the augmentation is ``none`` or ``flip``; blended
copies of each row for ``mixup`` and ``cutmix``."""
SETTLED = 1e-3
"""A search has settled when no part of the gradient is larger: the mean loss would change by less than that a unit."""
Features = NDArray[np.float32]


@dataclass(frozen=True)
class FittedHead:
    """What ``TimmClassifier.fit_features`` returns; never changed in place.

    ``coefficients`` (K, D) and ``intercepts`` (K,) are for raw features. ``final_loss`` is the mean training loss,
    ``settled`` says whether the search came to its end within its steps.
    """

    classes: tuple[str, ...]
    coefficients: Array
    intercepts: Array
    final_loss: float
    settled: bool = True
    temperature: float = 1.0

    def logits_of(self, features: Features) -> Array:
        """Return the class scores (N, K) float64, divided by the temperature."""
        width = self.coefficients.shape[1]
        if features.ndim != 2 or features.shape[1] != width:
            raise UserError(f"the head takes features of shape (N, {width}), got {features.shape}")
        return (features.astype(np.float64) @ self.coefficients.T + self.intercepts) / self.temperature

    def predict_of(self, features: Features) -> Array:
        """Return the class probabilities (N, K), in the order of ``classes``; every row sums to 1."""
        return softmax(self.logits_of(features), axis=1)

    def scaled_on(self, features: Features, labels: Sequence[str]) -> FittedHead:
        """Return the same head with its temperature fitted on validation features."""
        raw = self.logits_of(features) * self.temperature
        return replace(self, temperature=fit_temperature(raw, targets_of(labels, self.classes)))


def fit_head(
    features: Features,
    targets: NDArray[np.int64],
    weights: Array,
    classes: tuple[str, ...],
    *,
    seed: int,
    steps: int,
    penalty: float,
    views: Sequence[Features] = (),
    loss: str = "cross-entropy",
    mix: str | None = None,
    first: NDArray[np.int64] | None = None,
) -> FittedHead:
    """Fit a multinomial logistic regression on the rows and their augmented views.

    Where ``first`` names rows, the head is fitted on them, then on all others as a ridge towards that first head
    (the penalty is on what changes): a convex problem has no order of its steps, so that is what "first these, then
    those" means here.
    """
    seen = [features, *views]
    rows = np.concatenate(seen) if views else features
    y, w = np.tile(targets, len(seen)), np.tile(weights, len(seen))
    late = np.ones(len(features), bool)
    if first is not None and len(first):
        late[first] = False
    keep = np.tile(late, len(seen))
    scale = Scale.of(rows)
    towards: Array | None = None
    for part, chosen in (("first", ~keep), ("last", keep)):
        if not chosen.any():
            continue
        x, t, share = _blended(rows[chosen], y[chosen], w[chosen], len(classes), mix, derive_seed(seed, part))
        towards, final, slope = minimise(
            scale.inner(x), t, share, len(classes), steps=steps, penalty=penalty, loss=loss, towards=towards
        )
    assert towards is not None
    coefficients, intercepts = scale.outer(towards)
    return FittedHead(classes, coefficients, intercepts, final, settled=slope < SETTLED)


def _blended(
    x: Features, y: NDArray[np.int64], w: Array, classes: int, mix: str | None, seed: int
) -> tuple[Features, NDArray[np.int64] | Array, Array]:
    if mix is None:
        return x, y, w
    copies = [mixed_features(x, y, w, classes, mix, derive_seed(seed, "copy", i)) for i in range(VIEWS)]
    blended, shares, weights = (np.concatenate(part) for part in zip(*copies, strict=True))
    return blended, shares, weights
