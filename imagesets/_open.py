"""Open an image set by its spec or its path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core import UserError, parse_spec, registry
from ._find_files import TABLE_NAMES
from ._imageset import ImageSet
from ._option_types import check_options
from ._parquet import read_parquet
from ._read_folder import read_folder
from ._read_medmnist import read_medmnist


def open_imageset(spec: str | Path | Mapping[str, Any]) -> ImageSet:
    """Open the image set that a spec or a path names.

    ``phantom-derm?n=600``, ``medmnist:FILE.npz?labels=bloodmnist``, ``folder:PATH?label=subtype`` and any
    reader of a plug-in; or a bare path, whose form is seen: a folder (`read_folder`), its ``metadata.csv``,
    an ``.npz`` (`read_medmnist`), a ``.parquet`` that holds its images (`read_parquet`). Options may follow:
    ``PATH?label=subtype``.

    Raises ``UserError`` when it is neither a path that exists nor a known name, and what the readers raise.

    >>> len(open_imageset("phantom-derm?n=3"))  # doctest: +SKIP
    3
    """
    if isinstance(spec, Mapping):
        return _build(spec, str(dict(spec)))
    head, _, options = str(spec).partition("?")
    path = Path(str(spec)).expanduser()
    if not path.exists():
        path = Path(head).expanduser()
    if path.exists():
        query = options if path == Path(head).expanduser() else ""
        return _open_path(path, dict(parse_spec(f"path?{query}").options) if query else {})
    name = parse_spec(head).name
    if name not in registry("imagesets").names() and _looks_like_path(str(spec)):
        raise UserError("no such file or folder", where=str(spec), remedy="give the path of an image set")
    return _build(str(spec), str(spec))


def _build(spec: str | Mapping[str, Any], where: str) -> ImageSet:
    found, parsed = registry("imagesets"), parse_spec(spec)
    check_options(found.load(parsed.name), parsed.options, where)
    return _checked(found.build(spec), where)


def _looks_like_path(spec: str) -> bool:
    return "/" in spec or "\\" in spec or Path(spec).suffix.lower() in (".npz", ".parquet", ".csv")


def _open_path(path: Path, options: dict[str, Any]) -> ImageSet:
    if path.is_dir():
        return _call(read_folder, path, options)
    if path.name in TABLE_NAMES:
        return _call(read_folder, path.parent, options)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return _call(read_medmnist, path, options)
    if suffix == ".parquet":
        return _call(read_parquet, path, options)
    raise UserError(
        "not a form of image set that is read",
        where=path,
        remedy="give a folder of images, a MedMNIST .npz, or a .parquet with the images inside",
    )


def _call(reader: Any, path: Path, options: dict[str, Any]) -> ImageSet:
    import inspect

    known = list(inspect.signature(reader).parameters)
    unknown = [key for key in options if key not in known]
    if unknown:
        takes = ", ".join(name for name in known if name != "argument")
        raise UserError(f"no option {unknown[0]!r} here", where=path, remedy=f"known: {takes}")
    check_options(reader, options, str(path))
    return _checked(reader(path, **options), str(path))


def _checked(built: Any, spec: str) -> ImageSet:
    if not isinstance(built, ImageSet):
        raise UserError(f"the reader gave a {type(built).__name__}, not an ImageSet", where=spec)
    return built
