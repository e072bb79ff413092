"""Raters in time: who grows stricter or faster, who differs from the others, who answers too fast."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import LEVEL, UserError, holm, wilson
from ._agreement_answers import VERDICT
from ._plausibility import vote_table
from ._share_interval import paired_difference

Vector = NDArray[np.float64]
TOO_FAST = 1.0
"""Seconds under which nobody can have looked."""
MIN_SHOWINGS = 30
"""Fewer showings give no trend: a third would have under 10."""
_UNTESTED = "whether raters drift cannot be known: no test could be made"
_NO_TIMES = "not every answer has a time: their order is not known"
_MARKED_SHARE, _MARKED_SPEED, _MOST, _MOST_NAMES = 0.1, 2.0, 2000, 3
DRIFT_COLUMNS = (
    "rater", "what", "n", "first", "last", "value", "lo", "hi", "level", "p_adjusted", "shown", "words",
    "reason",
)  # fmt: skip


def drift(ratings: pd.DataFrame, *, too_fast: float = TOO_FAST) -> pd.DataFrame:
    """Return how each rater's verdicts and pace move along his session, and how they differ from the others'.

    Rows of ``what``:

    - ``verdict trend``: the change of the pass rate from his first image to his last, along a straight line
      (least squares among images of one origin, variance robust to the line's misfit, t), so that generators
      that came one after the other are no drift; ``first`` and ``last`` are the pass rates of the first and
      the last third. In a study his order is random, and no change is expected. Null where no times were kept.
    - ``pace trend``: the factor by which the seconds per image change from first to last (Theil and Sen's
      slope of log seconds with its interval; the test is Kendall's); ``first`` and ``last``: median seconds.
    - ``verdict, beside the others``: his pass rate less that of the other raters, real and synthetic images
      apart; ``pace, beside the others``: his seconds over theirs (Hodges and Lehmann's shift of log seconds).
    - ``too fast``: the share of answers under ``too_fast`` seconds (Wilson).

    ``p_adjusted`` is Holm's over all tests of the table; ``shown`` is True where it is under 0.05 (and, beside
    the others, the difference is marked: 0.10 or more, or a factor of 2), and for any answer that came too
    fast. ``words`` is the plain sentence. Null with a ``reason`` under 30 showings, or one verdict throughout.
    """
    votes = vote_table(ratings)
    votes = votes[votes["criterion"] == VERDICT]
    rows: list[dict[str, Any]] = []
    for rater, part in votes.groupby("rater", sort=True):
        mine = _in_time(part)
        rows += [_verdict_trend(str(rater), mine), _pace_trend(str(rater), mine)]
        if votes["rater"].nunique() > 1:
            rows += [_verdict_beside(str(rater), votes), _pace_beside(str(rater), votes)]
        rows.append(_too_fast(str(rater), mine, too_fast))
    table = pd.DataFrame(_adjusted(rows), columns=list(DRIFT_COLUMNS))
    numbers = ["first", "last", "value", "lo", "hi", "p_adjusted"]
    return table.astype({**dict.fromkeys(numbers, "float64"), "shown": "bool"})


def drift_lines(table: pd.DataFrame, *, reasons: bool = True) -> list[str]:
    """Return the plain sentences of a table of `drift`: what is shown, then (``reasons``) what could not be known."""
    if not len(table):
        return ["no verdicts yet"]
    shown = table[table["shown"]]["words"].tolist()
    tested = int(table["p_adjusted"].notna().sum())
    tests = f"{tested} test{'' if tested == 1 else 's'}, Holm"
    none = f"no rater was shown to drift or to differ markedly ({tests})" if tested else _UNTESTED
    lines = shown or [none]
    few = table[table["reason"].notna() & table["what"].isin(["verdict trend", "pace trend"])]
    for (what, reason), part in few.groupby(["what", "reason"], sort=True):
        raters = part["rater"].tolist()
        who = ", ".join(raters) if len(raters) <= _MOST_NAMES else f"{len(raters)} raters"
        lines += [f"{what} of {who}: {reason}"] if reasons else []
    return lines


def _in_time(part: pd.DataFrame) -> pd.DataFrame:
    """In the order of the answers: by time where every row has one, else as they came."""
    when = _times(part)
    return part if when is None else part.assign(_when=when).sort_values("_when", kind="stable")


def _times(part: pd.DataFrame) -> pd.Series | None:
    """When each row was answered, or None where that is not known of all."""
    if "time" not in part.columns or part["time"].isna().any():
        return None
    when = pd.to_datetime(part["time"], errors="coerce", utc=True, format="ISO8601")
    return None if when.isna().any() else when


def _row(rater: str, what: str, n: int, **more: Any) -> dict[str, Any]:
    return {"rater": rater, "what": what, "n": n, "level": LEVEL, "shown": False, **more}


def _thirds(values: Vector) -> tuple[Vector, Vector]:
    third = len(values) // 3
    return values[:third], values[-third:]


def _verdict_trend(rater: str, mine: pd.DataFrame) -> dict[str, Any]:
    y = mine["vote"].to_numpy(dtype=np.float64)
    what, n = "verdict trend", len(y)
    if n < MIN_SHOWINGS:
        return _row(rater, what, n, reason=f"not enough data: {_showings(n)}, {MIN_SHOWINGS} needed")
    if y.min() == y.max():
        said = "plausible" if y[0] else "not plausible"
        return _row(rater, what, n, reason=f"one verdict throughout: {said}, {n} times")
    if _times(mine) is None:
        return _row(rater, what, n, reason=_NO_TIMES)
    origin = pd.factorize(mine["origin"].astype(str))[0]
    first, last = (float(part.mean()) for part in _thirds(y))
    line = _line(y, origin)
    if line is None:
        return _row(
            rater, what, n, reason="each kind of images was shown at one time: a drift is not told from it"
        )
    value, lo, hi, p = line
    turned = "stricter" if value < 0 else "milder"
    words = (
        f"{rater} grew {turned}: {first:.0%} passed in the first third, {last:.0%} in the last; change along "
        f"the session {value:+.2f} [{lo:+.2f}, {hi:+.2f}]"
    )
    return _row(rater, what, n, first=first, last=last, value=value, lo=lo, hi=hi, p=p, words=words)


def _line(y: Vector, origin: NDArray[np.intp]) -> tuple[float, float, float, float] | None:
    """The slope of y on position in [0, 1] among images of one origin, with bounds and p (HC3 variance, t).

    None where hardly any of the positions' spread is left within origins: under a tenth.
    """
    from scipy.stats import t

    n, kinds = len(y), int(origin.max()) + 1
    place = np.linspace(0, 1, n)
    x, within = _less_means(place, origin), _less_means(y, origin)
    sxx = float((x**2).sum())
    freedom = n - kinds - 1
    if freedom < 1 or sxx < 0.1 * n * place.var():
        return None
    slope = float((x * within).sum() / sxx)
    residual = within - slope * x
    leverage = 1 / np.bincount(origin)[origin] + x**2 / sxx
    part = np.divide(x * residual, 1 - leverage, out=np.zeros(n), where=leverage < 1)
    error = float(np.sqrt((part**2).sum())) / sxx
    half = float(t.ppf(0.5 + LEVEL / 2, freedom)) * error
    p = float(2 * t.sf(abs(slope) / error, freedom)) if error > 0 else 0.0
    return slope, slope - half, slope + half, p


def _less_means(values: Vector, kind: NDArray[np.intp]) -> Vector:
    means = np.bincount(kind, weights=values) / np.bincount(kind)
    return np.asarray(values - means[kind], dtype=np.float64)


def _pace_trend(rater: str, mine: pd.DataFrame) -> dict[str, Any]:
    from scipy.stats import kendalltau, theilslopes

    seconds = _seconds(mine)
    what, n = "pace trend", len(seconds)
    if n < MIN_SHOWINGS:
        return _row(
            rater, what, n, reason=f"not enough data: {_showings(n)} with seconds, {MIN_SHOWINGS} needed"
        )
    if _times(mine) is None:
        return _row(rater, what, n, reason=_NO_TIMES)
    first, last = (float(np.median(part)) for part in _thirds(seconds))
    step = -(-n // _MOST)
    logs = np.log(np.maximum(seconds, 0.01))[::step]
    if logs.min() == logs.max():
        return _row(rater, what, n, first=first, last=last, reason="one same time for all images")
    place = np.linspace(0, 1, len(logs))
    slope, _, lo, hi = theilslopes(logs, place, alpha=LEVEL)
    value, low, high = (float(np.exp(each)) for each in (slope, lo, hi))
    turned = "faster" if value < 1 else "slower"
    words = (
        f"{rater} grew {turned}: {first:.1f} s an image in the first third, {last:.1f} s in the last; factor "
        f"along the session {value:.2f} [{low:.2f}, {high:.2f}]"
    )
    p = float(kendalltau(place, logs).pvalue)
    return _row(rater, what, n, first=first, last=last, value=value, lo=low, hi=high, p=p, words=words)


def _verdict_beside(rater: str, votes: pd.DataFrame) -> dict[str, Any]:
    mine = votes["rater"] == rater
    what, n = "verdict, beside the others", int(mine.sum())
    if min(n, int((~mine).sum())) < MIN_SHOWINGS:
        return _row(rater, what, n, reason=f"not enough data: {_showings(n)}, {MIN_SHOWINGS} needed")
    try:
        d = paired_difference(
            votes["vote"], mine, votes["origin"] == "real", votes["image_key"], pairs_are_raters=False
        )
    except UserError:
        return _row(rater, what, n, reason="the others saw images of another kind")
    first, last = float(votes["vote"][mine].mean()), float(votes["vote"][~mine].mean())
    kind = "stricter" if d.interval.value < 0 else "milder"
    words = (
        f"{rater} is {kind} than the others: passes {first:.0%}, they {last:.0%}; difference "
        f"{d.interval.value:+.2f} [{d.interval.lo:+.2f}, {d.interval.hi:+.2f}]"
    )
    i = d.interval
    return _row(rater, what, n, first=first, last=last, value=i.value, lo=i.lo, hi=i.hi, p=d.p_value(),
                words=words, marked=abs(i.value) >= _MARKED_SHARE)  # fmt: skip


def _pace_beside(rater: str, votes: pd.DataFrame) -> dict[str, Any]:
    from scipy.stats import mannwhitneyu

    mine, others = (
        _seconds(part) for part in (votes[votes["rater"] == rater], votes[votes["rater"] != rater])
    )
    what, n = "pace, beside the others", len(mine)
    if min(n, len(others)) < MIN_SHOWINGS:
        return _row(
            rater, what, n, reason=f"not enough data: {_showings(n)} with seconds, {MIN_SHOWINGS} needed"
        )
    a, b = (np.log(np.maximum(each[:: -(-len(each) // _MOST)], 0.01)) for each in (mine, others))
    value, low, high = (float(np.exp(each)) for each in _shift(a, b))
    kind = "faster" if value < 1 else "slower"
    first, last = float(np.median(mine)), float(np.median(others))
    words = (
        f"{rater} is {kind} than the others: {first:.1f} s an image, they {last:.1f} s (medians); factor "
        f"{value:.2f} [{low:.2f}, {high:.2f}]"
    )
    p = float(mannwhitneyu(a, b).pvalue)
    return _row(rater, what, n, first=first, last=last, value=value, lo=low, hi=high, p=p, words=words,
                marked=not 1 / _MARKED_SPEED < value < _MARKED_SPEED)  # fmt: skip


def _shift(a: Vector, b: Vector) -> tuple[float, float, float]:
    """Hodges and Lehmann's shift of a against b with Moses's interval (normal ranks)."""
    from scipy.stats import norm

    apart = np.sort(np.subtract.outer(a, b).ravel())
    n, m = len(a), len(b)
    half = float(norm.ppf(0.5 + LEVEL / 2)) * np.sqrt(n * m * (n + m + 1) / 12)
    low = max(0, int(np.floor(n * m / 2 - half)))
    return float(np.median(apart)), float(apart[low]), float(apart[-low - 1])


def _too_fast(rater: str, mine: pd.DataFrame, limit: float) -> dict[str, Any]:
    seconds = _seconds(mine)
    n, what = len(seconds), "too fast"
    if not n:
        return _row(rater, what, 0, reason="no seconds were kept")
    count = int((seconds < limit).sum())
    i = wilson(count, n)
    words = (
        f"{rater} gave {count} of {n} answers in under {limit:g} s ({i.value:.0%} [{i.lo:.0%}, {i.hi:.0%}])"
    )
    row = _row(rater, what, n, value=i.value, lo=i.lo, hi=i.hi, words=words if count else None)
    return row | {"shown": count > 0}


def _showings(n: int) -> str:
    return f"{n} showing" + ("" if n == 1 else "s")


def _seconds(part: pd.DataFrame) -> Vector:
    if "seconds" not in part.columns:
        return np.empty(0)
    values = pd.to_numeric(part["seconds"], errors="coerce").to_numpy(dtype=np.float64)
    return values[np.isfinite(values)]


def _adjusted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    tested = [row for row in rows if "p" in row]
    for row, p in zip(tested, holm([row["p"] for row in tested]), strict=True):
        row["p_adjusted"] = float(p)
        row["shown"] = bool(p < 1 - LEVEL and row.get("marked", True))
        told = "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
        row["words"] = f"{row['words']} ({told} after Holm)"
    return rows
