"""What a network wants of its pixels: size, interpolation, mean and spread. They belong to the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..core import UserError

INTERPOLATIONS = ("bicubic", "bilinear", "nearest")


@dataclass(frozen=True)
class Preprocessing:
    """How images become a network's input.

    ``size`` is the side in pixels (None: as they come), ``interpolation`` is antialiased, ``mean`` and
    ``std`` are those of the channels in [0, 1]. Where ``resize`` is given, images are brought to that side and
    their centre of ``size`` is cut out.
    """

    size: int | None = None
    interpolation: str = "bicubic"
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.5, 0.5, 0.5)
    resize: int | None = None

    def __post_init__(self) -> None:
        if self.resize is not None and (self.size is None or self.resize < self.size):
            raise UserError(f"no centre of {self.size} can be cut out of {self.resize} pixels")
        if self.interpolation not in INTERPOLATIONS:
            raise UserError(
                f"no interpolation {self.interpolation!r}", remedy=f"one of {', '.join(INTERPOLATIONS)}"
            )
        if min(self.std) <= 0:
            raise UserError(f"the standard deviations {self.std} must be above zero")

    def changed(self, **given: Any) -> Preprocessing:
        """Return a copy with the given fields (one number serves all channels); None changes nothing."""
        known = {key: value for key, value in given.items() if value is not None}
        for key in ("mean", "std"):
            if key in known:
                known[key] = _three(known[key])
        return replace(self, **known)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for keys and files."""
        fields = {
            key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()
        }
        if self.resize is None:
            del fields["resize"]
        return fields

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Preprocessing:
        """The inverse of ``to_json``."""
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**fields)

    def __call__(self, unit: Tensor) -> Tensor:
        """Map (N, 3, H, W) in [0, 1] to the network's input; differentiable with respect to the pixels."""
        mean = torch.tensor(self.mean, dtype=unit.dtype, device=unit.device).view(1, -1, 1, 1)
        std = torch.tensor(self.std, dtype=unit.dtype, device=unit.device).view(1, -1, 1, 1)
        inner = (self.resized(unit) - mean) / std
        return inner.contiguous(memory_format=torch.channels_last)

    def resized(self, unit: Tensor) -> Tensor:
        """Resize (N, 3, H, W) in [0, 1] to ``size``; the values stay in [0, 1]."""
        if self.size is None:
            return unit
        if self.resize is None:
            return self._to_side(unit, self.size)
        edge = (self.resize - self.size) // 2
        whole = self._to_side(unit, self.resize)
        return whole[..., edge : edge + self.size, edge : edge + self.size]

    def _to_side(self, unit: Tensor, length: int) -> Tensor:
        if unit.shape[-2:] == (length, length):
            return unit
        side = (length, length)
        if self.interpolation == "nearest":
            return functional.interpolate(unit, side, mode="nearest")
        bigger = functional.interpolate(
            unit, side, mode=self.interpolation, antialias=True, align_corners=False
        )
        return bigger.clamp(0.0, 1.0)


def to_unit(images: NDArray[np.uint8], device: str | torch.device = "cpu") -> Tensor:
    """(N, H, W, 3) uint8 to an (N, 3, H, W) float tensor in [0, 1]."""
    check_images(images)
    pixels = torch.from_numpy(np.ascontiguousarray(images)).to(device)
    return pixels.permute(0, 3, 1, 2).float() / 255.0


def check_images(images: NDArray[np.uint8]) -> None:
    """Raise ``UserError`` unless ``images`` is an (N, H, W, 3) uint8 array."""
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
        raise UserError(f"images must be an (N, H, W, 3) uint8 array, got {images.shape} {images.dtype}")


def _three(value: float | Sequence[float]) -> tuple[float, ...]:
    numbers = [value] * 3 if isinstance(value, int | float) else list(value)
    if len(numbers) != 3:
        raise UserError(f"mean and std need one or three numbers, got {len(numbers)}")
    return tuple(float(number) for number in numbers)
