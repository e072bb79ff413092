"""A reward turned round."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._contracts import Reward


class Opposite:
    """A reward turned round: what experts find implausible is wanted."""

    def __init__(self, reward: Reward) -> None:
        self.reward, self.key = reward, f"opposite {getattr(reward, 'key', '')}"

    def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
        """Return 1 - P(plausible)."""
        return 1.0 - np.asarray(self.reward.probability(images, conditions), dtype=np.float64)

    def logit(self, images: Any, conditions: pd.DataFrame) -> Any:
        """Return the logit with the other sign."""
        return -self.reward.logit(images, conditions)
