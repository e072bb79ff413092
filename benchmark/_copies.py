"""Copies of patients: the search for them, shared by runs and single evaluations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..imagesets import Pixels, SamePixels, flip_views, view
from ..metrics import FEWEST_HOLDOUT, MemorisationVerdict, memorisation
from ._record import CopiedPatient, CopyPair, Memorisation

SEEKER = "thumbnail"
"""The extractor that looks for copies unless another is asked for."""
CROPS = ("crop:0.9", "crop:0.85", "crop:0.8")
SHIFTS = tuple(
    f"shift:{across},{down}"
    for across in ("-0.05", "0", "0.05")
    for down in ("-0.05", "0", "0.05")
    if (across, down) != ("0", "0")
)
LIGHT = ("brightness:0.8", "brightness:1.25", "jpeg:75", "jpeg:50")
LISTED = 20
CHUNK = 1024


@dataclass(frozen=True)
class CopySet:
    """One image set as the search sees it: features by row, file names, and the patient of each image where known."""

    features: ArrayLike
    files: Sequence[str]
    patients: NDArray[Any] | None = None


@dataclass(frozen=True)
class Copies:
    """What was found: the record's entry, and the verdict with every image's values (None where undecided)."""

    entry: Memorisation
    verdict: MemorisationVerdict | None


def default_views(extractor: str, flips: str = "both") -> tuple[str, ...]:
    """Return the views under which training images are looked for, unless a recipe names others.

    ``thumbnail`` sees through brightness and JPEG, so it is given mirrored, turned, cropped and shifted images,
    mirrored and cropped ones among them (and bright ones, in which white burns out). Other extractors do not, and
    each view costs them a pass over the training images: they are given mirrored, cropped, brightened and
    compressed images, one change at a time.

    >>> len(default_views("thumbnail")), default_views("domain", "none")[:3]
    (32, ('crop:0.9', 'crop:0.85', 'brightness:0.8'))
    """
    turned = flip_views(flips)  # type: ignore[arg-type]
    if extractor != SEEKER:
        return (*turned, "crop:0.9", "crop:0.85", *LIGHT)
    cropped = [f"{turn}+{crop}" for turn in turned for crop in CROPS]
    return (*turned, *CROPS, *cropped, *SHIFTS, "brightness:1.25")


def view_features(extractor: Any, images: Pixels, views: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """Return the features of (N, H, W, 3) images under each view, a bounded number of images at a time."""
    found: dict[str, list[NDArray[np.float32]]] = {name: [] for name in views}
    for start in range(0, len(images), CHUNK):
        part = images[start : start + CHUNK]
        for name in views:
            found[name].append(np.asarray(extractor.features(view(part, name)), np.float32))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def files_of(table: pd.DataFrame) -> list[str]:
    """The file names of a table, "" where it has none."""
    names = table["file_name"] if "file_name" in table.columns else pd.Series([""] * len(table))
    return [str(name) for name in names]


def judge_copies(
    train: CopySet,
    synthetic: CopySet,
    holdout: CopySet | None,
    *,
    extractor: str,
    generator: str,
    seed: int,
    views: Mapping[str, ArrayLike] | None = None,
    exact: Sequence[SamePixels] | None = None,
    exact_holdout: int = 0,
    patients_by: str | None = None,
) -> Copies:
    """Judge whether a generator gives back training patients, and return the record's entry.

    ``views`` are features of the training images under other views, by name; ``exact`` the images that equal a
    training image pixel by pixel (``same_pixels``), None where that was not looked at; ``exact_holdout`` how many
    hold-out images do. An exact copy is no matter of chance: it decides alone, unless the hold-out has as many.
    Too small a hold-out, or none, leaves it undecided, and the entry says so.
    """
    named = _Named(train, synthetic, holdout)
    reason = _too_few(holdout)
    if holdout is None or reason:
        entry = Memorisation(
            generator=generator, seed=seed, memorising=None, n=len(synthetic.files), extractor=extractor,
            words=f"cannot be known: {reason}. Whether patients are given back stays open",
        )  # fmt: skip
        return Copies(_with_exact(entry, exact, exact_holdout, named), None)
    verdict = memorisation(
        train.features,
        synthetic.features,
        holdout.features,
        features=extractor,
        train_views=views or {},
        groups=train.patients,
        holdout_groups=holdout.patients,
    )
    risk = verdict.patients
    entry = Memorisation(
        generator=generator,
        seed=seed,
        memorising=verdict.memorising,
        copy_share=verdict.copy_share.value,
        lo=verdict.copy_share.lo,
        hi=verdict.copy_share.hi,
        holdout_share=verdict.holdout_share,
        p=verdict.p_value,
        n=verdict.n_synthetic,
        words=verdict.words,
        extractor=extractor,
        views=list(views or {}),
        threshold=verdict.threshold,
        fewest_copies=verdict.fewest_copies,
        n_train=verdict.n_train,
        n_holdout=verdict.n_holdout,
        patients_by=(patients_by or "patient") if risk.known else None,
        n_patients=risk.n,
        patients_copied=risk.copied,
        patients_share=risk.share.value,
        patients_lo=risk.share.lo,
        patients_hi=risk.share.hi,
        most_copied=[
            CopiedPatient(train_row=each.train, train_file=train.files[each.train], images=each.images)
            for each in risk.most
        ],
        pairs=[named.pair(*each) for each in verdict.pairs],
        holdout_pairs=[named.holdout_pair(*each) for each in verdict.holdout_pairs],
    )
    return Copies(_with_exact(entry, exact, exact_holdout, named), verdict)


def _too_few(holdout: CopySet | None) -> str:
    if holdout is None:
        return "copies cannot be told from chance without hold-out images the generator never saw"
    n = len(holdout.files)
    return f"not enough data: {n} hold-out images, {FEWEST_HOLDOUT} needed" if n < FEWEST_HOLDOUT else ""


@dataclass(frozen=True)
class _Named:
    """Rows to file names."""

    train: CopySet
    synthetic: CopySet
    holdout: CopySet | None

    def pair(self, row: int, other: int, closeness: float | None, view: str) -> CopyPair:
        return self._pair(self.synthetic, row, other, closeness, view)

    def holdout_pair(self, row: int, other: int, closeness: float | None, view: str) -> CopyPair:
        assert self.holdout is not None
        return self._pair(self.holdout, row, other, closeness, view)

    def _pair(self, images: CopySet, row: int, other: int, closeness: float | None, view: str) -> CopyPair:
        return CopyPair(
            row=row, file=images.files[row], train_row=other, train_file=self.train.files[other],
            closeness=closeness, view=view,
        )  # fmt: skip


def _with_exact(
    entry: Memorisation, exact: Sequence[SamePixels] | None, exact_holdout: int, named: _Named
) -> Memorisation:
    if exact is None:
        return entry
    entry.exact_copies, entry.exact_holdout = len(exact), exact_holdout
    entry.exact = [named.pair(each.row, each.other, None, each.view) for each in exact[:LISTED]]
    if not exact:
        return entry
    n = "1 image is" if len(exact) == 1 else f"{len(exact)} images are"
    first = exact[0]
    told = f"{n} a training image pixel for pixel, the first in row {first.row + 1}"
    if named.train.files[first.other]:
        told += f" ({named.train.files[first.other]})"
    if exact_holdout:
        entry.words += (
            f". {told}; so {'is' if exact_holdout == 1 else 'are'} {exact_holdout} of the hold-out's"
        )
    elif entry.memorising:
        entry.words += f"; {told}"
    else:
        entry.memorising = True
        entry.words = f"memorising: {told}. {capital(entry.words)}"
    return entry


def certain(entry: Memorisation) -> bool:
    """True where exact copies decide, which no p-value can undo: the hold-out has none."""
    return bool(entry.exact_copies) and not entry.exact_holdout


def capital(words: str) -> str:
    """The words with a capital letter."""
    return words[:1].upper() + words[1:]
