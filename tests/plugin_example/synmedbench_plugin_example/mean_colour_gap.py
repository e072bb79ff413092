"""``mean-colour-gap``: how far apart the average features are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class MeanColourGap:
    """Distance between the mean real and mean synthetic feature; on pixels, between mean colours."""

    name = "mean-colour-gap"
    higher_is_better = False
    needs = 2

    def __call__(
        self, real_features: NDArray[np.floating], synthetic_features: NDArray[np.floating]
    ) -> float:
        """Return the Euclidean distance of the means of (n, D) and (m, D)."""
        return float(np.linalg.norm(real_features.mean(axis=0) - synthetic_features.mean(axis=0)))
