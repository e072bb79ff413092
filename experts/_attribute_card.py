"""What a panel is worth on real images it never saw: accuracies, ceilings, wrong requests, planted faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import Interval, UserError, rng, wilson
from ..imagesets import ImageSet, damage_pixels
from ._agreement_kappa import cohen_kappa
from ._attribute_fitted import LABEL
from ._attribute_heads import balanced_accuracy, on_card
from ._attribute_panel import AttributePanel
from ._simulated import SimulatedExpert
from ._verdicts import plausible_from

Pixels = NDArray[np.uint8]
FAULTS: dict[str, Callable[[Pixels, Sequence[str], int], Pixels]] = {
    "blur, sigma 0.5 px": lambda pixels, labels, seed: damage_pixels(pixels, "blur", 0.5, seed),
    "blur, sigma 1 px": lambda pixels, labels, seed: damage_pixels(pixels, "blur", 1.0, seed),
    "blur, sigma 2 px": lambda pixels, labels, seed: damage_pixels(pixels, "blur", 2.0, seed),
    "noise, 5 levels": lambda pixels, labels, seed: damage_pixels(pixels, "noise", 5.0, seed),
    "noise, 10 levels": lambda pixels, labels, seed: damage_pixels(pixels, "noise", 10.0, seed),
    "noise, 20 levels": lambda pixels, labels, seed: damage_pixels(pixels, "noise", 20.0, seed),
    "noise alone": lambda pixels, labels, seed: _noise_alone(pixels, seed),
    "halves of two cells": lambda pixels, labels, seed: _halves(pixels, ["any"] * len(labels), seed),
    "halves of two cells of one class": lambda pixels, labels, seed: _halves(pixels, labels, seed),
    "mean of two cells of one class": lambda pixels, labels, seed: _mean(pixels, labels, seed),
}
"""Faults that no real image has, by name; each keeps the requested class."""


def measure_panel(panel: AttributePanel, images: ImageSet, *, seed: int = 0) -> dict[str, Any]:
    """Return what the panel makes of real images that it was neither fitted nor calibrated on.

    ``attributes``: balanced accuracy with its interval of every kept attribute, and of the class. ``real``:
    share that passes with its Wilson interval, in all and by class. ``wrong class``: the same images, each
    with another class requested. ``faults``: shares that pass with a planted fault. ``no`` beside each says
    how often each question was answered no. Noise of the annotators is left out where the panel has none.
    """
    pixels = images.images(size=panel.card["size"])
    real = ImageSet.from_arrays(pixels, images.table, about=images.about)
    planted = {
        name: _passing(panel, ImageSet.from_arrays(change(pixels, images.labels, seed), images.table), seed)
        for name, change in FAULTS.items()
    }
    return {
        "size": panel.card["size"],
        "n": len(images),
        "attributes": _accuracies(panel, real),
        "real": _passing(panel, real, seed, by_class=True),
        "wrong class": _passing(panel, wrong_requests(real, seed), seed, by_class=True),
        "faults": planted,
    }


def panel_agreement(
    first: SimulatedExpert, second: SimulatedExpert, images: ImageSet, *, seed: int = 0
) -> dict[str, Any]:
    """Return how far two panels agree on the same images, beside what their accuracies alone would give.

    Half of the showings are the images as they are, half the same images with a wrong class requested.
    ``expected`` is the agreement (and kappa) of two raters with these two panels' pass shares on right and on
    wrong requests whose errors are independent: an observed one that is higher means shared errors.
    """
    sets = (images, wrong_requests(images, seed))
    one, two = (
        [plausible_from(each.answers(part, seed=seed)).to_numpy() for part in sets]
        for each in (first, second)
    )
    kappa = cohen_kappa(np.concatenate(one).tolist(), np.concatenate(two).tolist())
    equal = int(sum((a == b).sum() for a, b in zip(one, two, strict=True)))
    shares = [(float(a.mean()), float(b.mean())) for a, b in zip(one, two, strict=True)]
    expected = float(np.mean([p * q + (1 - p) * (1 - q) for p, q in shares]))
    margins = [float(np.mean([pair[i] for pair in shares])) for i in range(2)]
    chance = margins[0] * margins[1] + (1 - margins[0]) * (1 - margins[1])
    return {
        "n": 2 * len(images),
        "pass share": {"right class": shares[0], "wrong class": shares[1]},
        "agreement": _told(wilson(equal, 2 * len(images))),
        "kappa": _told(kappa),
        "expected": {
            "agreement": round(expected, 4),
            "kappa": round((expected - chance) / (1 - chance), 4) if chance < 1 else None,
        },
    }


def wrong_requests(images: ImageSet, seed: int = 0) -> ImageSet:
    """Return the same images, of each another class requested, drawn from the set's others.

    Raises ``UserError`` for a set of one class.
    """
    classes = images.classes
    if len(classes) < 2:
        raise UserError("a wrong class needs two classes or more", where=images.about.name)
    wanted = []
    for key, label in zip(images.image_keys, images.labels, strict=True):
        others = [name for name in classes if name != label]
        wanted.append(others[int(rng(seed, "wrong class", key).integers(len(others)))])
    return images.with_table(images.table.assign(label=wanted))


def _accuracies(panel: AttributePanel, images: ImageSet) -> dict[str, Any]:
    told, found = panel.predict(images), {}
    for name in told.columns:
        if name not in images.table.columns:
            continue
        known = np.flatnonzero(images.table[name].notna())
        if not len(known):
            continue
        groups = {label: label for label in images.classes} if name == LABEL else panel.rules.groups(name)
        truth = [groups.get(str(value), str(value)) for value in images.table[name].iloc[known]]
        found[str(name)] = dict(
            on_card(balanced_accuracy(told[name].iloc[known].tolist(), truth), len(known))
        )
    return found


def _passing(panel: AttributePanel, images: ImageSet, seed: int, by_class: bool = False) -> dict[str, Any]:
    answers = panel.answers(images, seed=seed)
    passed = plausible_from(answers)
    found: dict[str, Any] = _told(wilson(int(passed.sum()), len(passed)))
    if by_class:
        each = passed.groupby(images.labels)
        found["by class"] = {str(k): _told(wilson(int(part.sum()), len(part))) for k, part in each}
    found["no"] = {str(name): round(float((answers[name] == "no").mean()), 4) for name in answers.columns}
    return found


def _told(found: Interval) -> dict[str, Any]:
    return {
        "value": round(found.value, 4), "lo": round(found.lo, 4), "hi": round(found.hi, 4), "level": found.level,
    }  # fmt: skip


def _noise_alone(pixels: Pixels, seed: int) -> Pixels:
    made = [
        rng(seed, "noise alone", i).integers(0, 256, image.shape, np.uint8) for i, image in enumerate(pixels)
    ]
    return np.stack(made)


def _halves(pixels: Pixels, labels: Sequence[str], seed: int) -> Pixels:
    joined, middle = pixels.copy(), pixels.shape[2] // 2
    joined[:, :, middle:] = pixels[_partners(labels, seed)][:, :, middle:]
    return joined


def _mean(pixels: Pixels, labels: Sequence[str], seed: int) -> Pixels:
    return ((pixels.astype(np.uint16) + pixels[_partners(labels, seed)] + 1) // 2).astype(np.uint8)


def _partners(labels: Sequence[str], seed: int) -> NDArray[np.int64]:
    """For each image another one of its class (itself, where it is the only one)."""
    found = np.arange(len(labels))
    for _, rows in pd.Series(range(len(labels))).groupby(list(labels)):
        order = rng(seed, "partners").permutation(rows.to_numpy())
        found[order] = np.roll(order, 1)
    return found
