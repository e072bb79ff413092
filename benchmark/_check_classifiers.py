"""Whether the classifiers of a grid can be trained on images of the run's size, before any stage begins."""

from __future__ import annotations

import numpy as np

from ..classifiers import TimmClassifier
from ..core import parse_spec, registry
from ._recipe_classifiers import ClassifiersPart
from ._recipe_part import Component, without_alias


def check_classifiers(grid: ClassifiersPart, size: int) -> None:
    """Build each once and show it two images; ``UserError`` for weights that do not fit, or images too small for it."""
    for part in [*grid.grid_models(), *grid.registered_models]:
        _check(part, size)


def _check(part: Component, size: int) -> None:
    parsed = parse_spec(without_alias(part))
    model = registry("classifiers").build(parsed)
    if not isinstance(model, TimmClassifier):
        return
    images = np.zeros((2, size, size, 3), dtype=np.uint8)
    if model.frozen:
        model.embed(images)
        return
    quick = registry("classifiers").build(
        {"name": parsed.name, **parsed.config(), "steps": 1, "batch_size": 2}
    )
    quick.fit(images, ["a", "b"], seed=0)
