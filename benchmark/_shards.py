"""Evaluation in parts: what was measured of each image is kept, and parts are put together before any score is made."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import UserError, atomic_folder, write_json
from ..imagesets import About, Lineage
from ._evaluate_material import Material, Part

VERSION = 1
NOTE = "shard.json"
_BROKEN = (
    OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, zipfile.BadZipFile,
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What an evaluation was asked for."""

    extractors: list[str]
    metrics: list[str]
    by: list[str]
    names: dict[str, str | None]
    notes: list[str] = field(default_factory=list)


def keep_material(material: Material, asked: Asked, folder: Path) -> None:
    """Write a shard: features, tables and answers of every set, never pixels. The folder appears whole."""
    note = {
        "shard_version": VERSION,
        "asked": asdict(asked),
        "size": material.size,
        "seed": material.seed,
        "keys": material.keys,
        "parts": {role: _card(part) for role, part in material.parts.items()},
    }
    with atomic_folder(folder) as out:
        for role, part in material.parts.items():
            _save(out / f"{role}.npz", _arrays(part))
            part.table.to_parquet(out / f"{role}.parquet")
        reference = {f"reference/{name}": rows for name, rows in material.reference.items()}
        _save(out / "reference.npz", reference)
        write_json(out / NOTE, note)


def _save(path: Path, arrays: dict[str, Any]) -> None:
    np.savez(path, **arrays)


def merge_shards(folders: Sequence[Path]) -> tuple[Material, Asked]:
    """Put shards together: the synthetic images of all, in the order given, against the one real set.

    No score is averaged: the features of all images are what is scored, so the result is that of evaluating all
    images at once. Refused are shards of other real images, extractors or settings, and images that are in two.
    """
    if len(folders) < 2:
        raise UserError(
            "a merge needs at least 2 shards", remedy="give the folders that --keep-features wrote"
        )
    read = [_read(Path(folder)) for folder in folders]
    (first, asked), others = read[0], read[1:]
    for folder, (material, more) in zip(folders[1:], others, strict=True):
        _same(first, asked, material, more, folders[0], folder)
    _apart([material for material, _ in read], folders)
    parts = [material.fake for material, _ in read]
    name = "+".join(Path(more.names["SYNTHETIC"] or "").name for _, more in read)
    notes = list(dict.fromkeys(note for _, more in read for note in more.notes))
    merged = replace(asked, names={**asked.names, "SYNTHETIC": name}, notes=notes)
    return replace(first, fake=_joined(parts)), merged


def _card(part: Part) -> dict[str, Any]:
    lineage = asdict(part.lineage) if part.lineage else None
    return {"about": asdict(part.about), "lineage": lineage, "content": part.content_hash, "n": len(part)}


def _arrays(part: Part) -> dict[str, NDArray[Any]]:
    named = {"features": part.features, "views": part.views, "said": part.said}
    kept = {f"{kind}/{name}": array for kind, arrays in named.items() for name, array in arrays.items()}
    return {"keys": np.array(part.keys, dtype=np.str_), "groups": part.groups, **kept}


def _read(folder: Path) -> tuple[Material, Asked]:
    if not (folder / NOTE).is_file():
        raise UserError("no shard is here", where=folder, remedy="give a folder that --keep-features wrote")
    try:
        note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        if note["shard_version"] != VERSION:
            raise UserError(
                f"a shard of version {note['shard_version']}, this synmedbench reads {VERSION}",
                where=folder,
                remedy="evaluate the images again",
            )
        if not set(note["parts"]) <= {"synthetic", "real", "holdout", "train"}:
            raise ValueError("unknown part")
        parts = {role: _read_part(folder, role, card) for role, card in note["parts"].items()}
        with np.load(folder / "reference.npz", allow_pickle=False) as arrays:
            reference = {name.partition("/")[2]: arrays[name] for name in arrays.files}
        material = Material(
            parts["synthetic"], parts["real"], parts.get("holdout"), parts.get("train"), note["size"], note["seed"],
            note["keys"], reference,
        )  # fmt: skip
        return material, Asked(**note["asked"])
    except UserError:
        raise
    except _BROKEN as error:
        raise UserError(
            f"not a whole shard: {error}", where=folder, remedy="evaluate the images again"
        ) from error


def _read_part(folder: Path, role: str, card: dict[str, Any]) -> Part:
    table = pd.read_parquet(folder / f"{role}.parquet")
    with np.load(folder / f"{role}.npz", allow_pickle=False) as arrays:
        kinds: dict[str, dict[str, NDArray[Any]]] = {"features": {}, "views": {}, "said": {}}
        for name in arrays.files:
            kind, _, rest = name.partition("/")
            if kind in kinds:
                kinds[kind][rest] = arrays[name]
        keys, groups = arrays["keys"].tolist(), arrays["groups"]
    lineage = Lineage(**card["lineage"]) if card["lineage"] else None
    part = Part(About(**card["about"]), lineage, table, keys, groups, **kinds)
    lengths = {len(array) for arrays in kinds.values() for array in arrays.values()} | {
        len(keys),
        len(groups),
    }
    if lengths != {len(table)} or part.content_hash != card["content"]:
        raise UserError(
            f"the {role} images are not those that were kept", where=folder, remedy="evaluate again"
        )
    return part


def _same(first: Material, asked: Asked, other: Material, more: Asked, where: Path, there: Path) -> None:
    """Refuse two shards that do not belong to one evaluation, and say what differs."""
    settings: dict[str, tuple[Any, Any]] = {
        "size": (first.size, other.size),
        "seed": (first.seed, other.seed),
        "extractors": (sorted(first.keys), sorted(other.keys)),
        "metrics": (asked.metrics, more.metrics),
        "strata": (asked.by, more.by),
        "columns": (sorted(map(str, first.fake.table)), sorted(map(str, other.fake.table))),
        "judges": (sorted(first.fake.said), sorted(other.fake.said)),
    }
    for name, (one, two) in settings.items():
        if one != two:
            raise UserError(
                f"its {name} are {_told(two)}, those of {where} {_told(one)}",
                where=there,
                remedy="evaluate both alike",
            )
    for role in ("real", "holdout", "train"):
        hashes = [part.content_hash if (part := each.parts.get(role)) else None for each in (first, other)]
        if hashes[0] != hashes[1]:
            raise UserError(
                f"its {role} images are others than those of {where}",
                where=there,
                remedy=f"evaluate both against the same {role} images",
            )
    for name, key in first.keys.items():
        if other.keys[name] != key or not _alike(first.true.features[name], other.true.features[name]):
            raise UserError(
                f"the extractor {name!r} has other weights there than in {where}",
                where=there,
                remedy="take the features of all shards with the same weights, on one kind of machine",
            )


def _alike(one: NDArray[Any], two: NDArray[Any]) -> bool:
    """Equal but for the rounding of another number of threads."""
    return one.shape == two.shape and bool(np.allclose(one, two, rtol=1e-3, atol=1e-4 * np.abs(one).max()))


def _told(value: Any) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def _apart(materials: Sequence[Material], folders: Sequence[Path]) -> None:
    """Refuse shards that share images: they would count twice."""
    for number, material in enumerate(materials):
        for earlier in range(number):
            shared = set(_identities(material.fake)) & set(_identities(materials[earlier].fake))
            if shared:
                raise UserError(
                    f"{len(shared)} of its {len(material.fake)} synthetic images are in {folders[earlier]} too",
                    where=folders[number],
                    remedy="give shards of different images",
                )


def _identities(part: Part) -> list[tuple[str, str]]:
    """An image by its pixels and its name: a generator may make the same image twice."""
    names = part.table["file_name"].astype(str) if "file_name" in part.table.columns else [""] * len(part)
    return list(zip(part.keys, names, strict=True))


def _joined(parts: Sequence[Part]) -> Part:
    first = parts[0]
    columns = list(first.table.columns)
    return Part(
        first.about,
        first.lineage,
        pd.concat([part.table[columns] for part in parts], ignore_index=True),
        [key for part in parts for key in part.keys],
        np.arange(sum(map(len, parts))),
        {name: np.concatenate([part.features[name] for part in parts]) for name in first.features},
        {name: np.concatenate([part.views[name] for part in parts]) for name in first.views},
        {name: np.concatenate([part.said[name] for part in parts]) for name in first.said},
    )
