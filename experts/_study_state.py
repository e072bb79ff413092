"""How a study stands, for the one who runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ._draw import REAL
from ._preference_columns import latest_preferences
from ._ratings import latest
from ._study_rows import stamp

if TYPE_CHECKING:
    from ._study import Study


def study_state(study: Study) -> dict[str, Any]:
    """Return name, mode, pause, and of every rater: done, total, link, time of the last answer, median seconds,
    share plausible (or preferred) of real and synthetic images, equal answers at hidden repeats."""
    compare = study.settings.mode == "compare"
    if compare:
        given = latest_preferences(study.store.preferences(study=study.name))
    else:
        given = latest(study.store.ratings(study=study.name, criterion="verdict"))
    now = stamp(study.clock())
    raters = []
    for rater, link in study.links().items():
        mine = given[given["rater"] == rater]
        held = "revoked" if link.revoked else "expired" if link.expires <= now else "valid"
        told = {"rater": rater, **study.progress(rater).__dict__, "link": held, "expires": link.expires}
        seconds = mine["seconds"].median()
        told["median_seconds"] = None if pd.isna(seconds) else float(seconds)
        told["last_seen"] = mine["time"].max() if len(mine) else None
        told |= _preferred(mine) if compare else _plausible(mine)
        told["repeats"] = _repeats(mine, "preferred" if compare else "plausible")
        raters.append(told)
    return {
        "study": study.name,
        "mode": study.settings.mode,
        "paused": study.paused,
        "done": sum(told["done"] for told in raters),
        "total": sum(told["total"] for told in raters),
        "raters": raters,
    }


def _plausible(given: pd.DataFrame) -> dict[str, Any]:
    first = given[given["repeat"] == 0]
    real = first["origin"] == REAL
    return {
        "plausible": {
            "real": _share(first[real]["plausible"]),
            "synthetic": _share(first[~real]["plausible"]),
        }
    }


def _preferred(given: pd.DataFrame) -> dict[str, Any]:
    """How often the real image of a pair was preferred to the synthetic one; equal ones count half."""
    first = given[(given["repeat"] == 0) & ((given["origin_a"] == REAL) != (given["origin_b"] == REAL))]
    real = first["origin_a"].eq(REAL).map({True: "a", False: "b"})
    won = (first["preferred"] == real) + 0.5 * (first["preferred"] == "equal")
    return {"preferred": {"real": _share(won)}}


def _share(values: pd.Series) -> dict[str, Any]:
    return {"n": len(values), "share": float(values.astype(float).mean()) if len(values) else None}


def _repeats(given: pd.DataFrame, answer: str) -> dict[str, int]:
    images = [
        name
        for name in ("image", "image_key", "image_a", "image_key_a", "image_b", "image_key_b")
        if name in given
    ]
    one = given[given["repeat"] == 0].set_index(images)[answer]
    two = given[given["repeat"] > 0].set_index(images)[answer]
    both = one.index.intersection(two.index)
    equal = sum(one.loc[each] == two.loc[each] for each in both)
    return {"n": len(both), "equal": int(equal)}
