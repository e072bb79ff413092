"""Features remembered by image content, so that a frozen backbone sees every image once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, atomic_file, hash_bytes

Compute = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


class FeatureMemory:
    """A map from (network, image content) to a feature row; may be kept in a file and shared by cells.

    Example
    -------
    >>> memory = FeatureMemory()
    >>> images = np.zeros((3, 4, 4, 3), np.uint8)
    >>> memory.rows("key", images, lambda new: np.ones((len(new), 2), np.float32)).shape, len(memory)
    ((3, 2), 1)
    """

    def __init__(self) -> None:
        self._rows: dict[str, NDArray[np.float32]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, key: str, images: NDArray[np.uint8], compute: Compute) -> NDArray[np.float32]:
        """Return the features of the images; ``compute`` is called once, on those not seen before."""
        names = [key + hash_bytes(str(image.shape).encode() + image.tobytes()) for image in images]
        unseen = {name: i for i, name in enumerate(names) if name not in self._rows}
        if unseen:
            found = compute(images[list(unseen.values())])
            self._rows.update(zip(unseen, found, strict=True))
        return np.stack([self._rows[name] for name in names])

    def save(self, path: str | Path) -> None:
        """Write all features to a safetensors file."""
        from safetensors.numpy import save_file

        with atomic_file(path) as temporary:
            save_file({name: np.ascontiguousarray(row) for name, row in self._rows.items()}, temporary)

    @classmethod
    def load(cls, path: str | Path) -> FeatureMemory:
        """Read what ``save`` wrote."""
        from safetensors.numpy import load_file

        if not Path(path).is_file():
            raise UserError("there is no feature memory", where=path)
        memory = cls()
        memory._rows = dict(load_file(path))
        return memory
