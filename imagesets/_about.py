"""What travels with an image set: its name, licence and source, and for a synthetic one its lineage."""

from __future__ import annotations

from dataclasses import dataclass

from ._window import decoding_rule


@dataclass(frozen=True)
class About:
    """Where an image set comes from and under what licence it may be used.

    ``oracle`` names the measuring oracle that knows the set's clinical rules (phantoms only); ``decoding`` is the
    rule by which the pixels were read from files; ``modality`` how the images were taken (``dermoscopy``,
    ``clinical photograph``, ``blood smear``); ``tone_from`` is ``patient`` where skin tone was noted on the patient by
    a person, not read off the image.
    """

    name: str
    licence: str = "unknown: ask the source before use"
    source: str = "unknown"
    citation: str = ""
    oracle: str | None = None
    notes: str = ""
    decoding: str = decoding_rule()
    modality: str = ""
    tone_from: str = ""


@dataclass(frozen=True)
class Lineage:
    """How a synthetic image set came to be."""

    generator: str
    seed: int
    trained_on: str
    open_set: bool = True
    chunk: int = 0
    notes: str = ""
