"""From answers to a verdict on the image, and from several raters' verdicts to one."""

from __future__ import annotations

import pandas as pd

from ..core import UserError
from ._ratings import latest


def plausible_from(answers: pd.DataFrame) -> pd.Series:
    """Return 1 for every row of answers (columns: criteria) without a ``no`` and with at least one ``yes``,
    else 0.

    >>> plausible_from(pd.DataFrame({"size": ["yes", "no"], "colour": ["cannot tell", "yes"]})).tolist()
    [1, 0]
    """
    return ((answers == "yes").any(axis=1) & ~(answers == "no").any(axis=1)).astype(int)


def verdicts(ratings: pd.DataFrame, *, by: str = "image") -> pd.Series:
    """Return 1 (plausible) or 0 for every rated image, indexed by ``by``: file name, or ``image_key``.

    Each rater has one vote, his last verdict at the first showing that he did not take back (hidden repeats do not
    vote); more than
    half of the votes make an image plausible, so a tie does not. An image without a verdict is left out.

    Raises ``UserError`` when one file name stands for several images; then use ``by="image_key"``.
    """
    if by not in ("image", "image_key"):
        raise UserError(f"verdicts are by image or image_key, not by {by!r}")
    held = latest(ratings)
    known = held[held["plausible"].notna() & (held["repeat"].fillna(0) == 0)]
    if by == "image":
        _check_one_key(known)
    votes = known.drop_duplicates(["rater", by], keep="last")
    share = votes["plausible"].astype(float).groupby(votes[by], sort=True).mean()
    return (share > 0.5).astype(int).rename("plausible")


def _check_one_key(ratings: pd.DataFrame) -> None:
    keys = ratings.groupby("image")["image_key"].nunique()
    doubled = keys[keys > 1].index.tolist()
    if doubled:
        raise UserError(
            f"{len(doubled)} file names stand for several images, such as {doubled[0]!r}",
            where="ratings",
            remedy="choose one image set, or ask for verdicts by image_key",
        )
