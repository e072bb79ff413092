"""An answer is checked against its task, and becomes rows: one per criterion, or one preference."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..core import UserError
from ._criteria import CriteriaSet
from ._ratings import ANSWERS
from ._store import with_fingerprint
from ._study_rows import Item, Task
from ._study_settings import StudySettings
from ._study_types import Answer, ShownTask

EVENT = re.compile(r"[A-Za-z0-9_-]{8,48}")
_LONGEST_NOTE = 4000
_LONGEST_TIME = 1e9


def checked(answer: Answer, task: ShownTask, settings: StudySettings) -> Answer:
    """Return the answer with every question that it settles filled in, or raise ``UserError``.

    With ``detail="failed"`` a plausible image has all questions answered yes, and of an implausible one those
    that are not marked count as right, once any is marked.
    """
    if not isinstance(answer.event, str) or not EVENT.fullmatch(answer.event):
        raise _faulty("event must be a UUID")
    if not _is_number(answer.seconds) or not 0 <= answer.seconds < _LONGEST_TIME:
        raise _faulty(f"seconds must be a number from 0, got {answer.seconds!r}")
    answer = replace(answer, seconds=float(answer.seconds), note=_note(answer.note))
    return _checked_pair(answer) if settings.mode == "compare" else _checked_image(answer, task, settings)


def rating_rows(
    answer: Answer, task: Task, item: Item, criteria: CriteriaSet, study: str, time: str
) -> list[dict[str, Any]]:
    """Return the rows of a rating: the verdict, every question answered, realism and the note."""
    said = {"verdict": "yes" if answer.plausible else "no", **(answer.answers or {})}
    if answer.realism is not None:
        said["realism"] = str(answer.realism)
    if answer.note:
        said["note"] = answer.note
    shared = {
        "time": time,
        "rater": task.rater,
        "image": item.image,
        "image_key": item.image_key,
        "imageset": item.imageset,
        "label": item.label,
        "requested": item.requested,
        "criteria": criteria.name,
        "criteria_version": criteria.version,
        "plausible": answer.plausible,
        "repeat": task.repeat,
        "seconds": answer.seconds,
        "study": study,
        "origin": item.origin,
        "withdrawn": 0,
    }
    return [
        with_fingerprint(
            {"event_id": f"{answer.event}:{criterion}", **shared, "criterion": criterion, "answer": words}
        )
        for criterion, words in said.items()
    ]


def preference_row(
    answer: Answer,
    task: Task,
    items: Sequence[Item],
    shown: Sequence[str],
    criteria: CriteriaSet,
    study: str,
    time: str,
) -> dict[str, Any]:
    """Return the row of a preference; what was shown on the left is named by its image."""
    a, b = items[task.item_a], items[task.item_b if task.item_b is not None else task.item_a]
    right = "b" if task.left == "a" else "a"
    preferred = {"left": task.left, "right": right, "equal": "equal"}[str(answer.preferred)]
    told = a.shown(shown)
    return with_fingerprint({
        "event_id": f"{answer.event}:preferred",
        "time": time,
        "rater": task.rater,
        "study": study,
        "imageset": a.imageset if a.imageset == b.imageset else f"{a.imageset}, {b.imageset}",
        "label": told.get("label"),
        "requested": json.dumps(told, ensure_ascii=False, sort_keys=True),
        **{f"{name}_a": getattr(a, name) for name in ("image", "image_key", "origin")},
        **{f"{name}_b": getattr(b, name) for name in ("image", "image_key", "origin")},
        "preferred": preferred,
        "criteria": criteria.name,
        "criteria_version": criteria.version,
        "repeat": task.repeat,
        "withdrawn": 0,
        "seconds": answer.seconds,
        "left": task.left,
    })  # fmt: skip


def taken_back(row: dict[str, Any], event: str, time: str) -> dict[str, Any]:
    """Return the row that withdraws an earlier one."""
    kept = {name: value for name, value in row.items() if name not in ("position", "fingerprint")}
    last = str(row["event_id"]).rpartition(":")[2]
    changed = {**kept, "event_id": f"{event}:{last}", "time": time, "seconds": None, "withdrawn": 1}
    return with_fingerprint({**changed, "plausible": None} if "plausible" in kept else changed)


def as_detail(answer: Answer) -> dict[str, Any]:
    """Return the answer as the audit trail keeps it."""
    return dict(vars(answer))


def from_detail(detail: str) -> Answer:
    """Return the answer that a row of the audit trail keeps."""
    return Answer(**json.loads(detail))


def same_content(one: Answer, other: Answer) -> bool:
    """True when two answers say the same; the time taken does not count."""
    return replace(one, seconds=0.0) == replace(other, seconds=0.0)


def _checked_image(answer: Answer, task: ShownTask, settings: StudySettings) -> Answer:
    if answer.preferred is not None:
        raise _faulty("preferred is for comparisons")
    if not _is_number(answer.plausible) or answer.plausible not in (0, 1):
        raise _faulty(f"plausible must be 1 or 0, got {answer.plausible!r}")
    if answer.realism is not None and (not _is_number(answer.realism) or answer.realism not in range(1, 6)):
        raise _faulty(f"realism must be from 1 to 5, got {answer.realism!r}")
    said = dict(answer.answers or {})
    strange = [str(name) for name in said if name not in task.questions]
    if strange:
        raise _faulty(f"{strange[0]!r} is not asked of this image")
    wrong = [f"{name}: {words!r}" for name, words in said.items() if words not in ANSWERS]
    if wrong:
        raise _faulty(f"an answer must be one of {', '.join(ANSWERS)}, got {wrong[0]}")
    plausible = int(answer.plausible or 0)
    return replace(
        answer,
        plausible=plausible,
        realism=None if answer.realism is None else int(answer.realism),
        answers=_filled(said, plausible, task.questions, settings.detail),
    )


def _filled(said: dict[str, str], plausible: int, questions: Sequence[str], detail: str) -> dict[str, str]:
    if detail == "all":
        open_ones = [name for name in questions if name not in said]
        if open_ones:
            raise _faulty(f"{', '.join(open_ones)} not answered")
    elif detail == "failed":
        if plausible and "no" in said.values():
            raise _faulty("a plausible image has no question answered no")
        if plausible or said:
            said = {**dict.fromkeys(questions, "yes"), **said}
    return {name: said[name] for name in questions if name in said}


def _checked_pair(answer: Answer) -> Answer:
    if answer.preferred not in ("left", "right", "equal"):
        raise _faulty(f"preferred must be left, right or equal, got {answer.preferred!r}")
    if answer.plausible is not None or answer.answers or answer.realism is not None:
        raise _faulty("of a pair only the preference and a note are kept")
    return replace(answer, answers={})


def _note(note: str) -> str:
    if not isinstance(note, str):
        raise _faulty("note must be text")
    try:
        note.encode()
    except UnicodeEncodeError as error:
        raise _faulty("note is not Unicode") from error
    if len(note) > _LONGEST_NOTE:
        raise _faulty(f"note has {len(note)} characters, {_LONGEST_NOTE} are kept")
    return note.replace("\x00", "").strip()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _faulty(what: str) -> UserError:
    return UserError(what, where="answer")
