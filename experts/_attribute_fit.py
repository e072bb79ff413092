"""Fitting an attribute panel: heads, usual ranges, what is dropped, and the threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import Progress, UserError
from ..imagesets import ImageSet
from ._attribute_calibrate import calibrate
from ._attribute_fitted import LABEL, RANGES, Fitted, usual_ranges
from ._attribute_heads import RELIABLE, Head, balanced_accuracy, on_card
from ._attribute_noise import error_rate
from ._attribute_rules import AttributeRules
from ._attribute_sight import learn_sight

if TYPE_CHECKING:
    from ._attribute_panel import AttributePanel

_MIN_HELD = 20


def fit_panel(
    panel: AttributePanel, real: ImageSet, held: ImageSet, size: int, *, seed: int, progress: Progress
) -> Fitted:
    """Return the panel's parts: fitted on ``real``, measured and calibrated on ``held``."""
    rules = panel.rules
    check_attributes(real, rules)
    check_attributes(held, rules, some=False)
    if len(held) < _MIN_HELD:
        raise UserError(f"{len(held)} held-out images, {_MIN_HELD} needed", where=held.about.name)
    if len(real.classes) < 2:
        raise UserError(f"a panel needs two classes or more, got {real.classes}", where=real.about.name)
    pixels, other = pixels_at(real, size), pixels_at(held, size)
    sight = learn_sight(
        panel.features, panel.weights, panel.options, pixels, real.labels,
        steps=panel.steps, seed=seed, progress=progress,
    )  # fmt: skip
    views = [sight.features(view) for view in sight.views(pixels)]
    seen, unseen = np.concatenate(views), sight.features(other)
    heads, columns = {}, {}
    for name in (*rules.attributes, LABEL):
        head, columns[name] = _measured(name, rules, real, held, seen, unseen)
        if head is not None:
            heads[name] = head
    judged = [name for name in rules.judged if name in heads]
    if not judged:
        raise UserError(
            f"no attribute can be predicted well enough at {size} pixels", where=real.about.name,
            remedy="use PanelExpert, which judges the class alone",
        )  # fmt: skip
    fitted = Fitted(rules, size, sight, heads, usual_ranges(pixels, views[0]), (*judged, LABEL, *RANGES))
    fitted.card = _card(panel, fitted, real, held, columns)
    calibrate(fitted, other, held.labels, panel.pass_share, panel.kappas, seed)
    return fitted


def check_attributes(images: ImageSet, rules: AttributeRules, *, some: bool = True) -> None:
    """Raise one ``UserError`` that names all that keeps a set's attributes from being read by the rules."""
    there = [name for name in rules.attributes if name in images.table.columns]
    if some and not any(images.table[name].notna().any() for name in there):
        raise UserError(
            f"no image bears an attribute of the rules {rules.name}: {', '.join(rules.attributes)}",
            where=images.about.name,
            remedy="give real images with such columns, or use PanelExpert, which needs classes alone",
        )
    faults = []
    for name in there:
        known = rules.attributes[name].values
        strange = sorted(
            {repr(value) for value in images.table[name].dropna()} - {repr(value) for value in known}
        )
        if strange:
            more = f" and {len(strange) - 3} more" if len(strange) > 3 else ""
            faults.append(f"{name} holds {', '.join(strange[:3])}{more}, known are {', '.join(known)}")
    if faults:
        raise UserError("; ".join(faults), where=images.about.name, remedy="mend the columns or the rules")


def pixels_at(images: ImageSet, size: int) -> NDArray[np.uint8]:
    """Return all images at the panel's size; a smaller one is an error, since enlarging blurs it."""
    smallest = min((min(images.image(i).shape[:2]) for i in range(len(images))), default=size)
    if smallest < size:
        raise UserError(
            f"the panel judges at {size} pixels, an image has {smallest}",
            where=images.about.name,
            remedy=f"fit a panel with size={smallest}",
        )
    return images.images(size=size)


def class_names(images: ImageSet) -> list[str | None]:
    """The requested classes, None where none was requested."""
    return [None if pd.isna(value) else str(value) for value in images.column(LABEL)]


def _measured(
    name: str,
    rules: AttributeRules,
    real: ImageSet,
    held: ImageSet,
    seen: NDArray[np.float32],
    unseen: NDArray[np.float32],
) -> tuple[Head | None, dict[str, Any]]:
    """Fit one head and measure it; None and the reason where it is dropped. The class is never dropped."""
    train, test = _values(real, name, rules), _values(held, name, rules)
    views = len(seen) // len(train)
    train = pd.concat([train] * views, ignore_index=True)
    rows, others = np.flatnonzero(train.notna()), np.flatnonzero(test.notna())
    role = {"judged": name == LABEL or name in rules.judged}
    if len(others) < _MIN_HELD:
        reason = f"not enough data: {len(others)} held-out images bear it, {_MIN_HELD} needed"
        if name == LABEL:
            raise UserError(reason, where=held.about.name)
        return None, {"balanced_accuracy": None, "reliable": False, "kept": False, "reason": reason, **role}
    try:
        head = Head.fit(seen[rows], train.iloc[rows].tolist(), name, views=views)
    except UserError as error:
        if name == LABEL:
            raise
        return None, {
            "balanced_accuracy": None,
            "reliable": False,
            "kept": False,
            "reason": str(error),
            **role,
        }
    found = balanced_accuracy(head.predict(unseen[others]), test.iloc[others].tolist())
    reliable = found.value >= RELIABLE
    kept = reliable or name == LABEL
    told: dict[str, Any] = {**on_card(found, len(others)), "reliable": reliable, "kept": kept, **role}
    told["values"] = list(head.values)
    if not kept:
        told["reason"] = f"balanced accuracy {found.value:.3f}, {RELIABLE} needed"
    return (head if kept else None), told


def _values(images: ImageSet, name: str, rules: AttributeRules) -> pd.Series:
    if name not in images.table.columns:
        return pd.Series([None] * len(images), dtype=object)
    column = images.table[name].astype(object).where(images.table[name].notna(), None)
    return (
        column.map(str, na_action="ignore")
        if name == LABEL
        else column.map(rules.groups(name), na_action="ignore")
    )


def _card(
    panel: AttributePanel, fitted: Fitted, real: ImageSet, held: ImageSet, columns: Mapping[str, Any]
) -> dict[str, Any]:
    rules = panel.rules
    classes: Sequence[str] = sorted({*real.classes, *held.classes})
    return {
        "expert": panel.name,
        "rules": {"name": rules.name, "version": rules.version},
        "criteria": {"name": panel.criteria_name, "version": panel.criteria_version},
        "size": fitted.size,
        "n_train": len(real),
        "n_held_out": len(held),
        "columns": dict(columns),
        "noise": {
            name: {
                "kappa": panel.kappas[name],
                "wrong": round(error_rate(panel.kappas[name], fitted.heads[name].margins), 4),
            }
            for name in fitted.columns
            if name in rules.attributes
        },
        "dropped": {name: told["reason"] for name, told in columns.items() if not told["kept"]},
        "without_attributes": {
            label: reason for label in classes if (reason := rules.reason_of(label)) is not None
        },
        "keeps_the_rules_by_annotation": _annotated_share(held, rules),
    }


def _annotated_share(held: ImageSet, rules: AttributeRules) -> dict[str, Any]:
    """Share of annotated held-out images whose own annotations keep the rules, by class: the rules' ceiling."""
    kept: dict[str, list[bool]] = {}
    for label, row in zip(class_names(held), held.table.to_dict("records"), strict=True):
        wanted = rules.rules_of(label)
        given = [row[name] in values for name, values in wanted.items() if not pd.isna(row.get(name))]
        if given:
            kept.setdefault(str(label), []).append(all(given))
    return {
        label: {"share": round(float(np.mean(found)), 4), "n": len(found)} for label, found in kept.items()
    }
