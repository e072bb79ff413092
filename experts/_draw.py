"""Which images a study shows: so many of each generator, and real ones that bear the same requests."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

import pandas as pd

from ..core import UserError, did_you_mean, rng
from ..imagesets import ImageSet
from ._count_words import counted
from ._simulated import ALIEN_COLUMNS
from ._study_settings import SHOW

REAL = "real"


@dataclass(frozen=True)
class Candidate:
    """An image that may be shown: its set's number and row, where it comes from, and the shown values."""

    part: int
    row: int
    origin: str
    stratum: tuple[str, ...]


def candidates(
    images: Sequence[ImageSet], real: ImageSet | None, show: Sequence[str]
) -> tuple[tuple[str, ...], list[Candidate], list[Candidate], list[str]]:
    """Return the columns that can be shown, the synthetic and the real candidates, and what is to be told.

    A column is shown where every synthetic image has a value; real images without one are no candidates, and a
    column that no real image has is not shown, for it would tell the kinds apart.
    """
    if not images or not any(len(each) for each in images):
        raise UserError("there are no images to rate", remedy="give at least one set of images")
    if real is not None and not len(real):
        raise UserError("the set of real images is empty", where=real.about.name)
    _refuse_unknown(images, real, show)
    shown, told = _shown(images, real, show)
    made = [c for part, each in enumerate(images) for c in _of_set(part, each, shown, origins(each))]
    if real is None:
        return shown, made, [], told
    there = _of_set(len(images), real, shown, [REAL] * len(real))
    lacking = len(real) - len(there)
    if lacking:
        told.append(f"left out: {counted(lacking, 'real image')} without a value of {', '.join(shown)}")
    return shown, made, there, told


def origins(images: ImageSet) -> list[str]:
    """Return where each image comes from: the lineage's generator, the column ``generator``, the set's name."""
    if images.lineage is not None:
        found = [images.lineage.generator] * len(images)
    elif "generator" in images.table.columns:
        values = images.table["generator"].tolist()
        found = [images.about.name if pd.isna(value) else str(value) for value in values]
    else:
        found = [images.about.name] * len(images)
    if any(name.casefold() == REAL for name in found):
        raise UserError(
            "synthetic images cannot come from 'real'", where=images.about.name, remedy="rename the set"
        )
    return found


def choose_synthetic(made: Sequence[Candidate], n: int | None, seed: int) -> list[Candidate]:
    """Return n of the candidates, as many of each origin as there are; all when n is None."""
    if n is None:
        return list(made)
    if n > len(made):
        raise UserError(
            f"{counted(n, 'image', 'was', 'were')} asked for, the sets have {len(made)}",
            remedy="leave out n to take all",
        )
    by_origin = _shuffled(made, lambda each: each.origin, seed, "draw")
    in_turn = [each for each in chain(*zip_longest(*by_origin.values())) if each is not None]
    return sorted(in_turn[:n], key=_place)


def choose_real(
    there: Sequence[Candidate], wished: Sequence[Candidate], n: int, seed: int
) -> tuple[list[Candidate], list[str]]:
    """Return up to n real candidates whose shown values are distributed as among ``wished``, and what is to be
    told where there are not enough."""
    by_stratum = _shuffled(there, lambda each: each.stratum, seed, "real")
    quotas = _quotas(Counter(each.stratum for each in wished), n)
    chosen = [each for stratum, quota in quotas.items() for each in by_stratum.get(stratum, [])[:quota]]
    if n and not chosen:
        raise UserError(
            "no real image bears the shown values of the synthetic ones",
            remedy="show other columns, or give other real images",
        )
    short = n - len(chosen)
    lack = f"{short} of {counted(n, 'real image', 'is', 'are')} missing: too few bear the values shown"
    return sorted(chosen, key=_place), [lack] if short else []


def _quotas(counts: Counter[tuple[str, ...]], n: int) -> dict[tuple[str, ...], int]:
    """n divided as the counts are, by largest remainders."""
    total = sum(counts.values())
    exact = {stratum: n * count / total for stratum, count in sorted(counts.items())}
    quotas = {stratum: int(share) for stratum, share in exact.items()}
    by_rest = sorted(exact, key=lambda stratum: (quotas[stratum] - exact[stratum], stratum))
    for stratum in by_rest[: n - sum(quotas.values())]:
        quotas[stratum] += 1
    return quotas


def _shuffled(items: Sequence[Candidate], key: Any, seed: int, name: str) -> dict[Any, list[Candidate]]:
    groups: dict[Any, list[Candidate]] = defaultdict(list)
    for each in items:
        groups[key(each)].append(each)
    mixed = {}
    for value in sorted(groups):
        order = rng(seed, name, *([value] if isinstance(value, str) else value)).permutation(
            len(groups[value])
        )
        mixed[value] = [groups[value][i] for i in order]
    return mixed


def _of_set(part: int, images: ImageSet, shown: Sequence[str], origin: Sequence[str]) -> list[Candidate]:
    columns = [images.table[name].tolist() for name in shown]
    rows = zip(*columns, strict=True) if columns else ((),) * len(images)
    return [
        Candidate(part, row, origin[row], tuple(map(as_text, values)))
        for row, values in enumerate(rows)
        if not any(_is_missing(value) for value in values)
    ]


def _shown(
    images: Sequence[ImageSet], real: ImageSet | None, show: Sequence[str]
) -> tuple[tuple[str, ...], list[str]]:
    kept, told = [], []
    for name in dict.fromkeys(show):
        if not all(name in each.table.columns and not _lacks(each, name) for each in images):
            if any(name in each.table.columns for each in images):
                told.append(f"{name} is not shown: not every synthetic image has it")
        elif real is not None and (name not in real.table.columns or real.table[name].isna().all()):
            told.append(f"{name} is not shown: no real image has it")
        else:
            kept.append(name)
    return tuple(kept), told


def _refuse_unknown(images: Sequence[ImageSet], real: ImageSet | None, show: Sequence[str]) -> None:
    known = {str(name) for each in (*images, *([real] if real else [])) for name in each.table.columns}
    for name in show:
        if name in (*ALIEN_COLUMNS, "generator") or name.startswith("true_"):
            raise UserError(f"{name} cannot be shown: it was not requested", remedy="show label")
        if name not in known and name not in SHOW:
            raise UserError(f"no image set has the column {name!r} to show", remedy=did_you_mean(name, known))


def as_text(value: Any) -> str:
    """Return a table's cell as the rater reads it; 1.0 and 1 are one value, whatever file they came from."""
    plain = value.item() if hasattr(value, "item") else value
    return str(int(plain)) if isinstance(plain, float) and plain.is_integer() else str(plain)


def _lacks(images: ImageSet, name: str) -> bool:
    return any(_is_missing(value) for value in images.table[name].tolist())


def _is_missing(value: Any) -> bool:
    return bool(pd.isna(value)) or value == ""


def _place(each: Candidate) -> tuple[int, int]:
    return each.part, each.row
