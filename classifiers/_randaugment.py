"""RandAugment (Cubuk et al. 2020) of a whole batch at once, from an explicit generator."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor
from torch.nn import functional

LAYERS = 2
"""N of the paper: changes one after the other."""
STRENGTH = 0.3
"""M of the paper as a share of the largest: 9 of 30."""
Change = Callable[[Tensor, Tensor], Tensor]


def randaugment(unit: Tensor, generator: Generator) -> Tensor:
    """Return a changed copy of (N, 3, H, W) in [0, 1]; every image draws its own two changes and their signs."""
    for _ in range(LAYERS):
        drawn = torch.randint(0, len(CHANGES), (len(unit),), generator=generator)
        sign = torch.where(torch.rand(len(unit), generator=generator) < 0.5, -1.0, 1.0)
        changed = unit.clone()
        for number in drawn.unique().tolist():
            rows = torch.nonzero(drawn == number).flatten()
            own = rows.to(unit.device)
            level = (sign[rows] * STRENGTH).view(-1, 1, 1, 1).to(unit.device)
            changed[own] = CHANGES[number](unit[own], level).clamp(0.0, 1.0)
        unit = changed
    return unit


def _identity(unit: Tensor, _: Tensor) -> Tensor:
    return unit


def _autocontrast(unit: Tensor, _: Tensor) -> Tensor:
    low, high = unit.amin((2, 3), keepdim=True), unit.amax((2, 3), keepdim=True)
    return torch.where(high > low, (unit - low) / (high - low).clamp_min(1e-6), unit)


def _equalise(unit: Tensor, _: Tensor) -> Tensor:
    """Each channel's ranks in place of its values: a flat histogram of 256 levels."""
    flat = (unit * 255).round().long().flatten(2)
    counts = torch.zeros(*flat.shape[:2], 256, device=unit.device)
    counts.scatter_add_(2, flat, torch.ones(flat.shape, device=unit.device))
    below = counts.cumsum(2) - counts
    top = flat.shape[2] - counts.gather(2, flat.amax(2, keepdim=True))
    ranks = below.gather(2, flat) / top.clamp_min(1)
    return torch.where(top > 0, ranks, unit.flatten(2)).view_as(unit)


def _posterise(unit: Tensor, level: Tensor) -> Tensor:
    levels = 2.0 ** (8 - torch.round(4 * level.abs()))
    return torch.floor(unit * 255 / 256 * levels) * (256 / levels) / 255


def _solarise(unit: Tensor, level: Tensor) -> Tensor:
    return torch.where(unit >= 1 - level.abs(), 1 - unit, unit)


def _colour(unit: Tensor, level: Tensor) -> Tensor:
    return _towards(unit.mean(1, keepdim=True), unit, level)


def _contrast(unit: Tensor, level: Tensor) -> Tensor:
    return _towards(unit.mean((1, 2, 3), keepdim=True), unit, level)


def _brightness(unit: Tensor, level: Tensor) -> Tensor:
    return unit * (1 + 0.9 * level)


def _sharpness(unit: Tensor, level: Tensor) -> Tensor:
    blurred = functional.avg_pool2d(functional.pad(unit, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return _towards(blurred, unit, level)


def _towards(other: Tensor, unit: Tensor, level: Tensor) -> Tensor:
    return other + (unit - other) * (1 + 0.9 * level)


def _affine(rows: Callable[[Tensor], tuple[Tensor, ...]]) -> Change:
    """A change of place: from the levels (N,), the six numbers of the matrix (row by row)."""

    def change(unit: Tensor, level: Tensor) -> Tensor:
        flat = level.flatten()
        six = torch.stack([part + torch.zeros_like(flat) for part in rows(flat)], 1).view(-1, 2, 3)
        grid = functional.affine_grid(six, list(unit.shape), align_corners=False)
        return functional.grid_sample(unit, grid, padding_mode="reflection", align_corners=False)

    return change


def _turn(level: Tensor) -> tuple[Tensor, ...]:
    angle = level * math.pi / 6
    zero = torch.zeros_like(level)
    return angle.cos(), -angle.sin(), zero, angle.sin(), angle.cos(), zero


def _along(place: int, reach: float) -> Callable[[Tensor], tuple[Tensor, ...]]:
    """The identity matrix with the level, times ``reach``, at one of its six places."""

    def rows(level: Tensor) -> tuple[Tensor, ...]:
        six = [torch.full_like(level, value) for value in (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)]
        six[place] = six[place] + level * reach
        return tuple(six)

    return rows


CHANGES: tuple[Change, ...] = (
    _identity,
    _autocontrast,
    _equalise,
    _posterise,
    _solarise,
    _colour,
    _contrast,
    _brightness,
    _sharpness,
    _affine(_turn),
    _affine(_along(1, 0.3)),
    _affine(_along(3, 0.3)),
    _affine(_along(2, 0.9)),
    _affine(_along(5, 0.9)),
)
"""The paper's fourteen; the last four shear by up to 0.3 and shift by up to 0.45 of the side. What leaves the image
is mirrored at the border."""
