"""A score in plain words, read off the self-check's curves: "as a blur of sigma 1.3 px", "as 12% copies"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..imagesets import PlantedFault, planted_fault
from ._self_check_record import CheckCurve, SelfCheck

READ = ("blur", "jpeg", "noise", "copies")
"""The faults that a score is read as."""
PLATEAU = 0.02
"""A curve stays at its end when it varies by less than this share of its range."""
TOLERANCE = 0.1
ANY_N = ("kernel_distance", "intra_class_distance", "label_agreement")
"""Unbiased at every number of images."""
"""Numbers of images may differ by this share: distances and diversities depend on them."""


@dataclass(frozen=True)
class Reading:
    """A strength of a fault that gives the same value: exact, below the mildest one, beyond the strongest, or none."""

    strength: float | None
    where: Literal["at", "none", "below", "beyond", "unsteady"]


@dataclass(frozen=True)
class CurveReading:
    """A score read off one curve, with the readings of its interval's ends."""

    fault: str
    strength: float | None
    lo: Reading | None
    hi: Reading | None
    words: str


def invert(curve: CheckCurve, value: float) -> Reading:
    """Return the strength at which the curve has this value, by linear interpolation between its points.

    Nothing is extrapolated. A curve is read as far as it rises (or falls) steadily, and only when it stays at
    its end from there on, as a share does at 0; any other curve is ``unsteady``. Between no fault and the
    mildest point a reading starts at 0; a JPEG has no quality for "none", so there it is ``below``.
    """
    if curve.undamaged.value is None or any(point.value is None for point in curve.points):
        return Reading(None, "unsteady")
    heights = np.array(
        [curve.undamaged.value, *(point.value for point in curve.points if point.value is not None)]
    )
    sign = 1.0 if heights[-1] > heights[0] else -1.0
    rising, at = _steady(sign * heights), sign * value
    if rising is None:
        return Reading(None, "unsteady")
    strengths = [0.0, *(point.strength for point in curve.points)][: len(rising)]
    if at <= rising[0]:
        return Reading(0.0 if _starts_at_zero(curve.fault) else None, "none")
    if at > rising[-1] or (at == rising[-1] and len(rising) < len(heights)):
        return Reading(strengths[-1], "beyond")
    if at < rising[1] and not _starts_at_zero(curve.fault):
        return Reading(None, "below")
    return Reading(float(np.interp(at, rising, strengths)), "at")


def _steady(rising: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The part that rises strictly, when the rest stays at its end; None for a curve that turns back."""
    range_ = float(rising.max() - rising.min())
    falls = np.flatnonzero(np.diff(rising) <= 0)
    end = int(falls[0]) + 1 if len(falls) else len(rising)
    stays = (np.abs(rising[end:] - rising[end - 1]) <= PLATEAU * range_).all()
    return rising[:end] if end > 1 and range_ > 0 and stays else None


def curve_readings(
    document: SelfCheck,
    metric: str,
    extractor: str,
    value: float,
    lo: float | None = None,
    hi: float | None = None,
    *,
    stratum: str = "all",
    counts: tuple[int, int] | None = None,
) -> list[CurveReading]:
    """Read a score off every curve on which this metric sees its fault; an empty list where there is none.

    ``counts`` are the score's numbers of real and synthetic images: a score that depends on them is not read at other
    numbers than the self-check's. ``lo`` and ``hi`` are read too.
    """
    if counts is not None and metric not in ANY_N and not _same_counts(document, counts):
        return []
    curves = [document.curve(extractor, metric, fault, stratum) for fault in READ]
    seen = [c for c in curves if c is not None and c.expected and c.verdict in ("sees", "barely sees")]
    found = [_read(curve, value, lo, hi) for curve in seen]
    return [reading for reading in found if reading is not None]


def read_curves(
    document: SelfCheck,
    metric: str,
    extractor: str,
    value: float,
    lo: float | None = None,
    hi: float | None = None,
    *,
    stratum: str = "all",
    counts: tuple[int, int] | None = None,
) -> str:
    """Return ``curve_readings`` as one phrase, such as "as far from real as a blur of sigma 1.3 px [1.1, 1.6]".

    An empty text means that no curve can be read.
    """
    readings = curve_readings(document, metric, extractor, value, lo, hi, stratum=stratum, counts=counts)
    return "; ".join(reading.words for reading in readings)


def _read(curve: CheckCurve, value: float, lo: float | None, hi: float | None) -> CurveReading | None:
    fault, reading = planted_fault(curve.fault), invert(curve, value)
    if reading.where == "unsteady":
        return None
    ends = [invert(curve, end) for end in (lo, hi) if end is not None]
    if len(ends) == 2 and (curve.points[-1].value or 0.0) < (curve.undamaged.value or 0.0):
        ends.reverse()
    low, high = (ends[0], ends[1]) if len(ends) == 2 else (None, None)
    return CurveReading(
        curve.fault, reading.strength, low, high, _sentence(curve, fault, reading, (low, high))
    )


def _sentence(
    curve: CheckCurve, fault: PlantedFault, reading: Reading, bounds: tuple[Reading | None, Reading | None]
) -> str:
    copies = curve.fault == "copies"
    mildest = fault.words(curve.points[0].strength)
    if reading.where == "none":
        return "no more copies than other real images" if copies else "as near to real as other real images"
    if reading.where == "beyond" and reading.strength is not None:
        end = fault.words(reading.strength)
        return f"as {end} or more" if copies else f"as far from real as {_article(fault)}{end}, or farther"
    if reading.where == "below" or reading.strength is None:
        return f"nearer to real than {_article(fault)}{mildest}"
    text = fault.number(reading.strength) if fault.unit == "share" else f"{reading.strength:.2g}"
    said = fault.words(reading.strength, text) + _bracket(fault, bounds)
    return f"as {said}" if copies else f"as far from real as {_article(fault)}{said}"


def _bracket(fault: PlantedFault, bounds: tuple[Reading | None, Reading | None]) -> str:
    low, high = bounds
    if low is None or high is None:
        return ""
    ends = [_end(fault, low), _end(fault, high)]
    if low.where == high.where == "at" and not _starts_at_zero(fault.name):
        ends.reverse()
    return f" [{ends[0]}, {ends[1]}]"


def _article(fault: PlantedFault) -> str:
    return "" if fault.name == "noise" else "a "


def _end(fault: PlantedFault, reading: Reading) -> str:
    if reading.where == "at" and reading.strength is not None:
        return fault.number(reading.strength) if fault.unit == "share" else f"{reading.strength:.2g}"
    return {"none": "none", "below": "milder", "beyond": "more"}[reading.where]


def _starts_at_zero(fault: str) -> bool:
    strengths = planted_fault(fault).strengths
    return strengths[0] < strengths[-1] or len(strengths) == 1


def _same_counts(document: SelfCheck, counts: tuple[int, int]) -> bool:
    pairs = zip(counts, (document.n_real, document.n_synthetic), strict=True)
    return all(abs(there - here) <= TOLERANCE * here for there, here in pairs)
