"""Decoding: every mode by the stated rule, every broken file by name."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from synmedbench.core import UserError
from synmedbench.imagesets import decode, decode_bytes, fit_square


def encoded(image: Image.Image, kind: str = "PNG", **more: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **more)  # type: ignore[arg-type]
    return buffer.getvalue()


def noise_png(size: int = 16) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    return encoded(Image.fromarray(pixels))


def pixels_or_error(data: bytes) -> np.ndarray | UserError:
    try:
        return decode_bytes(data, "x.png")
    except UserError as error:
        return error


def test_sixteen_bits_are_windowed_and_not_clipped() -> None:
    deep = np.array([[1000, 2000], [3000, 5000]], dtype=np.uint16)
    got = decode_bytes(encoded(Image.fromarray(deep)), "deep.png")
    assert got[..., 0].tolist() == [[0, 64], [128, 255]]
    assert np.array_equal(got[..., 0], got[..., 2])


def test_flat_sixteen_bit_image_is_black() -> None:
    flat = np.full((3, 3), 40_000, dtype=np.uint16)
    assert not decode_bytes(encoded(Image.fromarray(flat)), "flat.png").any()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
def test_every_mode_becomes_three_channels(mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    image = Image.new("RGB", (5, 4), (255, 255, 255)).convert(mode)
    got = decode_bytes(encoded(image, kind), "x")
    assert got.shape == (4, 5, 3)
    assert (got == 255).all()


def test_transparency_lies_over_white() -> None:
    clear = Image.new("RGBA", (2, 2), (0, 0, 0, 0))
    assert (decode_bytes(encoded(clear), "x") == 255).all()


def test_rotation_by_camera_is_applied() -> None:
    image = Image.new("RGB", (6, 3))
    exif = image.getexif()
    exif[274] = 6
    assert decode_bytes(encoded(image, "JPEG", exif=exif), "x").shape == (6, 3, 3)


def test_several_pages_are_refused() -> None:
    pages = [Image.new("L", (2, 2), v) for v in (0, 255)]
    with pytest.raises(UserError, match="several pages"):
        decode_bytes(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]), "x.tif")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_a_truncated_file_is_a_clear_error_or_whole(cut: int) -> None:
    whole = noise_png()
    data = whole[: cut % len(whole)]
    got = pixels_or_error(data)
    if isinstance(got, UserError):
        assert str(got).startswith("x.png: ")
    else:
        assert np.array_equal(got, decode_bytes(whole, "x.png"))
        assert len(whole) - len(data) <= 20  # only checksums and the end mark are lost


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_image_never_raise_anything_else(data: bytes) -> None:
    with pytest.raises(UserError):
        decode_bytes(data, "x.png")


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 10**6), st.integers(0, 255))
def test_a_changed_byte_gives_pixels_or_a_user_error(place: int, value: int) -> None:
    data = bytearray(noise_png())
    data[place % len(data)] = value
    got = pixels_or_error(bytes(data))
    assert got.where == "x.png" if isinstance(got, UserError) else got.dtype == np.uint8


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"does not exist"):
        decode(tmp_path / "absent.png")
    with pytest.raises(UserError, match=r"cannot be opened"):
        decode(tmp_path)


def test_fit_square_takes_the_centre() -> None:
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200
    assert (fit_square(wide, 10) == 200).all()
    assert fit_square(wide, 7).shape == (7, 7, 3)
