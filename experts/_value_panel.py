"""A predictor of one value that annotators gave to real cells: is this what was asked for?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..core import Progress, UserError, atomic_folder, derive_seed, write_json
from ._attribute_heads import RELIABLE, Head, balanced_accuracy, on_card
from ._attribute_sight import DRAWN, Sight, learn_sight

FEWEST_HELD = 20


class ValuePanel:
    """Tells two or more values apart on images that bear one of them: a logistic regression on one set of features.

    ``card["reliable"]`` is whether the balanced accuracy on held-out real images at this size is .80 or more: one
    that is not can judge nothing.

    Parameters
    ----------
    features:
        ``drawn`` (no network), or a timm model that is trained from scratch on classes and values.
    steps:
        Training steps of the network.

    Example
    -------
    >>> draw = np.random.default_rng(0)
    >>> images = draw.integers(0, 99, (80, 32, 32, 3), dtype=np.uint8)
    >>> images[::2] += 99
    >>> values = ["bright", "dark"] * 40
    >>> panel = ValuePanel()
    >>> panel.fit(images[:40], values[:40], images[40:], values[40:], seed=0)
    >>> panel.card["reliable"], panel.predict(images[:2])
    (True, ['bright', 'dark'])
    """

    version: ClassVar[int] = 1

    def __init__(self, *, features: str = DRAWN, steps: int = 300) -> None:
        self.features, self.steps = features, steps
        self.card: dict[str, Any] = {}
        self._sight: Sight | None = None
        self._head: Head | None = None

    def fit(
        self,
        images: NDArray[np.uint8],
        values: Sequence[str],
        held_images: NDArray[np.uint8],
        held_values: Sequence[str],
        *,
        classes: Sequence[str | None] | None = None,
        seed: int,
        progress: Progress | None = None,
    ) -> None:
        """Learn from (N, H, W, 3) real images and their values; measure on others.

        ``classes`` are what a network learns to see by (default: the values); with them ``values`` may be empty
        texts for images that bear none. Raises ``UserError`` for fewer than 20 held-out images, fewer than two values
        of five images each, and a value among the held-out images that none of the others bears.
        """
        if len(held_images) < FEWEST_HELD:
            raise UserError(f"{len(held_images)} held-out real images bear a value, {FEWEST_HELD} needed")
        names = [value or str(label) for value, label in zip(values, classes or values, strict=True)]
        self._sight = learn_sight(
            self.features, None, {}, images, names, steps=self.steps, seed=derive_seed(seed, "sight"),
            progress=progress,
        )  # fmt: skip
        rows = np.flatnonzero([bool(value) for value in values])
        views = self._sight.views(images[rows])
        seen = np.concatenate([self._sight.features(view) for view in views])
        told = [values[int(row)] for row in rows]
        self._head = Head.fit(seen, told * len(views), "a value panel", views=len(views))
        strangers = sorted(set(held_values) - set(self._head.values))
        if strangers:
            raise UserError(
                f"too few real images bear {strangers[0]!r} to learn it from", where="value panel"
            )
        found = balanced_accuracy(self.predict(held_images), list(held_values))
        self.card = {
            "features": self.features,
            "values": list(self._head.values),
            "size": int(images.shape[1]),
            "n_train": len(rows),
            **on_card(found, len(held_images)),
            "reliable": found.value >= RELIABLE,
        }

    def predict(self, images: NDArray[np.uint8]) -> list[str]:
        """Return the likeliest value of each image."""
        sight, head = self._fitted()
        return head.predict(sight.features(images)) if len(images) else []

    def save(self, folder: str | Path) -> None:
        """Write the predictor into a folder, whole or not at all."""
        sight, head = self._fitted()
        about = {"features": self.features, "steps": self.steps, "card": self.card, "margins": head.margins}
        with atomic_folder(folder, replace=True) as into:
            write_json(into / "value_panel.json", about)
            np.savez(into / "head.npz", coefficients=head.coefficients, intercepts=head.intercepts)
            if sight.network is not None:
                sight.network.save(into / "sight")

    @classmethod
    def load(cls, folder: str | Path) -> ValuePanel:
        """Read what ``save`` wrote."""
        from ..classifiers import FittedClassifier

        path = Path(folder) / "value_panel.json"
        if not path.is_file():
            raise UserError("not a saved value panel: the file is missing", where=path)
        about = json.loads(path.read_text(encoding="utf-8"))
        panel = cls(features=about["features"], steps=about["steps"])
        panel.card = about["card"]
        sight = Path(folder) / "sight"
        panel._sight = Sight(panel.features, FittedClassifier.load(sight) if sight.is_dir() else None)
        with np.load(Path(folder) / "head.npz", allow_pickle=False) as kept:
            panel._head = Head(
                tuple(panel.card["values"]), kept["coefficients"], kept["intercepts"], about["margins"]
            )
        return panel

    def _fitted(self) -> tuple[Sight, Head]:
        if self._sight is None or self._head is None:
            raise UserError("the value panel is not fitted", remedy="call fit, or load a saved one")
        return self._sight, self._head
