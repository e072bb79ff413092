"""Leakage: images that carry the test into the training, counted, or a reason to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..core import UserError
from ..imagesets import Fingerprints, ImageSet, Pixels, fingerprints, near_rows
from ._record_augmentation import Leakage

Mask = NDArray[np.bool_]
NearDuplicates = Literal["off", "count", "group"]
Policy = Literal["stop", "count"]
Kind = Literal["patient", "lesion", "duplicate", "near-duplicate", "synthetic near test"]
_BONDS: tuple[tuple[Kind, str, str], ...] = (
    ("patient", "patient_id", "a patient"),
    ("lesion", "lesion_id", "a lesion"),
)


def leakage(
    data: ImageSet,
    group: str | None = None,
    *,
    near_duplicates: NearDuplicates = "count",
    pools: Mapping[str, ImageSet | Pixels | Fingerprints] | None = None,
    near_test: Mapping[str, tuple[Mask, float]] | None = None,
    tests: Mapping[str, ImageSet] | None = None,
    policy: Policy = "count",
    judged: str = "test",
    prints: Fingerprints | None = None,
) -> list[Leakage]:
    """Return what could leak from the test images into the training, one entry per kind and place, zeros included.

    ===================  ==================================================================================
    kind                 what is counted
    ===================  ==================================================================================
    patient, lesion      test images whose ``patient_id``, ``lesion_id`` or ``group`` is also in another split
    duplicate            test images that equal an image of another split pixel for pixel
    near-duplicate       test images that are near-duplicates of one of another split (`near_rows`)
    synthetic near test  images of a pool that are near-duplicates of a test image, or those that the search
                         for copies put nearer to one than its threshold
    ===================  ==================================================================================

    Parameters
    ----------
    data:
        All real images with a column ``split``.
    group:
        The column of the recipe that binds images, where it is neither ``patient_id`` nor ``lesion_id``.
    near_duplicates:
        ``off`` leaves near-duplicates among real images alone; ``group`` says that the splits kept them together.
    pools:
        Synthetic images by generator, as a set, an array, or their fingerprints.
    near_test:
        By generator: which of its images are near a test image by features, and the threshold of that search. Such a
        generator is not looked at by fingerprints again.
    tests:
        Further test sets by name, such as ``external:NAME``, looked for in ``data``'s other splits.
    policy:
        ``count`` reports; ``stop`` raises on the first entry that is not zero.
    judged:
        The split that must not leak.
    prints:
        Fingerprints of ``data``, where they are at hand.

    Raises
    ------
    UserError
        With ``stop``: all that leaks, and what to do about it.
    """
    held = data.column("split").to_numpy() == judged
    looked = near_duplicates != "off" or bool(pools)
    prints = fingerprints(data) if prints is None and looked else prints
    test, rest = data.subset(held), data.subset(~held)
    found = leakage_between(test, rest, group, where=f"{judged}, against the other splits")
    if near_duplicates != "off" and prints is not None:
        words = f"{judged}, against the other splits"
        found.append(_near(prints.subset(held), prints.subset(~held), words, near_duplicates == "group"))
    for name, images in (tests or {}).items():
        found += leakage_between(images, rest, None, where=f"{name}, against {data.about.name}", bonds=False)
        if near_duplicates != "off" and prints is not None:
            words = f"{name}, against {data.about.name}"
            found.append(_near(fingerprints(images), prints.subset(~held), words, False))
    for name, pool in (pools or {}).items():
        if prints is not None and name not in (near_test or {}):
            found.append(_pool_near_test(name, pool, prints.subset(held)))
    found += [_by_features(name, mask, threshold) for name, (mask, threshold) in (near_test or {}).items()]
    return _judged(found, policy, data.about.name)


def leakage_between(
    test: ImageSet, rest: ImageSet, group: str | None = None, *, where: str, bonds: bool = True
) -> list[Leakage]:
    """Return how many images of ``test`` share a patient, a lesion, or all their pixels with one of ``rest``.

    Patients and lesions are compared (``bonds``) where both sets have the column; a missing cell binds nothing.
    """
    named = list(_BONDS)
    if group and group not in {column for _, column, _ in _BONDS}:
        named.append(("patient", group, f"the same {group}"))
    found = []
    for kind, column, words in named if bonds else ():
        if column in test.table.columns and column in rest.table.columns:
            others = {str(cell) for cell in rest.table[column].dropna()} - {""}
            shared = [str(cell) in others for cell in test.table[column].astype(object).fillna("")]
            found.append(_entry(kind, where, int(sum(shared)), len(test), f"share {words} with an image"))
    keys = set(rest.image_keys)
    same = sum(key in keys for key in test.image_keys)
    return [*found, _entry("duplicate", where, same, len(test), "equal an image pixel for pixel,")]


def near_test_rows(images: ImageSet | Pixels | Fingerprints, test: Fingerprints) -> Mask:
    """Return which of the images are near-duplicates of a test image, also mirrored or turned."""
    return near_rows(images, test)


def _near(test: Fingerprints, rest: Fingerprints, where: str, grouped: bool) -> Leakage:
    count = int(near_test_rows(test, rest).sum())
    found = _entry("near-duplicate", where, count, len(test), "are near-duplicates of an image")
    if not count and grouped:
        found.policy = "grouped"
        found.words += ": the splits keep near-duplicates together"
    return found


def _pool_near_test(name: str, images: ImageSet | Pixels | Fingerprints, test: Fingerprints) -> Leakage:
    near = near_test_rows(images, test)
    words = "are near-duplicates of a test image"
    return _entry("synthetic near test", name, int(near.sum()), len(near), words, place="")


def _by_features(name: str, near: Mask, threshold: float) -> Leakage:
    words = f"are nearer to a test image than the threshold of the search for copies ({threshold:.3g})"
    found = _entry("synthetic near test", name, int(near.sum()), len(near), words, place="")
    found.threshold = float(threshold)
    return found


def _entry(kind: Kind, where: str, images: int, of: int, words: str, place: str | None = None) -> Leakage:
    """An entry in words; ``place`` ends the sentence (default: by ``where``)."""
    subject, _, against = where.partition(", against ")
    end = f" of {against}" if place is None and against else ""
    told = f"{images:,} of {of:,} images of {subject} {words}{end}"
    return Leakage(kind=kind, where=where, images=images, of=of, policy="counted", words=told)


def _judged(found: Sequence[Leakage], policy: Policy, name: str) -> list[Leakage]:
    leaks = [each for each in found if each.images]
    if policy == "stop" and leaks:
        raise UserError(
            "; ".join(each.words for each in leaks),
            where=name,
            remedy="keep near-duplicates together (imageset.near_duplicates: group), leave these images out, or let "
            "the run count them (classifiers.leakage: count)",
        )
    return list(found)
