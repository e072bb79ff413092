"""What each metric is expected to do under each planted fault, declared before any image is looked at."""

from __future__ import annotations

_PIXELS = ("blur", "jpeg", "noise", "cast")
_MISSING = ("dropped_class", "dropped_stratum")
_ALL_BUT_NEWNESS = (*_PIXELS, *_MISSING, "collapse")

_RISES: dict[str, tuple[str, ...]] = {
    "frechet_distance": _ALL_BUT_NEWNESS,
    "frechet_distance_infinity": _ALL_BUT_NEWNESS,
    "kernel_distance": _ALL_BUT_NEWNESS,
    "cmmd": _ALL_BUT_NEWNESS,
    "sliced_wasserstein": _ALL_BUT_NEWNESS,
    "kernel_distance worst": (*_PIXELS, "collapse", "swapped_labels"),
    "copy_share": ("copies",),
    "closest_record_ratio": ("copies",),
}
_FALLS: dict[str, tuple[str, ...]] = {
    "precision": _PIXELS,
    "density": _PIXELS,
    "alpha_precision": _PIXELS,
    "recall": _ALL_BUT_NEWNESS,
    "coverage": _ALL_BUT_NEWNESS,
    "coverage worst": _ALL_BUT_NEWNESS,
    "beta_recall": _ALL_BUT_NEWNESS,
    "vendi_score": (*_MISSING, "collapse"),
    "inception_score": (*_MISSING, "collapse"),
    "intra_class_distance": ("collapse",),
    "authenticity": ("copies",),
    "data_copying_score": ("copies",),
    "label_agreement": ("swapped_labels",),
}
NEWNESS = ("authenticity", "copy_share", "data_copying_score", "closest_record_ratio")
"""Metrics that compare with the training images."""
LABEL_READERS = ("kernel_distance worst", "coverage worst", "label_agreement", "intra_class_distance")
"""Metrics that read the labels of the synthetic images or of the real ones."""


def expected_direction(metric: str, fault: str, stratum: str = "all") -> int:
    """Return 1 where the metric must rise under the fault, -1 where it must fall, 0 where nothing is asked of it.

    >>> expected_direction("coverage", "dropped_class"), expected_direction("precision", "dropped_class")
    (-1, 0)
    >>> expected_direction("kernel_distance", "swapped_labels", "worst:label")
    1
    """
    name = metric_key(metric, stratum)
    if fault in _RISES.get(name, ()):
        return 1
    return -1 if fault in _FALLS.get(name, ()) else 0


def metric_key(metric: str, stratum: str) -> str:
    """The metric, with ``worst`` where it is the value of one stratum: the worst, or one that goes missing."""
    return metric if stratum == "all" else f"{metric} worst"


def can_move(metric: str, fault: str, stratum: str = "all") -> bool:
    """False for what stays by construction, and is not tested: metrics of images alone where only labels change,
    and those of newness where unseen real images take the place of others."""
    if fault in _MISSING:
        return metric not in NEWNESS
    return fault != "swapped_labels" or metric_key(metric, stratum) in LABEL_READERS
