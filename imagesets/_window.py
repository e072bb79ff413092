"""How values of more than 8 bits become 0..255: one window for a whole set, or each image's own."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..core import UserError

Window = tuple[float, float]
"""The values that become 0 and 255."""

OWN_RANGE = (
    "integers over 8 bits and floats windowed linearly from each image's own minimum and maximum to 0..255"
)
_RULE = (
    "Pillow; EXIF rotation applied; palette and CMYK to RGB; transparency over white; greyscale repeated; "
    "ICC profiles and gamma ignored; of a JPEG with several pictures the first; {window}"
)
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\s*(?:-|\.\.|,|:)\s*({_NUMBER})")


def decoding_rule(window: Window | None = None) -> str:
    """Return the rule by which pixels were read, for records and cards.

    >>> decoding_rule((0, 4095)).rpartition("; ")[2]
    'integers over 8 bits and floats windowed linearly from 0..4095 to 0..255, values outside clipped'
    """
    if window is None:
        return _RULE.format(window=OWN_RANGE)
    low, high = window
    span = f"{low:.9g}..{high:.9g} to 0..255, values outside clipped"
    return _RULE.format(window=f"integers over 8 bits and floats windowed linearly from {span}")


def read_window(given: str | Sequence[float] | None) -> Window | None:
    """Return the window that ``0-4095``, ``-1000..400`` or ``[0, 4095]`` names; None for None.

    Raises ``UserError`` for anything else, and where the upper end is not above the lower one.

    >>> read_window("0-4095"), read_window("-1000..400"), read_window([0, 1]), read_window(None)
    ((0.0, 4095.0), (-1000.0, 400.0), (0.0, 1.0), None)
    """
    if given is None:
        return None
    if isinstance(given, str):
        found = _RANGE.fullmatch(given.strip())
        ends: Sequence[object] = found.groups() if found else ()
    else:
        ends = list(given)
    try:
        low, high = (float(end) for end in ends)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise UserError(
            f"no window can be read from {given!r}",
            remedy="write window=0-4095, window=[0, 4095] or window=set",
        ) from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UserError(f"the window {given!r} must rise from its lower to its upper end")
    return low, high


def apply_window(values: NDArray[np.float64], window: Window | None) -> NDArray[np.float64]:
    """Map the values linearly to 0..255: by the window, or by their own range (all 0 where they are all equal)."""
    low, high = window or (float(values.min()), float(values.max()))
    if not high > low:
        return np.zeros_like(values)
    unit: NDArray[np.float64] = np.clip((values - low) / (high - low), 0.0, 1.0)
    return unit * 255.0
