"""Near-duplicates: the same photograph in another size, compression, brightness or orientation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core import UserError
from ._groups import NEAR
from ._imageset import ImageSet, Pixels
from ._perceptual_hash import Fingerprints, fingerprints
from ._views import AS_IS, TURNS

DISTANCE = 10
"""Bits of the 63 in which two hashes may differ for their images to be compared further."""
LIKENESS = 0.88
"""Least cosine of two images' finer frequencies; both numbers were measured, see `near_duplicate_groups`."""
_ROWS, _CANDIDATES = 256, 50_000
Rows = NDArray[np.int64]


class NearPairs(NamedTuple):
    """Image ``rows[k]`` is ``others[k]`` seen under ``views[k]``; ``likeness`` is the cosine of their details."""

    rows: Rows
    others: Rows
    distances: Rows
    likeness: NDArray[np.float32]
    views: NDArray[np.object_]


def near_duplicate_groups(
    images: ImageSet | Pixels | Fingerprints,
    *,
    distance: int = DISTANCE,
    likeness: float = LIKENESS,
    turned: bool = True,
) -> NDArray[np.int64]:
    """Return a group number for every image: equal for near-duplicates, and for what they bind together.

    Two images are near-duplicates when their 64-bit hashes (`perceptual_hash`) differ in at most ``distance`` bits
    **and** the cosine of their finer frequencies (16 x 16 without the lowest 8 x 8, which the hash knows) is at least
    ``likeness``. All pairs are compared, none is missed by an index. Both tests are needed: the hash alone pairs
    strangers wherever images are alike by their making, single cells in the middle or lesions on skin.

    Measured at these values, over all pairs and views: no pair of strangers among 2,800 blood cells (64 px) and 2,498
    dermoscopic images (64 px), 1 pair among 17,092 blood cells (28 px) that was not byte-identical; hashes alone, at 10
    bits and as they are, pair 81 and 247 times in the first two. Recompressed (JPEG 50), blurred (1 px), darkened,
    mirrored and turned copies are found in 99% and more; cropped to 95% in 2% and 40%, to 90% hardly ever.

    Images of one colour or without detail are nobody's duplicates; byte-identical ones are `group_numbers`' business.

    Parameters
    ----------
    images:
        An image set, an (n, H, W, 3) uint8 array, or their `fingerprints`.
    distance, likeness:
        See above. A larger distance or a smaller likeness finds crops as well, and strangers.
    turned:
        Also look for mirrored images and those turned by 90, 180 and 270 degrees.

    Returns
    -------
    NDArray
        (n,) numbers from 0.

    Example
    -------
    >>> pixels = np.random.default_rng(0).integers(0, 255, (3, 40, 40, 3)).astype(np.uint8)
    >>> near_duplicate_groups(np.concatenate([pixels, pixels[1:2, :, ::-1] // 2])).tolist()
    [0, 1, 2, 1]
    """
    made = images if isinstance(images, Fingerprints) else fingerprints(images)
    if not len(made):
        return np.zeros(0, np.int64)
    blocks, first = np.unique(made.frequencies.reshape(len(made), -1), axis=0, return_inverse=True)
    unique = Fingerprints(blocks.reshape(-1, *made.frequencies.shape[1:]))
    group = np.arange(len(unique), dtype=np.int64)
    for rows, others, *_ in _blocks(unique, None, distance, likeness, turned):
        group = _united(group, rows, others)
    group = group[first.ravel()]
    return _apart(group, made)


def near_pairs(
    images: ImageSet | Pixels | Fingerprints,
    others: ImageSet | Pixels | Fingerprints | None = None,
    *,
    distance: int = DISTANCE,
    likeness: float = LIKENESS,
    turned: bool = True,
) -> NearPairs:
    """Return every pair of near-duplicates, each once under its likest view, by row.

    Between ``images`` and ``others``, or within ``images`` (the smaller row first) where ``others`` is None.
    """
    a, b = _made(images), None if others is None else _made(others)
    found = list(_blocks(a, b, distance, likeness, turned))
    if not found:
        none = np.zeros(0, np.int64)
        return NearPairs(none, none, none, np.zeros(0, np.float32), np.zeros(0, object))
    rows, columns, distances, likes, views = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.lexsort((-likes, columns, rows))
    rows, columns = rows[order], columns[order]
    best = np.ones(len(rows), bool)
    best[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    order = order[best]
    return NearPairs(rows[best], columns[best], distances[order], likes[order], views[order])


def near_rows(
    images: ImageSet | Pixels | Fingerprints,
    others: ImageSet | Pixels | Fingerprints,
    *,
    distance: int = DISTANCE,
    likeness: float = LIKENESS,
    turned: bool = True,
) -> NDArray[np.bool_]:
    """Return which of the images are near-duplicates of one of the others; no pair is kept in memory."""
    made = _made(images)
    near = np.zeros(len(made), np.bool_)
    for rows, *_ in _blocks(made, _made(others), distance, likeness, turned):
        near[rows] = True
    return near


def with_near_duplicates(
    images: ImageSet, *, distance: int = DISTANCE, likeness: float = LIKENESS, turned: bool = True
) -> ImageSet:
    """Return the set with a column ``near_duplicate``: a name for each group of near-duplicates, missing for the rest.

    `group_numbers`, and with it every split, keeps such a group together, whatever else binds images.
    """
    groups = near_duplicate_groups(images, distance=distance, likeness=likeness, turned=turned)
    sizes = np.bincount(groups, minlength=1)
    names = [f"near-{group}" if sizes[group] > 1 else None for group in groups.tolist()]
    return images.with_table(images.table.assign(**{NEAR: np.array(names, dtype=object)}))


def _made(images: ImageSet | Pixels | Fingerprints) -> Fingerprints:
    return images if isinstance(images, Fingerprints) else fingerprints(images)


def _united(group: Rows, rows: Rows, others: Rows) -> Rows:
    """The groups once the paired rows' groups are one."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = int(group.max()) + 1
    links = coo_matrix((np.ones(len(rows), np.int8), (group[rows], group[others])), shape=(n, n))
    return np.asarray(connected_components(links, directed=False)[1], np.int64)[group]


def _apart(group: Rows, made: Fingerprints) -> NDArray[np.int64]:
    """Numbers in order of first appearance; an image without detail has one of its own."""
    plain = ~made.details.any(axis=1)
    numbers = group.astype(np.int64)
    numbers[plain] = len(made) + np.flatnonzero(plain)
    _, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse.ravel()]


def _blocks(
    a: Fingerprints, b: Fingerprints | None, distance: int, likeness: float, turned: bool
) -> Iterator[tuple[Rows, Rows, Rows, NDArray[np.float32], NDArray[np.object_]]]:
    """Yield rows, others, bits apart, likeness and view of near-duplicates, some rows at a time."""
    if not 0 <= distance <= 63 or not 0 < likeness <= 1:
        raise UserError(
            f"distance {distance} and likeness {likeness} do not fit",
            remedy="give 0 to 63 bits and a likeness above 0, up to 1",
        )
    other = a if b is None else b
    signs, details = a.signs, a.details
    for name in (AS_IS, *TURNS) if turned else (AS_IS,):
        seen = other.seen(name)
        seen_signs, seen_details = seen.signs, seen.details
        for start in range(0, len(a), _ROWS):
            first = start + 1 if b is None else 0
            shared = signs[start : start + _ROWS] @ seen_signs[first:].T
            near_enough = np.flatnonzero(shared >= 63 - 2 * distance)
            apart = ((63 - shared.ravel()[near_enough]) / 2).astype(np.int64)
            i, j = np.divmod(near_enough, max(1, shared.shape[1]))
            i, j = i + start, j + first
            for part in range(0, len(i), _CANDIDATES):
                k = slice(part, part + _CANDIDATES)
                likes = np.einsum("nd,nd->n", details[i[k]], seen_details[j[k]])
                near = (likes >= likeness) & ((i[k] < j[k]) | (b is not None))
                if near.any():
                    yield (
                        i[k][near],
                        j[k][near],
                        apart[k][near],
                        likes[near],
                        np.full(int(near.sum()), name, object),
                    )
