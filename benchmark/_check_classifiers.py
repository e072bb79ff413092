"""Whether the classifiers of a grid can be trained on images of the run's size, before any stage begins."""

from __future__ import annotations

import numpy as np

from ..classifiers import TimmClassifier
from ..core import UserError, parse_spec, registry
from ._recipe_classifiers import ClassifiersPart, classifier_name
from ._recipe_part import Component, without_alias

PLAIN = ("none", "flip")
"""Augmentations that change nothing of what a frozen classifier is given."""


def check_classifiers(grid: ClassifiersPart, size: int) -> None:
    """Build each once and show it two images; ``UserError`` for weights that do not fit, or images too small for it."""
    if grid.leave_out == "label":
        raise UserError(
            "a class cannot be left out of training and then be tested",
            where="classifiers.leave_out",
            remedy="name a column such as site",
        )
    for part in [*grid.grid_models(), *grid.registered_models]:
        _check(part, size)


def _check(part: Component, size: int) -> None:
    parsed = parse_spec(without_alias(part))
    model = registry("classifiers").build(parsed)
    if not isinstance(model, TimmClassifier):
        return
    images = np.zeros((2, size, size, 3), dtype=np.uint8)
    if model.frozen:
        _check_augment(model, part)
        model.embed(images)
        return
    quick = registry("classifiers").build(
        {"name": parsed.name, **parsed.config(), "steps": 1, "batch_size": 2}
    )
    quick.fit(images, ["a", "b"], seed=0)


def _check_augment(model: TimmClassifier, part: Component) -> None:
    """In a grid the features of a frozen classifier are computed once, of the images as they are."""
    if model.augment not in PLAIN:
        raise UserError(
            f"the frozen classifier {classifier_name(part)!r} is never shown images under augment={model.augment}: "
            "its features are computed once",
            remedy="leave augment out; the arms 'classical' and 'randaugment' augment for a frozen classifier too",
        )
