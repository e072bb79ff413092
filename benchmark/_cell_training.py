"""The training of a cell: which rows its arm takes, and a network or a head fitted on them."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..classifiers import ArmRows, arm_rows, still_falling
from ..core import UserError, derive_seed, parse_spec, registry
from ._cell_data import CellData, Rows, kept_features, shelved
from ._recipe_part import Component, without_alias
from ._stage import Work

Logits = NDArray[np.float64]
CHOSEN, FASTEST = "tuning.json", "speed.json"
"""What the stages that tune and measure speed keep."""


def rows_of_arm(work: Work, data: CellData) -> ArmRows:
    config = work.config
    pool = shelved(work.inputs["synthetic"]) if "synthetic" in work.inputs else None
    groups = config.get("groups")
    return arm_rows(
        config["arm"],
        data.labels(data.subset),
        [str(label) for label in pool.table["label"]] if pool else None,
        ratio=config["ratio"],
        seed=derive_seed(work.seed, "mix"),
        synthetic_weight=config.get("synthetic_weight", 0.3),
        extra_labels=data.labels(data.spare),
        groups=data.stratum(groups, data.subset).tolist() if groups else None,
        aimed=np.ones(len(pool), dtype=bool) if pool and config.get("aim") else None,
    )


@dataclass(frozen=True)
class Trained:
    """A trained classifier: its logits on rows of an image set that one of the stage's inputs keeps."""

    network: Any
    final_loss: float
    features: str | None
    """Name of the inputs that keep features, where the classifier works on these."""
    ended: bool | None = None
    """Whether training came to its end: the loss no longer fell, a head's search settled. None: not told."""

    def logits(self, work: Work, need: str, rows: Rows) -> Logits:
        """Class scores (N, K) of rows of the input ``data``, or of an external set."""
        if self.features is None:
            return _scores(self.network, shelved(work.inputs[need]).images(rows))
        kept = kept_features(work.inputs[_feature_need(need)])
        return np.asarray(self.network.logits_of(np.asarray(kept[rows])), dtype=np.float64)


def trained(work: Work, data: CellData, arm: ArmRows) -> Trained:
    spec = chosen_spec(work)
    if _feature_need("data") in work.inputs:
        return _trained_head(work, data, arm, _frozen(json.dumps(spec, sort_keys=True)))
    model = registry("classifiers").build(spec)
    images = data.pixels(data.subset[arm.real])
    parts = [images]
    if len(arm.synthetic):
        parts.append(shelved(work.inputs["synthetic"]).images(arm.synthetic))
    if len(arm.extra):
        parts.append(data.pixels(data.spare[arm.extra]))
    fitted = model.fit(
        np.concatenate(parts),
        arm.labels,
        sample_weights=arm.weights,
        classes=work.config["classes"],
        augment=arm.augment,
        seed=derive_seed(work.seed, "classifier"),
        progress=work.progress,
        **_unusual(arm, model.fit),
    )
    losses = getattr(fitted, "losses", ())
    ended = not still_falling(losses, len(work.config["classes"])) if len(losses) else None
    return Trained(fitted, fitted.final_loss, None, ended)


@lru_cache(maxsize=16)
def _frozen(spec: str) -> Any:
    """A frozen classifier, built once by each process: its heads are fitted on features, it keeps no state of them."""
    return registry("classifiers").build(json.loads(spec))


def _trained_head(work: Work, data: CellData, arm: ArmRows, model: Any) -> Trained:
    """Fit the head on features that were computed once, for all cells."""
    real = kept_features(work.inputs[_feature_need("data")])
    parts = [real[data.subset[arm.real]]]
    if len(arm.synthetic):
        parts.append(kept_features(work.inputs[_feature_need("synthetic")])[arm.synthetic])
    if len(arm.extra):
        parts.append(real[data.spare[arm.extra]])
    seed = derive_seed(work.seed, "classifier")
    views = model.embed_views(data.pixels(data.subset[arm.real]), arm.augment, seed) if arm.augment else ()
    head = model.fit_features(
        np.concatenate(parts),
        arm.labels,
        classes=work.config["classes"],
        sample_weights=arm.weights,
        seed=seed,
        views=views,
        **_unusual(arm, model.fit_features),
    )
    return Trained(head, head.final_loss, "features", getattr(head, "settled", None))


def _unusual(arm: ArmRows, fit: Any) -> dict[str, Any]:
    """What an arm asks of the training beyond the ordinary; a classifier that cannot do it says so."""
    asked: dict[str, Any] = {}
    if arm.loss != "cross-entropy":
        asked["loss"] = arm.loss
    if arm.mix is not None:
        asked["mix"] = arm.mix
    if len(arm.first):
        asked["first"] = arm.first
    parameters = inspect.signature(fit).parameters
    open_ended = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    cannot = [name for name in asked if name not in parameters and not open_ended]
    if cannot:
        raise UserError(f"this classifier's fit takes no {cannot[0]!r}", remedy="leave the arm out for it")
    return asked


def chosen_spec(work: Work) -> Component:
    """The classifier with what tuning and the measurement of speed chose for it."""
    spec = without_alias(work.config["model"])
    chosen: dict[str, Any] = {}
    for need, file in (("speed", FASTEST), ("tune", CHOSEN)):
        if need in work.inputs:
            chosen |= json.loads((work.inputs[need] / file).read_text())["chosen"]
    if not chosen:
        return spec
    parsed = parse_spec(spec)
    return {**parsed.config(), "name": parsed.name, **chosen}


def _feature_need(need: str) -> str:
    return f"features-{need}"


def _scores(fitted: Any, images: NDArray[np.uint8]) -> Logits:
    if hasattr(fitted, "logits"):
        return np.asarray(fitted.logits(images), dtype=np.float64)
    return np.log(np.clip(fitted.predict_proba(images), 1e-12, 1.0))
