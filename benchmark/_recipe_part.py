"""What every part of a recipe is made of: components by their specs, and models that refuse unknown keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..core import parse_spec

Component = str | dict[str, Any]


class Part(BaseModel):
    """A part of a recipe."""

    model_config = ConfigDict(extra="forbid")


def short_name(spec: Component) -> str:
    """The name that stands in records: the spec without its options (``blur:2``, ``diffusion``).

    >>> short_name("diffusion:unet-tiny?steps=250"), short_name("blur:2"), short_name({"name": "pca", "alias": "p"})
    ('diffusion', 'blur:2', 'p')
    """
    if isinstance(spec, dict) and isinstance(spec.get("alias"), str):
        return str(spec["alias"])
    parsed = parse_spec(spec)
    if parsed.name == "blur" and parsed.argument is not None:
        return f"blur:{parsed.argument}"
    if parsed.name == "folder" and parsed.argument is not None:
        return f"folder:{Path(parsed.argument).name}"
    return parsed.name


def without_alias(spec: Component) -> Component:
    """The spec as its factory takes it."""
    return {key: value for key, value in spec.items() if key != "alias"} if isinstance(spec, dict) else spec
