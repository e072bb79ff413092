"""Early stopping: of the states along an alignment, the one that an evaluator prefers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..core import Progress, UserError, derive_seed
from ..imagesets import ImageSet
from ._concept import requests_like
from ._contracts import Reward
from ._diffusion import Diffusion
from ._sampling import sample_images
from ._trail import Snapshot

STOP_IMAGES = 128
"""How many images of every state an evaluator judges, unless told."""


@dataclass(frozen=True)
class Stopped:
    """Where an alignment was stopped, and the score of every state by its step; step 0 is the base."""

    step: int
    scores: dict[int, float]


def stop_early(
    base: Diffusion,
    aligned: Diffusion,
    score: Callable[[Diffusion], float],
    *,
    tolerance: float = 0.0,
) -> tuple[Diffusion, Stopped]:
    """Return the model as it was at the peak of the score along its trail, and where that was.

    The score must come from an evaluator that gave no gradient and no weight. The first state within ``tolerance``
    of the highest score is taken: what later steps do not clearly improve is not worth their price. Step 0, the base,
    may win: then the model returned has its weights and the aligned card. Raises ``UserError`` when there is no trail
    or a score is not a finite number.
    """
    if not aligned.trail:
        raise UserError(
            f"{aligned.card.name} has no trail: there is nothing to stop early",
            remedy="align with snapshots above 0",
        )
    if not 0 <= tolerance < math.inf:
        raise UserError(f"the tolerance must be a number of 0 or more, got {tolerance!r}")
    start = Snapshot(0, tuple(each.detach().cpu() for each in base.network.parameters()))
    states = {each.step: each for each in (start, *aligned.trail)}
    scores = {step: _finite(score(aligned.at(state)), step) for step, state in states.items()}
    step = peak(scores, tolerance)
    return aligned.at(states[step]), Stopped(step, scores)


def peak(scores: dict[int, float], tolerance: float = 0.0) -> int:
    """Return the first step whose score is within ``tolerance`` of the highest.

    >>> peak({0: 0.2, 50: 0.6, 100: 0.61, 150: 0.4}), peak({0: 0.2, 50: 0.6, 100: 0.61, 150: 0.4}, 0.02)
    (100, 50)
    """
    highest = max(scores.values())
    return min(step for step, value in scores.items() if value >= highest - tolerance)


def mean_probability(
    evaluator: Reward,
    train: ImageSet,
    *,
    n: int = STOP_IMAGES,
    seed: int,
    batch_size: int = 64,
    progress: Progress | None = None,
) -> Callable[[Diffusion], float]:
    """Return the score of a model: the mean P(plausible) of n of its images by the evaluator, in [0, 1].

    Every state is asked for the same images with the same noise, conditions as the training rows have them; the seed
    should be none that images to be judged are drawn with. A mean, not a share above a threshold: it also moves
    where all images are on one side.
    """
    if n < 1:
        raise UserError("an evaluator needs at least one image to judge")

    def score(model: Diffusion) -> float:
        wanted = requests_like(model, train.table, n, seed=derive_seed(seed, "stop, requests"))
        noise = derive_seed(seed, "stop, noise")
        drawn = sample_images(model, wanted, seed=noise, batch_size=batch_size, progress=progress)
        return float(np.mean(evaluator.probability(drawn.images(), wanted.table)))

    return score


def _finite(value: float, step: int) -> float:
    if not math.isfinite(value):
        raise UserError(f"the evaluator's score at step {step} is not a finite number", remedy="fit it again")
    return float(value)
