"""The Frechet distance of a stream: moments alone, no feature is held."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..core import UserError
from ._frechet import frechet_distance_from_moments
from ._moments import Moments, pooled
from ._streaming import Shell, checked


class FrechetDistance(Shell):
    """Frechet distance from a stream of features, in memory O(D^2): no feature is held.

    States are number, mean and scatter of both sets in float64 (twice 8 (D + 1)^2 bytes: 67 MB at D = 2,048),
    merged as Chan et al.; batches, shards and processes give the value of one pass up to float64 rounding. See
    :func:`frechet_distance`.

    Parameters
    ----------
    width:
        Columns of the features, D.
    keep_real:
        Keep the real images' moments at ``reset``.

    Example
    -------
    >>> import torch
    >>> x = torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
    >>> metric = FrechetDistance(width=8)
    >>> for batch in x.split(32):
    ...     metric.update(batch, real=True)
    ...     metric.update(batch + 0.5, real=False)
    >>> round(metric.compute().item(), 5)
    2.0
    """

    higher_is_better = False
    real: Tensor
    synthetic: Tensor

    def __init__(self, width: int, *, keep_real: bool = False, **settings: Any) -> None:
        super().__init__(keep_real=keep_real, **settings)
        if width < 1:
            raise UserError(f"features have at least one column, got width = {width}")
        self.width = width
        for side in ("real", "synthetic"):
            empty = torch.zeros((width + 1, width + 1), dtype=torch.float64)
            self.add_state(side, empty, dist_reduce_fx=_merged)

    def update(self, features: Tensor, real: bool) -> None:
        """Take a batch (n, D) of one of the two sets."""
        rows = checked(features, self.width).to(self.device, torch.float64)
        mean = rows.mean(dim=0)
        centred = rows - mean
        batch = _packed(len(rows), mean, centred.T @ centred)
        side = "real" if real else "synthetic"
        setattr(self, side, _merged(torch.stack([getattr(self, side), batch])))

    def compute(self) -> Tensor:
        """Return the distance, a float64 scalar; fewer than two images of a set raise :class:`UserError`."""
        value = frechet_distance_from_moments(self.moments(real=True), self.moments(real=False))
        return torch.tensor(value, dtype=torch.float64, device=self.device)

    def moments(self, real: bool) -> Moments:
        """Return what was gathered of one set, to be kept or merged elsewhere."""
        packed = (self.real if real else self.synthetic).cpu().numpy()
        return Moments(round(float(packed[0, 0])), packed[0, 1:].copy(), packed[1:, 1:].copy())


def _packed(n: Any, mean: Tensor, m2: Tensor) -> Tensor:
    """Number, mean and scatter as one matrix: what is merged by one rule must be one state."""
    packed = torch.empty((len(mean) + 1, len(mean) + 1), dtype=m2.dtype, device=m2.device)
    packed[0, 0], packed[0, 1:], packed[1:, 0], packed[1:, 1:] = n, mean, mean, m2
    return packed


def _merged(parts: Tensor) -> Tensor:
    """Return the packed moments of all parts (parts, D + 1, D + 1) together."""
    whole = parts[0]
    for part in parts[1:]:
        if part[0, 0] == 0:
            continue
        if whole[0, 0] == 0:
            whole = part
            continue
        both = ((each[0, 0], each[0, 1:], each[1:, 1:]) for each in (whole, part))
        whole = _packed(*pooled(*both))
    return whole
