"""Pictures and names tell nothing: one length, no metadata, no date, keyed names."""

from __future__ import annotations

import io
import stat
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from synmedbench.core import UserError
from synmedbench.experts._picture_file import PictureFile
from synmedbench.experts._pictures import (
    SPARE,
    check_room,
    common_size,
    fitted,
    is_grey,
    packed,
    png,
    shortest,
)
from synmedbench.experts._tokens import keyed, opaque, token_of, whose
from synmedbench.imagesets import ImageSet


def made(image: np.ndarray, grey: bool, more: int = 0) -> bytes:
    data = packed(image, grey)
    return png(data, image.shape[:2], grey, shortest(data) + SPARE + more)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 99), st.booleans(), st.integers(0, 400))
def test_a_picture_is_its_pixels_and_nothing_else(
    height: int, width: int, seed: int, grey: bool, more: int
) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    if grey:
        image[:] = image[..., :1]
    assert is_grey(image) or not grey
    given = made(image, grey, more)
    with Image.open(io.BytesIO(given)) as opened:
        opened.load()
        told = (opened.format, opened.mode, opened.info, dict(opened.getexif()))
        assert told == ("PNG", "L" if grey else "RGB", {}, {})
        np.testing.assert_array_equal(np.asarray(opened.convert("RGB")), image)
    assert {kind for kind, _ in chunks(given)} == {b"IHDR", b"IDAT", b"IEND"}
    stream = zlib.decompressobj()
    rows = stream.decompress(b"".join(data for kind, data in chunks(given) if kind == b"IDAT"))
    assert (len(rows), stream.eof, stream.unused_data) == (
        height * (1 + (1 if grey else 3) * width),
        True,
        b"",
    )


@given(st.integers(0, 400))
@settings(deadline=None)
def test_every_length_can_be_made(more: int) -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    assert len(made(image, False, more)) == len(made(image, False)) + more


def chunks(file: bytes) -> list[tuple[bytes, bytes]]:
    at, found = 8, []
    while at < len(file):
        count = struct.unpack(">I", file[at : at + 4])[0]
        kind, data = file[at + 4 : at + 8], file[at + 8 : at + 8 + count]
        assert struct.unpack(">I", file[at + 8 + count : at + 12 + count])[0] == zlib.crc32(kind + data)
        found.append((kind, data))
        at += 12 + count
    return found


def test_one_size_for_all_and_none_is_made_larger() -> None:
    assert common_size([(40, 60)], ["a"], 1024) == ((40, 60), None)
    size, told = common_size([(40, 60), (50, 50)], ["a", "b"], 1024)
    assert size == (40, 40)
    assert told is not None
    assert "a, 60 x 40" in told
    size, told = common_size([(3000, 4000)], ["a"], 1024)
    assert (size, told) == (
        (768, 1024),
        "images of 4000 x 3000 pixels are shown at 1024 x 768: --side 1024 is the longest",
    )
    with pytest.raises(UserError, match=r"b: an image of 400 x 50 pixels would shrink all others"):
        common_size([(512, 512), (50, 400), (512, 500)], ["a", "b", "c"], 1024)


def test_grey_images_are_grey_pictures_unless_one_is_not() -> None:
    grey = np.repeat(np.random.default_rng(0).integers(0, 255, (5, 64, 64, 1)), 3, axis=-1).astype(np.uint8)
    for coloured, mode in ((None, "L"), (0, "RGB"), (4, "RGB")):
        images = grey.copy()
        if coloured is not None:
            images[coloured, 0, 0] = (200, 10, 30)
        pictures = PictureFile()
        pictures.prepare([(ImageSet.from_arrays(images), i) for i in range(5)])
        shown = [Image.open(io.BytesIO(pictures.picture(i))) for i in range(5)]
        assert {each.mode for each in shown} == {mode}
        for i, each in enumerate(shown):
            np.testing.assert_array_equal(np.asarray(each.convert("RGB")), images[i])
        assert len({len(pictures.picture(i)) for i in range(5)}) == 1


def test_photographs_are_smaller_than_their_pixels_and_one_of_noise_sets_the_length() -> None:
    smooth = np.tile(np.arange(128, dtype=np.uint8), (3, 128, 1))[..., None].repeat(3, axis=-1)
    pictures = PictureFile()
    pictures.prepare([(ImageSet.from_arrays(smooth), i) for i in range(3)])
    assert pictures.length < 128 * 128
    pictures.prepare(
        [(ImageSet.from_arrays(np.concatenate([smooth, noise(1, 128, 128).images()])), i) for i in range(4)]
    )
    assert {len(pictures.picture(i)) for i in range(4)} == {pictures.length}
    assert pictures.length > 3 * 128 * 128


def noise(n: int, *shape: int) -> ImageSet:
    return ImageSet.from_arrays(np.random.default_rng(n).integers(0, 255, (n, *shape, 3)).astype(np.uint8))


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 2, 3), (1, 3, 0, 2), (3, 2, 1, 0)])
@pytest.mark.parametrize("sides", [((20, 20), (40, 40)), ((20, 24), (40, 30)), ((20, 24), (20, 24))])
def test_every_picture_is_its_image_at_the_common_size(
    sides: tuple[tuple[int, int], ...], order: tuple[int, ...]
) -> None:
    one, two = noise(3, *sides[0]), noise(4, *sides[1])
    every = [(one, 0), (two, 1), (one, 2), (two, 0)]
    places = [every[i] for i in order]
    pictures = PictureFile()
    assert pictures.prepare(places) == [images.image_keys[row] for images, row in places]
    assert pictures.size == ((20, 24) if sides[0] == sides[1] else (20, 20))
    for item, (images, row) in enumerate(places):
        shown = np.asarray(Image.open(io.BytesIO(pictures.picture(item))))
        np.testing.assert_array_equal(shown, fitted(images.image(row), pictures.size))
    assert len({len(pictures.picture(item)) for item in range(4)}) == 1
    for item in (-1, 4):
        with pytest.raises(KeyError):
            pictures.picture(item)
    pictures.close()


def test_pictures_leave_nothing_behind_even_while_they_are_there(tmp_path: Path) -> None:
    pictures = PictureFile(tmp_path / "here")
    pictures.prepare([(noise(1, 8, 8), 0)])
    assert list((tmp_path / "here").iterdir()) == []
    assert stat.S_IMODE((tmp_path / "here").stat().st_mode) == 0o700


def test_several_threads_read_at_once() -> None:
    images = noise(50, 30, 30)
    pictures = PictureFile()
    pictures.prepare([(images, i) for i in range(50)])
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(pictures.picture, [i % 50 for i in range(1000)]))
    for i in range(50):
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(read[i]))), images.image(i))
    assert read == read[:50] * 20


def test_places_that_cannot_hold_pictures(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file/folder: the pictures cannot be written: Not a directory"):
        PictureFile(tmp_path / "file" / "folder")
    with pytest.raises(UserError, match=r"10000 pictures need up to .* MB are free \(take fewer images"):
        check_room(tmp_path, 10_000, (200_000, 200_000))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_disk_that_fills_up_on_the_way(tmp_path: Path) -> None:
    pictures = PictureFile(tmp_path)
    pictures.close()
    pictures._file = open("/dev/full", "w+b", buffering=0)  # type: ignore[assignment] # noqa: SIM115
    with pytest.raises(UserError, match="pictures cannot be written: No space left on device"):
        pictures.prepare([(noise(1, 8, 8), 0)])
    pictures.close()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.text(max_size=5), st.integers()), min_size=2, max_size=2, unique=True))
def test_names_differ_where_what_they_stand_for_differs(parts: list[tuple[str, int]]) -> None:
    secret = "ab" * 32
    assert opaque(secret, *parts[0]) != opaque(secret, *parts[1])
    assert opaque(secret, *parts[0]) != opaque("cd" * 32, *parts[0])
    assert keyed(secret, "ab", "c") != keyed(secret, "a", "bc")


def test_tokens_are_found_and_guesses_are_not() -> None:
    known = {token_of("ab" * 32, "link", "study", rater, 0): (rater, 0) for rater in ("anna", "Zoë 李")}
    assert {whose(token, known) for token in known} == {("anna", 0), ("Zoë 李", 0)}
    token = next(iter(known))
    assert {len(token)} == {43}
    for wrong in ("", token[:-1], token + "A", token.swapcase(), "ünïcödé", "\ud800", "\x00", "a" * 100_000):
        assert whose(wrong, known) is None
