"""Read MedMNIST's ``.npz`` form."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import UserError, did_you_mean
from ._about import About
from ._imageset import ImageSet
from ._medmnist_names import CITATION, FINDINGS, NAMES, SETS, SOURCE, known_set

_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ArithmeticError,
    LookupError,
    MemoryError,
    SyntaxError,
    TypeError,
    ValueError,
    AttributeError,
)
SPLITS = ("train", "val", "test")
Labels = str | Mapping[Any, str] | Sequence[str] | None


def read_medmnist(
    argument: str | Path,
    *,
    labels: Labels = None,
    column: int | str | None = None,
    use_splits: bool = False,
    licence: str | None = None,
) -> ImageSet:
    """Read a MedMNIST ``.npz``: ``train_images`` (N, H, W[, 3]) uint8, ``train_labels`` (N, 1), also val and
    test.

    All twelve two-dimensional sets of MedMNIST v2 are known by their files' names, in every size
    (``pathmnist.npz``, ``dermamnist_224.npz``): class names, licence, modality and what to beware of.

    Parameters
    ----------
    argument:
        The ``.npz`` file. Nothing in it is unpickled.
    labels:
        Class names: a mapping from number to name, a list in order, or the name of a MedMNIST set such as
        ``bloodmnist``. Without it, and where the file's name tells no set, class 3 is called ``class-3``.
    column:
        The finding to use as label where images bear several, as in ChestMNIST: its number from 0 or its name
        (``effusion``; the classes then are ``effusion`` and ``no effusion``). Without it such a set is refused: a
        class of its own for every combination of findings would have a few images each.
    use_splits:
        Also put the file's own splits into ``split``; they are in ``given_split`` in any case.
    licence:
        The licence the file came under (the form has no place for it).

    Raises
    ------
    UserError
        For a truncated file, absent or unequal arrays, other depths than 8 bits, volumes, and classes without
        a name.
    """
    path = Path(argument).expanduser()
    arrays = _load(path)
    parts = [split for split in SPLITS if f"{split}_images" in arrays]
    if not parts:
        raise UserError(
            "no train_images, val_images or test_images", where=path, remedy="give a MedMNIST file"
        )
    images = [_as_rgb(arrays[f"{split}_images"], f"{path}: {split}_images") for split in parts]
    if len({each.shape[1:] for each in images}) > 1:
        raise UserError("the splits have images of different sizes", where=path)
    name = known_set(labels if isinstance(labels, str) else path.stem)
    chosen = _finding(column, name, path)
    numbers = [
        _numbers(arrays, split, len(each), chosen, path) for split, each in zip(parts, images, strict=True)
    ]
    labels = _names_of(labels, name, chosen)
    table = pd.DataFrame(
        {
            "file_name": [
                f"{s}/{i:06d}.png" for s, each in zip(parts, images, strict=True) for i in range(len(each))
            ],
            "label": _name_classes(np.concatenate(numbers), labels, path),
            "given_split": [s for s, each in zip(parts, images, strict=True) for _ in range(len(each))],
        }
    )
    if use_splits:
        table["split"] = table["given_split"]
    return ImageSet.from_arrays(np.concatenate(images), table, about=_about(path, name, licence))


def _about(path: Path, name: str | None, licence: str | None) -> About:
    """What the set is by its file's name; names of classes that were asked for tell its modality alone."""
    modality = SETS[name].modality if name else ""
    if known_set(path.stem) is None:
        given = {"licence": licence} if licence else {}
        return About(path.stem, source=path.name, modality=modality, **given)
    known = SETS[known_set(path.stem) or ""]
    return About(
        path.stem,
        licence=licence or known.licence,
        source=SOURCE,
        citation=CITATION,
        notes=known.notes,
        modality=known.modality,
    )


def _finding(column: int | str | None, name: str | None, path: Path) -> int | None:
    """The number of the finding that was asked for, by number or by name."""
    if not isinstance(column, str):
        return column
    findings = FINDINGS.get(name or "", ())
    if column.lower() not in findings:
        raise UserError(f"no finding is called {column!r}", where=path, remedy=did_you_mean(column, findings))
    return findings.index(column.lower())


def _names_of(labels: Labels, name: str | None, finding: int | None) -> Labels:
    """The class names: those given, else the known set's, else none."""
    findings = FINDINGS.get(name or "")
    if findings and finding is not None and (labels is None or labels == name):
        words = findings[finding] if 0 <= finding < len(findings) else f"finding {finding}"
        return [f"no {words}", words]
    return name if labels is None and name in NAMES else labels


def _load(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            wanted = [key for key in archive.files if key.partition("_")[0] in SPLITS]
            return {key: archive[key] for key in wanted}
    except FileNotFoundError as error:
        raise UserError("the file does not exist", where=path) from error
    except _BROKEN as error:
        raise UserError(
            f"not a readable .npz of plain arrays: {error or type(error).__name__}",
            where=path,
            remedy="fetch the file again; it may be truncated",
        ) from error


def _as_rgb(images: NDArray[Any], where: str) -> NDArray[np.uint8]:
    if images.dtype != np.uint8:
        raise UserError(
            f"images must be uint8, got {images.dtype}", where=where, remedy="window them to 8 bits"
        )
    if images.ndim == 3:
        return np.repeat(images[..., None], 3, axis=-1)
    if images.ndim == 4 and images.shape[-1] == 3:
        return images
    raise UserError(
        f"images must be (N, H, W) or (N, H, W, 3), got {images.shape}; volumes are not read", where=where
    )


def _numbers(
    arrays: Mapping[str, NDArray[Any]], split: str, n: int, column: int | None, path: Path
) -> NDArray[np.int64]:
    where = f"{path}: {split}_labels"
    labels = arrays.get(f"{split}_labels")
    if labels is None:
        raise UserError("the labels are absent", where=where)
    labels = labels[:, None] if labels.ndim == 1 else labels
    if labels.ndim != 2 or len(labels) != n or not np.issubdtype(labels.dtype, np.integer):
        raise UserError(f"labels must be ({n}, 1) integers, got {labels.shape} {labels.dtype}", where=where)
    if column is None and labels.shape[1] > 1:
        raise UserError(
            f"every image bears {labels.shape[1]} findings at once, and a classifier here has one label",
            where=where,
            remedy="choose one finding with column=0 or, in chestmnist, column=effusion",
        )
    if column is not None and not 0 <= column < labels.shape[1]:
        raise UserError(f"no finding {column}; they run from 0 to {labels.shape[1] - 1}", where=where)
    return labels[:, column or 0].astype(np.int64)


def _name_classes(numbers: NDArray[np.int64], labels: Labels, path: Path) -> list[str]:
    names = _names(labels)
    if names is None:
        return [f"class-{number}" for number in numbers.tolist()]
    unnamed = sorted({number for number in numbers.tolist() if number not in names})
    if unnamed:
        raise UserError(
            f"no name for class {', '.join(map(str, unnamed))}", where=path, remedy="name all classes"
        )
    return [names[number] for number in numbers.tolist()]


def _names(labels: Labels) -> dict[int, str] | None:
    if labels is None:
        return None
    if isinstance(labels, str):
        if labels.lower() not in NAMES:
            known = [*NAMES, *FINDINGS]
            raise UserError(f"no class names are known for {labels!r}", remedy=did_you_mean(labels, known))
        return dict(enumerate(NAMES[labels.lower()]))
    if isinstance(labels, Mapping):
        try:
            return {int(number): str(name) for number, name in labels.items()}
        except (TypeError, ValueError) as error:
            raise UserError("labels must map class numbers to names", where="labels") from error
    return {number: str(name) for number, name in enumerate(labels)}
