"""Preference pairs and preference events as files, both ways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..core import UserError, content_key, write_text
from ._criteria import CriteriaSet
from ._exchange_cells import Cells, records
from ._exchange_json import load_json
from ._preference_columns import check_preferences
from ._preferences import PAIR_COLUMNS, condition_column

_BESIDE = {"rater", "study", "time", "seconds", "label"}


def write_jsonl(table: pd.DataFrame, path: str | Path) -> None:
    """Write one JSON object per row, missing cells as null, atomically."""
    lines = [json.dumps(row, ensure_ascii=False, allow_nan=False, default=_number) for row in records(table)]
    write_text(path, "".join(f"{line}\n" for line in lines))


def read_jsonl(path: str | Path) -> pd.DataFrame:
    """Read one JSON object per line; a faulty line is named by its number. Empty lines are passed over."""
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError("the file is not UTF-8 text", where=path, remedy="save it as UTF-8") from error
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror or error}", where=path) from error
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = load_json(line)
        except ValueError as error:
            raise UserError(f"line {number} is not JSON: {error}", where=path) from error
        if not isinstance(row, dict):
            raise UserError(f"line {number} is no JSON object", where=path)
        rows.append(
            {key: json.dumps(cell) if isinstance(cell, dict | list) else cell for key, cell in row.items()}
        )
    if not rows:
        raise UserError("the file holds no rows", where=path)
    return pd.DataFrame(rows, dtype=object)


def from_pairs(
    table: pd.DataFrame,
    *,
    where: object = "preferences",
    rater: str | None = None,
    criteria: CriteriaSet | None = None,
) -> pd.DataFrame:
    """Return the preferences table (columns of ``PREFERENCE_COLUMNS``) of one rater's pairs: ``chosen``, ``rejected``.

    Further columns are conditions of the request, where ``requested`` does not say it. Raises ``UserError`` for pairs
    of several raters, for pairs made from verdicts (nobody compared those), and for faulty rows.
    """
    missing = [name for name in ("chosen", "rejected") if name not in table.columns]
    if missing:
        raise UserError(f"the pairs lack the columns {', '.join(missing)}", where=where)
    cells = Cells(table)
    _refuse_no_answers(cells, where)
    if "rater" not in table.columns and not rater:
        raise UserError("pairs, but whose choice?", where=where, remedy="name the rater: --rater anna")
    named = {name for name in cells.text("rater") if name is not None}
    if rater is not None and named - {rater}:
        raise UserError(
            f"the raters are named there already, such as {min(named)!r}",
            where=where,
            remedy="leave --rater out",
        )
    columns = _columns(cells, rater, criteria)
    keys = list(zip(columns["image_key_a"], columns["image_key_b"], strict=True))
    cells.faults += [
        f"{row}: chosen and rejected are one image"
        for row, (a, b) in zip(cells.rows, keys, strict=True)
        if a == b
    ]
    cells.check(where)
    whole = pd.DataFrame(columns, dtype=object)
    whole["event_id"] = [content_key(*row.values()) for row in whole.to_dict("records")]
    return check_preferences(whole.drop_duplicates("event_id"), where=where)


def _columns(cells: Cells, rater: str | None, criteria: CriteriaSet | None) -> dict[str, list[Any]]:
    many = len(cells.table)
    wishes = _requested(cells)
    columns: dict[str, list[Any]] = {
        "rater": [rater] * many if rater else list(cells.needed("rater")),
        "time": list(cells.text("time")),
        "study": list(cells.text("study")),
        "seconds": list(cells.seconds("seconds")),
        "imageset": list(cells.text("imageset")),
        "label": [(_mapping(wish) or {}).get("label") if wish else None for wish in wishes],
        "requested": list(wishes),
        "image_a": list(cells.needed("chosen")),
        "image_key_a": list(cells.needed("chosen_key")),
        "origin_a": list(cells.text("chosen_origin")),
        "image_b": list(cells.needed("rejected")),
        "image_key_b": list(cells.needed("rejected_key")),
        "origin_b": list(cells.text("rejected_origin")),
        "preferred": ["a"] * many,
        "criteria": [criteria.name] * many if criteria else list(cells.text("criteria")),
        "criteria_version": [x or 1 for x in cells.whole("criteria_version", 1)],
    }
    return columns if criteria is None else {**columns, "criteria_version": [criteria.version] * many}


def _requested(cells: Cells) -> list[str | None]:
    """Return each row's request as JSON: the column of that name, else the columns of conditions."""
    others = [str(n) for n in cells.table.columns if n not in PAIR_COLUMNS and n not in _BESIDE - {"label"}]
    named = {column: column.removeprefix("requested_") for column in others}
    named = {column: name if condition_column(name) == column else column for column, name in named.items()}
    parts = {name: cells.text(column) for column, name in named.items()}
    found: list[str | None] = []
    for i, (row, given) in enumerate(zip(cells.rows, cells.text("requested"), strict=True)):
        wish = {name: part[i] for name, part in parts.items() if part[i] is not None}
        if given is not None and _mapping(given) is None:
            cells.faults.append(f"{row}: requested must be a JSON object, got {given[:40]!r}")
        found.append(given or (json.dumps(wish, ensure_ascii=False, sort_keys=True) if wish else None))
    return found


def _mapping(text: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse_no_answers(cells: Cells, where: object) -> None:
    if any((number or 0) > 1 for number in cells.whole("n_raters", 1)):
        raise UserError(
            "the pairs are made from several raters' choices: they do not say who chose what",
            where=where,
            remedy="export with --form preference-events, and import that",
        )
    if "verdicts" in cells.text("source"):
        raise UserError(
            "the pairs are made from verdicts on single images: nobody compared the two",
            where=where,
            remedy="import the ratings instead; the pairs follow from them",
        )


def _number(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"no JSON for {type(value).__name__}")
