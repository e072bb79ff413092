"""What the self-check found, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from ..imagesets import planted_fault
from ._self_check_record import CheckCurve, SelfCheck


def summarise(document: SelfCheck) -> list[str]:
    """Return one sentence for each finding that a user must know before a number is trusted."""
    found: list[str] = []
    for extractor in document.extractors:
        for fault in ("dropped_class", "dropped_stratum"):
            found += _missing(document, extractor, fault)
        found += _wrong(document, extractor)
    return found + _control(document)


def _missing(document: SelfCheck, extractor: str, fault: str) -> Iterator[str]:
    """A kind that is missing: the Frechet distance over all beside coverage of that kind."""
    column = "label" if fault == "dropped_class" else document.asked.get("by")
    whole = document.curve(extractor, "frechet_distance", fault)
    part = document.curve(extractor, "coverage", fault, f"dropped:{column}")
    if whole is None or part is None or not whole.points or not part.points:
        return
    kind = "class" if fault == "dropped_class" else f"value of {column}"
    names = ", ".join(document.dropped.get(str(column), []))
    yield (
        f"{extractor}: with one {kind} missing altogether (mean over {names}) the Frechet distance goes "
        f"{_change(whole)}; coverage of that {kind} goes {_change(part)}."
    )


def _change(curve: CheckCurve) -> str:
    """From where to where, the paired difference with its interval, and the blur that does as much."""
    first, last = curve.undamaged.value, curve.points[-1]
    if first is None or last.value is None or last.difference is None:
        return "nowhere that is known"
    bounds = f"[{last.difference_lo:+.3g}, {last.difference_hi:+.3g}]"
    share = f", {100 * (last.value - first) / abs(first):+.0f}%" if first else ""
    blur = "" if curve.as_blur is None else f", as under a blur of {curve.as_blur:.2g} px"
    return f"from {first:.3g} to {last.value:.3g} (difference {bounds}{share}{blur})"


def _wrong(document: SelfCheck, extractor: str) -> Iterator[str]:
    for curve in document.curves:
        if curve.extractor == extractor and curve.verdict == "wrong way":
            yield f"{extractor}: {_name(curve)} {curve.words}: do not trust it for this fault on these images."


def _control(document: SelfCheck) -> list[str]:
    tested = [
        curve for curve in document.curves if curve.fault == "control" and curve.verdict in ("moves", "still")
    ]
    moved = [f"{_name(curve)} ({curve.extractor})" for curve in tested if curve.verdict == "moves"]
    if not tested:
        return []
    named = f": {', '.join(moved)}; about one in twenty may by chance" if moved else ""
    said = planted_fault("control").words(0.1)
    return [f"Control, {said}: {len(moved)} of {len(tested)} metrics moved{named}."]


def _name(curve: CheckCurve) -> str:
    where = "" if curve.stratum == "all" else f" ({curve.stratum.replace(':', ' ')})"
    return curve.metric.replace("_", " ") + where
