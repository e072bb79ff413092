"""Whether a reward model can judge what a base makes, and whether an evaluator is another judge than the reward."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core import UserError, did_you_mean
from ._diffusion import Diffusion


def check_judge(
    judge: Any, base: Diffusion, *, what: str = "reward model", where: object | None = None
) -> None:
    """Raise ``UserError`` when a judge was made for other images than the base's: size, columns, or classes.

    A judge may be told fewer columns than the base, never others. One that does not say what it was made for (its
    ``image_size``, ``columns`` and ``words``) is believed.
    """
    remedy = f"fit a {what} on rated images of this base"
    size = getattr(judge, "image_size", None)
    if size and size != base.size:
        raise UserError(
            f"the {what} judges images of {size} px, the base makes {base.size} px",
            where=where,
            remedy=remedy,
        )
    known = base.vocabulary.values if base.vocabulary else {}
    words: Mapping[str, Any] = getattr(judge, "words", None) or {}
    for column in getattr(judge, "columns", ()):
        if column not in known:
            raise UserError(
                f"the {what} judges by {column!r}, which the base does not honour (it has {', '.join(known)})",
                where=where,
                remedy=remedy,
            )
        strange = [value for value in known[column] if column in words and value not in words[column]]
        if strange:
            raise UserError(
                f"the {what} never saw {column} {strange[0]!r}, which the base makes; "
                f"{did_you_mean(strange[0], map(str, words[column]))}",
                where=where,
                remedy=remedy,
            )


def check_evaluator(evaluator: Any, reward: Any, *, where: object | None = None) -> None:
    """Raise ``UserError`` when the evaluator is the reward, or its twin: the same backbone on the same ratings.

    What a reward was pushed up by cannot say when to stop.
    """
    remedy = "fit it with another --backbone on other ratings"
    if getattr(evaluator, "key", None) == getattr(reward, "key", "") or evaluator is reward:
        raise UserError("the evaluator is the reward itself", where=where, remedy=remedy)
    ratings = getattr(evaluator, "ratings_key", "")
    same = ratings and ratings == getattr(reward, "ratings_key", "")
    if same and getattr(evaluator, "backbone", None) == getattr(reward, "backbone", ""):
        raise UserError(
            "the evaluator has the reward's backbone and its ratings: it would prefer what the reward prefers",
            where=where,
            remedy=remedy,
        )
