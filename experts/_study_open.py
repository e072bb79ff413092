"""A study begins, or goes on where it was: the same images, criteria and settings under one name."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core import UserError
from ..imagesets import ImageSet
from ._assign import first_deal, in_order
from ._criteria import CriteriaSet
from ._criteria_store import refuse_changed_criteria
from ._picture_file import PictureFile
from ._store import RatingStore
from ._store_schema import insert
from ._store_tables import STUDIES
from ._study import Study
from ._study_draw import drawn, items_of, units_of, without_doubles
from ._study_rows import (
    read_items,
    stamp,
    study_row,
    write_event,
    write_items,
    write_rater,
)
from ._study_same import FREE, OTHER, fingerprints, refuse_other_sets, refuse_other_settings
from ._study_settings import StudySettings


def open_study(
    store: RatingStore,
    images: Sequence[ImageSet],
    criteria: CriteriaSet,
    settings: StudySettings,
    *,
    real: ImageSet | None = None,
    folder: Path | None = None,
) -> Study:
    """Begin a study, or go on with the one of that name in the store.

    Parameters
    ----------
    store:
        Where everything is kept; a study goes on from any machine that reaches it.
    images:
        The synthetic sets to be judged. An image's origin is its lineage's generator, else the column
        ``generator``, else the set's name.
    criteria:
        What is asked.
    settings:
        The rest; raters may be added when the study goes on, and ``days`` may differ.
    real:
        Real images to be mixed in, drawn so that the shown columns are distributed as among the synthetic.
    folder:
        Where the prepared pictures lie until ``close``, in a file without a name; default: the system's folder for
        temporary files.

    Raises
    ------
    UserError
        For no images, images that cannot be read, more images or raters than can be dealt; and when a study of
        this name began with other images, criteria or settings: it says which.
    """
    sets = [*images, *([real] if real is not None else [])]
    with store.work(reading=True) as connection:
        there = study_row(connection, settings.name)
    pictures = PictureFile(folder, side=settings.side)
    try:
        if there is None:
            there = _begin(store, images, real, criteria, settings, pictures)
            if there is not None:
                return _opened(store, there, criteria, settings, pictures)
            with store.work(reading=True) as connection:
                there = study_row(connection, settings.name)
        assert there is not None
        return _go_on(store, there, sets, real is not None, criteria, settings, pictures)
    except BaseException:
        pictures.close()
        raise


def _begin(
    store: RatingStore,
    images: Sequence[ImageSet],
    real: ImageSet | None,
    criteria: CriteriaSet,
    settings: StudySettings,
    pictures: PictureFile,
) -> Mapping[Any, Any] | None:
    """Draw, deal and write the study; None when another process was faster."""
    if not settings.raters:
        raise UserError(
            "nobody is named to rate", where=settings.name, remedy="name raters, such as anna,ben"
        )
    refuse_changed_criteria(store, criteria)
    sets = [*images, *([real] if real is not None else [])]
    shown, chosen, told = drawn(images, real, settings)
    keys = pictures.prepare([(sets[each.part], each.row) for each in chosen])
    items = items_of(sets, chosen, keys)
    kept, left_out = without_doubles(items)
    units = units_of(items, kept, shown, settings)
    hands = first_deal(units, settings.raters, settings.overlap, settings.seed)
    about = {
        "settings": settings.model_dump(mode="json", exclude=FREE),
        "criteria": criteria.model_dump(mode="json"),
        "shown": list(shown),
        "sets": fingerprints(sets, real is not None),
        "told": told + left_out,
    }
    moment = datetime.now(UTC)
    row = {
        "name": settings.name,
        "settings": json.dumps(about, ensure_ascii=False),
        "secret": secrets.token_hex(32),
        "created": stamp(moment),
    }
    with store.work() as connection:
        adding = insert(connection, STUDIES).values(row).on_conflict_do_nothing().returning(STUDIES.c.name)
        if connection.execute(adding).first() is None:
            return None
        write_items(connection, settings.name, items)
        detail = {"items": len(items), "criteria": criteria.name, "version": criteria.version}
        write_event(connection, settings.name, "begun", moment, detail=detail)
        for place, rater in enumerate(settings.raters):
            order = in_order(hands[rater], rater, settings.repeats, settings.seed)
            write_rater(connection, settings, rater, place, order, moment)
    return row


def _go_on(
    store: RatingStore,
    there: Mapping[Any, Any],
    sets: Sequence[ImageSet],
    has_real: bool,
    criteria: CriteriaSet,
    settings: StudySettings,
    pictures: PictureFile,
) -> Study:
    about = json.loads(there["settings"])
    refuse_other_settings(about, criteria, settings)
    refuse_other_sets(about["sets"], fingerprints(sets, has_real), settings.name)
    with store.work(reading=True) as connection:
        items = read_items(connection, settings.name)
    keys = pictures.prepare([(sets[item.part], item.row) for item in items])
    changed = [item.image for item, key in zip(items, keys, strict=True) if item.image_key != key]
    if changed:
        raise UserError(
            f"{len(changed)} of {len(items)} images have other pixels than when the study began, such as "
            f"{changed[0]}",
            where=settings.name,
            remedy=OTHER,
        )
    return _opened(store, there, criteria, settings, pictures)


def _opened(
    store: RatingStore,
    there: Mapping[Any, Any],
    criteria: CriteriaSet,
    settings: StudySettings,
    pictures: PictureFile,
) -> Study:
    about = json.loads(there["settings"])
    with store.work(reading=True) as connection:
        items = read_items(connection, settings.name)
    study = Study(
        store,
        settings,
        criteria,
        secret=there["secret"],
        items=items,
        shown=tuple(about["shown"]),
        told=[*about["told"], *pictures.told],
        pictures=pictures,
    )
    for rater in settings.raters:
        if rater not in study.raters:
            study.add_rater(rater)
    study.record("opened")
    return study
