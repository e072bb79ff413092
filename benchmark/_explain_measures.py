"""By metric, how much every image moved it: the numbers behind an explanation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..imagesets import view_words
from ..metrics import (
    coverage_reach,
    frechet_distance,
    frechet_influence,
    kernel_distance,
    kernel_influence,
    nearest,
    nearest_others,
    precision_reach,
    recall_reach,
)
from ._evaluate_copies import SAME, SAME_VIEW, judge
from ._evaluate_material import Material
from ._feature_input import Floats

K = 5
MOST = 10
"""Images whose influences are added up in the sentence."""


@dataclass(frozen=True)
class SetMoves:
    """Of one set: the rows that were compared, how much each moved the score, and the image it is told beside.

    ``rank`` orders them (largest first), ``moved`` says which count at all (None: each by its ``amount``).
    """

    name: str
    rows: NDArray[np.int64]
    amount: Floats
    rank: Floats
    words: Callable[[int, str], str]
    moved: NDArray[np.bool_] | None = None
    others: NDArray[np.int64] | None = None
    beside: str | None = None


@dataclass(frozen=True)
class Measured:
    """A metric's value, one sentence about what moved it, and the images of one or both sets.

    ``on`` names the extractor where it is not the one that was asked for.
    """

    value: float | None
    sentence: str
    sets: tuple[SetMoves, ...]
    pairs: bool = False
    on: str | None = None

    def of(self, name: str) -> SetMoves:
        """The moves of one set."""
        return next(each for each in self.sets if each.name == name)


@dataclass(frozen=True)
class _Sets:
    """Features of the reference and of the synthetic images, and the reference's rows in the real set."""

    real: Floats
    rows: NDArray[np.int64]
    fake: Floats

    @classmethod
    def of(cls, material: Material, extractor: str) -> _Sets:
        rows = np.flatnonzero(material.reference[extractor])
        return cls(material.true.features[extractor][rows], rows, material.fake.features[extractor])

    @property
    def made(self) -> NDArray[np.int64]:
        return np.arange(len(self.fake))


def _precision(material: Material, extractor: str) -> Measured:
    sets = _Sets.of(material, extractor)
    found = precision_reach(sets.real, sets.fake, K)
    outside = found.ratio >= 1
    told = f"{outside.sum()} of {len(outside)} synthetic images lie outside the neighbourhood of every real image"

    def words(i: int, other: str) -> str:
        return f"{_times(found.ratio[i])} as far from {other} as that real image's neighbourhood reaches"

    moves = SetMoves(
        "synthetic",
        sets.made,
        found.ratio,
        _finite(found.ratio),
        words,
        outside,
        sets.rows[found.other],
        "real",
    )
    return Measured(float((~outside).mean()), told, (moves,))


def _recall(material: Material, extractor: str) -> Measured:
    sets = _Sets.of(material, extractor)
    found = recall_reach(sets.real, sets.fake, K)
    outside = found.ratio >= 1
    told = f"{outside.sum()} of {len(outside)} real images lie outside the neighbourhood of every synthetic image"

    def words(i: int, other: str) -> str:
        return f"{_times(found.ratio[i])} as far from {other} as that synthetic image's neighbourhood reaches"

    moves = SetMoves(
        "real", sets.rows, found.ratio, _finite(found.ratio), words, outside, found.other, "synthetic"
    )
    return Measured(float((~outside).mean()), told, (moves,))


def _coverage(material: Material, extractor: str) -> Measured:
    sets = _Sets.of(material, extractor)
    found = coverage_reach(sets.real, sets.fake, K)
    outside = found.ratio >= 1
    told = f"{outside.sum()} of {len(outside)} real images have no synthetic image in their neighbourhood"

    def words(i: int, other: str) -> str:
        away = _times(found.ratio[i])
        return f"nothing covers it: its nearest synthetic image, {other}, is {away} as far as it reaches"

    moves = SetMoves(
        "real", sets.rows, found.ratio, _finite(found.ratio), words, outside, found.other, "synthetic"
    )
    return Measured(float((~outside).mean()), told, (moves,))


def _frechet(material: Material, extractor: str) -> Measured:
    """Fewer images alone raise the distance, so every image is told beside an average one of its set."""
    sets = _Sets.of(material, extractor)
    value, found = frechet_distance(sets.real, sets.fake), frechet_influence(sets.real, sets.fake)

    def words_of(amounts: Floats) -> Callable[[int, str], str]:
        usual = value - amounts.mean()
        return lambda i, _: (
            f"without it the distance would be about {value - amounts[i]:.4g}, "
            f"without an average image of its set {usual:.4g}"
        )

    ours, theirs = (each - each.mean() for each in (found.synthetic, found.real))
    moves = (
        SetMoves("synthetic", sets.made, ours, ours, words_of(found.synthetic)),
        SetMoves("real", sets.rows, theirs, theirs, words_of(found.real)),
    )
    told = (
        f"the distance is {value:.4g}; beyond what average images do, the {MOST} synthetic images that hold the sets "
        f"apart most add about {_most(ours):.3g}, the {MOST} such real images about {_most(theirs):.3g}"
    )
    return Measured(value, told, moves)


def _kernel(material: Material, extractor: str) -> Measured:
    sets = _Sets.of(material, extractor)
    value, found = kernel_distance(sets.real, sets.fake), kernel_influence(sets.real, sets.fake)

    def words_of(amounts: Floats) -> Callable[[int, str], str]:
        return lambda i, _: (
            f"without it the distance would be {value - amounts[i]:.4g} instead of {value:.4g}"
        )

    moves = (
        SetMoves("synthetic", sets.made, found.synthetic, found.synthetic, words_of(found.synthetic)),
        SetMoves("real", sets.rows, found.real, found.real, words_of(found.real)),
    )
    told = (
        f"the distance is {value:.4g}; the {MOST} synthetic images that hold the sets apart most add about "
        f"{_most(found.synthetic):.3g}, the {MOST} such real images about {_most(found.real):.3g}"
    )
    return Measured(value, told, moves)


def _most(amounts: Floats) -> float:
    return float(np.sort(amounts)[::-1][:MOST].sum())


def _copies(material: Material, extractor: str) -> Measured:
    """The nearest pairs by the search for copies; without a hold-out by the extractor, and no verdict."""
    name = "train" if material.train is not None else "real"
    found = judge(material, generator="synthetic")
    verdict = found.verdict
    if verdict is None:
        near = _near_pairs(name, material.sources.features[extractor], material.fake.features[extractor])
        known = found.entry.words if found.entry.memorising else near.sentence
        return Measured(None, known.rstrip("."), near.sets, pairs=True)
    same = material.fake.said.get(SAME, np.full(len(material.fake), -1))
    others = np.where(same >= 0, same, verdict.nearest_train)
    closeness = np.where(same >= 0, 0.0, verdict.closeness)
    copies = (same >= 0) | verdict.copies

    def words(i: int, other: str) -> str:
        if same[i] >= 0:
            return f"equal to {other} pixel by pixel{_seen(str(material.fake.said[SAME_VIEW][i]))}"
        kind = "a near-copy of" if copies[i] else "nearest to"
        seen = _seen(str(verdict.nearest_view[i]))
        return f"{kind} {other}{seen}: at {closeness[i]:.2g} of the distance to its surroundings"

    moves = SetMoves("synthetic", np.arange(len(others)), closeness, -closeness, words, copies, others, name)
    return Measured(
        verdict.copy_share.value, found.entry.words.rstrip("."), (moves,), pairs=True, on=found.entry.extractor
    )


def _seen(view: str) -> str:
    return "" if view in ("", "as-is") else f" {view_words(view)}"


def _near_pairs(name: str, source: Floats, fake: Floats) -> Measured:
    """Without a hold-out: pairs by distance over the distance of the real image's own neighbour, no verdict."""
    found, own = nearest(fake, source), nearest_others(source).distances[:, 0]
    distances, others = found.distances[:, 0], found.indices[:, 0]
    ratio = np.divide(distances, own[others], out=np.full(len(fake), np.inf), where=own[others] > 0)
    ratio[distances == 0] = 0.0
    nearer = ratio < 1

    def words(i: int, other: str) -> str:
        if ratio[i] == 0:
            return f"equal to {other} in these features"
        return f"{_times(ratio[i])} as far from {other} as that image's own nearest neighbour"

    told = (
        f"{nearer.sum()} of {len(fake)} synthetic images are nearer to a {_KINDS[name]} image than its own nearest "
        "neighbour is; whether that is copying cannot be told without --holdout"
    )
    moves = SetMoves("synthetic", np.arange(len(fake)), ratio, -_finite(ratio), words, nearer, others, name)
    return Measured(None, told, (moves,), pairs=True)


_KINDS = {"train": "training", "real": "real"}


def _times(ratio: float) -> str:
    return f"{ratio:.2f} times" if np.isfinite(ratio) else "infinitely many times"


def _finite(values: Floats) -> Floats:
    """Infinite ones first, in any order of sorting."""
    return np.nan_to_num(values, posinf=float(np.finfo(np.float64).max))


MEASURES: dict[str, Callable[[Material, str], Measured]] = {
    "coverage": _coverage,
    "precision": _precision,
    "recall": _recall,
    "frechet_distance": _frechet,
    "kernel_distance": _kernel,
    "copy_share": _copies,
}
"""What can be explained."""
