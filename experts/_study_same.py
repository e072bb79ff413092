"""A study goes on with what it began with: what differs is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..core import UserError, content_key
from ..imagesets import ImageSet
from ._criteria import CriteriaSet, criteria_differences, criteria_fingerprint
from ._draw import REAL, origins
from ._study_settings import StudySettings

FREE = {"name", "raters", "days"}
"""Settings that may differ when a study goes on."""
OTHER = "choose another name for the study (--study), or give what it began with"


def fingerprints(sets: Sequence[ImageSet], has_real: bool) -> list[dict[str, Any]]:
    """Return name, origins, number and content of the table of every set; pixels are compared image by image."""
    told = []
    for number, each in enumerate(sets):
        is_real = has_real and number == len(sets) - 1
        origin = [REAL] if is_real else sorted(set(origins(each)))
        told.append(
            {"name": each.about.name, "origins": origin, "n": len(each), "table": content_key(_plain(each))}
        )
    return told


def refuse_other_settings(about: Mapping[str, Any], criteria: CriteriaSet, settings: StudySettings) -> None:
    """Raise ``UserError`` that names every setting, and the criteria, where they differ."""
    now = settings.model_dump(mode="json", exclude=FREE)
    faults = [
        f"{name} was {about['settings'].get(name)!r}, now {now[name]!r}"
        for name in now
        if now[name] != about["settings"].get(name)
    ]
    began = CriteriaSet.model_validate(about["criteria"])
    if (began.name, began.version) != (criteria.name, criteria.version):
        faults.append(
            f"the criteria were {began.name} version {began.version}, now {criteria.name} version {criteria.version}"
        )
    elif criteria_fingerprint(began) != criteria_fingerprint(criteria):
        faults.append(
            f"the criteria {criteria.name} have other content under the same version: "
            f"{'; '.join(criteria_differences(began, criteria))}"
        )
    if faults:
        raise UserError(f"the study began otherwise: {'; '.join(faults)}", where=settings.name, remedy=OTHER)


def refuse_other_sets(
    began: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]], name: str
) -> None:
    """Raise ``UserError`` that names every set that differs."""
    if list(began) == list(now):
        return
    faults = []
    if len(began) != len(now):
        faults.append(f"there were {len(began)} sets, now {len(now)}")
    for one, two in zip(began, now, strict=False):
        if one["name"] != two["name"] or one["origins"] != two["origins"]:
            faults.append(
                f"the set {one['name']!r} of {', '.join(one['origins'])} is now {two['name']!r} of "
                f"{', '.join(two['origins'])}"
            )
        elif one["n"] != two["n"]:
            faults.append(f"{one['name']!r} had {one['n']} images, now {two['n']}")
        elif one["table"] != two["table"]:
            faults.append(f"the table of {one['name']!r} has changed")
    raise UserError(f"the study began with other images: {'; '.join(faults)}", where=name, remedy=OTHER)


def _plain(images: ImageSet) -> pd.DataFrame:
    table = images.table
    return table.astype(object).where(table.notna(), None).map(_cell)


def _cell(value: Any) -> Any:
    return value if isinstance(value, str | int | float | None) else str(value)
