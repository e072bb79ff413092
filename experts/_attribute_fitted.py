"""What a fitted panel knows, and how it scores images: attributes, class, and what is usual in an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._attribute_heads import Head, right_share
from ._attribute_rules import AttributeRules
from ._attribute_sight import Sight
from ._usual_range import UsualRange, background, fine_structure, seams

Floats = NDArray[np.float64]
LABEL = "label"
RANGES: Mapping[str, str] = {
    "fine structure": "smear",
    "background": "smear",
    "form": "artefacts",
    "seams": "artefacts",
}
"""What is looked at beside attributes, and the question that it answers."""


@dataclass
class Fitted:
    """All that a fitted panel knows; ``usual`` holds the held-out real images' sorted scores by column."""

    rules: AttributeRules
    size: int
    sight: Sight
    heads: dict[str, Head]
    ranges: dict[str, UsualRange]
    columns: tuple[str, ...]
    usual: dict[str, Floats] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)
    threshold: float = 0.0

    def scores(self, pixels: NDArray[np.uint8], labels: Sequence[str | None]) -> Floats:
        """Return (images, columns) scores, the higher the better; NaN where nothing is asked."""
        seen = self.sight.features(pixels)
        far = range_distances(self.ranges, pixels, seen)
        columns = [-far[name] if name in far else self._right(name, seen, labels) for name in self.columns]
        scores: Floats = np.stack(columns, axis=1)
        return scores.round(9)  # a sum's last bits depend on how many images are scored

    def ranks(self, pixels: NDArray[np.uint8], labels: Sequence[str | None]) -> Floats:
        """Return (images, columns): the share of held-out real images with a lower score; NaN: not asked."""
        return ranks_among(self.scores(pixels, labels), [self.usual[name] for name in self.columns])

    def _right(self, name: str, seen: NDArray[np.float32], labels: Sequence[str | None]) -> Floats:
        head, score = self.heads[name], np.full(len(labels), np.nan)
        proba = head.predict_proba(seen)
        for label in {each for each in labels if each is not None}:
            allowed = {label} if name == LABEL else self.rules.allowed(label, name)
            if allowed is not None:
                rows = np.array([each == label for each in labels])
                score[rows] = right_share(proba[rows], head.values, allowed)
        return score


def sorted_scores(scores: Floats) -> list[Floats]:
    """Return each column's scores that were asked for, ascending."""
    return [np.sort(column[~np.isnan(column)]) for column in scores.T]


def ranks_among(scores: Floats, usual: Sequence[Floats]) -> Floats:
    """Return each score's rank from 0 to 1: the share of its column's ``usual`` scores below it; NaN stays.

    >>> ranks_among(np.array([[0.5], [0.0]]), [np.array([0.1, 0.2, 0.5, 0.9])]).tolist()
    [[0.5], [0.0]]
    """
    lower = [
        np.searchsorted(real, column) / max(len(real), 1)
        for real, column in zip(usual, scores.T, strict=True)
    ]
    return np.where(np.isnan(scores), np.nan, np.stack(lower, axis=1))


def range_distances(
    ranges: Mapping[str, UsualRange], pixels: NDArray[np.uint8], seen: NDArray[np.float32]
) -> dict[str, Floats]:
    """Return how far every image lies from the usual, by what is looked at."""
    measures = _measures(pixels, seen)
    return {name: ranges[name].distance(measures[name]) for name in RANGES}


def _measures(pixels: NDArray[np.uint8], seen: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    return {
        "fine structure": fine_structure(pixels),
        "background": background(pixels),
        "form": seen,
        "seams": seams(pixels),
    }


def usual_ranges(pixels: NDArray[np.uint8], seen: NDArray[np.float32]) -> dict[str, UsualRange]:
    """Return the usual range of real images by what is looked at; ``seen`` are their features, (N, D)."""
    measures = _measures(pixels, seen)
    return {name: UsualRange.fit(measures[name], nearest=name == "form") for name in RANGES}
