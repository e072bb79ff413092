"""The one style of all figures: Okabe-Ito colours, a marker for each series, text that follows the page's theme."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, MUTED, LINE, REFERENCE = "#14171a", "#6a7079", "#d9dce1", "#8a9099"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
DASHES = ("-", "--", "-.", ":")
WIDTH = 10.4
"""Inches of a figure that fills the page."""
MAX_ROWS = 40
"""A figure shows at most this many generators; its table has all."""

_THEME = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    REFERENCE: "var(--reference)",
    COLOURS[0]: "var(--series)",
}
_RC = {
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.titlecolor": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 9.5,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.4,
    "lines.markersize": 5,
    "svg.fonttype": "none",
    "svg.hashsalt": "synmedbench",
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw inside this: the style holds for the block alone, whatever the caller's matplotlib is set to."""
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_RC)
        warnings.filterwarnings("ignore", message=".*(Glyph|missing from font|tight_layout|constrained).*")
        yield


def panels(
    columns: int, width: float, height: float, *, rows: int = 1, share_y: bool = False
) -> tuple[Figure, list[Axes]]:
    """A figure of ``rows`` x ``columns`` panels (inches) that belongs to no global state."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.patch.set_alpha(0)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=share_y)
    axes: list[Axes] = [axis for line in grid for axis in line]
    for axis in axes:
        axis.patch.set_alpha(0)
    return figure, axes


def colour(index: int) -> str:
    """The series' colour; the seventh and later repeat, told apart by their markers."""
    return COLOURS[index % len(COLOURS)]


def marker(index: int) -> str:
    """The series' marker: 8 markers and 6 colours give 24 different pairs."""
    return MARKERS[index % len(MARKERS)]


def dashes(index: int) -> str:
    """The series' line."""
    return DASHES[index % len(DASHES)]


def svg(figure: Figure, name: str, alt: str) -> Markup:
    """The figure as inline SVG: deterministic, its ids made unique by ``name``, colours tied to the theme."""
    buffer = io.StringIO()
    with styled():
        figure.savefig(
            buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    text = re.sub(r"'DejaVu Sans'(, sans-serif)?", "var(--sans)", text)
    for colour_, variable in _THEME.items():
        text = text.replace(colour_, variable)
    size = re.search(r'width="([\d.]+)pt"', text)
    width = round(float(size.group(1)) * 96 / 72) if size else 720
    text = re.sub(r'<svg ([^>]*?)height="[\d.]+pt"', r"<svg \1", text, count=1)
    text = re.sub(r'width="[\d.]+pt"', f'width="{width}"', text, count=1)
    label = f'<svg role="img" aria-label="{escape(alt)}" style="min-width: {min(width, 736)}px" '
    return Markup(text.replace("<svg ", label, 1))
