"""What a panel sees without any network: gradients, colours, patterns and the dark region's form."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_BATCH = 256
_CELLS, _BINS, _RINGS, _SHADES = 8, 9, 3, 12
_AREA, _MOST_PARTS = 0.01, 4


def drawn_features(images: NDArray[np.uint8]) -> Floats:
    """Return (N, D) numbers of (N, H, W, 3) uint8 square images of at least 16 pixels.

    Histograms of oriented gradients on 8 x 8 cells (Dalal and Triggs 2005), histograms of lightness and two
    opponent colours in three rings around the centre, rotation-invariant local binary patterns at two
    scales (Ojala, Pietikainen and Maenpaa 2002), and area, parts, roundness and place of the region that
    Otsu's threshold calls dark. An image's numbers do not depend on its neighbours.

    >>> drawn_features(np.zeros((2, 32, 32, 3), np.uint8)).shape[0]
    2
    """
    parts = [_describe(batch.astype(np.float32) / 255.0) for batch in _batches(images)]
    return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)


def opponent(unit: Floats) -> Floats:
    """Return lightness, red against green and yellow against blue of (N, H, W, 3) values in [0, 1]."""
    red, green, blue = unit[..., 0], unit[..., 1], unit[..., 2]
    return np.stack([(red + green + blue) / 3, red - green, (red + green) / 2 - blue], axis=-1)


def _batches(images: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    return (images[start : start + _BATCH] for start in range(0, len(images), _BATCH))


def _describe(unit: Floats) -> Floats:
    channels = opponent(unit)
    found = [
        _gradients(channels[..., 0]),
        _colours(channels),
        _patterns(channels[..., 0], 1),
        _patterns(channels[..., 0], 2),
        _patterns(channels[..., 1], 1),
        _dark_region(unit),
    ]
    return np.concatenate(found, axis=1).astype(np.float32)


def _gradients(grey: Floats) -> Floats:
    """(N, 8 * 8 * 9) histograms of unsigned orientation, weighted by strength; each cell block of unit length."""
    down, across = np.gradient(grey, axis=(1, 2))
    strength = np.hypot(down, across)
    turn = (np.arctan2(down, across) % np.pi) / np.pi * _BINS
    n, height, width = grey.shape
    low = np.floor(turn).astype(np.int64) % _BINS
    share = (turn - np.floor(turn)).astype(np.float32)
    rows, columns = (np.arange(side) * _CELLS // side for side in (height, width))
    cell = rows[:, None] * _CELLS + columns[None, :]
    place = (np.arange(n)[:, None, None] * _CELLS**2 + cell) * _BINS
    size = n * _CELLS**2 * _BINS
    lower = np.bincount((place + low).ravel(), (strength * (1 - share)).ravel(), size)
    upper = np.bincount((place + (low + 1) % _BINS).ravel(), (strength * share).ravel(), size)
    cells: NDArray[np.float64] = (lower + upper).astype(np.float64).reshape(n, _CELLS, _CELLS, _BINS)
    return (cells / (_block_lengths(cells) + 1e-3)).reshape(n, -1).astype(np.float32)


def _block_lengths(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Length of the 3 x 3 block of cells around each cell, so that stains and lamps of unequal contrast compare."""
    energy = np.pad((cells**2).sum(-1), ((0, 0), (1, 1), (1, 1)))
    total = sum(energy[:, i : i + _CELLS, j : j + _CELLS] for i in range(3) for j in range(3))
    return np.sqrt(np.asarray(total))[..., None]


def _colours(channels: Floats) -> Floats:
    """Histograms of each channel in each ring, and the channels' means and spreads there."""
    n, height, width, _ = channels.shape
    y, x = np.mgrid[:height, :width]
    radius = np.hypot((y + 0.5) / height - 0.5, (x + 0.5) / width - 0.5) * 2
    ring = np.minimum((radius * _RINGS).astype(np.int64), _RINGS - 1)
    found = []
    for channel, (lowest, highest) in enumerate(((0.0, 1.0), (-0.3, 0.5), (-0.5, 0.3))):
        values = channels[..., channel]
        shade = np.clip((values - lowest) / (highest - lowest) * _SHADES, 0, _SHADES - 1).astype(np.int64)
        place = (np.arange(n)[:, None, None] * _RINGS + ring) * _SHADES + shade
        counts = np.bincount(place.ravel(), minlength=n * _RINGS * _SHADES).reshape(n, _RINGS, _SHADES)
        found.append(np.sqrt(counts / counts.sum(-1, keepdims=True)).reshape(n, -1))
        for number in range(_RINGS):
            part = np.ascontiguousarray(values[:, ring == number], np.float64)  # row sums in one fixed order
            found.append(np.stack([part.mean(1), part.std(1)], axis=1) * 5)
    return np.concatenate(found, axis=1)


def _patterns(grey: Floats, distance: int) -> Floats:
    """(N, 10) shares of the uniform rotation-invariant patterns of 8 neighbours at a distance in pixels."""
    d = distance
    around = [(-d, -d), (-d, 0), (-d, d), (0, d), (d, d), (d, 0), (d, -d), (0, -d)]
    height, width = grey.shape[1:]
    centre = grey[:, d:-d, d:-d]
    signs = np.stack(
        [grey[:, d + i : height - d + i, d + j : width - d + j] >= centre + 1e-3 for i, j in around]
    )
    changes = (signs != np.roll(signs, 1, axis=0)).sum(0)
    code = np.where(changes <= 2, signs.sum(0), 9)
    return np.sqrt(np.stack([(code == k).mean((1, 2)) for k in range(10)], axis=1))


def _dark_region(unit: Floats) -> Floats:
    """(N, 9): area, parts, share of the largest part, roundness, spread, elongation, place, contrast."""
    return np.stack([_measure(image) for image in unit])


def _measure(image: Floats) -> NDArray[np.float64]:
    from scipy.ndimage import gaussian_filter, label

    stain = gaussian_filter(1.0 - image[..., 1], 0.6)  # stained chromatin takes up green light most
    dark = stain > otsu(stain)
    named, count = label(dark)
    sizes = np.sort(np.bincount(named.ravel())[1:])[::-1] if count else np.zeros(1)
    large = sizes[sizes > _AREA * dark.size]
    y, x = np.nonzero(dark) if dark.any() else (np.zeros(1), np.zeros(1))
    spread = (
        np.linalg.eigvalsh(np.cov(np.stack([y, x]) / len(dark)) + 1e-9 * np.eye(2)) if len(y) > 1 else [0, 1]
    )
    edge = float((dark[1:] != dark[:-1]).sum() + (dark[:, 1:] != dark[:, :-1]).sum())
    area = float(dark.sum())
    return np.array([
        dark.mean() * 5,
        min(len(large), _MOST_PARTS),
        sizes[0] / max(area, 1.0) * 2,
        4 * np.pi * area / max(edge, 1.0) ** 2 * 5,
        np.sqrt(max(area, 1.0) / dark.size / (2 * np.pi * np.sqrt(spread[0] * spread[1]) + 1e-6)),
        np.sqrt(spread[0] / spread[1]) * 3,
        abs(y.mean() / len(dark) - 0.5) * 5,
        abs(x.mean() / len(dark) - 0.5) * 5,
        (stain[dark].mean() - stain[~dark].mean()) * 5 if 0 < dark.mean() < 1 else 0.0,
    ])  # fmt: skip


def otsu(values: NDArray[np.floating]) -> float:
    """Return the threshold that parts the values best into two groups (Otsu 1979), on 64 steps.

    >>> 0.2 < otsu(np.array([0.1, 0.2, 0.8, 0.9])) < 0.8
    True
    """
    counts, edges = np.histogram(values, 64)
    middle = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middle)
    first, second = sums / np.maximum(below, 1), (sums[-1] - sums) / np.maximum(above, 1)
    return float(edges[1:][np.argmax(below * above * (first - second) ** 2)])
