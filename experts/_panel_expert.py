"""Where no oracle exists: predictors trained on real images judge whether the request is met."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import Progress, UserError, atomic_folder, derive_seed, silent, write_json
from ..imagesets import ImageSet
from ._attribute_heads import RELIABLE, balanced_accuracy
from ._simulated import SimulatedExpert

if TYPE_CHECKING:
    from ..classifiers import FittedClassifier

_MIN_HELD = 20


class PanelExpert(SimulatedExpert):
    """A simulated expert: one classifier per requested column, trained on real images that are its own.

    A requested value is met as well as a real image of it when the classifier gives it a probability over a
    threshold. All columns share one rank: the share of held-out real images whose own value is less probable;
    the threshold on the lowest rank is set so that ``pass_share`` of the held-out real images are plausible.

    Parameters
    ----------
    backbone, weights:
        The timm model, and a checkpoint to start from (None: from scratch). Judges that are compared need
        different backbones and different images.
    columns:
        What is judged: ``label``, and further columns of the request. One under balanced accuracy .80 on the
        held-out images is dropped, except ``label``, whose weakness the card then states (``reliable``:
        false).
    steps:
        Training steps of each classifier.
    pass_share:
        Share that passes of the held-out real images, which set the threshold; of others somewhat more or fewer do.
    name:
        What the rater is called after ``simulated:``.
    """

    def __init__(
        self,
        backbone: str = "resnet10t",
        *,
        weights: str | None = None,
        columns: Sequence[str] = ("label",),
        steps: int = 300,
        pass_share: float = 0.9,
        name: str = "panel",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if not 0 < pass_share < 1 or not columns:
            raise UserError("a panel needs columns, and a pass_share between 0 and 1", where=name)
        self.backbone, self.weights, self.columns, self.steps = backbone, weights, tuple(columns), steps
        self.pass_share, self.options = pass_share, dict(options or {})
        self.name = f"simulated: {name}, {backbone}"
        self.criteria_name, self.criteria_version = "panel", 1
        self.card: dict[str, Any] = {}
        self._predictors: dict[str, FittedClassifier] = {}
        self._ranks: dict[str, NDArray[np.float64]] = {}
        self._threshold = 0.0
        self._size = 0

    def fit(self, real: ImageSet, held: ImageSet, *, seed: int, progress: Progress | None = None) -> None:
        """Train on ``real`` and calibrate on ``held``: real images that share no patient with it.

        Raises ``UserError`` for fewer than 20 held-out images with known classes.
        """
        from ..classifiers import TimmClassifier

        self._size = int(min(real.image(0).shape[:2]))
        self._predictors, self._ranks, self.card = {}, {}, {"columns": {}}
        for column in self.columns:
            train = real.subset(real.column(column).notna().to_numpy())
            model = TimmClassifier(self.backbone, weights=self.weights, steps=self.steps, **self.options)
            fitted = model.fit(
                train.images(size=self._size),
                [str(value) for value in train.column(column)],
                seed=derive_seed(seed, "panel", column),
                progress=progress or silent(),
            )
            self._keep(column, fitted, held)
        self._calibrate(held)

    def answers(self, images: ImageSet, *, seed: int = 0, repeat: int = 0) -> pd.DataFrame:
        """Return whether each requested column is met; a panel does not err at random, and
        the seed only names the events of its ratings."""
        self._check_fitted()
        missing = [column for column in self._predictors if column not in images.table.columns]
        if missing:
            raise UserError(f"nothing was requested of {', '.join(missing)}", where=images.about.name)
        ranks = self._rank(images)
        return pd.DataFrame(np.where(ranks > self._threshold, "yes", "no"), columns=list(self._predictors))

    def save(self, folder: str | Path) -> None:
        """Write the panel into a new folder, whole or not at all."""
        self._check_fitted()
        about = {
            "backbone": self.backbone,
            "columns": list(self._predictors),
            "steps": self.steps,
            "pass_share": self.pass_share,
            "name": self.name,
            "size": self._size,
            "threshold": self._threshold,
            "ranks": {column: values.tolist() for column, values in self._ranks.items()},
            "card": self.card,
        }
        with atomic_folder(folder, replace=True) as temporary:
            write_json(temporary / "panel.json", about)
            for column, fitted in self._predictors.items():
                fitted.save(temporary / f"predictor-{column}")

    @classmethod
    def load(cls, folder: str | Path) -> PanelExpert:
        """Read what `save` wrote."""
        from ..classifiers import FittedClassifier

        path = Path(folder) / "panel.json"
        if not path.is_file():
            raise UserError("not a saved panel: the file is missing", where=path)
        about = json.loads(path.read_text(encoding="utf-8"))
        panel = cls(
            about["backbone"], columns=about["columns"], steps=about["steps"], pass_share=about["pass_share"]
        )
        panel.name, panel.card = about["name"], about["card"]
        panel._size, panel._threshold = about["size"], about["threshold"]
        panel._ranks = {column: np.asarray(values) for column, values in about["ranks"].items()}
        panel._predictors = {
            column: FittedClassifier.load(Path(folder) / f"predictor-{column}") for column in about["columns"]
        }
        return panel

    def _keep(self, column: str, fitted: FittedClassifier, held: ImageSet) -> None:
        """Measure a predictor on held-out real images, and keep it unless it is a weak one of a further
        column."""
        truth = [None if pd.isna(value) else str(value) for value in held.column(column)]
        rows = [i for i, value in enumerate(truth) if value in fitted.classes]
        if len(rows) < _MIN_HELD:
            raise UserError(
                f"{len(rows)} held-out images bear a known {column!r}, {_MIN_HELD} needed",
                where=held.about.name,
            )
        names = [str(truth[i]) for i in rows]
        probabilities = fitted.predict_proba(held.subset(rows).images(size=self._size))
        predicted = [fitted.classes[place] for place in probabilities.argmax(axis=1)]
        accuracy = balanced_accuracy(predicted, names).value
        reliable = accuracy >= RELIABLE
        kept = reliable or column == "label"
        self.card["columns"][column] = {
            "balanced_accuracy": round(accuracy, 4),
            "n_held_out": len(rows),
            "reliable": reliable,
            "kept": kept,
        }
        if kept:
            self._predictors[column] = fitted
            self._ranks[column] = np.sort(_probability_of(probabilities, names, fitted.classes))

    def _calibrate(self, held: ImageSet) -> None:
        if not self._predictors:
            raise UserError(
                "no column can be predicted well enough", where=self.name, remedy="add label to columns"
            )
        known = [held.column(column).notna().to_numpy() for column in self._predictors]
        whole = held.subset(np.logical_and.reduce(known))
        lowest = self._rank(whole).min(axis=1)
        self._threshold = float(np.quantile(lowest, 1 - self.pass_share))
        passed = lowest > self._threshold
        by_class = (
            pd.Series(passed).groupby(whole.labels).mean() if "label" in whole.table.columns else pd.Series()
        )
        self.card["threshold"] = self._threshold
        self.card["pass_share"] = float(passed.mean())
        self.card["pass_share_by_class"] = {str(k): round(float(v), 4) for k, v in by_class.items()}

    def _rank(self, images: ImageSet) -> NDArray[np.float64]:
        """Return (images, columns): the share of held-out real images whose own value is less probable.

        Where nothing was requested the rank is 1.
        """
        pixels = images.images(size=self._size)
        columns = []
        for column, fitted in self._predictors.items():
            wanted = [None if pd.isna(value) else str(value) for value in images.table[column]]
            probability = _probability_of(fitted.predict_proba(pixels), wanted, fitted.classes)
            ranks = np.searchsorted(self._ranks[column], probability, side="left") / len(self._ranks[column])
            columns.append(np.where([value is None for value in wanted], 1.0, ranks))
        return np.stack(columns, axis=1)

    def _check_fitted(self) -> None:
        if not self._predictors:
            raise UserError(
                "the panel is not fitted", where=self.name, remedy="call fit, or load a saved one"
            )


def _probability_of(
    probabilities: NDArray[np.float64], values: Sequence[str | None], classes: Sequence[str]
) -> NDArray[np.float64]:
    """Return the probability of each row's value; 0 for a value that the classifier never saw."""
    places = {name: i for i, name in enumerate(classes)}
    return np.array(
        [row[places[v]] if v in places else 0.0 for row, v in zip(probabilities, values, strict=True)]
    )
