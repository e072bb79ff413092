"""What all results pages are made of: Markdown tables and lists, and figures as small PNG files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from ..benchmark import Record
from ..core import write_bytes
from ._blocks import Cell
from ._names import clean, listed
from ._style import styled

DPI = 80


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; a bar in a text becomes a stroke.

    >>> print(markdown_table(["a"], [["1|2"]]), end="")
    | a |
    | --- |
    | 1/2 |
    """
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(text.replace('|', '/') for text in line)} |\n" for line in lines)


def flat(cell: Cell) -> str:
    """A table cell on one line: its bounds beside its value, other words in brackets.

    >>> flat(Cell("0.8", "[0.7, 0.9]")), flat(Cell("0.8", "seeds 0.7"))
    ('0.8 [0.7, 0.9]', '0.8 (seeds 0.7)')
    """
    plain = not cell.small or cell.small.startswith("[")
    return f"{cell.text} {cell.small}".strip() if plain else f"{cell.text} ({cell.small})"


def bullets(lines: Sequence[str]) -> str:
    """A list."""
    return "".join(f"- {line}\n" for line in lines)


def write_png(figure: Figure, path: Path) -> Path:
    """Write the figure on white; few colours are enough for lines, and make the file a third as large."""
    drawn, packed = io.BytesIO(), io.BytesIO()
    with styled():
        figure.patch.set_facecolor("white")
        figure.patch.set_alpha(1)
        figure.savefig(drawn, format="png", dpi=DPI)
    Image.open(drawn).convert("RGB").quantize(96).save(packed, "PNG", optimize=True)
    write_bytes(path, packed.getvalue())
    return path


def data_words(record: Record) -> str:
    """The images of a record: how many, of what, and whence."""
    data = record.data
    kept = ", ".join(f"{n:,} {split}" for split, n in data.splits.items())
    return (
        f"Images: {clean(data.name)}, {data.n:,} at {data.image_size} px ({kept}), "
        f"of {listed(map(clean, data.classes))}. Licence: {clean(data.licence)}. Source: {clean(data.source)}."
    )
