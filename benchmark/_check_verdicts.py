"""From scores by split to curves: paired differences, their significance, and a verdict in words."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..core import LEVEL, MIN_SEEDS, Interval, benjamini_hochberg, t_interval, t_pvalue
from ..imagesets import planted_fault
from ._check_cells import CLEAN
from ._expected import expected_direction
from ._ruler_curves import invert
from ._self_check_record import CheckCurve, CheckPoint, Verdict

ALPHA = 1 - LEVEL
_SEEN = ("sees", "barely sees")
Cell = dict[str, Any]
Key = tuple[str, str, str]
"""Extractor, metric, stratum."""
METHOD = (
    "paired t interval over random splits by patient of these images, damaged minus undamaged, on the asinh scale in "
    "units of the undamaged score's spread (linear for small moves, logarithmic for large ones); a point counts "
    f"as moved at p < {ALPHA:.2g} after Benjamini-Hochberg over all points of the table; it stands out where its mean "
    "lies outside the 95% prediction interval of one more undamaged score. What holds for other splits of these "
    "images need not hold for other images. A kind that is "
    "missing altogether and moves a number less than the mildest blur planted does is barely seen by it."
)


def make_curves(rows: Mapping[str, Sequence[Sequence[Cell]]], splits: int) -> list[CheckCurve]:
    """Return every curve; ``rows`` maps an extractor to one list of score rows for each finished split."""
    values, reasons = _collect(rows)
    curves = []
    for (key, fault), strengths in _faults_of(values, reasons).items():
        clean = values.get((*key, CLEAN, 0.0), {})
        points = [
            _point(s, values.get((*key, fault, s), {}), clean, reasons.get((*key, fault, s)))
            for s in strengths
        ]
        curves.append(_curve(key, fault, clean, points))
    _adjust(curves)
    for curve in curves:
        _judge(curve, splits)
    return _beside_blur(curves)


def _collect(
    rows: Mapping[str, Sequence[Sequence[Cell]]],
) -> tuple[dict[tuple[Any, ...], dict[int, float]], dict[tuple[Any, ...], str]]:
    values: dict[tuple[Any, ...], dict[int, float]] = defaultdict(dict)
    reasons: dict[tuple[Any, ...], str] = {}
    for extractor, by_split in rows.items():
        for split, cells in enumerate(by_split):
            for cell in cells:
                key = (extractor, cell["metric"], cell["stratum"], cell["fault"], cell["strength"])
                if cell["value"] is not None:
                    values[key][split] = cell["value"]
                elif cell["metric"]:
                    reasons.setdefault(key, cell["reason"])
    return values, reasons


def _faults_of(
    values: Mapping[tuple[Any, ...], Any], reasons: Mapping[tuple[Any, ...], Any]
) -> dict[tuple[Key, str], list[float]]:
    found: dict[tuple[Key, str], list[float]] = defaultdict(list)
    for extractor, metric, stratum, fault, strength in [*values, *reasons]:
        if fault != CLEAN and strength not in found[(extractor, metric, stratum), fault]:
            found[(extractor, metric, stratum), fault].append(strength)
    return {key: _rising(key[1], strengths) for key, strengths in found.items()}


def _rising(fault: str, strengths: Iterable[float]) -> list[float]:
    """From mild to strong: the quality of a JPEG falls."""
    known = planted_fault(fault).strengths
    return sorted(strengths, reverse=known[0] > known[-1])


def _point(
    strength: float, damaged: Mapping[int, float], clean: Mapping[int, float], reason: str | None
) -> CheckPoint:
    """The mean over splits, and the difference over the splits that have both."""
    both = sorted(set(damaged) & set(clean))
    if len(both) < 2:
        return CheckPoint(
            strength=strength, reason=reason or "not enough data: fewer than two splits have a value"
        )
    made, whole = [damaged[i] for i in both], [clean[i] for i in both]
    change, p = _paired(made, whole)
    return CheckPoint(
        strength=strength,
        value=float(np.mean(made)),
        difference=change.value,
        difference_lo=change.lo,
        difference_hi=change.hi,
        p=p,
        stands_out=_stands_out(float(np.mean(made)), whole),
        per_split=made,
    )


def _paired(made: Sequence[float], whole: Sequence[float]) -> tuple[Interval, float]:
    """The paired difference with its t interval, and the p-value of no difference.

    Both are of asinh(difference / s), s the spread of the undamaged score: linear for small moves, logarithmic for
    large ones. A learned network's scale differs from split to split, and moves of 3, 8 and 24, all far above 0,
    would else have an interval that holds 0. The centre and the bounds are brought back to the metric's scale.
    """
    moves = np.subtract(made, whole)
    scale = float(np.std(whole, ddof=1)) or float(np.std(moves, ddof=1)) or 1.0
    bent = np.arcsinh(moves / scale)
    found = t_interval(bent)
    value, lo, hi = (
        scale * float(np.sinh(min(max(x, -700.0), 700.0))) for x in (found.value, found.lo, found.hi)
    )
    return Interval(value, lo, hi, found.level, "paired t of asinh", found.freedom), t_pvalue(bent)


def _stands_out(value: float, undamaged: Sequence[float]) -> bool:
    """Outside mean +- t s sqrt(1 + 1/S), where one more undamaged score lies with probability 0.95."""
    from scipy.stats import t

    count = len(undamaged)
    reach = (
        float(t.ppf(0.5 + LEVEL / 2, count - 1)) * float(np.std(undamaged, ddof=1)) * math.sqrt(1 + 1 / count)
    )
    return abs(value - float(np.mean(undamaged))) > reach


def _curve(key: Key, fault: str, clean: Mapping[int, float], points: list[CheckPoint]) -> CheckCurve:
    extractor, metric, stratum = key
    scores = [clean[i] for i in sorted(clean)]
    known = len(scores) >= 2
    level = t_interval(scores) if known else None
    undamaged = CheckPoint(
        strength=0.0, value=level.value if level else None, lo=level.lo if level else None,
        hi=level.hi if level else None, per_split=scores, reason=None if known else "not enough data",
    )  # fmt: skip
    expected: Any = expected_direction(metric, fault, stratum)
    return CheckCurve(
        extractor=extractor, metric=metric, stratum=stratum, fault=fault, expected=expected, undamaged=undamaged,
        spread=float(np.std(scores, ddof=1)) if known else None, points=points, verdict="cannot be known", words="",
    )  # fmt: skip


def _adjust(curves: Sequence[CheckCurve]) -> None:
    tested = [point for curve in curves for point in curve.points if point.p is not None]
    for point, adjusted in zip(tested, benjamini_hochberg([p.p or 0.0 for p in tested]), strict=True):
        point.p_adjusted = float(adjusted)
        point.significant = bool(adjusted < ALPHA)


def _judge(curve: CheckCurve, splits: int) -> None:
    """Set the verdict, the strengths from which it holds, and the words."""
    points = [point for point in curve.points if point.difference is not None]
    points = [point for point in points if len(point.per_split) >= MIN_SEEDS]
    if not points:
        most = max((len(p.per_split) for p in curve.points), default=0)
        few = f"{most} of {splits} splits have a value, {MIN_SEEDS} needed"
        why = next((p.reason for p in curve.points if p.reason), few)
        curve.verdict, curve.words = "cannot be known", f"cannot be known: {why}"
        return
    wanted = curve.expected or int(np.sign(points[-1].difference or 0.0)) or 1
    right = [p.significant and wanted * (p.difference or 0.0) > 0 for p in points]
    wrong = points[-1].significant and not right[-1]
    curve.seen_from = _from(points, right)
    curve.stands_out_from = _from(points, [r and p.stands_out for r, p in zip(right, points, strict=True)])
    curve.verdict = _verdict(curve, wrong)
    curve.words = _words(curve, wanted)


def _from(points: Sequence[CheckPoint], holds: Sequence[bool]) -> float | None:
    """The mildest strength from which it holds at every stronger one too."""
    strength = None
    for point, true in zip(reversed(points), reversed(holds), strict=True):
        if not true:
            break
        strength = point.strength
    return strength


def _verdict(curve: CheckCurve, wrong: bool) -> Verdict:
    if not curve.expected:
        return "moves" if curve.seen_from is not None else "still"
    if wrong:
        return "wrong way"
    if curve.seen_from is None:
        return "does not see"
    return "sees" if curve.stands_out_from is not None else "barely sees"


def _words(curve: CheckCurve, wanted: int) -> str:
    fault = planted_fault(curve.fault)
    strongest = fault.words(curve.points[-1].strength)
    way = "rises" if wanted > 0 else "falls"
    start = "" if curve.seen_from is None else fault.words(curve.seen_from)
    if curve.verdict == "sees":
        alone = fault.words(curve.stands_out_from) if curve.stands_out_from is not None else ""
        return f"{way} from {start} on" + ("" if alone == start else f"; one score tells from {alone} on")
    return {
        "barely sees": f"{way} from {start} on, but hardly"
        if curve.stands_out_from is not None
        else f"{way} from {start} on, but never beyond the spread of real against real",
        "does not see": f"does not see it, up to {strongest}",
        "wrong way": f"moves the WRONG way at {strongest}",
        "moves": f"{way} from {start} on, which is not asked of it",
        "still": f"not moved, up to {strongest}",
    }.get(curve.verdict, curve.verdict)


def _beside_blur(curves: list[CheckCurve]) -> list[CheckCurve]:
    """Say of every seen fault which blur moves the same number as far as its strongest point does.

    A kind that is missing altogether and yet moves a number less than the mildest blur does is barely seen: any
    softness of the generator's images hides it there.
    """
    blurs = {(c.extractor, c.metric, c.stratum): c for c in curves if c.fault == "blur"}
    for curve in curves:
        ruler = blurs.get((curve.extractor, curve.metric, curve.stratum))
        value = next((p.value for p in reversed(curve.points) if p.value is not None), None)
        if ruler is None or curve is ruler or value is None or {ruler.verdict, curve.verdict} - set(_SEEN):
            continue
        reading = invert(ruler, value)
        curve.as_blur = reading.strength if reading.where in ("at", "none") else None
        mildest = ruler.points[0].strength
        if curve.fault.startswith("dropped_") and curve.as_blur is not None and curve.as_blur < mildest:
            curve.verdict = "barely sees"
            curve.words = (
                _words(curve, curve.expected)
                + f"; at its strongest it is worth a blur of {curve.as_blur:.2g} px"
            )
    return curves
