"""The built-in metrics as the registry's factories, in the form that a metric of one's own has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from . import _frechet, _kernel, _vendi
from ._authenticity import authenticity as authentic_share
from ._cards import metric_card
from ._checks import Features
from ._prdc import prdc


@dataclass(frozen=True)
class ArrayMetric:
    """A number from two feature arrays, with the facts of its card."""

    name: str
    function: Callable[[Features, Features], float]
    higher_is_better: bool | None = field(init=False)
    needs: int = field(init=False)

    def __post_init__(self) -> None:
        card = metric_card(self.name)
        object.__setattr__(self, "higher_is_better", card.higher_is_better)
        object.__setattr__(self, "needs", card.needs_n)

    def __call__(self, real: Features, synthetic: Features) -> float:
        """Return the metric of features (n, D) and (m, D)."""
        return self.function(real, synthetic)


def frechet_distance() -> ArrayMetric:
    """Frechet distance (FID on Inception features)."""
    return ArrayMetric("frechet_distance", _frechet.frechet_distance)


def kernel_distance() -> ArrayMetric:
    """Kernel distance (KID on Inception features), the full unbiased estimate."""
    return ArrayMetric("kernel_distance", _kernel.kernel_distance)


def cmmd() -> ArrayMetric:
    """CMMD: Gaussian-kernel distance of unit-length features."""
    return ArrayMetric("cmmd", _kernel.cmmd)


def precision(k: int = 5) -> ArrayMetric:
    """Share of synthetic images near a real one."""
    return ArrayMetric("precision", lambda real, synthetic: prdc(real, synthetic, k).precision)


def recall(k: int = 5) -> ArrayMetric:
    """Share of real images near a synthetic one."""
    return ArrayMetric("recall", lambda real, synthetic: prdc(real, synthetic, k).recall)


def density(k: int = 5) -> ArrayMetric:
    """How densely real images surround synthetic ones."""
    return ArrayMetric("density", lambda real, synthetic: prdc(real, synthetic, k).density)


def coverage(k: int = 5) -> ArrayMetric:
    """Share of real images with a synthetic one among their neighbours."""
    return ArrayMetric("coverage", lambda real, synthetic: prdc(real, synthetic, k).coverage)


def vendi_score(q: float = 1.0) -> ArrayMetric:
    """Effective number of different synthetic images."""
    return ArrayMetric("vendi_score", lambda _, synthetic: _vendi.vendi_score(synthetic, q))


def authenticity() -> ArrayMetric:
    """Share of synthetic images that are no near copies, the training images given as the real ones."""
    return ArrayMetric("authenticity", authentic_share)
