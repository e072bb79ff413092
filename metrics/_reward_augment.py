"""Changes that leave the verdict as it is: mirror images, small shifts, faint noise."""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional

from ..classifiers import AUGMENTATIONS, augment
from ..core import UserError, did_you_mean

JITTER = "+jitter"
REWARD_AUGMENTATIONS = (*AUGMENTATIONS, *(kind + JITTER for kind in ("none", "flip", "dihedral")))
"""Those of ``classifiers``, and three with jitter: shifts by up to 1/16 of the side, noise of up to 0.03."""
_REACH, _NOISE = 16, 0.03


def check_augmentation(kind: str) -> str:
    """Return the name; ``UserError`` when nothing is called so."""
    if kind not in REWARD_AUGMENTATIONS:
        raise UserError(
            f"no augmentation is called {kind!r}", remedy=did_you_mean(kind, REWARD_AUGMENTATIONS)
        )
    return kind


def reward_augmented(unit: Tensor, kind: str, generator: Generator) -> Tensor:
    """Return a changed copy of (N, 3, H, W) in [0, 1]; every image draws its own change."""
    turned = augment(unit, kind.removesuffix(JITTER), generator)
    return _noisy(_shifted(turned, generator), generator) if kind.endswith(JITTER) else turned


def _shifted(unit: Tensor, generator: Generator) -> Tensor:
    """Move each image by whole pixels; the border is mirrored, so that no seam betrays the shift."""
    reach = max(1, min(unit.shape[2:]) // _REACH)
    wide = functional.pad(unit, (reach,) * 4, mode="reflect")
    height, width = unit.shape[2:]
    starts = torch.randint(0, 2 * reach + 1, (len(unit), 2), generator=generator).tolist()
    return torch.stack(
        [image[:, i : i + height, j : j + width] for image, (i, j) in zip(wide, starts, strict=True)]
    )


def _noisy(unit: Tensor, generator: Generator) -> Tensor:
    level = _NOISE * torch.rand(len(unit), 1, 1, 1, generator=generator)
    return (unit + level * torch.randn(unit.shape, generator=generator)).clamp(0.0, 1.0)
