"""What a file is that is no image: the name of the mistake helps more than "not readable"."""

from __future__ import annotations

_BEGINNINGS = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"8BPS", "a Photoshop file"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 file"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SIMPLE  =", "a FITS file"),
)


def what_it_is(data: bytes) -> str | None:
    """Name the kind of a file by its first bytes; None where it is not known.

    >>> what_it_is(b"<!DOCTYPE html><p>404"), what_it_is(b"%PDF-1.7"), what_it_is(b"?")
    ('an HTML or XML page, as a failed download leaves it', 'a PDF', None)
    """
    if data[128:132] == b"DICM":
        return "a DICOM file"
    if data[4:8] == b"ftyp":
        return "a HEIC, AVIF or video file"
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return "an HTML or XML page, as a failed download leaves it"
    return next((name for start, name in _BEGINNINGS if data.startswith(start)), None)
