"""A simulated expert who looks at a cell's attributes, as an annotator would, and at the image as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import Progress, UserError, derive_seed, silent
from ..imagesets import ImageSet
from ._attribute_fit import class_names, fit_panel, pixels_at
from ._attribute_fitted import LABEL, RANGES, Fitted
from ._attribute_noise import guesses
from ._attribute_rules import AttributeRules, load_rules
from ._attribute_sight import DRAWN
from ._criteria import load_criteria
from ._simulated import RowMemory, SimulatedExpert

SMALLEST = 16
Bools = NDArray[np.bool_]


class AttributePanel(SimulatedExpert):
    """Predicts attributes from images and judges them by the written rules of the requested class.

    Each attribute is a logistic regression on one set of features; an attribute with a balanced accuracy
    under .80 on held-out real images at this size is dropped. What is asked of an image is scored: for an
    attribute the probability of a right value, for the class its probability, for smear and artefacts how
    usual the image is in fine structure and background, in form and seams. A score passes when its rank
    among held-out real images is above a threshold, one for all, set so that ``pass_share`` of these images
    pass in all when nothing is guessed. With the annotators' noise, which is the default, fewer real images
    pass: ``card["pass_share_with_noise"]`` estimates how many, each tenth of the held-out images being judged
    at the threshold of the others. Questions that no kept attribute answers get ``cannot tell``; classes
    without attributes are judged on class, smear and artefacts alone.

    Parameters
    ----------
    rules:
        Name of built-in rules, a YAML file, or `AttributeRules`.
    features:
        ``drawn`` (gradients, colours, patterns; no network), or a timm model: frozen when ``weights`` are
        given, else trained from scratch on the classes in ``steps`` steps.
    kappas:
        ``published`` (the rules' own), ``none`` for a panel that sees the same at each look, or a mapping
        from attribute to kappa. The panel's own errors come on top; the threshold does not make up for them.
    size:
        Side in pixels at which it judges (default: that of the images it is fitted on).
    options:
        Passed to `TimmClassifier` (``in_size``, ``mean``, ``std``, ...).
    """

    version: ClassVar[int] = 2
    """Grows when the same images and seed would give another panel."""

    def __init__(
        self,
        rules: str | Path | AttributeRules = "blood",
        *,
        features: str = DRAWN,
        weights: str | None = None,
        kappas: str | Mapping[str, float] = "published",
        steps: int = 300,
        pass_share: float = 0.9,
        size: int | None = None,
        name: str = "attributes",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.rules = rules if isinstance(rules, AttributeRules) else load_rules(rules)
        if not 0 < pass_share < 1:
            raise UserError(f"pass_share must be between 0 and 1, got {pass_share}", where=name)
        if size is not None and size < SMALLEST:
            raise UserError(f"a panel needs at least {SMALLEST} pixels, got size {size}", where=name)
        self.features, self.weights, self.options = features, weights, dict(options or {})
        self.steps, self.pass_share, self.size = steps, pass_share, size
        self.kappas = _kappas(self.rules, kappas)
        self.name = f"simulated: {name}, {features}"
        criteria = load_criteria(self.rules.criteria)
        self.criteria_name, self.criteria_version, self._questions = (
            criteria.name,
            criteria.version,
            criteria.ids,
        )
        self._fitted: Fitted | None = None
        self._seen = RowMemory()

    @property
    def card(self) -> dict[str, Any]:
        """What is known of the panel: accuracies, what was dropped and why, the threshold; ``pass_share`` as
        calibrated, and ``pass_share_with_noise``, of real images that took no part, with its interval."""
        return self._fit().card

    def fit(self, real: ImageSet, held: ImageSet, *, seed: int, progress: Progress | None = None) -> None:
        """Learn from ``real``, and measure, drop and calibrate on ``held``: other images, of other patients.

        Both need the classes in ``label`` and at least one of the rules' attributes as columns. Raises
        ``UserError`` for a set without attributes, values that the rules do not know, one class alone,
        images under 16 pixels, and fewer than 20 held-out images.
        """
        if not len(real):
            raise UserError("a panel is fitted on real images, got none", where=real.about.name)
        size = self.size or int(min(real.image(0).shape[:2]))
        if size < SMALLEST:
            raise UserError(
                f"a panel needs images of {SMALLEST} pixels or more, got {size}", where=real.about.name
            )
        self._seen = RowMemory()
        self._fitted = fit_panel(
            self, real, held, size, seed=derive_seed(seed, "attributes"), progress=progress or silent()
        )

    def predict(self, images: ImageSet) -> pd.DataFrame:
        """Return the likeliest value of every kept attribute, and of ``label``: one row per image, no noise.

        Values that no rule tells apart stand under one name, such as ``blue or purple blue``.
        """
        fitted = self._fit()
        seen = fitted.sight.features(pixels_at(images, fitted.size))
        return pd.DataFrame({name: head.predict(seen) for name, head in fitted.heads.items()})

    def answers(self, images: ImageSet, *, seed: int = 0, repeat: int = 0) -> pd.DataFrame:
        """Return yes, no or cannot tell for every image (row) and question (column); ``verdict`` is the class.

        With the chance that goes with its kappa an attribute is guessed instead of seen, by (seed, the
        image's content, attribute, repeat) alone.
        """
        fitted, questions = self._fit(), (*self._questions, "verdict")
        labels = class_names(images)
        rank = self._seen.rows(
            list(zip(images.image_keys, labels, strict=True)),
            lambda new: self._ranks(images.subset(new)),
            len(fitted.columns),
        )
        holds = rank > fitted.threshold
        for place, name in enumerate(fitted.columns):
            if name in fitted.heads and name != LABEL:
                self._guess(holds[:, place], name, labels, images.image_keys, seed, repeat)
        asked = ~np.isnan(rank)
        return pd.DataFrame({question: self._words(question, holds, asked) for question in questions})

    def save(self, folder: str | Path) -> None:
        """Write the panel into a folder, whole or not at all."""
        from ._attribute_save import save_panel

        save_panel(self, self._fit(), folder)

    @classmethod
    def load(cls, folder: str | Path) -> AttributePanel:
        """Read what `save` wrote; ``UserError`` says what is missing."""
        from ._attribute_save import load_panel

        return load_panel(cls, folder)

    def _ranks(self, images: ImageSet) -> NDArray[np.float64]:
        fitted = self._fit()
        return fitted.ranks(pixels_at(images, fitted.size), class_names(images))

    def _guess(
        self, holds: Bools, name: str, labels: list[str | None], keys: list[str], seed: int, repeat: int
    ) -> None:
        head = self._fit().heads[name]
        guessed = guesses(keys, name, self.kappas[name], head.margins, seed=seed, repeat=repeat)
        for row in np.flatnonzero([value is not None for value in guessed]):
            allowed = self.rules.allowed(labels[row], name)
            holds[row] = allowed is None or guessed[row] in allowed

    def _words(self, question: str, holds: Bools, asked: Bools) -> NDArray[np.str_]:
        columns = [self._question_of(name) == question for name in self._fit().columns]
        wrong = (asked & ~holds)[:, columns].any(axis=1)
        return np.where(wrong, "no", np.where(asked[:, columns].any(axis=1), "yes", "cannot tell"))

    def _question_of(self, column: str) -> str:
        """The question that a column answers; what has no question stands against the image as a whole."""
        part = self.rules.attributes.get(column)
        question = RANGES.get(column) if part is None else part.criterion
        return question if question in self._questions else "verdict"

    def _fit(self) -> Fitted:
        if self._fitted is None:
            raise UserError(
                "the panel is not fitted", where=self.name, remedy="call fit, or load a saved one"
            )
        return self._fitted


def _kappas(rules: AttributeRules, asked: str | Mapping[str, float]) -> dict[str, float]:
    published = {name: part.kappa for name, part in rules.attributes.items()}
    if isinstance(asked, str):
        if asked not in ("published", "none"):
            raise UserError(f"kappas are published, none or a mapping, not {asked!r}")
        return published if asked == "published" else dict.fromkeys(published, 1.0)
    strange = [name for name in asked if name not in published]
    wrong = [name for name, value in asked.items() if not 0 < value <= 1]
    if strange or wrong:
        raise UserError(
            f"kappas must be above 0 and at most 1, for some of {', '.join(published)}; "
            f"wrong: {', '.join([*strange, *wrong])}"
        )
    return {name: float(asked.get(name, 1.0)) for name in published}
