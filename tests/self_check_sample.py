"""A made-up self-check with curves of known shape."""

from __future__ import annotations

from collections.abc import Sequence

from synmedbench.benchmark import CheckCurve, CheckFault, CheckPoint, Data, SelfCheck
from synmedbench.imagesets import planted_faults


def curve(
    metric: str,
    fault: str,
    heights: Sequence[float],
    strengths: Sequence[float],
    *,
    expected: int,
    verdict: str = "sees",
    extractor: str = "e",
    stratum: str = "all",
) -> CheckCurve:
    """A curve through the heights, the first of them undamaged."""
    first = heights[0]
    points = [
        CheckPoint(
            strength=s, value=h, lo=h, hi=h, difference=h - first, difference_lo=h - first, difference_hi=h - first,
            p=0.001, p_adjusted=0.002, significant=True, stands_out=True, per_split=[h] * 5,
        )
        for s, h in zip(strengths, heights[1:], strict=True)
    ]  # fmt: skip
    return CheckCurve.model_validate({
        "extractor": extractor, "metric": metric, "stratum": stratum, "fault": fault, "expected": expected,
        "undamaged": CheckPoint(strength=0, value=first, lo=first, hi=first, per_split=[first] * 5),
        "spread": 1.0, "points": points, "verdict": verdict, "seen_from": strengths[0],
        "stands_out_from": strengths[0], "words": "made up",
    })  # fmt: skip


def document(*curves: CheckCurve) -> SelfCheck:
    """A document that holds them."""
    names = list(dict.fromkeys(c.fault for c in curves))
    known = planted_faults()
    return SelfCheck(
        name="made-up", status="complete", created="2026-01-01T00:00:00+00:00", asked={"by": None},
        data=Data(name="made-up", licence="CC0", source="", content_hash="x", n=900, image_size=16, decoding="",
                  classes=["a"], splits={}),
        code={"version": "0"}, machine={}, seed=0, splits=5, n_real=300, n_synthetic=300, n_train=300, method="",
        extractors=list(dict.fromkeys(c.extractor for c in curves)), metrics=[c.metric for c in curves],
        faults=[CheckFault(name=n, title=known[n].title, unit=known[n].unit, strengths=list(known[n].strengths),
                           about=known[n].about) for n in names],
        curves=list(curves),
    )  # fmt: skip
