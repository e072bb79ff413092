"""What is compared: the sets opened, checked against each other and brought to one size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..core import Progress, UserError
from ..imagesets import ImageSet, Pixels, fit_square, formats_apart, stratum_of
from ._feature_input import check_widths, holds_features, names_features, open_features
from ._work_data import LARGEST, SMALLEST, with_groups

ROLES = ("SYNTHETIC", "REAL", "--holdout", "--train")
_FEWEST = {"SYNTHETIC": 2, "REAL": 4, "--holdout": 2, "--train": 2}
IN_MEMORY = 2 * 2**30
"""Bytes of pixels beyond which images are read again whenever they are used, and not kept in memory."""
SHRUNK = 1.5
"""Where one set's images are this many times larger than another's, a word is said."""


@dataclass(frozen=True)
class Inputs:
    """The sets of one evaluation, at one size; ``size`` is None for features. ``notes`` are warnings in words."""

    fake: ImageSet
    true: ImageSet
    held: ImageSet | None
    train: ImageSet | None
    size: int | None
    names: Mapping[str, str | None]
    notes: list[str] = field(default_factory=list)

    @property
    def arrays(self) -> bool:
        """True where features were given instead of images."""
        return self.size is None

    @property
    def sources(self) -> ImageSet:
        """The images that copies are looked for in: those the generator was trained on, else the real ones."""
        return self.train if self.train is not None else self.true


def open_inputs(
    synthetic: str,
    real: str,
    *,
    holdout: str | None = None,
    train: str | None = None,
    by: Sequence[str] = (),
    size: int | None = None,
) -> Inputs:
    """Open all sets; ``UserError`` for a fault of any of them, before anything is measured."""
    given = {"SYNTHETIC": synthetic, "REAL": real, "--holdout": holdout, "--train": train}
    opened = {role: _open(spec, _FEWEST[role]) for role, spec in given.items() if spec}
    check_widths(opened)
    notes = []
    for column in by:
        stratum_of(opened["REAL"], column)
        if column not in opened["SYNTHETIC"].table.columns:
            notes.append(
                f"the synthetic images bear no column {column!r}: of its groups only coverage can be told"
            )
    side = None if holds_features(opened["REAL"]) else _side(size, opened)
    if side is None and size is not None:
        raise UserError("--size is for images, and these are features", remedy="leave it out")
    if side is not None:
        notes += _size_notes(opened, side)
        notes += _format_notes(opened)
        opened = {role: brought_to(images, side) for role, images in opened.items()}
    fake, true = with_groups(opened["SYNTHETIC"]), with_groups(opened["REAL"])
    held, trained = opened.get("--holdout"), opened.get("--train")
    return Inputs(fake, true, held, trained, side, given, notes)


def check_identical(inputs: Inputs, progress: Progress) -> list[str]:
    """Refuse a hold-out that cannot calibrate; say where images are the same that should not be."""
    true, held, train = inputs.true, inputs.held, inputs.train
    if held is not None:
        _refuse_shared(held, true, "real")
        if train is not None:
            _refuse_shared(held, train, "training")
    notes = []
    if train is not None:
        notes += _shared_notes(true, train, inputs.names)
    same = len(_shared(inputs.fake, inputs.sources))
    if same:
        kind = "a real image" if train is None else "an image the generator was trained on"
        how = "number by number" if inputs.arrays else "pixel by pixel"
        notes.append(f"{same} of {len(inputs.fake)} synthetic images equal {kind}, {how}")
    for note in notes:
        progress.say(note)
    return notes


def _shared(images: ImageSet, others: ImageSet) -> list[int]:
    known = set(others.image_keys)
    return [row for row, key in enumerate(images.image_keys) if key in known]


def _name_of(images: ImageSet, row: int) -> str:
    return str(images.table["file_name"].iloc[row]) if "file_name" in images.table else f"row {row + 1}"


def _refuse_shared(held: ImageSet, others: ImageSet, kind: str) -> None:
    shared = _shared(held, others)
    if shared:
        raise UserError(
            f"{len(shared)} of {len(held)} hold-out images are among the {kind} images too, "
            f"first row {shared[0] + 1} ({_name_of(held, shared[0])})",
            where=held.about.name,
            remedy="give --holdout real images that are neither in REAL nor known to the generator",
        )


def _shared_notes(true: ImageSet, train: ImageSet, names: Mapping[str, str | None]) -> list[str]:
    shared = _shared(true, train)
    if shared:
        return [
            f"{len(shared)} of {len(true)} images of REAL are among the training images (the first is "
            f"{_name_of(true, shared[0])}): a generator that copies would look better than real images; give "
            "real images that it never saw"
        ]
    if "patient_id" not in true.table or "patient_id" not in train.table:
        return []
    patients = set(true.table["patient_id"].dropna().astype(str)) & set(
        train.table["patient_id"].dropna().astype(str)
    )
    if not patients:
        return []
    return [
        f"{len(patients)} patients are in REAL and in --train (the first is {min(patients)}): where they are the "
        "same people, scores against REAL flatter the generator"
    ]


def _open(spec: str, needed: int) -> ImageSet:
    from ..imagesets import open_imageset

    images = open_features(spec) if names_features(spec) else open_imageset(spec)
    if len(images) < needed:
        raise UserError(
            f"too few images: {len(images)}, {needed} needed", where=spec, remedy="give more images"
        )
    return images


def _side(size: int | None, sets: Mapping[str, ImageSet]) -> int:
    """The size asked for; else the smaller side of each set's first image, the smallest of them, 256 at most:
    nothing is enlarged before it is measured."""
    if size is not None and not SMALLEST <= size <= LARGEST:
        raise UserError(f"--size {size} is out of range", remedy=f"choose {SMALLEST} to {LARGEST} pixels")
    if size is not None:
        return size
    for images in sets.values():
        height, width = images.image(0).shape[:2]
        if min(height, width) < SMALLEST:
            raise UserError(
                f"the first image is {width} x {height} pixels, too small to be measured",
                where=images.about.name,
                remedy=f"give images of {SMALLEST} pixels a side or more, or enlarge all with --size {SMALLEST}",
            )
    return min(256, *(min(images.image(0).shape[:2]) for images in sets.values()))


def _size_notes(sets: Mapping[str, ImageSet], side: int) -> list[str]:
    first = {role: min(images.image(0).shape[:2]) for role, images in sets.items()}
    if max(first.values()) < SHRUNK * min(first.values()):
        return []
    told = ", ".join(f"{role} {pixels} px" for role, pixels in first.items())
    return [f"the sets differ in size ({told}): all are compared at {side} px, so finer detail is not judged"]


def _format_notes(sets: Mapping[str, ImageSet]) -> list[str]:
    """JPEG against PNG moves distances more than a missing class can."""
    found = formats_apart(sets["REAL"], sets["SYNTHETIC"])
    return [found] if found else []


class _Resized:
    """Images of another source, brought to one size whenever they are read."""

    def __init__(self, images: ImageSet, size: int) -> None:
        self.images, self.size = images, size

    def __len__(self) -> int:
        return len(self.images)

    def read(self, row: int) -> Pixels:
        return fit_square(self.images.image(row), self.size)


def brought_to(images: ImageSet, size: int) -> ImageSet:
    """The set at one size: in memory where it fits, else read and resized again at each use."""
    if len(images) * size * size * 3 <= IN_MEMORY:
        return ImageSet.from_arrays(
            images.images(size=size), images.table, about=images.about, lineage=images.lineage
        )
    table = images.table if "file_name" in images.table.columns else images.table.assign(
        file_name=[f"images/{i:06d}.png" for i in range(len(images))]
    )  # fmt: skip
    return ImageSet(_Resized(images, size), table, about=images.about, lineage=images.lineage)


def told_name(spec: str | None) -> str:
    """A set's short name: the last part of its path."""
    return Path(spec).name if spec else ""
