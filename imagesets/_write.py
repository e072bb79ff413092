"""Write an image set as a folder that this and other tools read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ..core import UserError, atomic_folder, write_json
from ._cards import make_card
from ._find_files import is_inside
from ._imageset import ImageSet
from ._parquet import png_bytes
from ._tables import column_types, write_csv


def write_folder(
    images: ImageSet, path: str | Path, *, card: Mapping[str, Any] | None = None, replace: bool = False
) -> Path:
    """Write PNG images, ``metadata.csv`` and ``card.json`` (licence, lineage, column types) and return the
    folder.

    The folder appears whole or not at all. `read_folder` gives back the same pixels and the same table,
    except that names end in ``.png``, empty texts are missing, and a column that mixes types is text. Names
    may be in any script. ``card`` adds entries to the card.

    Raises ``UserError`` when the folder holds something and ``replace`` is false, or two images would have
    one name.
    """
    target = Path(path).expanduser()
    if target.exists() and not replace and not _is_empty_folder(target):
        raise UserError("it exists already", where=target, remedy="choose another folder or remove it")
    names = _file_names(images)
    table = images.table.drop(columns="file_name", errors="ignore")
    table.insert(0, "file_name", names)
    with atomic_folder(target, replace=replace) as folder:
        for i, name in enumerate(names):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(png_bytes(images.image(i)))
        write_csv(table, folder / "metadata.csv")
        more = {"n": len(images), "columns": column_types(table), **(card or {})}
        write_json(folder / "card.json", make_card(images.about, images.lineage, more))
    return target


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _file_names(images: ImageSet) -> list[str]:
    """Return a relative ``.png`` name for every image; equal names (also by case alone) are an error."""
    if "file_name" not in images.table.columns:
        return [f"images/{i:06d}.png" for i in range(len(images))]
    names: list[str] = []
    seen: dict[str, int] = {}
    for row, given in enumerate(images.table["file_name"], start=1):
        if given is None or given != given or not is_inside(str(given)):
            raise UserError(f"row {row} has no usable file name: {given!r}", where=images.about.name)
        pure = PurePosixPath(str(given).replace("\\", "/"))
        name = str(pure if pure.suffix.lower() == ".png" else pure.with_name(f"{pure.name}.png"))
        if name.casefold() in seen:
            raise UserError(
                f"rows {seen[name.casefold()]} and {row} would both be written as {name!r}",
                where=images.about.name,
                remedy="give every image its own file_name",
            )
        seen[name.casefold()] = row
        names.append(name)
    return names
