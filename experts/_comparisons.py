"""Comparison mode: how often each generator's image was preferred, and strengths from all pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import LEVEL, Interval, holm, interval_pvalue
from ._count_words import counted
from ._criteria_parts import refuse_mixed
from ._preference_columns import latest_preferences
from ._share_interval import share_interval, two_way

Vector = NDArray[np.float64]
MIN_PAIRS = 10
WIN_COLUMNS = (
    "origin", "other", "n", "n_images", "n_raters", "wins", "ties", "share", "lo", "hi", "level", "scope",
    "lo_these", "hi_these", "p_adjusted", "verdict", "reason",
)  # fmt: skip
STRENGTH_COLUMNS = ("origin", "n", "strength", "lo", "hi", "level", "scope", "reason")
_SCORE = {"a": 1.0, "equal": 0.5, "b": 0.0}


def win_shares(preferences: pd.DataFrame) -> pd.DataFrame:
    """Return how often the images of one origin were preferred: against all others, then against each.

    Columns: ``origin``, ``other`` (``all`` or an origin), ``n`` comparisons, ``n_images`` of ``origin``,
    ``n_raters``, ``wins``, ``ties``, ``share, lo, hi, level`` (a tie is half a win; the interval respects
    raters and images, ``scope`` says of whom it speaks; ``lo_these, hi_these`` hold for these raters alone),
    ``p_adjusted`` (share of one half; Holm over the pairs of origins) and ``verdict``: *preferred*, *not
    preferred*, *not shown*, *cannot be known* with its ``reason`` (fewer than 10 comparisons). Hidden repeats
    and two images of one origin are left out. Raises ``UserError`` for answers to several criteria.
    """
    duels = _duels(preferences)
    names = sorted({*duels["origin_a"], *duels["origin_b"]})
    rows = [_wins(duels, name, "all") for name in names] if len(names) > 2 else []
    pairs = [_wins(duels, a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    for family in (rows, [row for row in pairs if row["n"]]):
        tested = [row for row in family if "p" in row]
        for row, p in zip(tested, holm([row["p"] for row in tested]), strict=True):
            row["p_adjusted"] = float(p)
            better = "preferred" if row["share"] > 0.5 else "not preferred"
            row["verdict"] = better if p < 1 - LEVEL else "not shown"
    table = pd.DataFrame(rows + [row for row in pairs if row["n"]], columns=list(WIN_COLUMNS))
    return table.astype(dict.fromkeys(["share", "lo", "hi", "lo_these", "hi_these", "p_adjusted"], "float64"))


def bradley_terry(preferences: pd.DataFrame) -> pd.DataFrame:
    """Return the strength of each origin where three or more were compared (Bradley and Terry 1952).

    The log odds that its image is preferred to one of average strength; strengths add up to 0, and the odds
    between two origins are the exponential of their difference. A tie is half a win each way. The intervals
    take the variance from what was observed (a sandwich), clustered by raters and images.

    Columns: ``origin, n, strength, lo, hi, level, scope, reason``. Strengths are null with a ``reason`` when
    there is no finite one: some origins were never preferred to the rest (Ford 1957), or never met them.
    """
    duels = _duels(preferences)
    names = sorted({*duels["origin_a"], *duels["origin_b"]})
    if len(names) < 3:
        return pd.DataFrame(columns=list(STRENGTH_COLUMNS))
    place = {name: i for i, name in enumerate(names)}
    first = duels["origin_a"].map(place).to_numpy(dtype=np.int64)
    second = duels["origin_b"].map(place).to_numpy(dtype=np.int64)
    score = duels["score"].to_numpy(dtype=np.float64)
    seen = np.bincount(np.concatenate([first, second]), minlength=len(names))
    reason = _unbounded(first, second, score, names)
    if reason is None and len(duels) < MIN_PAIRS:
        reason = f"not enough data: {counted(len(duels), 'comparison')}, {MIN_PAIRS} needed"
    if reason is not None:
        rows: list[list[object]] = [
            [name, int(seen[i]), None, None, None, LEVEL, None, reason] for i, name in enumerate(names)
        ]
        return pd.DataFrame(rows, columns=list(STRENGTH_COLUMNS))
    strengths, inverse = _fitted(first, second, score, len(names))
    residual = score - _chance(strengths[first] - strengths[second])
    influence = (inverse[:, first] - inverse[:, second]) * residual
    who = np.unique(duels["rater"].astype(str), return_inverse=True)[1]
    what = np.unique(duels["pair"], return_inverse=True)[1]
    rows = []
    for i, name in enumerate(names):
        spread = two_way(influence[i], who, what)
        half = _t(spread.freedom) * float(np.sqrt(spread.variance))
        value = float(strengths[i])
        rows.append([name, int(seen[i]), value, value - half, value + half, LEVEL, spread.scope, None])
    return pd.DataFrame(rows, columns=list(STRENGTH_COLUMNS))


def left_share(preferences: pd.DataFrame) -> Interval | None:
    """How often the image on the left was preferred, ties aside; None under 10 comparisons.

    It should be one half: the sides are drawn by chance.
    """
    held = latest_preferences(preferences)
    refuse_mixed(held)
    held = held[held["preferred"].isin(["a", "b"]) & held["left"].isin(["a", "b"])]
    if len(held) < MIN_PAIRS:
        return None
    pair = held["image_key_a"].astype(str) + " " + held["image_key_b"].astype(str)
    return share_interval(held["preferred"] == held["left"], held["rater"], pair)


def comparison_lines(preferences: pd.DataFrame) -> list[str]:
    """Return what was compared and what that shows, in plain sentences."""
    duels = _duels(preferences)
    if not len(duels):
        return ["no comparisons of two origins yet"]
    ties = counted(int((duels["score"] == 0.5).sum()), "tie")
    given = f"{counted(len(duels), 'comparison')} by {counted(duels['rater'].nunique(), 'rater')}"
    lines = [f"{given}, {ties} (a tie is half a win)"]
    lines += [win_words(row) for row in win_shares(preferences).to_dict("records")]
    side = left_share(preferences)
    if side is not None and side.excludes(0.5):
        lines.append(
            f"the left image was preferred in {side.value:.2f} [{side.lo:.2f}, {side.hi:.2f}]: a habit"
        )
    return lines


def win_words(row: dict[Any, Any]) -> str:
    """One sentence from a row of `win_shares`."""
    other = "all others" if row["other"] == "all" else row["other"]
    head = f"{row['origin']} against {other}"
    if pd.isna(row["share"]):
        return f"{head}: cannot be known: {row['reason']}"
    bounds = f"{row['share']:.2f} [{row['lo']:.2f}, {row['hi']:.2f}]"
    these = f"these raters: [{row['lo_these']:.2f}, {row['hi_these']:.2f}]"
    return f"{head}: preferred in {bounds} of {row['n']} comparisons ({these}): {row['verdict']}"


def _duels(preferences: pd.DataFrame) -> pd.DataFrame:
    """First showings of two origins, with ``score`` of the first and the ``pair``."""
    held = latest_preferences(preferences)
    refuse_mixed(held)
    held = held[(held["repeat"].fillna(0) == 0) & held["preferred"].isin(list(_SCORE))]
    held = held.drop_duplicates(["rater", "image_key_a", "image_key_b"], keep="last")
    held = held.assign(
        origin_a=held["origin_a"].map(_origin), origin_b=held["origin_b"].map(_origin),
        score=held["preferred"].map(_SCORE).astype("float64"),
        pair=held["image_key_a"].astype(str) + " " + held["image_key_b"].astype(str),
    )  # fmt: skip
    return held[held["origin_a"] != held["origin_b"]].reset_index(drop=True)


def _origin(name: object) -> str:
    return "unknown" if pd.isna(name) else str(name)  # type: ignore[call-overload]


def _wins(duels: pd.DataFrame, origin: str, other: str) -> dict[str, Any]:
    a, b = duels["origin_a"] == origin, duels["origin_b"] == origin
    if other != "all":
        a, b = a & (duels["origin_b"] == other), b & (duels["origin_a"] == other)
    part = duels[a | b]
    own_first = part["origin_a"] == origin
    score = part["score"].where(own_first, 1 - part["score"]).to_numpy(dtype=np.float64)
    image = part["image_key_a"].where(own_first, part["image_key_b"])
    row: dict[str, Any] = {
        "origin": origin, "other": other, "n": len(part), "n_images": image.nunique(),
        "n_raters": part["rater"].nunique(), "wins": int((score == 1).sum()),
        "ties": int((score == 0.5).sum()), "level": LEVEL,
    }  # fmt: skip
    if len(part) < MIN_PAIRS:
        reason = f"not enough data: {counted(len(part), 'comparison')}, {MIN_PAIRS} needed"
        return row | {"verdict": "cannot be known", "reason": reason}
    i = share_interval(score, part["rater"], image)
    these = share_interval(score, part["rater"], image, these_alone=True)
    row |= {"share": i.value, "lo": i.lo, "hi": i.hi, "scope": i.method, "p": _p_half(i), "reason": None}
    return row | {"lo_these": these.lo, "hi_these": these.hi}


def _p_half(found: Interval) -> float:
    """p of one half, from the interval's width on the side of one half."""
    reach = found.value - found.lo if found.value > 0.5 else found.hi - found.value
    symmetric = Interval(
        found.value, found.value - reach, found.value + reach, found.level, "", found.freedom
    )
    return interval_pvalue(symmetric, 0.5)


def _chance(x: Vector) -> Vector:
    return 1 / (1 + np.exp(-np.clip(x, -35, 35)))


def _fitted(
    first: NDArray[np.int64], second: NDArray[np.int64], score: Vector, k: int
) -> tuple[Vector, Vector]:
    """Newton's steps to the likelihood's top, strengths adding up to 0; and the inverse information."""
    strengths: Vector = np.zeros(k)
    inverse: Vector = np.zeros((k, k))
    for _ in range(100):
        chance = _chance(strengths[first] - strengths[second])
        gradient = np.zeros(k)
        np.add.at(gradient, first, score - chance)
        np.add.at(gradient, second, chance - score)
        information = np.zeros((k, k))
        weight = chance * (1 - chance)
        np.add.at(information, (first, first), weight)
        np.add.at(information, (second, second), weight)
        np.add.at(information, (first, second), -weight)
        np.add.at(information, (second, first), -weight)
        inverse = np.asarray(np.linalg.pinv(information, hermitian=True), dtype=np.float64)
        step = np.clip(inverse @ gradient, -2, 2)
        strengths = strengths + step - (strengths + step).mean()
        if np.abs(step).max() < 1e-10:
            break
    return strengths, inverse


def _unbounded(
    first: NDArray[np.int64], second: NDArray[np.int64], score: Vector, names: list[str]
) -> str | None:
    """Why there are no finite strengths: each origin must be reachable from each by wins or ties."""
    beats = np.eye(len(names), dtype=bool)
    beats[first[score > 0], second[score > 0]] = True
    beats[second[score < 1], first[score < 1]] = True
    for _ in names:
        beats = beats @ beats
    if beats.all():
        return None
    for i, name in enumerate(names):
        if not np.delete(beats[:, i], i).any():
            return f"no finite strengths: {name} was always preferred"
        if not np.delete(beats[i], i).any():
            return f"no finite strengths: {name} was never preferred"
    return "no finite strengths: some origins were always preferred to the others, or never met them"


def _t(freedom: float) -> float:
    from scipy.stats import t

    return float(t.ppf(0.5 + LEVEL / 2, freedom))
