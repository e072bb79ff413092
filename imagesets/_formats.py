"""In which file formats the images of a set came: compression alone moves distances between sets."""

from __future__ import annotations

import io
from collections import Counter

from PIL import Image

from ._decode import FORMATS
from ._imageset import ImageSet
from ._parquet import EncodedSource
from ._read_folder import FolderSource

LOSSY = ("JPEG", "WEBP")


def format_counts(images: ImageSet) -> dict[str, int]:
    """Return how many images came in each file format, the most frequent first; only headers are read.

    The format is told by a file's content, never by its name. Images that are in memory, or were resized, count
    as ``array``; a file that is no image as ``unreadable``. Ask before images are resized.

    >>> import numpy as np
    >>> format_counts(ImageSet.from_arrays(np.zeros((2, 8, 8, 3), np.uint8)))
    {'array': 2}
    """
    found = Counter(_format(images, int(row)) for row in images.rows)
    return dict(found.most_common())


def formats_apart(real: ImageSet, synthetic: ImageSet) -> str | None:
    """Say in one sentence that two sets' formats differ enough to move a distance; None where they do not.

    They do where one set's share of lossy files (JPEG, WebP) is above the other's by more than 5%. Sets that are
    in memory bear no trace of their format and are never told apart.
    """
    counts = format_counts(real), format_counts(synthetic)
    a, b = _lossy_share(counts[0]), _lossy_share(counts[1])
    if a is None or b is None or abs(a - b) <= 0.05:
        return None
    told = _in_words(counts[0]), _in_words(counts[1])
    return f"the real images are {told[0]}, the synthetic ones {told[1]}: formats alone move distances"


def _lossy_share(counts: dict[str, int]) -> float | None:
    known = {name: n for name, n in counts.items() if name not in ("array", "unreadable")}
    total = sum(known.values())
    return sum(known.get(name, 0) for name in LOSSY) / total if total else None


def _in_words(counts: dict[str, int]) -> str:
    return ", ".join(name if len(counts) == 1 else f"{name} ({n})" for name, n in counts.items())


def _format(images: ImageSet, row: int) -> str:
    source = images.source
    try:
        if isinstance(source, FolderSource):
            with Image.open(source.root / source.files[row], formats=FORMATS) as image:
                return _name(image)
        if isinstance(source, EncodedSource):
            with Image.open(io.BytesIO(source.encoded[row]), formats=FORMATS) as image:
                return _name(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return "unreadable"
    return "array"


def _name(image: Image.Image) -> str:
    return "JPEG" if image.format == "MPO" else image.format or "unknown"
