"""Which images lie in which nearest-neighbour balls: of the whole sets, and of their half-samples at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._checks import Features
from ._pairs import Indices, pair_distances
from ._products import Rows

if TYPE_CHECKING:
    from torch import Tensor

FEWEST_REPLICATES = 40
DECISIONS = 8e9
"""Decisions that half-samples may cost in all; sets whose balls overlap without measure get fewer replicates."""
PAIRS = 2**14

Flags = NDArray[np.bool_]
Bits = NDArray[np.uint8]
Ranks = NDArray[np.int16]


class PRDC(NamedTuple):
    """Precision, recall and coverage are shares in [0, 1]; density is 0 or more, about 1 for real images."""

    precision: float
    recall: float
    density: float
    coverage: float


class Hits(NamedTuple):
    """What the sweep saw: per synthetic image, how many real balls hold it; per real image, whether it is
    recalled (lies in a synthetic ball) and covered (its own ball holds a synthetic image)."""

    holders: NDArray[np.int64]
    recalled: Flags
    covered: Flags

    def shares(self, k: int) -> PRDC:
        """Return the four numbers."""
        return PRDC(
            precision=float((self.holders > 0).mean()),
            recall=float(self.recalled.mean()),
            density=float(self.holders.mean()) / k,
            coverage=float(self.covered.mean()),
        )


@dataclass(frozen=True, eq=False)
class Reaches:
    """The balls of one set: their exact radii, and in every half-sample their radius as a place in a list.

    ``near`` (n, length) are ascending distances to other images of the set; ``place`` (n, replicates) is the place in
    ``near`` of the k-th neighbour that the half-sample kept, -1 where it did not keep the image itself.
    """

    radius: Features
    near: NDArray[np.float32] | None = None
    place: Ranks | None = None

    @property
    def farthest(self) -> Features:
        """Return the distance beyond which nothing matters, whole or half."""
        if self.near is None:
            return self.radius
        return np.maximum(self.radius, self.near[:, -1].astype(np.float64))


class Balls:
    """Collects the hits of two sets, tile by tile; only pairs within reach of a ball are ever looked at."""

    def __init__(self, a: Rows, b: Rows, real: Reaches, synthetic: Reaches) -> None:
        self.a, self.b, self.real, self.synthetic = a, b, real, synthetic
        self.limits = tuple(_limit(each, rows) for each, rows in ((real, a), (synthetic, b)))
        self.norms = tuple(rows.norms.cpu().numpy().astype(np.float64) for rows in (a, b))
        self.holders = np.zeros(len(b), dtype=np.int64)
        self.recalled, self.covered = np.zeros(len(a), dtype=np.bool_), np.zeros(len(a), dtype=np.bool_)
        self.halves = HalfHits(real, synthetic) if real.place is not None else None
        self.tiles = len(a.slices()) * len(b.slices())

    def offer(self, rows: slice, columns: slice, low: Tensor) -> None:
        """Take a tile of lower bounds of squared distances, real by synthetic."""
        i, j, distances, pad = self._within(low, rows, columns, self.limits[0][rows, None])
        inside = self._inside(i, j, distances, pad, self.real.radius[i])
        self.holders += np.bincount(j[inside], minlength=len(self.holders))
        self.covered[i[inside]] = True
        if self.halves is not None:
            self.halves.shrink(len(i) * self.tiles)
            self.halves.take_real(i, j, np.sqrt(distances.clip(min=0)))
        i, j, distances, pad = self._within(low, rows, columns, self.limits[1][columns])
        inside = self._inside(i, j, distances, pad, self.synthetic.radius[j])
        self.recalled[i[inside]] = True
        if self.halves is not None:
            self.halves.take_synthetic(i, j, np.sqrt(distances.clip(min=0)))

    def hits(self) -> Hits:
        """Return the whole sets' hits."""
        return Hits(self.holders, self.recalled, self.covered)

    def _within(
        self, low: Tensor, rows: slice, columns: slice, limit: Tensor
    ) -> tuple[Indices, Indices, Features, Features]:
        """Return the pairs below their limit, their squared distances, and how sure these are."""
        at = (low <= limit).nonzero()
        bounds = low[at[:, 0], at[:, 1]].cpu().numpy().astype(np.float64)
        found = at.cpu().numpy()
        i, j = found[:, 0] + rows.start, found[:, 1] + columns.start
        pad = self.a.slack * (self.norms[0][i] + self.norms[1][j])
        return i, j, bounds + pad, pad

    def _inside(self, i: Indices, j: Indices, squares: Features, pad: Features, radius: Features) -> Flags:
        """Return which pairs are nearer than the radius; the doubtful ones are measured by differences."""
        gap = squares - radius**2
        inside = gap < 0
        doubtful = np.flatnonzero(np.abs(gap) <= pad + 1e-15 * radius**2)
        measured = pair_distances(self.a.original, self.b.original, i[doubtful], j[doubtful])
        inside[doubtful] = measured < radius[doubtful]
        return inside


def _limit(reaches: Reaches, rows: Rows) -> Tensor:
    """Return squared reaches in working precision, rounded up."""
    import torch

    squares = torch.from_numpy(reaches.farthest**2 * (1 + 1e-12)).to(rows.norms.device, rows.norms.dtype)
    return torch.nextafter(squares, torch.full_like(squares, torch.inf))


class HalfHits:
    """Hits of all half-samples at once: a pair counts in those that kept both images and whose ball reaches.

    The replicates are bits: ``covered``, ``recalled`` (n, bytes) and ``held`` (m, bytes) are flags by image.
    """

    def __init__(self, real: Reaches, synthetic: Reaches) -> None:
        assert real.place is not None
        assert synthetic.place is not None
        self.near = real.near, synthetic.near
        self.place = real.place, synthetic.place
        self.kept = tuple(np.packbits(place >= 0, axis=1) for place in self.place)
        self.replicates = real.place.shape[1]
        self.held_pairs = np.zeros(self.replicates, dtype=np.int64)
        self.held = np.zeros_like(self.kept[1])
        self.covered, self.recalled = np.zeros_like(self.kept[0]), np.zeros_like(self.kept[0])

    def shrink(self, pairs: int) -> None:
        """Give up replicates where the sets have too many pairs within reach."""
        fewer = max(FEWEST_REPLICATES, int(DECISIONS / max(1, pairs)))
        if fewer >= self.replicates:
            return
        self.replicates, self.held_pairs = fewer, self.held_pairs[:fewer]
        self.place = self.place[0][:, :fewer], self.place[1][:, :fewer]
        self.kept = tuple(np.packbits(place >= 0, axis=1) for place in self.place)
        last = np.packbits(np.arange(8 * self.kept[0].shape[1]) < fewer)
        kept = slice(0, self.kept[0].shape[1])
        self.held, self.covered, self.recalled = (
            flags[:, kept] & last for flags in (self.held, self.covered, self.recalled)
        )

    def take_real(self, i: Indices, j: Indices, distances: Features) -> None:
        """Count pairs in the real images' balls."""
        for part in _parts(len(i)):
            rows, columns = i[part], j[part]
            inside = self._reached(0, rows, distances[part]) & self.kept[1][columns]
            self.held_pairs += np.unpackbits(inside, axis=1, count=len(self.held_pairs)).sum(
                axis=0, dtype=np.int64
            )
            _mark(self.covered, rows, inside)
            order = np.argsort(columns, kind="stable")
            _mark(self.held, columns[order], inside[order])

    def take_synthetic(self, i: Indices, j: Indices, distances: Features) -> None:
        """Count pairs in the synthetic images' balls; real images that are recalled everywhere need no more."""
        unsure = (self.kept[0] & ~self.recalled).max(axis=1)
        unknown = np.flatnonzero(unsure[i])
        for part in _parts(len(unknown)):
            at = unknown[part]
            inside = self._reached(1, j[at], distances[at]) & self.kept[0][i[at]]
            _mark(self.recalled, i[at], inside)

    def shares(self, k: int) -> NDArray[np.float64]:
        """Return (replicates, 4): precision, recall, density and coverage of every half-sample."""
        n, m = (self.flags(kept).sum(axis=0) for kept in self.kept)
        parts = (
            self.flags(self.held).sum(axis=0) / m,
            self.flags(self.recalled).sum(axis=0) / n,
            self.held_pairs[: self.replicates] / (m * k),
            self.flags(self.covered).sum(axis=0) / n,
        )
        return np.stack(parts, axis=1)

    def flags(self, packed: Bits) -> Flags:
        """Return (images, replicates) of packed flags, those replicates that were not given up."""
        return np.unpackbits(packed, axis=1, count=self.replicates).astype(np.bool_)

    def _reached(self, side: int, balls: Indices, distances: Features) -> Bits:
        """Return (pairs, bytes): whether the half-sample's ball reaches as far."""
        near, place = self.near[side], self.place[side]
        assert near is not None
        beyond = (near[balls] <= distances[:, None].astype(np.float32)).sum(axis=1).astype(np.int16)
        return np.packbits(place[balls] >= beyond[:, None], axis=1)


def _parts(count: int) -> list[slice]:
    return [slice(start, start + PAIRS) for start in range(0, count, PAIRS)]


def _mark(flags: Bits, rows: Indices, inside: Bits) -> None:
    """Add the flags of every row's pairs to the row's; rows are sorted."""
    if len(rows):
        starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
        flags[rows[starts]] |= np.bitwise_or.reduceat(inside, starts, axis=0)
