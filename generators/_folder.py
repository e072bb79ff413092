"""``folder:PATH``: a folder of images with a ``metadata.csv`` as a generator, with no code."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from ..core import UserError
from ..imagesets import read_folder
from ._contracts import GeneratorCard
from ._from_images import FromImages, matching_columns


class Folder(FromImages):
    """Images that were made elsewhere: each request is answered by the next one that bears the wanted values.

    Parameters
    ----------
    argument:
        The folder; ``card.json`` in it says name, version, licence, citation, columns and ``trained_on``.
    reuse:
        Start again when the images of a label run out (otherwise that is an error, naming the label).
    size:
        Bring all images to size x size.
    """

    version = 1

    def __init__(self, argument: str | Path, *, reuse: bool = False, size: int | None = None) -> None:
        folder = Path(argument).expanduser()
        images = read_folder(folder)
        card = read_generator_card(
            folder / "card.json", GeneratorCard(name=folder.resolve().name, version="folder")
        )
        if card.licence == "unknown":
            card = dataclasses.replace(card, licence=images.about.licence)
        if card.trained_on == "nothing":
            stated = images.lineage.trained_on if images.lineage else "unknown"
            card = dataclasses.replace(card, trained_on=stated)
        super().__init__(
            images, card.name, kind="generator", reuse=reuse, in_order=True, size=size, card=card
        )
        claimed = [column for column in card.columns if column in images.table.columns]
        columns = tuple(claimed) if _states_columns(folder / "card.json") else matching_columns(images.table)
        self.card = dataclasses.replace(self.card, columns=columns, settings={"folder": folder.name})


def read_generator_card(path: Path, default: GeneratorCard) -> GeneratorCard:
    """Return the default with what the JSON file states; without the file, the default.

    Raises ``UserError`` when the file is no JSON object.
    """
    if not path.is_file():
        return default
    stated = _read(path)
    known = {field.name for field in dataclasses.fields(GeneratorCard)}
    given = {key: value for key, value in stated.items() if key in known and value not in (None, "")}
    columns = given.pop("columns", None)
    if isinstance(columns, list):
        given["columns"] = tuple(map(str, columns))
    if not isinstance(given.get("settings", {}), dict):
        given.pop("settings")
    given |= {
        key: str(given[key]) for key in ("name", "version", "licence", "citation", "notes") if key in given
    }
    return dataclasses.replace(default, **given)


def _read(path: Path) -> dict[str, Any]:
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError("the card is not readable JSON", where=path, remedy="mend or remove it") from error
    if not isinstance(stated, dict):
        raise UserError("the card must be a JSON object", where=path, remedy="mend or remove it")
    return stated


def _states_columns(path: Path) -> bool:
    return path.is_file() and isinstance(_read(path).get("columns"), list)
