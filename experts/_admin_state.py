"""What the admin's page shows: progress, what was judged plausible, agreement, and what could be told apart."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from ._agreement import agreement
from ._agreement_lines import summary_lines
from ._comparisons import win_shares
from ._draw import REAL
from ._plausibility import plausibility
from ._rating_reach import rating_reach_lines
from ._ratings import latest

if TYPE_CHECKING:
    from ._study import Study

_KEPT_SECONDS = 15.0
_REST = 9
_MOST_RATERS = 10
_RATER = ("rater", "done", "total", "last_seen", "expires")
_TIES = "A share is that of the pairs in which images of this origin were preferred; a tie is half a win."


class AdminView:
    """Reads a study for its admin, and leaves nine tenths of the time to the raters: what took long is read less often.

    Agreement and shares are read again only after new answers.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self._lock = threading.Lock()
        self._read_at, self._read_done = -math.inf, -1
        self._figures: dict[str, Any] = {}
        self._state: dict[str, Any] = {}
        self._state_until = -math.inf

    def forget(self) -> None:
        """After a change of the admin's own: read the state anew."""
        self._state_until = -math.inf

    def state(self, base: str) -> dict[str, Any]:
        """Return the state as plain JSON; links begin with ``base``."""
        state = self._counts()
        raters = [self._rater(row, base) for row in state["raters"]]
        return {
            "study": state["study"],
            "about": about(self.study),
            "mode": state["mode"],
            "paused": self.study.paused,
            "done": state["done"],
            "total": state["total"],
            "seconds": _median([rater["seconds"] for rater in raters]),
            "raters": raters,
            **self._current(state["done"]),
        }

    def _rater(self, row: dict[str, Any], base: str) -> dict[str, Any]:
        link = f"{base}/r/{self.study.link_token(row['rater'])}" if row["link"] == "valid" else None
        told = {name: row[name] for name in _RATER}
        repeats = {"repeats": row["repeats"]["n"], "repeats_equal": row["repeats"]["equal"]}
        return {**told, "seconds": row["median_seconds"], **repeats, "holds": row["link"], "link": link}

    def _counts(self) -> dict[str, Any]:
        with self._lock:
            began = time.monotonic()
            if began >= self._state_until:
                self._state = self.study.state()
                self._state_until = time.monotonic() + _REST * (time.monotonic() - began)
            return self._state

    def _current(self, done: int) -> dict[str, Any]:
        with self._lock:
            stale = time.monotonic() - self._read_at >= _KEPT_SECONDS
            if not self._figures or (stale and done != self._read_done):
                compare = self.study.settings.mode == "compare"
                self._figures = preferred(self.study) if compare else judged(self.study)
                self._read_at, self._read_done = time.monotonic(), done
            return self._figures


def about(study: Study) -> str:
    """Return in one line what is judged, and by which criteria."""
    n_real, n_synthetic = kinds(study)
    how = "in pairs" if study.settings.mode == "compare" else "one by one"
    return (
        f"{n_synthetic} synthetic and {n_real} real images, judged {how} by the criteria {study.criteria.name}, "
        f"version {study.criteria.version}"
    )


def kinds(study: Study) -> tuple[int, int]:
    """Return how many real and how many synthetic images a study has."""
    counts = Counter(item.origin == REAL for item in study.items)
    return counts[True], counts[False]


def judged(study: Study) -> dict[str, Any]:
    """Return the share judged plausible of each origin, agreement on the verdict, and what could be told apart."""
    verdicts = latest(study.store.ratings(study=study.name, criterion="verdict"))
    if not len(verdicts):
        return {"shares": [], "agreement": [], "pairs": [], "plan": []}
    shares = [_share(row) for row in plausibility(verdicts).to_dict("records")]
    shares.sort(key=lambda share: share["name"] != REAL)
    raters = verdicts["rater"].nunique()
    pairs = agreement(verdicts).to_dict("records") if raters <= _MOST_RATERS else []
    return {
        "shares": shares,
        "agreement": [line.strip() for line in summary_lines(verdicts)],
        "pairs": [_pair(row) for row in pairs],
        "plan": rating_reach_lines(verdicts),
    }


def preferred(study: Study) -> dict[str, Any]:
    """Return, of a study in pairs, how often each origin was preferred to the others; a tie is half a win."""
    wins = win_shares(study.store.preferences(study=study.name)).to_dict("records")
    rows = [row for row in wins if row["other"] == "all"] or [each for row in wins for each in _both(row)]
    shares = [_share(row) for row in rows]
    return {"shares": shares, "agreement": [], "pairs": [], "plan": [_TIES] if shares else []}


def _both(row: dict[Any, Any]) -> list[dict[Any, Any]]:
    """Of two origins alone the second's share follows from the first's."""
    turned = {"share": 1 - row["share"], "lo": 1 - row["hi"], "hi": 1 - row["lo"]}
    return [row, {**row, "origin": row["other"], **turned}]


def _share(row: dict[Any, Any]) -> dict[str, Any]:
    numbers = {name: _number(row[name]) for name in ("share", "lo", "hi")}
    return {"name": str(row["origin"]), "n": int(row["n"]), **numbers, "reason": _text(row["reason"])}


def _pair(row: dict[Any, Any]) -> dict[str, Any]:
    numbers = {name: _number(row[name]) for name in ("agree", "kappa", "lo", "hi")}
    raters = f"{row['rater_a']} and {row['rater_b']}"
    return {"raters": raters, "n": int(row["n"]), **numbers, "reason": _text(row["reason"])}


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _median(values: list[float | None]) -> float | None:
    known = pd.Series([value for value in values if value is not None], dtype=float)
    return float(known.median()) if len(known) else None
