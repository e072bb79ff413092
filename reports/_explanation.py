"""The page of an explanation: the images that moved a score most, each with one sentence; and its short table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.table import Table as ConsoleTable
from rich.text import Text

from ..benchmark import Explained, Explanation, ShownImage
from ..core import UserError, write_json, write_text
from ._blocks import Cell, Column, Table, render, text_cell
from ._evaluation_table import metric_title
from ._gallery import THUMBNAIL, data_uri, resized
from ._names import clean, column_name, slug
from ._numbers import number

PAGE, DOCUMENT = "explain.html", "explain.json"
PRINTED = 5
BUDGET = 1_500_000
"""Pixels that all images of a page may have."""
SMALLEST_SIDE = 32
_SETS = {"synthetic": "synthetic", "real": "real", "train": "training"}


@dataclass(frozen=True)
class Shown:
    """An image of the grid with the one that it is told beside."""

    image: ShownImage
    picture: str
    other_picture: str
    kind: str
    other_kind: str


@dataclass(frozen=True)
class Section:
    """One metric: its sentence, its images and its tables."""

    title: str
    anchor: str
    sentence: str
    extractor: str
    grids: list[tuple[str, list[Shown]]]
    tables: list[Table]


def build_explanation(explained: Explained, out: str | Path) -> list[Path]:
    """Write a page for ``x.html``, a document for ``x.json``, else a folder of both, and return the paths.

    The page needs no network and holds its images: it shows patients, and is to be kept like them.
    """
    target = Path(out)
    suffix = target.suffix.lower()
    if suffix in (".html", ".json") and target.is_dir():
        raise UserError(
            "it is a folder", where=target, remedy="give --out the name of a file, or of a new folder"
        )
    page = target if suffix == ".html" else None if suffix == ".json" else target / PAGE
    document = target if suffix == ".json" else None if suffix == ".html" else target / DOCUMENT
    if page is not None:
        write_text(page, explanation_html(explained))
    if document is not None:
        write_json(document, explained.document())
    return [path for path in (page, document) if path is not None]


def explanation_html(explained: Explained) -> str:
    """The page as HTML."""
    sections = [_section(explained, each) for each in explained.explanations]
    return render(
        "explain.html",
        explained=explained,
        title=f"{Path(explained.synthetic).name} against {Path(explained.real).name}",
        sections=sections,
        has_pictures=bool(explained.pictures),
    )


def explanation_tables(explained: Explained, *, rows: int = PRINTED) -> list[ConsoleTable]:
    """For a terminal: one short table for each metric, its sentence above, its groups below."""
    return [_console_table(each, rows) for each in explained.explanations]


def _console_table(each: Explanation, rows: int) -> ConsoleTable:
    table = ConsoleTable(
        title=Text(f"{metric_title(each.metric)} on {clean(each.extractor)}: {clean(each.sentence)}"),
        caption=Text("\n".join(_groups_in_words(each))),
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        title_justify="left",
        caption_justify="left",
        title_style="bold",
        header_style="bold",
    )
    for name in ("Set", "Image", column_name(each.column).capitalize() if each.column else "Group", "Why"):
        table.add_column(name, overflow="fold")
    for name in dict.fromkeys(image.set for image in each.images):
        for image in [image for image in each.images if image.set == name][:rows]:
            cells = (_SETS[image.set], clean(image.file_name), clean(image.stratum), clean(image.words))
            table.add_row(*map(Text, cells))
    return table


def _groups_in_words(each: Explanation) -> list[str]:
    lines = []
    for name in dict.fromkeys(share.set for share in each.strata):
        shares = [share for share in each.strata if share.set == name]
        told = ", ".join(
            f"{clean(share.stratum)} {share.moved} of {share.n}" if share.moved is not None
            else f"{clean(share.stratum)} {number(share.total)} (n = {share.n})"
            for share in shares
        )  # fmt: skip
        lines.append(f"{_SETS[name]} images by {column_name(each.column or '')}: {told}")
    return lines


def _section(explained: Explained, each: Explanation) -> Section:
    side = _side(explained)
    names = list(dict.fromkeys(image.set for image in each.images))
    grids = [
        (
            f"{_SETS[name].capitalize()} images",
            [_shown(explained, image, side) for image in each.images if image.set == name],
        )
        for name in names
    ]
    tables = [_images_table(each)] if each.images else []
    tables += [_strata_table(each)] if each.strata else []
    title = metric_title(each.metric)
    value = f" {number(each.value)}" if each.value is not None else ""
    return Section(f"{title}{value}", slug(each.metric), each.sentence, each.extractor, grids, tables)


def _side(explained: Explained) -> int:
    side = min(
        THUMBNAIL, max((max(pixels.shape[:2]) for pixels in explained.pictures.values()), default=THUMBNAIL)
    )
    shown = sum(2 * len(each.images) for each in explained.explanations)
    while side > SMALLEST_SIDE and shown * side * side > BUDGET:
        side = side * 3 // 4
    return side


def _shown(explained: Explained, image: ShownImage, side: int) -> Shown:
    def picture(name: str, row: int) -> str:
        pixels = explained.pictures.get((name, row))
        return "" if pixels is None else data_uri(resized(pixels, side))

    other = image.other
    return Shown(
        image,
        picture(image.set, image.row),
        picture(other.set, other.row) if other else "",
        _SETS[image.set],
        _SETS[other.set] if other else "",
    )


def _images_table(each: Explanation) -> Table:
    group = column_name(each.column or "group").capitalize()
    columns = [Column("Set"), Column("Image"), Column(group), Column("Beside"), Column("Moves", numeric=True),
               Column("Why")]  # fmt: skip
    rows = [
        [
            text_cell(_SETS[image.set]),
            text_cell(image.file_name),
            text_cell(image.stratum),
            text_cell(f"{_SETS[image.other.set]} {image.other.file_name}" if image.other else ""),
            Cell(number(image.amount), sort=image.amount),
            text_cell(image.words, look="words"),
        ]
        for image in each.images
    ]
    return Table("The images, by name", columns, rows, head=1)


def _strata_table(each: Explanation) -> Table:
    counted = any(share.moved is not None for share in each.strata)
    columns = [Column("Set"), Column(column_name(each.column or "group").capitalize()), Column("Images", numeric=True),
               Column("Of these" if counted else "Move the distance by", numeric=True)]  # fmt: skip
    rows = [
        [
            text_cell(_SETS[share.set]),
            text_cell(share.stratum),
            Cell(f"{share.n:,}", sort=share.n),
            Cell(
                number(share.total) if share.moved is None else f"{share.moved:,}",
                sort=share.moved or share.total,
            ),
        ]
        for share in each.strata
    ]
    note = (
        ""
        if counted
        else "sums of the images' influences; a sum is not what leaving all of them out would change"
    )
    return Table("By group", columns, rows, note=note, head=1)
