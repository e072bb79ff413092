"""Which images to rate next: those a reward model is least sure of, or those unlike one another."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from ..core import UserError, did_you_mean, rng
from ._reward import RewardModel
from ._reward_predict import batched_features, batched_logits

WAYS_TO_CHOOSE = ("uncertainty", "diversity", "both", "random")
_WIDER = 4
Numbers = NDArray[np.float64]


def choose_to_rate(
    model: RewardModel,
    images: NDArray[np.uint8],
    conditions: pd.DataFrame,
    n: int,
    how: str = "both",
    *,
    seed: int,
) -> NDArray[np.int64]:
    """Return the rows of n images (N, H, W, 3), the first to be rated first.

    ``uncertainty``: where the verdict is least sure. Of one network: entropy of P(plausible); of an ensemble: its
    members' disagreement, H(mean p) - mean H(p) (Houlsby et al. 2011, arXiv 1112.5745). ``diversity``: each image
    is the one farthest from those chosen (k-center greedy; Sener & Savarese 2018, arXiv 1708.00489) by the last
    hidden layer, beginning near the middle. ``both``: diversity among the 4 n least sure. ``random``: a random draw,
    against which the others have to show that they are worth it.

    Raises ``UserError`` for an unknown way, and for more images than there are.
    """
    if how not in WAYS_TO_CHOOSE:
        raise UserError(f"no way to choose is called {how!r}", remedy=did_you_mean(how, WAYS_TO_CHOOSE))
    if not 1 <= n <= len(images):
        raise UserError(f"{n} images to choose, but there are {len(images)}")
    order = rng(seed, "choose").permutation(len(images))
    if how == "random":
        return order[:n]
    if how != "diversity":
        unsure = uncertainty(model, images, conditions)
        order = order[np.argsort(-unsure[order], kind="stable")]
        if how == "uncertainty":
            return order[:n]
        order = order[: min(len(order), _WIDER * n)]
    codes = model.codes(conditions, images)[order]
    hidden = batched_features(model.fitted()[0], model.preprocessing, images[order], codes)
    return order[farthest_first(hidden, n)]


def uncertainty(model: RewardModel, images: NDArray[np.uint8], conditions: pd.DataFrame) -> Numbers:
    """How unsure the model is of each verdict (N,), in nats, at least 0."""
    codes, (a, b) = model.codes(conditions, images), model.calibration
    each = np.stack(
        [
            expit(a * batched_logits([network], model.preprocessing, images, codes) + b)
            for network in model.fitted()
        ]
    )
    if len(each) == 1:
        return _entropy(each[0])
    return np.maximum(0.0, _entropy(each.mean(0)) - _entropy(each).mean(0))


def farthest_first(points: Numbers, n: int) -> NDArray[np.int64]:
    """Return n rows of points (N, D): the one nearest to the mean, then always the one farthest from those taken.

    >>> farthest_first(np.array([[0.0], [1.0], [5.0], [10.0]]), 3).tolist()
    [2, 0, 3]
    """
    chosen = [int(np.argmin(((points - points.mean(0)) ** 2).sum(1)))]
    nearest = np.full(len(points), np.inf)
    for _ in range(n - 1):
        nearest = np.minimum(nearest, ((points - points[chosen[-1]]) ** 2).sum(1))
        nearest[chosen] = -1.0
        chosen.append(int(np.argmax(nearest)))
    return np.array(chosen, dtype=np.int64)


def _entropy(p: Numbers) -> Numbers:
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return np.asarray(-p * np.log(p) - (1 - p) * np.log1p(-p))
