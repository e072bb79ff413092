"""A model's own samples, judged once: what offline methods learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import derive_seed
from ..imagesets import ImageSet
from ._batches import TrainingData
from ._contracts import Reward
from ._diffusion import Diffusion
from ._sampling import conditions_like, sample_images


@dataclass(frozen=True)
class OwnSamples:
    """Samples as training data, their conditions, and the reward's probability of each, (N,) in [0, 1]."""

    data: TrainingData
    table: pd.DataFrame
    probability: NDArray[np.float64]

    def only(self, rows: NDArray[np.int64]) -> TrainingData:
        """Return some samples as training data."""
        return TrainingData(self.data.images[rows], self.data.tokens[rows], self.data.flips)


def own_samples(
    model: Diffusion, reward: Reward, train: ImageSet, n: int, *, seed: int, batch_size: int
) -> OwnSamples:
    """Sample the model for n requests that are like the training images, and ask the reward of each."""
    wanted = conditions_like(train.table, n, model.columns, seed=seed, balanced=False)
    drawn = sample_images(model, wanted, seed=derive_seed(seed, "own samples"), batch_size=batch_size)
    probability = np.asarray(reward.probability(drawn.images(), wanted.table), dtype=np.float64)
    return OwnSamples(model.training_data(drawn), wanted.table, probability)
