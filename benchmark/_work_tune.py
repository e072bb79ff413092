"""What is chosen before the cells: settings by the real-only arm, precision by a short measurement."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..classifiers import measure_speed, tune
from ..core import UserError, derive_seed
from ._cell_data import CellData, Rows, cell_data, kept_features
from ._cell_training import CHOSEN, FASTEST, chosen_spec
from ._stage import Work


def tune_real_only(work: Work) -> None:
    """Choose the classifier's settings on real validation images, for every arm at this number of real images."""
    config = work.config
    data = cell_data(work.inputs["data"], config, work.seed)
    if not len(data.val):
        raise UserError(
            "there is no validation image to choose settings on", remedy="set classifiers.tune: false"
        )
    found = tune(
        chosen_spec(work),
        _seen(work, data, data.subset),
        data.labels(data.subset),
        _seen(work, data, data.val),
        data.labels(data.val),
        classes=config["classes"],
        grid=config["grid"],
        seed=derive_seed(work.seed, "classifier"),
        progress=work.progress,
    )
    note = {"tried": found.tried, "chosen": found.chosen, "plateau": found.plateau, "n_val": len(data.val)}
    (work.out / CHOSEN).write_text(json.dumps(_plain(note)), encoding="utf-8")


def _seen(work: Work, data: CellData, rows: Rows) -> NDArray[Any]:
    """What the classifier is given of rows: images, or the features of a frozen backbone."""
    if "features-data" not in work.inputs:
        return data.pixels(rows)
    return np.asarray(kept_features(work.inputs["features-data"])[rows])


def speed(work: Work) -> None:
    """Measure which precision and memory layout trains the classifier fastest on this machine."""
    classes = work.config.get("classes", ())
    found = measure_speed(chosen_spec(work), size=work.config["size"], classes=len(classes) or 8)
    chosen = {key: found[key] for key in ("precision", "channels_last")}
    note = {**chosen, "seconds_per_step": found["seconds_per_step"], "chosen": chosen}
    (work.out / FASTEST).write_text(json.dumps(_plain(note)), encoding="utf-8")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value
