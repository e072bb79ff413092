"""Images in: each kind of file read by the stated rule, each broken one refused by name, none replaced."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile

from synmedbench.core import UserError
from synmedbench.imagesets import (
    DECODING_RULE,
    ImageSet,
    decode,
    decode_bytes,
    format_counts,
    formats_apart,
    open_imageset,
    read_folder,
    read_parquet,
    validate_imageset,
    write_folder,
    write_parquet,
)

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (12, 9, 3), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (12, 9, 4)).astype(np.uint16)


def encoded(image: Image.Image, kind: str = "PNG", **more: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **more)
    return buffer.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(pixels: NDArray[Any], *, before: bytes = b"") -> bytes:
    """A PNG written by hand: 8 or 16 bits, grey, grey + alpha, RGB or RGBA."""
    height, width, channels = pixels.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8 * pixels.itemsize, kind, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(pixels.dtype.newbyteorder(">")).tobytes() for row in pixels)
    body = chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def tiff(
    pixels: NDArray[Any], order: str = "<", *, squeezed: bool = False, photometric: int | None = None
) -> bytes:
    """A TIFF of one strip written by hand: any type, either byte order, raw or deflated."""
    height, width, channels = pixels.shape
    data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()  # type: ignore[arg-type]
    data = zlib.compress(data) if squeezed else data
    kind = {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    grey = 2 if channels > 2 else 1
    tags = {
        256: [width], 257: [height], 258: [8 * pixels.itemsize] * channels, 259: [8 if squeezed else 1],
        262: [grey if photometric is None else photometric], 273: [0], 277: [channels], 278: [height],
        279: [len(data)], **({338: [2]} if channels == 4 else {}), 339: [kind] * channels,
    }  # fmt: skip
    end = 8 + 2 + 12 * len(tags) + 4
    beside = sum(2 * len(values) for values in tags.values() if len(values) > 2)
    tags[273] = [end + beside]
    entries, more = b"", b""
    for tag, values in sorted(tags.items()):
        letter, code = ("I", 4) if tag in (273, 279) else ("H", 3)
        packed = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(packed) > 4:
            packed, more = struct.pack(f"{order}I", end + len(more)), more + packed
        entries += struct.pack(f"{order}HHI", tag, code, len(values)) + packed.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(tags))
    return head + entries + bytes(4) + more + data


def windowed(values: NDArray[Any], low: float | None = None, high: float | None = None) -> NDArray[np.uint8]:
    low, high = float(values.min()) if low is None else low, float(values.max()) if high is None else high
    return np.rint(np.clip((values.astype(float) - low) / (high - low), 0, 1) * 255).astype(np.uint8)


def pixels_or_words(data: bytes, where: str) -> NDArray[np.uint8] | str:
    try:
        return decode_bytes(data, where)
    except UserError as error:
        return str(error)


def spread(grey: NDArray[Any]) -> NDArray[Any]:
    return np.repeat(grey.reshape(*grey.shape[:2], 1), 3, axis=-1)


# Read right


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "PPM"])
def test_greyscale_is_repeated(kind: str) -> None:
    grey = COLOUR[..., 0]
    assert np.array_equal(decode_bytes(encoded(Image.fromarray(grey), kind), "x"), spread(grey))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_colour_without_loss_is_itself(kind: str) -> None:
    assert np.array_equal(decode_bytes(encoded(Image.fromarray(COLOUR), kind), "x"), COLOUR)


def test_one_bit_is_black_and_white() -> None:
    bits = COLOUR[..., 0] > 127
    assert np.array_equal(decode_bytes(encoded(Image.fromarray(bits)), "x"), spread(bits * np.uint8(255)))


def test_rgba_and_la_lie_over_white() -> None:
    alpha = RNG.integers(0, 256, (12, 9, 1), dtype=np.uint8)
    got = decode_bytes(png(np.concatenate([COLOUR, alpha], -1)), "x").astype(float)
    want = 255 + (COLOUR.astype(float) - 255) * (alpha / 255)
    assert np.abs(got - want).max() <= 1
    grey = decode_bytes(png(np.concatenate([COLOUR[..., :1], alpha], -1)), "x").astype(float)
    assert np.abs(grey - want[..., :1]).max() <= 1


def test_palette_with_one_clear_entry() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    data = encoded(image, transparency=0)
    assert decode_bytes(data, "x").tolist() == [[[255, 255, 255], [0, 0, 255]]]


def test_cmyk_of_tiff_and_of_jpeg_is_not_inverted() -> None:
    red = Image.new("RGB", (16, 16), (250, 10, 10)).convert("CMYK")
    for kind in ("TIFF", "JPEG"):
        got = decode_bytes(encoded(red, kind), "x")[8, 8].astype(int)
        assert got[0] > 240, (kind, got)
        assert got[1:].max() < 20, (kind, got)


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_rotation_of_every_kind(turn: int) -> None:
    exif = Image.Exif()
    exif[274] = turn
    plain = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
             5: lambda a: np.swapaxes(a, 0, 1), 6: lambda a: np.rot90(a, 3),
             7: lambda a: np.rot90(np.swapaxes(a, 0, 1), 2), 8: lambda a: np.rot90(a, 1)}[turn](COLOUR)  # fmt: skip
    assert np.array_equal(decode_bytes(encoded(Image.fromarray(COLOUR), exif=exif), "x"), plain)
    deep = png(DEEP[..., :3], before=chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")))
    assert decode_bytes(deep, "x").shape == plain.shape


def test_an_icc_profile_changes_nothing_and_the_rule_says_so() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert np.array_equal(decode_bytes(encoded(Image.fromarray(COLOUR), icc_profile=profile), "x"), COLOUR)
    assert "ICC profiles and gamma ignored" in DECODING_RULE


# More than 8 bits


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("squeezed", [False, True])
@pytest.mark.parametrize("kind", [np.uint16, np.int16, np.float32])
def test_deep_grey_tiff_of_either_byte_order(order: str, squeezed: bool, kind: type) -> None:
    values = (RNG.random((12, 9, 1)) * 30000 - (0 if kind is np.uint16 else 9000)).astype(kind)
    assert np.array_equal(decode_bytes(tiff(values, order, squeezed=squeezed), "x"), spread(windowed(values)))


def test_unsigned_integers_of_32_bits_do_not_turn_negative() -> None:
    values = np.array([[[0], [2**31 + 5], [2**32 - 1]]], np.uint32)
    assert decode_bytes(tiff(values), "x")[0, :, 0].tolist() == [0, 128, 255]


def test_zero_that_means_white() -> None:
    values = DEEP[..., :1]
    assert np.array_equal(decode_bytes(tiff(values, photometric=0), "x"), 255 - spread(windowed(values)))


@pytest.mark.parametrize("write", [png, tiff, lambda a: tiff(a, ">"), lambda a: tiff(a, squeezed=True),
                                   lambda a: tiff(a, ">", squeezed=True)])  # fmt: skip
def test_deep_colour_keeps_its_lower_byte(write: Any) -> None:
    dim = (DEEP[..., :3] // 64).astype(np.uint16)
    assert np.array_equal(decode_bytes(write(dim), "x"), windowed(dim))
    assert len(np.unique(decode_bytes(write(dim), "x"))) > 100, "the upper byte alone has four levels"


@pytest.mark.parametrize("channels", [2, 4])
def test_deep_transparency_lies_over_white(channels: int) -> None:
    pixels = DEEP[..., :channels]
    shown = windowed(pixels[..., :-1]).astype(float)
    want = 255 + (shown - 255) * (pixels[..., -1:] / 65535)
    assert np.abs(decode_bytes(png(pixels), "x") - want).max() <= 1


def test_the_clear_colour_of_a_deep_png() -> None:
    values = np.array([[[100], [7], [300]]], np.uint16)
    clear = png(values, before=chunk(b"tRNS", struct.pack(">H", 100)))
    assert decode_bytes(clear, "x", (0.0, 300.0))[0, :, 0].tolist() == [255, 6, 255]


def test_a_graymap_with_an_odd_maximum_keeps_its_values() -> None:
    values = np.array([0, 250, 500, 1000], ">u2")
    data = b"P5\n2 2\n1000\n" + values.tobytes()
    assert decode_bytes(data, "x", (0.0, 500.0))[..., 0].ravel().tolist() == [0, 128, 255, 255]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(bad: float) -> None:
    values = np.zeros((3, 3, 1), np.float32)
    values[1, 1] = bad
    with pytest.raises(UserError, match=r"odd\.tif: 1 of 9 values are NaN or infinite"):
        decode_bytes(tiff(values), "odd.tif")


def test_deep_colour_that_pillow_cannot_give_whole_is_refused_by_name() -> None:
    data = b"P6\n1 1\n1000\n" + np.array([1, 2, 3], ">u2").tobytes()
    with pytest.raises(UserError, match=r"deep\.ppm: more than 8 bits a channel"):
        decode_bytes(data, "deep.ppm")


# One window for a set


@pytest.fixture
def deep_folder(tmp_path: Path) -> Path:
    for i, top in enumerate((1000, 4095, 65)):
        values = np.linspace(0, top, 16).astype(np.uint16).reshape(4, 4, 1)
        (tmp_path / f"{i}.png").write_bytes(png(values))
    (tmp_path / "8bit.png").write_bytes(encoded(Image.new("L", (4, 4), 77)))
    return tmp_path


def test_a_window_makes_images_comparable(deep_folder: Path) -> None:
    own = read_folder(deep_folder)
    assert [int(own.image(i).max()) for i in range(3)] == [255, 255, 255]
    fixed = open_imageset(f"{deep_folder}?window=0-4095")
    assert [int(fixed.image(i).max()) for i in range(3)] == [62, 255, 4]
    assert int(fixed.image(3).max()) == 77, "8-bit images stay as they are"
    assert "0..4095" in fixed.about.decoding
    assert own.about.decoding == DECODING_RULE


def test_the_window_of_the_set_is_told_in_numbers(deep_folder: Path) -> None:
    images = read_folder(deep_folder, window="set")
    assert [int(images.image(i).max()) for i in range(3)] == [62, 255, 4]
    assert "from 0..4095" in images.about.decoding


def test_the_window_travels_with_the_images(deep_folder: Path, tmp_path: Path) -> None:
    images = read_folder(deep_folder, window=[0, 2000])
    write_folder(images, tmp_path / "copy")
    write_parquet(images, tmp_path / "copy.parquet")
    for back in (read_folder(tmp_path / "copy"), read_parquet(tmp_path / "copy.parquet")):
        assert back.about.decoding == images.about.decoding
        assert np.array_equal(back.images(), images.images())


@pytest.mark.parametrize("bad", ["4095-0", "5", "a-b", "1-1", "", "0-inf", "nan-1"])
def test_a_window_that_is_none_is_told(deep_folder: Path, bad: str) -> None:
    with pytest.raises(UserError, match="window"):
        read_folder(deep_folder, window=bad)


def test_validate_tells_of_the_window(deep_folder: Path) -> None:
    (fault,) = [fault for fault in validate_imageset(deep_folder) if "bits a channel" in fault.what]
    assert "?window=" in fault.remedy


# Refused by name

BOMBS = {
    "png": b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b""),
    "gif": b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(6)
    + b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02L\x01\0;",
    "bmp": b"BM" + struct.pack("<IHHI", 100, 0, 0, 54)
    + struct.pack("<IiiHHIIiiII", 40, 40000, 40000, 1, 24, 0, 0, 0, 0, 0, 0),
    "tif": tiff(np.zeros((1, 1, 1), np.uint8)).replace(
        struct.pack("<HHIHH", 256, 3, 1, 1, 0), struct.pack("<HHIHH", 256, 3, 1, 65000, 0)
    ).replace(struct.pack("<HHIHH", 257, 3, 1, 1, 0), struct.pack("<HHIHH", 257, 3, 1, 65000, 0)),
    "ppm": b"P6\n70000 70000\n255\n\0\0\0",
    "jpg": encoded(Image.new("RGB", (8, 8)), "JPEG").replace(
        b"\x08\x00\x08\x00\x08\x03", b"\x08\xff\xdc\xff\xdc\x03"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(BOMBS))
@pytest.mark.parametrize("guarded", [True, False], ids=["guard on", "guard off"])
def test_a_bomb_is_refused_before_memory_is_taken(
    kind: str, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not guarded:
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    monkeypatch.setattr(warnings, "showwarning", lambda *_: None)
    decode_bytes(encoded(Image.new("RGB", (2, 2))), "warm-up")
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=rf"bomb\.{kind}: "):
            decode_bytes(BOMBS[kind], f"bomb.{kind}")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def frames(kind: str, **more: Any) -> bytes:
    pages = [Image.fromarray(RNG.integers(0, 256, (9, 9, 3), dtype=np.uint8)) for _ in range(3)]
    return encoded(pages[0], kind, save_all=True, append_images=pages[1:], **more)


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "WEBP", "PNG"])
def test_pages_and_frames_are_refused(kind: str) -> None:
    with pytest.raises(UserError, match=r"x\.img: the file has several pages or frames"):
        decode_bytes(frames(kind), "x.img")


def test_of_a_jpeg_with_several_pictures_the_first_is_read() -> None:
    first = Image.fromarray(np.full((16, 16, 3), 200, np.uint8))
    data = encoded(first, "MPO", save_all=True, append_images=[Image.new("RGB", (16, 16))])
    assert int(decode_bytes(data, "x.jpg").min()) > 190


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b"\n<!DOCTYPE html><html>404</html>", "HTML"),
        (b"%PDF-1.7 ...", "PDF"),
        (bytes(128) + b"DICM" + bytes(20), "DICOM"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a readable image"),
        (b"anything else", "not a readable image"),
    ],
)
def test_what_is_no_image_is_named(tmp_path: Path, data: bytes, what: str) -> None:
    path = tmp_path / "Bild-ä.png"
    path.write_bytes(data)
    with pytest.raises(UserError, match=what) as caught:
        decode(path)
    assert "Bild-ä.png" in str(caught.value)


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "really-a-png.jpg"
    path.write_bytes(png(COLOUR))
    assert np.array_equal(decode(path), COLOUR)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "locked.png"
    path.write_bytes(png(COLOUR))
    path.chmod(0)
    with pytest.raises(UserError, match="cannot be opened"):
        decode(path)
    assert any("cannot be opened" in fault.what for fault in validate_imageset(tmp_path))


def test_a_read_that_fails_is_told_by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(COLOUR))

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UserError, match=r"a\.png: the file cannot be opened: Permission denied"):
        decode(path)
    assert any("Permission denied" in fault.what for fault in validate_imageset(tmp_path))


@pytest.fixture
def lenient() -> Iterator[None]:
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    yield
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True, "what another library set is left as it was"
    ImageFile.LOAD_TRUNCATED_IMAGES = before


WHOLE = {
    kind: encoded(Image.fromarray(RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)), kind, **more)
    for kind, more in {"JPEG": {}, "PNG": {}, "BMP": {}, "TIFF": {}, "WEBP": {}, "GIF": {}, "PPM": {}}.items()
} | {"progressive": encoded(Image.fromarray(COLOUR).resize((64, 64)), "JPEG", progressive=True)}


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize("kind", sorted(WHOLE))
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_truncated_file_is_refused_even_when_another_library_made_pillow_lenient(
    kind: str, share: float
) -> None:
    whole = WHOLE[kind]
    want, cut = decode_bytes(whole, "whole"), whole[: int(len(whole) * share)]
    got = pixels_or_words(cut, f"cut.{kind}")
    if isinstance(got, str):
        assert got.startswith(f"cut.{kind}: ")
    else:
        assert np.array_equal(got, want), "what is read is whole"
        assert share == 0.99, "only an end mark may be missing"


def test_threads_that_decode_together_leave_pillow_strict() -> None:
    from concurrent.futures import ThreadPoolExecutor

    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        cut = WHOLE["JPEG"][:-400]

        def attempt(i: int) -> bool:
            try:
                decode_bytes(WHOLE["PNG"] if i % 2 else cut, "x")
            except UserError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(attempt, range(60))) == [False, True] * 30
        assert ImageFile.LOAD_TRUNCATED_IMAGES is True
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


# Formats


def folder_of(path: Path, kind: str, suffix: str, n: int = 6) -> ImageSet:
    path.mkdir()
    for i in range(n):
        (path / f"{i}.{suffix}").write_bytes(encoded(Image.fromarray(COLOUR), kind))
    return read_folder(path)


def test_formats_are_counted_by_content(tmp_path: Path) -> None:
    images = folder_of(tmp_path / "a", "JPEG", "png")
    (tmp_path / "a" / "0.png").write_bytes(png(COLOUR))
    (tmp_path / "a" / "1.png").write_bytes(b"no image")
    assert format_counts(images) == {"JPEG": 4, "PNG": 1, "unreadable": 1}
    assert format_counts(images.subset([0, 2])) == {"PNG": 1, "JPEG": 1}


def test_sets_of_different_formats_are_told_apart(tmp_path: Path) -> None:
    jpeg, plain = folder_of(tmp_path / "a", "JPEG", "jpg"), folder_of(tmp_path / "b", "PNG", "png")
    told = formats_apart(jpeg, plain)
    assert told is not None
    assert "JPEG" in told
    assert "PNG" in told
    assert formats_apart(jpeg, jpeg) is None
    assert formats_apart(plain, folder_of(tmp_path / "c", "BMP", "bmp")) is None, "both without loss"
    assert formats_apart(jpeg, ImageSet.from_arrays(plain.images())) is None, "arrays bear no format"
    write_parquet(plain, tmp_path / "b.parquet")
    assert format_counts(read_parquet(tmp_path / "b.parquet")) == {"PNG": 6}
