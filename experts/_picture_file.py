"""Where a study's pictures lie while it is open: one file without a name, gone with its process."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from ..core import UserError, content_key
from ..imagesets import ImageSet, Pixels
from ._pictures import check_room, common_size, fitted, png

_SHOWN = 10

Place = tuple[ImageSet, int]


class PictureFile:
    """Pictures of a study's items, by number.

    All have one length, so one file holds them all; it has no name in its folder, and after a kill nothing of the
    patients' pictures is left behind. ``size`` is their common height and width.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.size = (0, 0)
        self._length, self._count = 0, 0
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
        keys, shapes = self._write_of_first_size(places)
        self.size = common_size(set(shapes))
        # A common size other than the first one's moves every picture in the file.
        other = [i for i, shape in enumerate(shapes) if not shape == self.size == shapes[0]]
        if other:
            self._begin(self.size, len(places))
            for item in other:
                images, row = places[item]
                self._write(item, fitted(images.image(row), self.size))
        self._count = len(places)
        return keys

    def picture(self, item: int) -> bytes:
        """Return an item's picture, a PNG."""
        if not 0 <= item < self._count:
            raise KeyError(item)
        with self._turn:
            self._file.seek(item * self._length)
            return self._file.read(self._length)

    def close(self) -> None:
        """Give the file's room back."""
        self._file.close()

    def _write_of_first_size(self, places: Sequence[Place]) -> tuple[list[str], list[tuple[int, int]]]:
        """Read every image once, and write those of the first one's size: mostly that is all of them."""
        keys: list[str] = []
        shapes: list[tuple[int, int]] = []
        faults: list[str] = []
        for item, (images, row) in enumerate(places):
            try:
                image = images.image(row)
            except (UserError, OSError) as error:
                faults.append(str(error))
                continue
            keys.append(content_key(image))
            shapes.append(image.shape[:2])
            if len(shapes) == 1:
                self._begin(shapes[0], len(places))
            if not faults and shapes[-1] == shapes[0]:
                self._write(item, image)
        if faults:
            more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
            raise UserError(
                f"{len(faults)} of {len(places)} images cannot be read: {'; '.join(faults[:_SHOWN])}{more}",
                remedy="mend them, or remove their rows",
            )
        return keys, shapes

    def _begin(self, size: tuple[int, int], count: int) -> None:
        check_room(self._folder, count, size)
        self._length = len(png(_black(size)))

    def _write(self, item: int, image: Pixels) -> None:
        try:
            self._file.seek(item * self._length)
            self._file.write(png(image))
            self._file.flush()
        except OSError as error:
            raise _unwritten(error, self._folder) from error


def _black(size: tuple[int, int]) -> Pixels:
    import numpy as np

    return np.zeros((*size, 3), np.uint8)


def _unwritten(error: OSError, folder: Path) -> UserError:
    return UserError(
        f"the pictures cannot be written: {error.strerror}",
        where=folder,
        remedy="choose another place for them (the variable TMPDIR)",
    )
