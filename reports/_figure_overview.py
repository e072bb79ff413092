"""One picture of a run: what its generators make, and how far that is from real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..benchmark import Ranking, Record, read_record
from ._figure_ruler import better, draw_ruler, ruler_dots
from ._gallery import Gallery, read_gallery
from ._names import capital, metric_name
from ._style import WIDTH, styled

MAX_CLASSES, MAX_GENERATORS = 8, 5


def build_overview(run_dir: str | Path, out: str | Path | None = None) -> Path | None:
    """Write ``overview.png`` of a run folder; None when the run has no ranking or no gallery.

    Left: real images and the generators' images of the same classes, the first of each. Right: the ranking metric
    with its intervals, reference arms in grey.
    """
    run = Path(run_dir)
    record = read_record(run / "record.json")
    shown = _galleries(record, run)
    if record.ranking is None or len(shown) < 2:
        return None
    path = Path(out) if out else run / "overview.png"
    overview_figure(record, record.ranking, shown).savefig(
        path, dpi=110, metadata={"Software": "synmedbench"}
    )
    return path


def overview_figure(record: Record, ranking: Ranking, shown: dict[str, Gallery]) -> Figure:
    """The two panels."""
    dots = [dot for dot in ruler_dots(record, ranking) if dot.estimate.value is not None]
    with styled():
        figure = Figure(figsize=(WIDTH + 1.6, max(3.0, 0.3 * len(dots) + 0.9)), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
        _contact_sheet(left, record.data.classes[:MAX_CLASSES], shown)
        draw_ruler(right, dots, ticks=5)
        right.set_xlabel(
            f"{capital(metric_name(ranking.metric))}, {ranking.extractor} features ({better(ranking)})"
        )
    return figure


def _galleries(record: Record, run: Path) -> dict[str, Gallery]:
    names = [entry.name for entry in record.generators if entry.kind != "reference"][:MAX_GENERATORS]
    found = {name: read_gallery(run, name) for name in ("_real", *names)}
    return {
        "real" if name == "_real" else name: gallery for name, gallery in found.items() if gallery is not None
    }


def _contact_sheet(axis: Axes, classes: list[str], shown: dict[str, Gallery]) -> None:
    """Rows: real and the generators; columns: classes, two images each from the ends of the class's images."""
    side = max(gallery.images.shape[1] for gallery in shown.values())
    sheet = np.full((len(shown) * (side + 2), len(classes) * (2 * side + 4), 3), 255, np.uint8)
    for row, gallery in enumerate(shown.values()):
        for column, label in enumerate(classes):
            rows = np.flatnonzero(gallery.labels == label)
            for place, image in enumerate(gallery.images[rows[[0, -1]]] if len(rows) else ()):
                top, left = row * (side + 2), column * (2 * side + 4) + place * side
                sheet[top : top + image.shape[0], left : left + image.shape[1]] = image
    axis.imshow(sheet, interpolation="nearest")
    axis.set_yticks([(row + 0.5) * (side + 2) for row in range(len(shown))], list(shown))
    axis.set_xticks([(column + 0.5) * (2 * side + 4) for column in range(len(classes))], classes)
    axis.xaxis.set_ticks_position("top")
    axis.grid(visible=False)
    for spine in axis.spines.values():
        spine.set_visible(False)
