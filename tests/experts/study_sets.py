"""Small image sets and studies for the tests of the study itself."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pandas as pd

from synmedbench.experts import (
    Answer,
    RatingStore,
    ShownTask,
    Study,
    StudySettings,
    load_criteria,
    open_study,
)
from synmedbench.imagesets import About, ImageSet, Lineage

CRITERIA = load_criteria("blood")


def noise(
    n: int, seed: int, generator: str | None = None, side: int = 16, name: str | None = None
) -> ImageSet:
    """Images of noise of three classes; synthetic when a generator is named."""
    dice = np.random.default_rng([seed, 7])
    pixels = dice.integers(0, 256, (n, side, side, 3)).astype(np.uint8)
    table = pd.DataFrame({"label": [("basophil", "lymphocyte", "neutrophil")[i % 3] for i in range(n)]})
    lineage = Lineage(generator, seed, "x") if generator else None
    return ImageSet.from_arrays(pixels, table, about=About(name or generator or "clinic"), lineage=lineage)


GAN, DDPM, CLINIC = noise(24, 1, "gan"), noise(24, 2, "ddpm"), noise(40, 3)


def study(
    url: str, *, sets: Any = None, real: ImageSet | None = CLINIC, criteria: Any = None, **settings: Any
) -> Study:
    """Open a study of noise in a store."""
    asked = StudySettings(**{"name": "noise", "raters": ("anna", "ben"), **settings})
    given = [GAN, DDPM] if sets is None else sets
    return open_study(RatingStore(url), given, criteria or CRITERIA, asked, real=real)


def fresh() -> str:
    """A new event's name."""
    return str(uuid.uuid4())


def yes(task: ShownTask, **more: Any) -> Answer:
    """The answer that an image is plausible."""
    return Answer(**{"event": fresh(), "task": task.task, "seconds": 2.5, "plausible": 1, **more})


def pick(task: ShownTask, side: Any = "left", **more: Any) -> Answer:
    """The answer that one of two is more plausible."""
    return Answer(**{"event": fresh(), "task": task.task, "seconds": 2.5, "preferred": side, **more})


def rate_all(one: Study, rater: str) -> int:
    """Answer everything that is open to a rater."""
    count = 0
    while coming := one.upcoming(rater, 5):
        for task in coming:
            one.answer(rater, pick(task) if one.settings.mode == "compare" else yes(task))
            count += 1
    return count
