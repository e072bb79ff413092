"""Whether training came to its end: a loss below a uniform guess's that no longer falls."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ._losses import FOCUS

STILL = 0.02
"""A fall that counts, as a share of ln K."""


def uniform_loss(n_classes: int, loss: str = "cross-entropy") -> float:
    """Return the training loss of a uniform guess: ln K, and (1 - 1 / K)^2 ln K for the focal loss.

    >>> round(uniform_loss(2), 3), round(uniform_loss(2, "focal"), 3)
    (0.693, 0.173)
    """
    factor = (1 - 1 / n_classes) ** FOCUS if loss == "focal" else 1.0
    return factor * math.log(n_classes)


def still_falling(losses: Sequence[float], n_classes: int) -> bool:
    """True when the loss fell within the last fifth of the steps by more than noise and more than 2% of ln K.

    The mean of the last tenth against that of the tenth before; noise is two standard errors of their difference.
    Fewer than 20 steps cannot show an end: True.

    >>> flat, steep = [0.5] * 100, [2 - 0.015 * i for i in range(100)]
    >>> still_falling(flat, 2), still_falling(steep, 2), still_falling(flat[:5], 2)
    (False, True, True)
    """
    tenth = len(losses) // 10
    if tenth < 2:
        return True
    values = np.asarray(losses, np.float64)
    before, last = values[-2 * tenth : -tenth], values[-tenth:]
    noise = 2 * math.sqrt((before.var(ddof=1) + last.var(ddof=1)) / tenth)
    return bool(before.mean() - last.mean() > max(noise, STILL * math.log(n_classes)))
