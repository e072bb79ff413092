"""Streaming metrics that need pairs of images: torchmetrics shells that hold features and call our functions."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from ._authenticity import authenticity
from ._kernel import cmmd, kernel_distance
from ._prdc import prdc
from ._streaming import Held, checked
from ._vendi import vendi_score


class KernelDistance(Held):
    """Kernel distance (KID) of all features together, the full U-statistic; see :func:`kernel_distance`.

    It needs all pairs: features are held in float32, 4 (n + m) D bytes (164 MB for 10,000 + 10,000 x 2,048).

    Example
    -------
    >>> import torch
    >>> x = torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
    >>> metric = KernelDistance()
    >>> metric.update(x, real=True)
    >>> metric.update(x + 1, real=False)
    >>> metric.compute().item() > 1
    True
    """

    higher_is_better = False

    def compute(self) -> Tensor:
        """Return the distance, a float64 scalar."""
        return self.number(kernel_distance(self.features(True), self.features(False), device=self.where()))


class CMMD(Held):
    """CMMD of all features together; see :func:`cmmd`. Features are held in float32: 4 (n + m) D bytes."""

    higher_is_better = False

    def compute(self) -> Tensor:
        """Return the distance, a float64 scalar."""
        return self.number(cmmd(self.features(True), self.features(False), device=self.where()))


class PrecisionRecallDensityCoverage(Held):
    """Precision, recall, density and coverage; see :func:`prdc`. Features are held in float32: 4 (n + m) D bytes.

    Parameters
    ----------
    k:
        Neighbour that sets a ball's radius.

    Example
    -------
    >>> import torch
    >>> metric = PrecisionRecallDensityCoverage(k=1)
    >>> metric.update(torch.tensor([[0.0], [1.0], [2.0], [3.0]]), real=True)
    >>> metric.update(torch.tensor([[0.5], [0.6]]), real=False)
    >>> {name: value.item() for name, value in metric.compute().items()}
    {'precision': 1.0, 'recall': 0.0, 'density': 2.0, 'coverage': 0.5}
    """

    higher_is_better = True

    def __init__(self, k: int = 5, *, keep_real: bool = False, **settings: Any) -> None:
        super().__init__(keep_real=keep_real, **settings)
        self.k = k

    def compute(self) -> dict[str, Tensor]:
        """Return the four numbers by name, float64 scalars."""
        found = prdc(self.features(True), self.features(False), self.k, device=self.where())
        return {name: self.number(value) for name, value in found._asdict().items()}


class VendiScore(Held):
    """Vendi score of the synthetic features; see :func:`vendi_score`. They are held in float32: 4 m D bytes.

    Batches of real features are taken and not used, so that it can stand in a collection with the others.

    Parameters
    ----------
    q:
        Order, above 0.
    """

    higher_is_better = True
    names: ClassVar[tuple[str, ...]] = ("synthetic",)

    def __init__(self, q: float = 1.0, **settings: Any) -> None:
        super().__init__(**settings)
        self.q = q

    def update(self, features: Tensor, real: bool = False) -> None:
        """Take a batch (n, D) of synthetic features; real ones are checked and left."""
        rows = checked(features)
        if not real:
            self.synthetic.append(rows.to(self.device, torch.float32))

    def compute(self) -> Tensor:
        """Return the score, a float64 scalar."""
        return self.number(vendi_score(self.features(False), self.q))


class Authenticity(Held):
    """Share of synthetic images that are no near copies, the training images given as ``real``; see
    :func:`authenticity`. Features are held in float32: 4 (n + m) D bytes."""

    higher_is_better = True

    def compute(self) -> Tensor:
        """Return the share, a float64 scalar."""
        return self.number(authenticity(self.features(True), self.features(False), device=self.where()))
