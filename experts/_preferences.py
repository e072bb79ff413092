"""Preference pairs: from comparisons, and from verdicts on images of one request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ._count_words import counted
from ._draw import as_text
from ._preference_columns import latest_preferences
from ._ratings import latest
from ._study_settings import SHOW

PAIR_COLUMNS: Mapping[str, str] = {
    "chosen": "file name of the image that was found more plausible",
    "rejected": "file name of the other",
    "chosen_key": "content key of the chosen image's pixels",
    "rejected_key": "content key of the rejected image's pixels",
    "chosen_origin": "real, or the name of its generator",
    "rejected_origin": "real, or the name of its generator",
    "imageset": "name of the image set",
    "requested": "what was requested of both, in the conditions that had to agree, as JSON",
    "criteria": "name of the criteria set",
    "criteria_version": "its version",
    "n_raters": "raters behind the pair: who compared the two, or the fewer of those who judged either",
    "margin": "share for the chosen one less share for the other, over 0 to 1",
    "source": "comparisons, or verdicts",
}
"""Columns of a table of pairs; then one column for each requested condition."""


@dataclass(frozen=True)
class PreferencePairs:
    """Pairs, and what did not become one."""

    table: pd.DataFrame
    ties: int
    """Pairs of images without a winner, or images on which raters were split evenly."""
    unpaired: int = 0
    """Images whose request has no counterpart: all plausible, or none."""

    @property
    def lines(self) -> list[str]:
        """What is to be told."""
        told = [f"{counted(len(self.table), 'pair')}, {counted(self.ties, 'tie')} left out"]
        if self.unpaired:
            told.append(f"{counted(self.unpaired, 'image', 'has', 'have')} no counterpart of the same request")
        return told


def compared_pairs(preferences: pd.DataFrame) -> PreferencePairs:
    """Return the pairs of a preferences table: one for every two images that were compared and had a winner.

    Over raters, first showings: margin = (votes for the chosen - votes for the other) / all votes, where "equal" is a
    vote for neither. No winner: a tie.
    """
    held = latest_preferences(preferences)
    held = held[held["repeat"].fillna(0) == 0]
    votes: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in held.to_dict("records"):
        swapped = row["image_key_a"] > row["image_key_b"]
        one, other = ("b", "a") if swapped else ("a", "b")
        name = (row[f"image_key_{one}"], row[f"image_key_{other}"], row["requested"], row["criteria_version"])
        pair = votes.setdefault(name, {"row": row, "one": one, "other": other, "raters": {}})
        winner = {one: 1, other: -1}.get(row["preferred"], 0)
        pair["raters"][row["rater"]] = winner
    rows = [_compared(pair) for pair in votes.values()]
    kept = [row for row in rows if row is not None]
    return PreferencePairs(_table(kept), ties=len(rows) - len(kept))


def verdict_pairs(
    ratings: pd.DataFrame,
    *,
    by: Sequence[str] | None = None,
    shown: Mapping[str, Sequence[str]] | None = None,
    every: bool = False,
) -> PreferencePairs:
    """Return pairs of a plausible and an implausible image of the same request, from the raters' verdicts.

    ``by`` names the conditions in which the two must agree, such as label; the pair's request is those alone. None:
    what the raters were told, which ``shown`` has by study; label and skin tone where it does not say.

    An image is plausible when more than half of its raters found it so, a tie when they are split evenly. Within a
    request the images are dealt to each other by content key, so that each stands in a pair and none more often
    than needed; with ``every`` each plausible one is paired with each implausible one.
    """
    held = latest(ratings)
    held = held[(held["repeat"].fillna(0) == 0) & held["plausible"].notna()]
    told = [by if by is not None else (shown or {}).get(study, SHOW) for study in held["study"]]
    held = held.assign(requested=[_part(w, names) for w, names in zip(held["requested"], told, strict=True)])
    votes = held.drop_duplicates(["rater", "image_key", "requested"], keep="last")
    group = ["requested", "criteria", "criteria_version"]
    images = votes.groupby([*group, "image_key"], dropna=False, sort=True).agg(
        image=("image", "last"),
        origin=("origin", "last"),
        imageset=("imageset", "last"),
        n=("plausible", "size"),
        share=("plausible", lambda cells: float(cells.astype(float).mean())),
    )
    ties = int((images["share"] == 0.5).sum())
    rows: list[dict[str, Any]] = []
    unpaired = 0
    for _, part in images.reset_index().groupby(group, dropna=False, sort=True):
        good = part[part["share"] > 0.5].to_dict("records")
        bad = part[part["share"] < 0.5].to_dict("records")
        if not good or not bad:
            unpaired += len(good) + len(bad)
            continue
        rows += [_judged(one, other) for one, other in _dealt(good, bad, every)]
    return PreferencePairs(_table(rows), ties=ties, unpaired=unpaired)


def _part(requested: Any, by: Sequence[str]) -> str:
    """The request in these conditions, as a rater reads them: 5 and 5.0 are one value, whatever file they came from."""
    wish = json.loads(requested) if conditions(requested) else {}
    kept = {name: as_text(wish[name]) for name in sorted(set(by)) if wish.get(name) is not None}
    return json.dumps(kept, ensure_ascii=False)


def _dealt(good: list[Any], bad: list[Any], every: bool) -> list[tuple[Any, Any]]:
    if every:
        return [(one, other) for one in good for other in bad]
    return [(good[i % len(good)], bad[i % len(bad)]) for i in range(max(len(good), len(bad)))]


def _compared(pair: Mapping[str, Any]) -> dict[str, Any] | None:
    row, votes = pair["row"], list(pair["raters"].values())
    balance = sum(votes)
    if balance == 0:
        return None
    chosen, rejected = (pair["one"], pair["other"]) if balance > 0 else (pair["other"], pair["one"])
    return {
        **{f"chosen{end}": row[f"{name}_{chosen}"] for end, name in _PARTS.items()},
        **{f"rejected{end}": row[f"{name}_{rejected}"] for end, name in _PARTS.items()},
        **{name: row[name] for name in ("imageset", "requested", "criteria", "criteria_version")},
        "n_raters": len(votes),
        "margin": abs(balance) / len(votes),
        "source": "comparisons",
    }


def _judged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "chosen": one["image"],
        "rejected": other["image"],
        "chosen_key": one["image_key"],
        "rejected_key": other["image_key"],
        "chosen_origin": one["origin"],
        "rejected_origin": other["origin"],
        **{name: one[name] for name in ("imageset", "requested", "criteria", "criteria_version")},
        "n_raters": int(min(one["n"], other["n"])),
        "margin": one["share"] - other["share"],
        "source": "verdicts",
    }


_PARTS = {"": "image", "_key": "image_key", "_origin": "origin"}


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows with a column for each requested condition, named as it was requested."""
    wishes = [conditions(row["requested"]) for row in rows]
    names = list(dict.fromkeys(name for wish in wishes for name in wish))
    table = pd.DataFrame(rows, columns=list(PAIR_COLUMNS))
    for name in names:
        table[condition_column(name)] = pd.Series([wish.get(name) for wish in wishes], dtype=object)
    table["n_raters"] = table["n_raters"].astype("Int64")
    table["criteria_version"] = table["criteria_version"].astype("Int64")
    table["margin"] = table["margin"].astype("float64")
    return table


def condition_column(name: str) -> str:
    """Return the column of a requested condition; one that a pair has anyway gets ``requested_`` before it.

    >>> condition_column("skin_tone"), condition_column("source")
    ('skin_tone', 'requested_source')
    """
    return f"requested_{name}" if name in PAIR_COLUMNS or name.startswith("requested_") else name


def conditions(requested: Any) -> dict[str, str]:
    """Return a request's conditions as text, empty for none.

    >>> conditions('{"label": "acne", "skin_tone": 5}')
    {'label': 'acne', 'skin_tone': '5'}
    """
    try:
        wish = json.loads(requested) if isinstance(requested, str) else {}
    except ValueError:
        return {}
    kept = wish.items() if isinstance(wish, dict) else ()
    return {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in kept}
