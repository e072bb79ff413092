"""Attribute panels as folders: ``panel.json``, ``panel.safetensors``, and the network where there is one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, atomic_folder, write_json
from ._attribute_fitted import RANGES, Fitted
from ._attribute_heads import Head
from ._attribute_rules import AttributeRules
from ._attribute_sight import DRAWN, Sight
from ._usual_range import UsualRange

if TYPE_CHECKING:
    from ._attribute_panel import AttributePanel

KIND = "attribute panel, 1"
_PARTS = ("centre", "whiten", "neighbours")


def save_panel(panel: AttributePanel, fitted: Fitted, folder: str | Path) -> None:
    """Write the panel into a folder, whole or not at all."""
    from safetensors.numpy import save_file

    about = {
        "kind": KIND,
        "rules": panel.rules.model_dump(),
        "name": panel.name,
        "features": panel.features,
        "kappas": panel.kappas,
        "pass_share": panel.pass_share,
        "size": fitted.size,
        "columns": list(fitted.columns),
        "heads": {
            name: {"values": head.values, "margins": head.margins} for name, head in fitted.heads.items()
        },
        "threshold": fitted.threshold,
        "card": fitted.card,
    }
    with atomic_folder(folder, replace=True) as temporary:
        write_json(temporary / "panel.json", about)
        arrays = {name: np.ascontiguousarray(values) for name, values in _arrays(fitted).items()}
        save_file(arrays, temporary / "panel.safetensors")
        if fitted.sight.network is not None:
            fitted.sight.network.save(temporary / "network")


def load_panel(make: Callable[..., AttributePanel], folder: str | Path) -> AttributePanel:
    """Read what `save_panel` wrote."""
    from safetensors.numpy import load_file

    for file in ("panel.json", "panel.safetensors"):
        if not (Path(folder) / file).is_file():
            raise UserError("not a saved attribute panel: the file is missing", where=Path(folder) / file)
    about = json.loads((Path(folder) / "panel.json").read_text(encoding="utf-8"))
    if about.get("kind") != KIND:
        raise UserError("not a saved attribute panel", where=folder, remedy="is it one of PanelExpert?")
    panel = make(
        AttributeRules.model_validate(about["rules"]),
        features=about["features"],
        kappas=about["kappas"],
        pass_share=about["pass_share"],
        size=about["size"],
    )
    panel.name = about["name"]
    panel._fitted = _fitted(panel, about, load_file(Path(folder) / "panel.safetensors"), Path(folder))
    return panel


def _arrays(fitted: Fitted) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {f"usual {name}": values for name, values in fitted.usual.items()}
    for name, head in fitted.heads.items():
        found |= {f"slopes {name}": head.coefficients, f"offsets {name}": head.intercepts}
    for name, usual in fitted.ranges.items():
        found |= {f"{part} {name}": getattr(usual, part) for part in _PARTS}
    return found


def _fitted(
    panel: AttributePanel, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], folder: Path
) -> Fitted:
    network = None
    if about["features"] != DRAWN:
        from ..classifiers import FittedClassifier

        network = FittedClassifier.load(folder / "network")
    heads = {
        name: Head(
            tuple(head["values"]), arrays[f"slopes {name}"], arrays[f"offsets {name}"], head["margins"]
        )
        for name, head in about["heads"].items()
    }
    ranges = {name: UsualRange(*(arrays[f"{part} {name}"] for part in _PARTS)) for name in RANGES}
    return Fitted(
        panel.rules,
        about["size"],
        Sight(about["features"], network),
        heads,
        ranges,
        tuple(about["columns"]),
        {name: arrays[f"usual {name}"] for name in about["columns"]},
        about["card"],
        about["threshold"],
    )
