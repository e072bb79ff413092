"""Annotations from Label Studio, as ratings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..core import UserError
from ._count_words import counted
from ._criteria import CriteriaSet
from ._exchange_cells import YES_NO
from ._exchange_json import load_json
from ._exchange_ratings import ANSWER
from ._label_studio_values import VERDICT_NAMES, image_of, rater_of, seconds_of, single_of, time_of

_SHOWN = 10
_CONTROLS = {"choices": "choices", "rating": "rating", "textarea": "text"}


class LabelStudioAnnotations:
    """The annotations of an export in Label Studio's JSON format, one row each.

    ``table`` has the columns of the form ``ratings``, ``rows`` names each row (task and annotation), ``told`` says
    what was left out. Read are the shapes with ``annotations``, the older one with ``completions``, a single task, and
    the annotation files of a target storage (``task`` inside ``result``'s object).
    """

    def __init__(self, path: str | Path, criteria: CriteriaSet | None = None) -> None:
        self.path, self.criteria = path, criteria
        self.rows: list[str] = []
        self.faults: list[str] = []
        self.left_out: Counter[str] = Counter()
        records = [
            record for number, task in enumerate(_tasks(path), 1) for record in self._read(number, task)
        ]
        if self.faults:
            more = f"; and {len(self.faults) - _SHOWN} more" if len(self.faults) > _SHOWN else ""
            shown = "; ".join(self.faults[:_SHOWN])
            raise UserError(f"{counted(len(self.faults), 'fault')}: {shown}{more}", where=path)
        if not records:
            raise UserError(
                f"no annotation can be used ({'; '.join(self.told) or 'no tasks'})",
                where=path,
                remedy="export the project in the format JSON, not JSON-MIN, with its annotations",
            )
        # A rater's later annotation of an image supersedes the earlier one.
        order = sorted(range(len(records)), key=lambda i: str(records[i]["time"] or ""))
        self.table = pd.DataFrame([records[i] for i in order], dtype=object)
        self.rows = [self.rows[i] for i in order]

    @property
    def told(self) -> list[str]:
        """What was left out, counted."""
        return [f"{count} {what}" for what, count in sorted(self.left_out.items())]

    def _read(self, number: int, task: Any) -> Iterator[dict[str, Any]]:
        where = f"task {number}"
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            self.faults.append(f"{where}: no object with 'data'")
            return
        annotations = task.get("annotations", task.get("completions"))
        if not isinstance(annotations, list):
            self.left_out["tasks without annotations"] += 1
            return
        if not annotations:
            self.left_out["tasks without annotations"] += 1
        try:
            image = image_of(task["data"])
        except ValueError as error:
            self.faults.append(f"{where}: {error}")
            return
        for place, annotation in enumerate(annotations, 1):
            row = f"{where}, annotation {place}"
            if not isinstance(annotation, dict):
                self.faults.append(f"{row}: no object")
            elif annotation.get("was_cancelled") or annotation.get("skipped"):
                self.left_out["annotations cancelled or skipped"] += 1
            else:
                yield from self._annotation(row, image, annotation)

    def _annotation(
        self, row: str, image: Mapping[str, Any], one: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        own = one.get("synmedbench")
        own = own if isinstance(own, dict) else {}
        try:
            found: dict[str, Any] = {
                **image,
                **{name: own[name] for name in _OWN if name in own},
                "rater": own.get("rater") or rater_of(one.get("completed_by")),
                "time": own.get("time") or time_of(one.get("created_at")),
                "seconds": seconds_of(one.get("lead_time")),
            }
            result = one.get("result")
            answers = self._answers(result if isinstance(result, list) else [])
        except ValueError as error:
            self.faults.append(f"{row}: {error}")
            return
        if not answers:
            self.left_out["annotations without an answer"] += 1
            return
        self.rows.append(row)
        yield {**found, **answers}

    def _answers(self, result: list[Any]) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        for item in result:
            if not isinstance(item, dict) or not isinstance(item.get("value"), dict):
                raise ValueError("a result is no object with 'value'")
            name, kind = str(item.get("from_name")), str(item.get("type"))
            if kind not in _CONTROLS or _CONTROLS[kind] not in item["value"]:
                self.left_out[f"results of other kinds ({kind[:40]})"] += 1
                continue
            value = single_of(item["value"][_CONTROLS[kind]], name, kind)
            column = self._column(name, kind, value)
            if column is None:
                self.left_out[f"answers of other controls ({name[:40]})"] += 1
            elif column == "note" and "note" in answers:
                answers["note"] += f"\n{value}"
            else:
                answers[column] = value
        return answers

    def _column(self, name: str, kind: str, value: Any) -> str | None:
        """Return the column that a control's answer belongs to; None: it is none of ours."""
        if kind == "rating":
            return "realism" if name == "realism" else None
        if kind == "textarea":
            return "note" if name == "note" else None
        if self.criteria is not None and name in self.criteria.ids:
            return ANSWER + name
        if name in VERDICT_NAMES:
            return "plausible"
        ours = self.criteria is None and str(value).strip().lower() in YES_NO
        return ANSWER + name if ours else None


_OWN = ("event", "repeat", "study", "origin", "criteria", "criteria_version")


def _tasks(path: str | Path) -> list[Any]:
    """Return the tasks of a file, whatever of its shapes it has."""
    try:
        content = load_json(Path(path).read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError("the file is not UTF-8 text", where=path) from error
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror or error}", where=path) from error
    except ValueError as error:
        raise UserError(
            f"not readable as JSON: {error}", where=path, remedy="is it cut off? export again"
        ) from error
    parts = content if isinstance(content, list) else [content]
    return [_from_storage(part) for part in parts]


def _from_storage(part: Any) -> Any:
    """A target storage holds one annotation per file, with its task inside."""
    if isinstance(part, dict) and isinstance(part.get("task"), dict) and "result" in part:
        return {**part["task"], "annotations": [part]}
    return part
