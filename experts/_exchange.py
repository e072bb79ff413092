"""Ratings as files: one row per rater, image and criterion."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..core import UserError, atomic_file
from ..imagesets import read_table, write_csv
from ._ratings import RATING_COLUMNS, check_ratings
from ._store import RatingStore

_TYPES = {name: "text" for name in RATING_COLUMNS} | {
    "criteria_version": "integer",
    "plausible": "integer",
    "repeat": "integer",
    "seconds": "number",
}


def write_ratings(ratings: pd.DataFrame, path: str | Path) -> None:
    """Write a ratings table as ``.csv`` or ``.parquet``, atomically."""
    suffix = Path(path).suffix.lower()
    if suffix == ".csv":
        write_csv(ratings, path)
    elif suffix == ".parquet":
        with atomic_file(path) as temporary:
            ratings.to_parquet(temporary, index=False)
    else:
        raise UserError("ratings are written as .csv or .parquet", where=path)


def read_ratings(path: str | Path) -> pd.DataFrame:
    """Read a ratings table from ``.csv`` or ``.parquet``; all faulty rows are named in one ``UserError``."""
    if Path(path).suffix.lower() not in (".csv", ".parquet"):
        raise UserError("ratings are read from .csv or .parquet", where=path)
    return check_ratings(read_table(path, types=_TYPES), where=path)


def export_ratings(store: RatingStore, path: str | Path) -> int:
    """Write all ratings of a store to a file and return their number."""
    ratings = store.ratings()
    write_ratings(ratings, path)
    return len(ratings)


def import_ratings(store: RatingStore, path: str | Path) -> int:
    """Add the ratings of a file to a store and return how many were new."""
    return store.add(read_ratings(path))
