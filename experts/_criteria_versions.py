"""Ratings by the version of the criteria that they answered."""

from __future__ import annotations

import pandas as pd


def by_version(ratings: pd.DataFrame) -> dict[tuple[str, int], pd.DataFrame]:
    """Return the rows of each criteria set and version, sorted by both; a missing name is ''.

    >>> table = pd.DataFrame({"criteria": ["skin", "skin"], "criteria_version": [2, 1], "answer": ["yes", "no"]})
    >>> [(key, part["answer"].tolist()) for key, part in by_version(table).items()]
    [(('skin', 1), ['no']), (('skin', 2), ['yes'])]
    """
    names = ratings["criteria"].fillna("").astype(str)
    versions = ratings["criteria_version"].fillna(1).astype(int)
    keys = sorted(set(zip(names, versions, strict=True)))
    return {key: ratings[((names == key[0]) & (versions == key[1])).to_numpy()] for key in keys}


def mixed_versions(ratings: pd.DataFrame) -> str | None:
    """Return a warning when one set was answered in several versions, else None."""
    found: dict[str, dict[int, int]] = {}
    for (name, version), part in by_version(ratings).items():
        found.setdefault(name, {})[version] = len(part)
    mixed = {name: counts for name, counts in found.items() if len(counts) > 1}
    if not mixed:
        return None
    told = [
        f"{name or 'unnamed criteria'} in {', '.join(f'version {v} ({n} answers)' for v, n in counts.items())}"
        for name, counts in mixed.items()
    ]
    return f"answers to several versions are kept apart: {'; '.join(told)}"
