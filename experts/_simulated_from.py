"""A simulated expert by its name: the oracle of a phantom, an attribute panel, a panel of classes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..core import Progress, UserError, did_you_mean
from ..imagesets import ImageSet, split_by_group
from ._attribute_panel import AttributePanel
from ._attribute_rules import AttributeRules
from ._attribute_sight import DRAWN
from ._oracle_expert import CRITERIA_OF, OracleExpert
from ._panel_expert import PanelExpert
from ._simulated import SimulatedExpert

EXPERTS = ("oracle", "attributes", "panel")
_SHARES = {"fit": 0.7, "held": 0.3}


def simulated_expert(
    name: str,
    images: ImageSet,
    *,
    real: ImageSet | None = None,
    saved: str | Path | None = None,
    rules: str | Path | AttributeRules = "blood",
    features: str | None = None,
    weights: str | None = None,
    options: Mapping[str, Any] | None = None,
    steps: int = 300,
    seed: int = 0,
    progress: Progress | None = None,
) -> SimulatedExpert:
    """Return the simulated expert for images: ``oracle``, ``oracle:PHANTOM``, ``attributes`` or ``panel``.

    An oracle errs not at all (raters do); ``oracle`` alone is that of the images' own phantom. A panel is read
    from the folder ``saved``, or fitted on 70% of the patients in ``real`` and measured on the others; images
    that are to be judged take no part, nor does a real one with the same pixels. Raises ``UserError`` for a
    name that is none, a phantom that is unknown, and a panel without real images.
    """
    kind, _, phantom = name.partition(":")
    if kind not in EXPERTS or (phantom and kind != "oracle"):
        raise UserError(f"no simulated expert is called {name!r}", remedy=did_you_mean(kind, EXPERTS))
    if kind == "oracle":
        expert = OracleExpert(_phantom(phantom, images), noise=0.0)
        expert.name = f"simulated: oracle of {expert.oracle.name}"
        return expert
    if saved is not None:
        return _saved(kind, saved)
    if real is None:
        raise UserError(
            f"{name} is fitted on real images, and none are given",
            remedy="give --real SET, or --panel FOLDER of a saved one",
        )
    parts = split_by_group(_others(real, images), fractions=_SHARES, seed=seed)
    panel: AttributePanel | PanelExpert
    if kind == "attributes":
        panel = AttributePanel(
            rules, features=features or DRAWN, weights=weights, steps=steps, options=options,
            size=_side(images, real),
        )  # fmt: skip
    else:
        panel = PanelExpert(features or "resnet10t", weights=weights, steps=steps, options=options)
    panel.fit(parts.where(split="fit"), parts.where(split="held"), seed=seed, progress=progress)
    return panel


def _phantom(asked: str, images: ImageSet) -> str:
    phantom = asked or images.about.oracle
    if phantom is None:
        raise UserError(
            "no oracle knows these images", where=images.about.name,
            remedy=f"name one ({', '.join(f'oracle:{each}' for each in CRITERIA_OF)}), or take attributes or panel",
        )  # fmt: skip
    return phantom


def _saved(kind: str, folder: str | Path) -> SimulatedExpert:
    path = Path(folder) / "panel.json"
    if not path.is_file():
        raise UserError("not a saved panel: the file is missing", where=path)
    attributes = str(json.loads(path.read_text(encoding="utf-8")).get("kind", "")).startswith("attribute")
    if attributes != (kind == "attributes"):
        found = "attributes" if attributes else "panel"
        raise UserError(f"this is a saved expert of kind {found}, not {kind}", where=folder)
    return AttributePanel.load(folder) if attributes else PanelExpert.load(folder)


def _others(real: ImageSet, images: ImageSet) -> ImageSet:
    judged = set(images.image_keys)
    return real.subset(np.array([key not in judged for key in real.image_keys], dtype=bool))


def _side(images: ImageSet, real: ImageSet) -> int | None:
    """The resolution at which both can be judged: the smaller of the first images' sides."""
    sides = [min(each.image(0).shape[:2]) for each in (images, real) if len(each)]
    return int(min(sides)) if sides else None
