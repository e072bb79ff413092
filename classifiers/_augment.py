"""Augmentation of a whole batch at once, from an explicit generator."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional

from ._randaugment import randaugment

AUGMENTATIONS = ("none", "flip", "dihedral", "classical", "randaugment")
"""``flip``: left-right. ``dihedral``: all eight flips and quarter turns (images without an upright, such as
cells and skin). ``classical``: dihedral, small shift, turn and zoom, brightness, contrast and
saturation. ``randaugment``: flip, then two of fourteen changes (Cubuk et al. 2020)."""


def augment(unit: Tensor, kind: str, generator: Generator) -> Tensor:
    """Return a changed copy of (N, 3, H, W) in [0, 1]; every image draws its own change."""
    if kind == "none":
        return unit
    if kind == "flip":
        return _flip(unit, 3, generator)
    if kind == "randaugment":
        return randaugment(_flip(unit, 3, generator), generator)
    turned = _dihedral(unit, generator)
    return turned if kind == "dihedral" else _colour(_affine(turned, generator), generator)


def _flip(unit: Tensor, axis: int, generator: Generator) -> Tensor:
    chosen = _coin(unit, generator)
    return torch.where(chosen, unit.flip(axis), unit)


def _dihedral(unit: Tensor, generator: Generator) -> Tensor:
    both = _flip(_flip(unit, 3, generator), 2, generator)
    chosen = _coin(unit, generator)
    return both if unit.shape[-1] != unit.shape[-2] else torch.where(chosen, both.transpose(2, 3), both)


def _affine(unit: Tensor, generator: Generator) -> Tensor:
    """Turn by up to 15 degrees, zoom by up to 10%, shift by up to 5% of the side; the border is reflected."""
    n = len(unit)
    angle = _uniform(n, -math.pi / 12, math.pi / 12, generator)
    zoom = torch.exp(_uniform(n, -0.1, 0.1, generator))
    shift = _uniform(n, -0.1, 0.1, generator), _uniform(n, -0.1, 0.1, generator)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    rows = torch.stack([torch.stack([cos, -sin, shift[0]], 1), torch.stack([sin, cos, shift[1]], 1)], 1)
    grid = functional.affine_grid(rows.to(unit.device), list(unit.shape), align_corners=False)
    return functional.grid_sample(unit, grid, padding_mode="reflection", align_corners=False)


def _colour(unit: Tensor, generator: Generator) -> Tensor:
    n = len(unit)
    brightness, contrast, saturation = (
        _uniform(n, low, high, generator).view(-1, 1, 1, 1).to(unit.device)
        for low, high in ((-0.04, 0.04), (0.9, 1.1), (0.9, 1.1))
    )
    grey = unit.mean(1, keepdim=True)
    coloured = grey + (unit - grey) * saturation
    middle = coloured.mean((1, 2, 3), keepdim=True)
    return (middle + (coloured - middle) * contrast + brightness).clamp(0.0, 1.0)


def _coin(unit: Tensor, generator: Generator) -> Tensor:
    return (torch.rand(len(unit), generator=generator) < 0.5).view(-1, 1, 1, 1).to(unit.device)


def _uniform(n: int, low: float, high: float, generator: Generator) -> Tensor:
    return low + (high - low) * torch.rand(n, generator=generator)
