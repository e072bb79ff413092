"""One name and version of criteria has one content in a store."""

from __future__ import annotations

import json

import sqlalchemy as sa
from pydantic import ValidationError

from ._criteria import CriteriaSet, check_same_criteria
from ._store import RatingStore
from ._store_tables import STUDIES


def stored_criteria(store: RatingStore) -> dict[str, CriteriaSet]:
    """Return the criteria set of each study in a store, by the study's name; unreadable ones are left out."""
    with store.work(reading=True) as connection:
        rows = list(
            connection.execute(sa.select(STUDIES.c.name, STUDIES.c.settings).order_by(STUDIES.c.name))
        )
    found = {}
    for name, settings in rows:
        try:
            found[str(name)] = CriteriaSet.model_validate(json.loads(settings)["criteria"])
        except (ValueError, KeyError, TypeError, ValidationError):
            continue
    return found


def refuse_changed_criteria(store: RatingStore, criteria: CriteriaSet) -> None:
    """Raise ``UserError`` when a study in the store asked other things under the set's name and version."""
    for study, stored in stored_criteria(store).items():
        check_same_criteria(stored, criteria, where=f"study {study}")
