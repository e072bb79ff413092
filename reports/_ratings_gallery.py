"""What raters rejected and why: names, answers and notes; pictures where the sets are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..experts import latest
from ._blocks import Column, Table, text_cell
from ._gallery import THUMBNAIL, affordable, data_uri, resized
from ._names import clean, plural
from ._ratings_material import REAL, RatingsMaterial

MOST, _LEAST = 48, 6
BUDGET = 1_200_000
"""Pixels that all pictures of the page may have."""
_MOST_NOTE = 280


@dataclass(frozen=True)
class Rejected:
    """One rejected image: how many raters rejected it, of how many, and why."""

    name: str
    origin: str
    wish: str
    rejected: int
    raters: int
    why: str
    notes: tuple[str, ...]
    picture: str = ""

    @property
    def votes(self) -> str:
        """``2 of 3 raters``."""
        return f"{self.rejected} of {plural(self.raters, 'rater')}"


def rejected_images(material: RatingsMaterial) -> tuple[list[Rejected], str]:
    """The images that most raters rejected, and a line on what was left out.

    Real images are left out unless they were asked for: a rejected one is still a picture of a patient.
    """
    answers = material.answers
    first = answers[answers["repeat"] == 0].drop_duplicates(["rater", "image_key", "criterion"], keep="last")
    if not material.show_real and len(first):
        first = first[first["origin"] != REAL]
    votes = first[first["criterion"] == "plausible"]
    table = votes.groupby("image_key").agg(
        raters=("rater", "nunique"), failed=("answer", lambda each: int((each == "0").sum()))
    )
    table = table[table["failed"] > 0] if len(table) else table
    if not len(table):
        return [], "No image was rejected." if len(votes) else "No verdicts yet."
    table = table.assign(share=table["failed"] / table["raters"]).reset_index()
    order = table.sort_values(["share", "failed", "image_key"], ascending=[False, False, True])
    why, notes = _reasons(first), _notes(material)
    facts = {str(row["image_key"]): row for row in votes.to_dict("records")}
    order = order.assign(origin=[facts[str(key)]["origin"] for key in order["image_key"]])
    each = max(_LEAST, MOST // order["origin"].nunique())
    shown = order.groupby("origin", sort=True).head(each).sort_values("origin", kind="stable")
    _, side = affordable(BUDGET, 1, len(shown), THUMBNAIL)
    rows = shown.to_dict("records")
    found = [
        _one(material, str(row["image_key"]), facts[str(row["image_key"])], int(row["failed"]), int(row["raters"]),
             why.get(str(row["image_key"]), ""), notes.get(str(row["image_key"]), ()), side)
        for row in rows
    ]  # fmt: skip
    left = len(order) - len(shown)
    said = f"{plural(len(order), 'image')} rejected by one rater or more; "
    said += "of each generator the most often rejected first"
    return found, said + (f"; {left} more are not shown." if left else ".")


def rejected_table(found: list[Rejected]) -> Table | None:
    """The gallery as a table; None when nothing was rejected."""
    if not found:
        return None
    columns = [Column("Image"), Column("Generator"), Column("Requested"), Column("Rejected by"), Column("Why"),
               Column("Notes")]  # fmt: skip
    rows = [
        [text_cell(each.name), text_cell(each.origin), text_cell(each.wish), text_cell(each.votes),
         text_cell(each.why, look="words"), text_cell(" · ".join(each.notes), look="long")]
        for each in found
    ]  # fmt: skip
    return Table("Rejected images, by name", columns, rows)


def _one(
    material: RatingsMaterial, key: str, facts: dict[Any, Any], failed: int, raters: int, why: str,
    notes: tuple[str, ...], side: int,
) -> Rejected:  # fmt: skip
    pixels = material.picture(key)
    picture = "" if pixels is None else data_uri(resized(pixels, min(side, max(pixels.shape[:2]))))
    wish = [] if pd.isna(facts["label"]) else [str(facts["label"])]
    return Rejected(
        clean(facts["image"]),
        clean(facts["origin"]),
        clean(", ".join(wish)),
        failed,
        raters,
        why,
        notes,
        picture,
    )


def _reasons(first: pd.DataFrame) -> dict[str, str]:
    """``size (2), colour (1)``: the questions answered no, the most frequent first."""
    wrong = first[(first["criterion"] != "plausible") & (first["answer"] == "no")]
    counts = wrong.groupby(["image_key", "criterion"]).size().reset_index(name="n")
    counts = counts.sort_values(["n", "criterion"], ascending=[False, True])
    return {
        str(key): ", ".join(
            f"{clean(row.criterion).replace('_', ' ')} ({row.n})" for row in part.itertuples()
        )
        for key, part in counts.groupby("image_key", sort=False)
    }


def _notes(material: RatingsMaterial) -> dict[str, tuple[str, ...]]:
    held = latest(material.ratings)
    held = held[(held["criterion"] == "note") & held["answer"].notna()]
    return {
        str(key): tuple(dict.fromkeys(_short(clean(note)) for note in part["answer"] if clean(note)))
        for key, part in held.groupby("image_key")
    }


def _short(note: str) -> str:
    return note if len(note) <= _MOST_NOTE else note[: _MOST_NOTE - 1] + "…"
