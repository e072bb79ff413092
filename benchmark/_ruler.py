"""The ruler: a score in plain words, read off the blurred real images."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from ._ranking import over_seeds, rows_of
from ._record import RulerReading, ScoreRow

_BLUR = re.compile(r"^blur:([0-9.]+)$")


def read_ruler(
    scores: Sequence[ScoreRow], generators: Sequence[str], *, metric: str, extractor: str
) -> list[RulerReading]:
    """Say of each generator which blur of real hold-out images is as far from real as its images are."""
    values: dict[str, float] = {}
    ends: dict[str, tuple[float | None, float | None]] = {}
    for name in generators:
        rows = rows_of(scores, name, metric, extractor)
        summary = over_seeds(rows)
        if summary is not None:
            values[name], ends[name] = summary.value, (summary.lo, summary.hi)
    marks = {0.0: values["real-holdout"]} if "real-holdout" in values else {}
    marks.update({float(m.group(1)): values[name] for name in values if (m := _BLUR.match(name))})
    if len(marks) < 2:
        return []
    readings = []
    for name, value in values.items():
        if name == "real-holdout" or _BLUR.match(name):
            continue
        sigma, words = as_blur(value, marks, *ends[name])
        if sigma is None and name != "noise" and "noise" in values:
            words += _beside_noise(value, marks, values["noise"])
        readings.append(
            RulerReading(generator=name, metric=metric, extractor=extractor, blur_sigma=sigma, words=words)
        )
    return readings


def as_blur(
    value: float, marks: Mapping[float, float], lo: float | None = None, hi: float | None = None
) -> tuple[float | None, str]:
    """Return the blur that scores ``value``, by linear interpolation between the marks (sigma -> score).

    Beyond the marks nothing is extrapolated, and marks that do not rise or fall steadily are not read. The ends of
    the score's interval are read too: ``none`` is as near as other real images, ``more`` beyond the last mark.

    >>> as_blur(15.0, {0.0: 10.0, 1.0: 20.0, 2.0: 30.0})
    (0.5, 'as far from real as a blur of sigma 0.5 px')
    >>> as_blur(15.0, {0.0: 10.0, 1.0: 20.0, 2.0: 30.0}, 9.0, 18.0)[1]
    'as far from real as a blur of sigma 0.5 px [none, 0.8]'
    """
    if _direction(marks) == 0:
        return None, "the blur ruler is not steady on these images: no reading"
    sigma = _sigma(value, marks)
    if sigma == 0.0:
        return 0.0, "as near to real as other real images"
    if sigma is None:
        return None, f"farther from real than a blur of sigma {max(marks):g} px"
    return sigma, f"as far from real as a blur of sigma {sigma:.2g} px" + _bounds(value, marks, lo, hi)


def _direction(marks: Mapping[float, float]) -> int:
    """1 where scores rise with blur, -1 where they fall, 0 where they do neither steadily."""
    steps = np.diff([marks[sigma] for sigma in sorted(marks)])
    return 1 if (steps > 0).all() else -1 if (steps < 0).all() else 0


def _sigma(value: float, marks: Mapping[float, float]) -> float | None:
    """The blur at a score: 0 up to the first mark, None beyond the last."""
    sigmas, sign = sorted(marks), _direction(marks)
    rising, at = [sign * marks[sigma] for sigma in sigmas], sign * value
    if at <= rising[0]:
        return 0.0
    return None if at > rising[-1] else float(np.interp(at, rising, sigmas))


def _bounds(value: float, marks: Mapping[float, float], lo: float | None, hi: float | None) -> str:
    if lo is None or hi is None or lo == value == hi:
        return ""
    ends = [_sigma(end, marks) for end in ((lo, hi) if _direction(marks) > 0 else (hi, lo))]
    near, far = ("more" if end is None else "none" if end == 0.0 else f"{end:.2g}" for end in ends)
    return f" [{near}, {far}]"


def _beside_noise(value: float, marks: Mapping[float, float], noise: float) -> str:
    """Beyond the blurs the arm of pure noise is the next mark, where it lies farther than they do."""
    sign, last = _direction(marks), marks[max(marks)]
    if sign == 0 or sign * noise <= sign * last:
        return ""
    return ", nearer than pure noise" if sign * value < sign * noise else ", and no nearer than pure noise"
