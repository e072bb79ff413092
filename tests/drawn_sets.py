"""Small image sets, and evaluations of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from synmedbench.benchmark import evaluate
from synmedbench.core import silent
from synmedbench.imagesets import ImageSet


def drawn(n: int, seed: int, kinds: tuple[str, ...] = ("round", "streaky"), side: int = 16) -> ImageSet:
    """Discs and stripes on noise: two kinds that any features tell apart."""
    generator = np.random.default_rng(seed)
    labels = np.array(kinds)[np.arange(n) % len(kinds)]
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    images = np.zeros((n, side, side, 3), np.uint8)
    for i in range(n):
        radius = generator.uniform(side / 6, side / 2.5)
        shape = np.hypot(x, y) < radius if labels[i] == "round" else np.abs(y) < radius / 2
        colours = np.where(shape[..., None], (170, 80, 90), (235, 220, 215))
        images[i] = colours + generator.integers(0, 20, (side, side, 3))
    table = pd.DataFrame({"label": labels, "sex": np.array(["f", "m"])[(np.arange(n) // 2) % 2]})
    table["patient_id"] = [f"p{seed}-{i // 2}" for i in range(n)]
    return ImageSet.from_arrays(images, table)


def rows_of(record, **wanted):
    """The score rows that have these values."""
    return [row for row in record.scores if all(getattr(row, key) == value for key, value in wanted.items())]


def run(root: Path, fake: str = "fake", real: str = "real", **options):
    """Evaluate sets of a folder, on texture and in silence unless asked otherwise."""
    given = {key: str(root / options.pop(key)) for key in ("holdout", "train") if key in options}
    options = {"extractors": ("texture",), "progress": silent(), **options}
    return evaluate(str(root / fake), str(root / real), **given, **options)
