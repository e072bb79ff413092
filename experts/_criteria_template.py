"""A new criteria file: a documented template that is valid as it stands."""

from __future__ import annotations

import re
from pathlib import Path

from ..core import UserError, write_text
from ._criteria import SCHEMA_FILE, CriteriaSet, list_criteria

_TEMPLATE = """\
# yaml-language-server: $schema={schema}
# The line above lets editors check this file while you write; delete it before you give the file away.
# Check it yourself with: synmedbench validate {file}

name: {name}
# Ratings remember name and version. Raise the version when a question changes its meaning: answers to the old
# wording and to the new one are then never mixed.
version: 1
title: {title}

# Where the expectations come from: textbooks, guidelines, papers. At least one.
sources:
  - "{source}"

# Other names of the classes, as data sets write them (may be left out).
aliases:
  cls-a: class-a

# Each question is answered yes, no or cannot tell. Yes always means: the image is right in this respect.
questions:
  - id: size # small letters, digits and _; stands in the ratings, so keep it
    text: Is the size of what was requested right?
    # What is right, by requested class: raters see the line of the class they are asked about (may be left out).
    expected:
      class-a: from one to two millimetres
      class-b: over two millimetres
  - id: place
    text: Does the finding lie where it can lie?
    # Asked for images of these classes only (leave it out to ask for all).
    classes: [class-b]
    # Asked only where raters are told this column of the request too, such as skin_tone (leave it out to ask always).
    # needs: skin_tone
  - id: artefacts
    text: Is the image free of what no real one shows (seams, doubled outlines, repeated patches)?

# Every set also has a verdict on the whole image, a free note, and realism from 1 to 5:
realism:
  text: How much does the whole image look like a real one?
  lowest: certainly made by a machine
  highest: certainly real
"""


_TITLE = "what kind of image these questions are for, in one line"
_SOURCE = "Author A, Author B. Title. Journal 2020; 1: 1-10."
_CLASSES = ("class-a", "class-b")


def template_left(criteria: CriteriaSet) -> list[str]:
    """Return one line for each part of the template that nobody has written over yet, empty for none."""
    named = {name for each in criteria.questions for name in (*(each.classes or ()), *each.expected)}
    lines = ["title: still the template's; raters read it"] if criteria.title == _TITLE else []
    lines += ["sources: still the template's"] if _SOURCE in criteria.sources else []
    left = [name for name in _CLASSES if name in named]
    return lines + ([f"classes: {' and '.join(left)} are the template's, not your images'"] if left else [])


def new_criteria(name: str, out: str | Path | None = None) -> Path:
    """Write a new criteria file, ``NAME.yaml`` unless told otherwise, and return its path.

    Raises ``UserError`` for a name that ratings could not carry, a built-in one, and a file that exists.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,63}", name):
        raise UserError(
            f"{name!r} is no name for criteria", remedy="small letters, digits and -, a letter first"
        )
    if name in list_criteria():
        raise UserError(f"{name!r} is built in", remedy=f"choose another name, such as my-{name}")
    path = Path(out) if out is not None else Path(f"{name}.yaml")
    if path.suffix.lower() not in (".yaml", ".yml"):
        raise UserError("criteria are kept as .yaml", where=path, remedy=f"write --out {path.name}.yaml")
    if path.exists():
        raise UserError("it exists already", where=path, remedy="choose another --out")
    write_text(path, _TEMPLATE.format(name=name, file=path, schema=SCHEMA_FILE.as_uri(), title=_TITLE, source=_SOURCE))
    return path
