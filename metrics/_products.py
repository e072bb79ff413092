"""Blocks of rows of X Y^T: the one expensive thing, on the processor or on a CUDA device alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ._checks import Features

BLOCK_BYTES = 64 * 2**20


def product_blocks(x: Features, y: Features, device: str = "cpu") -> Iterator[tuple[slice, Features]]:
    """Yield ``(rows, x[rows] @ y.T)``, each block about 64 MiB of float64: memory O(block x m)."""
    step = max(16, BLOCK_BYTES // (8 * len(y)))
    multiply = _on_numpy(y) if device == "cpu" else _on_device(y, device)
    for start in range(0, len(x), step):
        rows = slice(start, min(start + step, len(x)))
        yield rows, multiply(x[rows])


def _on_numpy(y: Features) -> Any:
    return lambda rows: rows @ y.T


def _on_device(y: Features, device: str) -> Any:
    import torch

    columns = torch.from_numpy(y).to(device).T
    return lambda rows: (torch.from_numpy(rows).to(device) @ columns).cpu().numpy()


def squared_norms(x: Features) -> Features:
    """Return the squared length of each row."""
    return np.asarray(np.einsum("ij,ij->i", x, x), dtype=np.float64)


def rounding(width: int) -> float:
    """Bound on the error of ``|x|^2 + |y|^2 - 2 x.y`` in float64, relative to ``|x|^2 + |y|^2``."""
    return float(2 * np.finfo(np.float64).eps * (width + 16))
