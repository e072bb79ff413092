"""Tasks for Label Studio, with the annotations that stand in a store.

The shape is Label Studio's JSON: a list of tasks with ``data``, ``annotations`` and ``predictions``
(https://labelstud.io/guide/task_format). Keys that it does not know, such as ``synmedbench``, it leaves out on import.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from ..core import UserError, content_key
from ..imagesets import ImageSet
from ._criteria import RESERVED, CriteriaSet, Question, Realism, list_criteria, load_criteria
from ._criteria_versions import by_version
from ._exchange_cells import records
from ._exchange_known import known_of_set
from ._exchange_ratings import ANSWER, ratings_form
from ._label_studio_config import PICTURE, VERDICTS
from ._preferences import conditions
from ._ratings import plain

LOCAL = "/data/local-files/?d="
"""What Label Studio wants before the path of an image in its local storage."""


def label_studio_tasks(
    ratings: pd.DataFrame,
    images: ImageSet | None = None,
    *,
    criteria: CriteriaSet | None = None,
    prefix: str = "",
    embed: bool = False,
) -> list[dict[str, Any]]:
    """Return one task per image: all of ``images``, or without it those that were rated; with their annotations.

    ``data.image`` is ``prefix`` and the image's file name, or with ``embed`` the picture itself (PNG, base64);
    ``data.asked`` says what was requested, a class by the name that ``criteria`` have for it.
    Label Studio's table of tasks shows ``data`` to annotators: the image set there, and a file's name or folder, may
    say which images are synthetic.
    """
    form = ratings_form(ratings)
    rows = list(known_of_set(images).by_key.values()) if images is not None else _rated(form)
    pictures = _embedder(images) if embed and images is not None else None
    annotations: dict[str, list[dict[str, Any]]] = {}
    for record in records(form):
        annotations.setdefault(str(record["image_key"]), []).append(_annotation(record))
    tasks = []
    for row in rows:
        key = str(row["image_key"])
        image = pictures(key) if pictures else f"{prefix}{row['image']}"
        data = {
            "image": image,
            "file_name": row["image"],
            "image_key": key,
            "imageset": row["imageset"],
            "label": row["label"],
            "requested": row["requested"],
            "asked": _asked(row, criteria),
        }
        tasks.append({"data": data, "annotations": annotations.get(key, []), "predictions": []})
    return tasks


def criteria_answered(ratings: pd.DataFrame, known: Iterable[CriteriaSet] = ()) -> CriteriaSet:
    """Return the criteria set that ratings answered: the one of that name and version among ``known`` and the built-in
    ones, else one whose questions are their own ids, since ratings do not hold the wording.

    Raises ``UserError`` for no ratings, and for answers to several sets or versions.
    """
    found = list(by_version(ratings))
    if len(found) != 1:
        sets = ", ".join(f"{name or 'unnamed'} version {version}" for name, version in found) or "none"
        raise UserError(
            f"criteria answered: {sets}; one is needed", remedy="name it: --criteria NAME or FILE"
        )
    name, version = found[0]
    builtin = [load_criteria(name)] if name in list_criteria() else []
    for each in (*known, *builtin):
        if (each.name, each.version) == (name, version):
            return each
    asked = [each for each in dict.fromkeys(ratings["criterion"]) if each not in RESERVED]
    return CriteriaSet.model_construct(
        name=name,
        version=version,
        title="questions of the ratings",
        sources=[],
        questions=[Question.model_construct(id=each, text=each, classes=None) for each in asked],
        realism=Realism(text="realism", lowest="not real", highest="real"),
    )


def _rated(form: pd.DataFrame) -> list[dict[str, Any]]:
    names = ["image", "image_key", "imageset", "label", "requested"]
    return records(form.drop_duplicates("image_key")[names])


def _asked(row: Mapping[str, Any], criteria: CriteriaSet | None) -> str:
    def named(label: str) -> str:
        return criteria.display_name(label) if criteria is not None else label

    wish = conditions(row["requested"])
    told = [f"label: {named(wish['label'])}"] if "label" in wish else []
    told += [f"skin_tone: {wish['skin_tone']}"] if "skin_tone" in wish else []
    return "requested: " + (", ".join(told) or named(str(row["label"] or "nothing in particular")))


def _annotation(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return one rating; the person is named to Label Studio only where the name is an address it can look up."""
    rater = str(record["rater"])
    kept = ("rater", "event", "time", "repeat", "study", "origin", "criteria", "criteria_version")
    made = {
        "result": list(_results(record)),
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": record["time"],
        "lead_time": record["seconds"],
        "synmedbench": {name: plain(record[name]) for name in kept if record[name] is not None},
    }
    return {**made, "completed_by": {"email": rater}} if "@" in rater else made


def _results(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    if record["plausible"] is not None:
        found.append(_result("verdict", "choices", [VERDICTS[0 if record["plausible"] else 1]], record))
    for name, answer in record.items():
        if name.startswith(ANSWER) and answer is not None:
            found.append(_result(name.removeprefix(ANSWER), "choices", [answer], record))
    if record["realism"] is not None:
        found.append(_result("realism", "rating", int(record["realism"]), record))
    if record["note"] is not None:
        found.append(_result("note", "textarea", [record["note"]], record))
    return found


def _result(name: str, kind: str, value: Any, record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": content_key(record["rater"], record["image_key"], record["repeat"], name)[:10],
        "from_name": name,
        "to_name": PICTURE,
        "type": kind,
        "value": {"text" if kind == "textarea" else kind: value},
    }


def _embedder(images: ImageSet) -> Callable[[str], str]:
    from PIL import Image

    rows = {key: row for row, key in enumerate(images.image_keys)}

    def picture(key: str) -> str:
        file = io.BytesIO()
        Image.fromarray(images.image(rows[key])).save(file, format="PNG")
        return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()

    return picture
