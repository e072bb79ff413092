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
    for name in generators:
        rows = rows_of(scores, name, metric, extractor)
        summary = over_seeds(rows)
        if summary is not None:
            values[name] = summary.value
    marks = {0.0: values["real-holdout"]} if "real-holdout" in values else {}
    marks.update({float(m.group(1)): values[name] for name in values if (m := _BLUR.match(name))})
    if len(marks) < 2:
        return []
    readings = []
    for name, value in values.items():
        if name == "real-holdout" or _BLUR.match(name):
            continue
        sigma, words = as_blur(value, marks)
        readings.append(
            RulerReading(generator=name, metric=metric, extractor=extractor, blur_sigma=sigma, words=words)
        )
    return readings


def as_blur(value: float, marks: Mapping[float, float]) -> tuple[float | None, str]:
    """Return the blur that scores ``value``, by linear interpolation between the marks (sigma -> score).

    Beyond the marks nothing is extrapolated, and marks that do not rise or fall steadily are not read.

    >>> as_blur(15.0, {0.0: 10.0, 1.0: 20.0, 2.0: 30.0})
    (0.5, 'as far from real as a blur of sigma 0.5 px')
    """
    sigmas = np.array(sorted(marks))
    heights = np.array([marks[sigma] for sigma in sigmas])
    steps = np.diff(heights)
    if not ((steps > 0).all() or (steps < 0).all()):
        return None, "the blur ruler is not steady on these images: no reading"
    rising = heights if steps[0] > 0 else -heights
    at = value if steps[0] > 0 else -value
    if at <= rising[0]:
        return 0.0, "as near to real as other real images"
    if at > rising[-1]:
        return None, f"farther from real than a blur of sigma {sigmas[-1]:g} px"
    sigma = float(np.interp(at, rising, sigmas))
    return sigma, f"as far from real as a blur of sigma {sigma:.2g} px"
