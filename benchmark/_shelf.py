"""Image sets between stages: one memory-mapped array, one table, one card."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from ..imagesets import About, ImageSet, Lineage


def shelve(images: ImageSet, folder: Path) -> None:
    """Write the images (all of one size) and their table into ``folder``."""
    np.save(folder / "images.npy", images.images(), allow_pickle=False)
    images.table.to_parquet(folder / "table.parquet")
    lineage = asdict(images.lineage) if images.lineage else None
    (folder / "about.json").write_text(json.dumps({"about": asdict(images.about), "lineage": lineage}))


def unshelve(folder: Path) -> ImageSet:
    """Read what ``shelve`` wrote; pixels stay on disk until they are used."""
    pixels = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
    note = json.loads((folder / "about.json").read_text())
    lineage = Lineage(**note["lineage"]) if note["lineage"] else None
    table = pd.read_parquet(folder / "table.parquet")
    return ImageSet.from_arrays(pixels, table, about=About(**note["about"]), lineage=lineage)


def split_of(folder: Path, *names: str) -> ImageSet:
    """The images of the named splits, in memory."""
    images = unshelve(folder)
    chosen = images.subset(images.column("split").isin(names).to_numpy())
    return ImageSet.from_arrays(chosen.images(), chosen.table, about=images.about)
