"""A model's own samples, judged once: what offline methods learn from."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import derive_seed
from ..imagesets import ImageSet
from ._batches import TrainingData
from ._concept import requests_like
from ._contracts import Reward
from ._diffusion import Diffusion
from ._sampling import sample_images


@dataclass(frozen=True)
class OwnSamples:
    """Samples as training data, their conditions, and the reward's probability of each, (N,) in [0, 1]."""

    data: TrainingData
    table: pd.DataFrame
    probability: NDArray[np.float64]

    def only(self, rows: NDArray[np.int64]) -> TrainingData:
        """Return some samples as training data."""
        return TrainingData(self.data.images[rows], self.data.tokens[rows], self.data.flips)

    def requests(self) -> NDArray[np.int64]:
        """Return a number (N,) for every sample that says what was asked for: equal requests, equal numbers."""
        kinds = self.table.astype(str).agg(" ".join, axis=1)
        return np.asarray(pd.factorize(kinds, sort=True)[0], dtype=np.int64)

    def subset(self, rows: NDArray[np.int64]) -> OwnSamples:
        """Return some samples."""
        return OwnSamples(self.only(rows), self.table.iloc[rows], self.probability[rows])

    def best(self, share: float) -> NDArray[np.int64]:
        """Return the rows of the ``share`` of each request's samples that the reward prefers, at least one of each."""
        requests = self.requests()
        place = pd.Series(-self.probability).groupby(requests).rank(method="first")
        enough = np.ceil(share * place.groupby(requests).transform("size") - 1e-9)
        return np.flatnonzero(place <= enough)

    def mean_of_request(self) -> NDArray[np.float64]:
        """Return, for every sample, the mean probability among the samples of its request, (N,)."""
        found = pd.Series(self.probability).groupby(self.requests())
        return np.asarray(found.transform("mean"), dtype=np.float64)


def own_samples(
    model: Diffusion,
    reward: Reward,
    train: ImageSet,
    n: int,
    *,
    seed: int,
    batch_size: int,
    guidance: float | None = None,
    sampling_steps: int | None = None,
) -> OwnSamples:
    """Sample the model for n requests that are like the training images, and ask the reward of each.

    ``guidance`` and ``sampling_steps`` are those that the model is sampled with, unless they are given.
    """
    drawing = copy(model)
    drawing.guidance = model.guidance if guidance is None else guidance
    drawing.sampling_steps = model.sampling_steps if sampling_steps is None else sampling_steps
    wanted = requests_like(model, train.table, n, seed=seed)
    drawn = sample_images(drawing, wanted, seed=derive_seed(seed, "own samples"), batch_size=batch_size)
    probability = np.asarray(reward.probability(drawn.images(), wanted.table), dtype=np.float64)
    return OwnSamples(model.training_data(drawn), wanted.table, probability)
