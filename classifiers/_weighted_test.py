"""A test set's predictions under many weightings of its images at once: every measure of every bootstrap draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._weighted import ECE_BINS, Weights, bins_of, member, ratio, weighted_auroc

TOP = 3
Draws = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class WeightedTest:
    """Predictions of N images with (N, B) weights; column 0 of the weights: the images as they are.

    ``parts`` are (N, .) terms whose weighted sums give every measure but the area under the curve: one matrix product
    serves a whole stratum.
    """

    p: NDArray[np.float64]
    targets: NDArray[np.int64]
    classes: tuple[str, ...]
    weights: Weights
    parts: Mapping[str, NDArray[np.float64]]
    groups: NDArray[np.int64]
    """Number of each image's patient."""

    @classmethod
    def of(
        cls,
        p: NDArray[np.float64],
        targets: NDArray[np.int64],
        classes: Sequence[str],
        weights: Weights,
        scaled: NDArray[np.float64] | None = None,
        groups: NDArray[np.int64] | None = None,
    ) -> WeightedTest:
        """The terms of every image; ``scaled``: temperature-scaled probabilities; each image a patient by default."""
        k = len(classes)
        truth, guess = member(targets, k), member(p.argmax(1), k)
        parts = {"truth": truth, "guess": guess, "hits": truth * guess, **_calibration(p, truth)}
        if k > TOP:
            parts["top3"] = _among_top(p, targets)[:, None]
        if scaled is not None:
            parts |= {f"{name}_scaled": each for name, each in _calibration(scaled, truth).items()}
        codes = np.arange(len(p), dtype=np.int64) if groups is None else groups
        return cls(p, targets, tuple(classes), weights, parts, codes)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The measures that can be taken, in their order."""
        optional = [
            name for name in ("top3", "ece", "brier", "ece_scaled", "brier_scaled") if name in self.parts
        ]
        return ("macro_auroc", "balanced_accuracy", "macro_f1", *optional)

    def __len__(self) -> int:
        return len(self.targets)

    def subset(self, rows: NDArray[np.bool_]) -> WeightedTest:
        """The images of a stratum, with their weights."""
        parts = {name: each[rows] for name, each in self.parts.items()}
        weights, groups = self.weights[rows], self.groups[rows]
        return WeightedTest(self.p[rows], self.targets[rows], self.classes, weights, parts, groups)

    def absent(self) -> list[str]:
        """Classes of which there is no image."""
        return [name for k, name in enumerate(self.classes) if not (self.targets == k).any()]

    def sums(self) -> dict[str, NDArray[np.float64]]:
        """Weighted sums of every part, (B, .)."""
        together = self.weights.T @ np.concatenate(list(self.parts.values()), axis=1)
        ends = np.cumsum([each.shape[1] for each in self.parts.values()])[:-1]
        return dict(zip(self.parts, np.split(together, ends, axis=1), strict=True))

    def aurocs(self) -> NDArray[np.float64]:
        """One against rest for every class, (B, K); NaN where a draw has one kind only."""
        each = [
            weighted_auroc(self.p[:, k], self.targets == k, self.weights) for k in range(len(self.classes))
        ]
        return np.stack(each, axis=1)

    def values(self, sums: Mapping[str, NDArray[np.float64]], whole: bool) -> Draws:
        """Metric -> (B,); a draw without a class takes the mean over the others. Not ``whole``: no macro means.

        Draws of a single patient, whose images are drawn all or none, would look certain: they are NaN.
        """
        total = self.weights.sum(0)
        found = {
            name: ratio(sums[name][:, 0], total)
            for name in self.metrics
            if name.startswith(("top3", "brier"))
        }
        for name in ("ece", "ece_scaled"):
            if name in sums:
                found[name] = ratio(np.abs(sums[name]).sum(1), total)
        if whole:
            found["macro_auroc"] = mean_of_known(self.aurocs())
            found["balanced_accuracy"] = mean_of_known(recalls_of(sums))
            found["macro_f1"] = mean_of_known(ratio(2 * sums["hits"], sums["truth"] + sums["guess"]))
        if self.single():
            for draws in found.values():
                draws[1:] = np.nan
        return found

    def single(self, rows: NDArray[np.bool_] | slice = slice(None)) -> bool:
        """Whether the images are all of one patient."""
        groups = self.groups[rows]
        return bool((groups == groups[:1]).all())


def recalls_of(sums: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Recall (true positive rate) of every class, (B, K)."""
    return ratio(sums["hits"], sums["truth"])


def false_positives_of(sums: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """False positive rate of every class, one against rest, (B, K)."""
    others = sums["truth"].sum(1, keepdims=True) - sums["truth"]
    return ratio(sums["guess"] - sums["hits"], others)


def mean_of_known(each: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the columns that are known; NaN where none is."""
    known = np.isfinite(each)
    return ratio(np.where(known, each, 0.0).sum(1), known.sum(1).astype(np.float64))


def _calibration(p: NDArray[np.float64], truth: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Terms of the ECE (Guo et al. 2017: |right - confidence| summed within bins) and of the Brier score
    (Brier 1950: squared distance from the one-hot label, 0 to 2)."""
    confidence, right = p.max(1), truth[np.arange(len(p)), p.argmax(1)]
    gaps = member(bins_of(confidence, ECE_BINS), ECE_BINS) * (right - confidence)[:, None]
    return {"ece": gaps, "brier": ((p - truth) ** 2).sum(1, keepdims=True)}


def _among_top(p: NDArray[np.float64], targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Whether the label is among the three most probable classes; of equal ones the first counts as higher."""
    order = np.argsort(-p, axis=1, kind="stable")[:, :TOP]
    return (order == targets[:, None]).any(1).astype(np.float64)
