"""Numbers with their noun, and the verb that goes with it."""

from __future__ import annotations


def counted(n: int, noun: str, one: str = "", more: str = "") -> str:
    """Return a number and its noun, then the verb for one or for any other number.

    >>> counted(1, "image", "is", "are"), counted(1200, "image", "is", "are"), counted(0, "pair")
    ('1 image is', '1,200 images are', '0 pairs')
    """
    words = f"{int(n):,} {noun}" + ("" if n == 1 else "s")
    verb = one if n == 1 else more
    return f"{words} {verb}" if verb else words
