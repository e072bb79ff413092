"""The card of an image set: ``card.json`` beside its images, or the front matter of a README."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ..core import UserError
from ._about import About, Lineage

CARD_VERSION = 1


def read_card(folder: Path) -> dict[str, Any]:
    """Return the folder's ``card.json`` as a mapping; without one, what the README's front matter says."""
    path = folder / "card.json"
    if not path.is_file():
        return _front_matter(folder / "README.md")
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(f"not readable as JSON: {error}", where=path, remedy="mend or remove it") from error
    if not isinstance(card, dict):
        raise UserError("a card is a JSON object", where=path)
    return card


def about_of(card: Mapping[str, Any], default_name: str) -> About:
    """Return what a card says of a set, from its name to how its images were taken."""
    licence = card.get("licence", card.get("license"))
    given = {
        "name": card.get("name", card.get("pretty_name")),
        "licence": ", ".join(map(str, licence)) if isinstance(licence, list) else licence,
        "source": card.get("source"),
        "citation": card.get("citation"),
        "oracle": card.get("oracle"),
        "notes": card.get("notes"),
        "decoding": card.get("decoding"),
        "modality": card.get("modality"),
        "tone_from": card.get("tone_from"),
    }
    kept = {key: str(value) for key, value in given.items() if value not in (None, "")}
    return About(**{"name": default_name, **kept})


def lineage_of(card: Mapping[str, Any], where: object) -> Lineage | None:
    """Return the lineage that a card states, or None for real images."""
    stated = card.get("lineage")
    if stated is None:
        return None
    names = {field.name for field in dataclasses.fields(Lineage)}
    try:
        return Lineage(**{key: value for key, value in dict(stated).items() if key in names})
    except (TypeError, ValueError) as error:
        raise UserError(
            "the lineage is incomplete", where=where, remedy="state generator, seed and trained_on"
        ) from error


def make_card(about: About, lineage: Lineage | None, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the card that is written beside exported images."""
    return {
        "card_version": CARD_VERSION,
        **dataclasses.asdict(about),
        "lineage": dataclasses.asdict(lineage) if lineage else None,
        **more,
    }


def _front_matter(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8", errors="replace")
    parts = text.split("---\n", 2)
    if not text.startswith("---\n") or len(parts) < 3:
        return {}
    try:
        found = yaml.safe_load(parts[1])
    except yaml.YAMLError:
        return {}
    wanted = ("name", "pretty_name", "license", "licence", "source", "citation", "modality", "tone_from")
    return {key: found[key] for key in wanted if key in found} if isinstance(found, dict) else {}
