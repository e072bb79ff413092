"""Shapes of a gain over the ratio of synthetic to real images, each 1 at its knee."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Shape = Literal["even", "slowing", "steep", "steeper", "soon", "peak", "broad peak", "goes on"]
KNEES: tuple[Shape, ...] = ("even", "slowing", "steep", "steeper", "soon")
"""Shapes that stay where they are beyond the knee."""
PEAKS: tuple[Shape, ...] = ("peak", "broad peak")
_POWERS = {"even": 1, "slowing": 2, "soon": 4}
_BENT = {"steep": 2.0, "steeper": 8.0}


def shape(name: Shape, ratios: Floats, knee: float | Floats) -> Floats:
    """A rise to the knee that ends there, a rise to a peak there and a fall, or a rise that goes on.

    With x = ratio / knee: ``1 - (1 - x)^p`` up to x = 1, then 1, with p = 1 (even), 2 (slowing), 4 (soon), and p = 2
    seen through a learning curve, ``1 - (1 + k rise)^-1/2`` to scale with k = 2 (steep) and 8 (steeper);
    ``x e^(1 - x)`` (peak) or its root (broad peak); ``log(1 + x)`` (goes on; the knee is where it bends).
    Knees (G, 1) give one row each.

    >>> shape("slowing", np.array([0.0, 5.0, 10.0, 20.0]), 10.0).tolist()
    [0.0, 0.75, 1.0, 1.0]
    """
    x = ratios / knee
    if name == "goes on":
        return np.log1p(x)
    if name in PEAKS:
        return np.asarray((x * np.exp(1 - x)) ** (1.0 if name == "peak" else 0.5))
    rise = 1 - (1 - np.minimum(x, 1.0)) ** _POWERS.get(name, 2)
    bent = _BENT.get(name)
    return np.asarray(rise if bent is None else (1 - (1 + bent * rise) ** -0.5) / (1 - (1 + bent) ** -0.5))
