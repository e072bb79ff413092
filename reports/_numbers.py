"""Numbers as people read them: three significant digits, one number of decimals within an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

DASH = "–"


def decimals(*values: float | None, digits: int = 3) -> int:
    """Decimals that give the largest of the values ``digits`` significant digits (0 from 100 on).

    >>> decimals(0.0312), decimals(5.5), decimals(1249.0)
    (4, 2, 0)
    """
    largest = max((abs(v) for v in values if v is not None and math.isfinite(v)), default=0.0)
    if largest == 0:
        return 0
    exponent = math.floor(math.log10(float(f"{largest:.{digits - 1}e}")))
    return min(8, max(0, digits - 1 - exponent))


def number(value: float | None, places: int | None = None) -> str:
    """The value with three significant digits, thousands parted by commas; a dash for null.

    >>> number(0.99961), number(1249.3), number(0.0), number(None)
    ('1.00', '1,249', '0', '–')
    """
    if value is None or not math.isfinite(value):
        return DASH
    if value != 0 and abs(value) < 1e-4 and places is None:
        return f"{value:.2e}"
    text = f"{value:,.{decimals(value) if places is None else places}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text


def interval(value: float | None, lo: float | None = None, hi: float | None = None) -> str:
    """``value [lo, hi]`` with equal decimals; the value alone where a bound is missing.

    >>> interval(0.012, -0.1, 0.12)
    '0.012 [-0.100, 0.120]'
    """
    if value is None or lo is None or hi is None:
        return number(value)
    widest = max(abs(lo), abs(hi))
    places = decimals(value) if 3 * abs(value) >= widest else decimals(widest)
    return f"{number(value, places)} {bracket(lo, hi, places)}"


def bracket(lo: float | None, hi: float | None, places: int | None = None) -> str:
    """``[lo, hi]``, or nothing where a bound is missing."""
    if lo is None or hi is None:
        return ""
    chosen = decimals(lo, hi) if places is None else places
    return f"[{number(lo, chosen)}, {number(hi, chosen)}]"


def values(items: Sequence[float | None]) -> str:
    """Several values with equal decimals: what each seed gave.

    >>> values([0.81, 0.8249])
    '0.810 · 0.825'
    """
    places = decimals(*items)
    return " · ".join(number(item, places) for item in items)


def signed(value: float | None, places: int | None = None) -> str:
    """A difference, with its sign.

    >>> signed(0.0123), signed(-2.0)
    ('+0.0123', '-2.00')
    """
    text = number(value, places)
    return "+" + text if value is not None and math.isfinite(value) and value > 0 else text


def p_value(p: float | None) -> str:
    """``p = 0.012``, never smaller than ``p < 0.001``."""
    if p is None:
        return ""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def duration(seconds: float) -> str:
    """Seconds as ``8 s``, ``3 min 20 s`` or ``2 h 5 min``.

    >>> duration(0.31), duration(200), duration(7500)
    ('0.3 s', '3 min 20 s', '2 h 5 min')
    """
    if seconds < 9.5:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
