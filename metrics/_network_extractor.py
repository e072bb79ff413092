"""What the extractors that run one network share: load once, feed batches of one size, give float32 rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..classifiers import FEATURE_BATCH
from ..core import UserError
from ..imagesets import ImageSet
from ._extractor import Images
from ._feature_cache import Features

Forward = Callable[[Tensor], Tensor]


def image_lists(images: Images, batch_size: int = FEATURE_BATCH) -> Iterator[list[NDArray[np.uint8]]]:
    """Yield lists of (H, W, 3) uint8 images in order, of any sizes."""
    for start in range(0, len(images), batch_size):
        rows = range(start, min(start + batch_size, len(images)))
        yield [images.image(i) if isinstance(images, ImageSet) else images[i] for i in rows]


def forward_batches(forward: Forward, batches: Iterable[Tensor], name: str) -> Features:
    """Return the (N, D) float32 rows that ``forward`` gives for (n, 3, H, W) batches, n at most 32.

    Every batch is filled up to 32 images, so that an image's features do not depend on how many came with it.
    """
    rows = []
    with torch.inference_mode():
        for batch in batches:
            full = batch[torch.arange(FEATURE_BATCH) % len(batch)]
            rows.append(as_rows(forward(full), name)[: len(batch)].float().cpu().numpy())
    return np.concatenate(rows) if rows else np.zeros((0, 0), np.float32)


def ahead(batches: Iterable[Tensor]) -> Iterator[Tensor]:
    """Yield the same batches, each prepared in another thread while the one before it is used."""
    source = iter(batches)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, source, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, source, None)
            yield batch


def as_rows(output: Tensor, name: str) -> Tensor:
    """Bring a network's output to (N, D): maps (N, D, H, W) by their spatial mean."""
    if output.ndim == 4:
        output = output.mean(dim=(2, 3))
    if output.ndim != 2:
        raise UserError(
            f"{name} gave {tuple(output.shape)} for {FEATURE_BATCH} images",
            remedy="a network for features gives (N, D) or (N, D, H, W)",
        )
    return output
