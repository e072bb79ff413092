"""Where a study's pictures lie while it is open: one file without a name, gone with its process."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from ..core import UserError, content_key
from ..imagesets import ImageSet, Pixels
from ._pictures import SPARE, Size, check_room, common_size, fitted, is_grey, packed, png, shortest

SIDE = 1024
_SHOWN = 10

Place = tuple[ImageSet, int]


@dataclass(frozen=True)
class _Form:
    """What all pictures have in common."""

    size: Size
    grey: bool


@dataclass
class _Read:
    """What was learned of the images while they were read."""

    keys: list[str]
    shapes: list[Size]
    greys: list[bool]


class PictureFile:
    """Pictures of a study's items, by number.

    One file holds them all; it has no name in its folder, and after a kill nothing of the patients' pictures is left
    behind. ``size`` is their common height and width, at most ``side`` pixels; where all images are grey so are the
    pictures; ``told`` says what was done to the images, ``length`` how many bytes every picture has.
    """

    def __init__(self, folder: Path | None = None, *, side: int = SIDE) -> None:
        self.size, self.length, self.told = (0, 0), 0, list[str]()
        self._side, self._grey = side, False
        self._places: dict[int, tuple[int, int]] = {}
        self._turn = Lock()
        self._folder = folder or Path(tempfile.gettempdir())
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
        except OSError as error:
            raise _unwritten(error, self._folder) from error

    def prepare(self, places: Sequence[Place]) -> list[str]:
        """Write the picture of every place (a set and its row), and return the images' content keys.

        Raises one ``UserError`` that names all images that cannot be read (10 shown).
        """
        self._places, lengths = {}, dict[int, int]()
        read = self._write_like_the_first(places, lengths)
        size, told = common_size(read.shapes, [_name(*place) for place in places], self._side)
        form = _Form(size, all(read.greys))
        # Another common form than the first one's moves every picture in the file.
        kept = form == self._form_of_first(read)
        for item, place in enumerate(places):
            if not (kept and item in lengths):
                self._write(item, place[0].image(place[1]), form, lengths)
        self.size, self._grey, self.told = form.size, form.grey, [told] if told else []
        self.length = max(lengths.values(), default=0) + SPARE
        return read.keys

    def picture(self, item: int) -> bytes:
        """Return an item's picture, a PNG."""
        start, count = self._places[item]
        with self._turn:
            self._file.seek(start)
            data = self._file.read(count)
        return png(data, self.size, self._grey, self.length)

    def close(self) -> None:
        """Give the file's room back."""
        self._file.close()

    def _write_like_the_first(self, places: Sequence[Place], lengths: dict[int, int]) -> _Read:
        """Read every image once, and write those that are like the first: mostly that is all of them."""
        read, faults = _Read([], [], []), list[str]()
        for item, (images, row) in enumerate(places):
            try:
                image = images.image(row)
            except (UserError, OSError) as error:
                faults.append(str(error))
                continue
            read.keys.append(content_key(image))
            read.shapes.append((image.shape[0], image.shape[1]))
            read.greys.append(is_grey(image))
            form = self._form_of_first(read)
            if len(read.shapes) == 1:
                check_room(self._folder, len(places), form.size)
            if not faults and (read.shapes[-1], read.greys[-1]) == (read.shapes[0], read.greys[0]):
                self._write(item, image, form, lengths)
        if faults:
            more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
            raise UserError(
                f"{len(faults)} of {len(places)} images cannot be read: {'; '.join(faults[:_SHOWN])}{more}",
                remedy="mend them, or remove their rows",
            )
        return read

    def _form_of_first(self, read: _Read) -> _Form:
        return _Form(common_size(read.shapes[:1], [""], self._side)[0], read.greys[0])

    def _write(self, item: int, image: Pixels, form: _Form, lengths: dict[int, int]) -> None:
        data = packed(fitted(image, form.size), form.grey)
        try:
            start = self._file.seek(0, 2)
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            raise _unwritten(error, self._folder) from error
        self._places[item], lengths[item] = (start, len(data)), shortest(data)


def _name(images: ImageSet, row: int) -> str:
    named = "file_name" in images.table.columns
    return (
        f"{images.about.name}: {images.table['file_name'].iloc[row]}"
        if named
        else f"{images.about.name}: row {row}"
    )


def _unwritten(error: OSError, folder: Path) -> UserError:
    return UserError(
        f"the pictures cannot be written: {error.strerror}",
        where=folder,
        remedy="choose another place for them (the variable TMPDIR)",
    )
