"""The built-in metrics as the registry's factories, in the form that a metric of one's own has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..core import UserError
from . import _frechet, _kernel, _vendi
from ._alpha_beta import alpha_precision_beta_recall
from ._authenticity import authenticity as authentic_share
from ._cards import metric_card
from ._checks import Features
from ._frechet_infinity import frechet_distance_infinity as infinite
from ._inception_score import inception_score as class_variety
from ._intra_class import intra_class_ratio
from ._prdc import prdc
from ._sliced import sliced_wasserstein as sliced


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
    """Effective number of different synthetic images; of order q (0.5, 1, 2, inf), in the score's name where not 1."""
    order = float(q)
    if not order > 0:
        raise UserError(f"the order q of a Vendi score must be above 0, got {q}")
    name = "vendi_score" if order == 1 else f"vendi_score_q{order:g}"
    return ArrayMetric(name, lambda _, synthetic: _vendi.vendi_score(synthetic, order))


def authenticity() -> ArrayMetric:
    """Share of synthetic images that are no near copies, the training images given as the real ones."""
    return ArrayMetric("authenticity", authentic_share)


def frechet_distance_infinity(seed: int = 0) -> ArrayMetric:
    """Frechet distance extrapolated to infinitely many images."""
    return ArrayMetric("frechet_distance_infinity", lambda real, synthetic: infinite(real, synthetic, seed=seed))


def sliced_wasserstein(projections: int = 128, seed: int = 0) -> ArrayMetric:
    """Sliced 2-Wasserstein distance."""
    return ArrayMetric(
        "sliced_wasserstein",
        lambda real, synthetic: sliced(real, synthetic, projections=projections, seed=seed),
    )


def alpha_precision() -> ArrayMetric:
    """Whether both sets lie at the same distances from the real mean."""
    return ArrayMetric(
        "alpha_precision", lambda real, synthetic: alpha_precision_beta_recall(real, synthetic).alpha_precision
    )


def beta_recall() -> ArrayMetric:
    """Share of real images with a nearer synthetic than real neighbour, at every distance."""
    return ArrayMetric(
        "beta_recall", lambda real, synthetic: alpha_precision_beta_recall(real, synthetic).beta_recall
    )


def inception_score(splits: int = 1) -> ArrayMetric:
    """Inception score, the synthetic images' class probabilities given as features."""
    return ArrayMetric("inception_score", lambda _, synthetic: class_variety(synthetic, splits))


def intra_class_distance() -> ArrayMetric:
    """Mean distance between two synthetic images over that between two real ones, of one class or set."""
    return ArrayMetric("intra_class_distance", intra_class_ratio)
