"""Authenticity: is an image farther from its nearest training image than that one's own neighbour?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, wilson
from ._checks import Features, as_row_pair
from ._neighbours import Neighbours, neighbour_lists


def authenticity(real_train: ArrayLike, synthetic: ArrayLike, *, device: str = "cpu") -> float:
    """Share of synthetic images that are authentic (Alaa et al. 2022), with the index set right.

    A synthetic image s with nearest training image t is authentic when ``|s - t| > min_{t' != t} |t - t'|``:
    t's own nearest neighbour is nearer to t than s is. (Two public versions look up another image's
    neighbour.)

    Parameters
    ----------
    real_train, synthetic:
        Features, (n, D) of the images that the generator was trained on, and (m, D).

    Returns
    -------
    float
        In [0, 1]; 0 for exact copies. Higher is newer, but noise is new too: read it beside precision.

    Raises
    ------
    UserError
        For NaN or infinity, a wrong rank, different D, fewer than two training images or no synthetic one.

    Example
    -------
    >>> authenticity([[0.0], [1.0], [5.0]], [[0.0], [3.5], [0.1], [9.5]])
    0.25
    """
    return float(_authentic(real_train, synthetic, device).mean())


def authenticity_interval(
    real_train: ArrayLike, synthetic: ArrayLike, *, level: float = LEVEL, device: str = "cpu"
) -> Interval:
    """Authenticity with Wilson's interval over synthetic images, the training images being those they are.

    >>> authenticity_interval([[0.0], [1.0]], [[0.0], [7.5]]).value
    0.5
    """
    new = _authentic(real_train, synthetic, device)
    return wilson(int(new.sum()), len(new), level)


def auth_pct(real_train: ArrayLike, synthetic: ArrayLike, *, device: str = "cpu") -> float:
    """AuthPct (Stein et al. 2023): :func:`authenticity` in per cent.

    >>> auth_pct([[0.0], [1.0]], [[0.0], [7.5]])
    50.0
    """
    return 100 * authenticity(real_train, synthetic, device=device)


def authentic(own: Features, found: Neighbours) -> NDArray[np.bool_]:
    """Return which images are authentic: ``own`` is every training image's distance to its nearest other one, ``found``
    every image's nearest training image."""
    return np.asarray(found.distances[:, 0] > own[found.indices[:, 0]], dtype=np.bool_)


def _authentic(real_train: ArrayLike, synthetic: ArrayLike, device: str) -> NDArray[np.bool_]:
    train, made = as_row_pair(real_train, synthetic)
    own = neighbour_lists(train, train, 1, others=True, device=device)[0].distances[:, 0]
    return authentic(own, neighbour_lists(made, train, 1, device=device)[0])
