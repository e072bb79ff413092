"""Settings of a classifier chosen on real validation images, once, for every arm."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from ..core import Progress, UserError, parse_spec, registry, silent
from ._plateau import still_falling
from ._weighted import reached_plateau, targets_of

PENALTIES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
FLAT = 0.01
"""Two settings are alike when their log losses differ by less than this share of ln K, and by less than a standard
error of the paired difference."""
_CHEAPER = {"steps": 1.0, "penalty": -1.0, "batch_size": 1.0}
"""Fewer steps cost less; a larger penalty is the simpler head."""


@dataclass(frozen=True)
class Tuned:
    """The spec with the chosen settings, all that was tried, and whether the chosen one trained to its end."""

    spec: dict[str, Any]
    tried: list[dict[str, Any]]
    chosen: dict[str, Any]
    plateau: bool | None
    """None: the classifier does not tell of its end, or nothing was tried."""


def tune(
    spec: str | Mapping[str, Any],
    train_images: NDArray[Any],
    train_labels: Sequence[str],
    val_images: NDArray[Any],
    val_labels: Sequence[str],
    *,
    classes: Sequence[str],
    grid: Mapping[str, Sequence[Any]] | None = None,
    seed: int,
    progress: Progress | None = None,
) -> Tuned:
    """Choose settings by the log loss on validation images, on the real images alone, before any arm is trained.

    Every combination of ``grid`` is trained once. The lowest mean log loss wins; where the top is flat, the cheaper
    setting does: fewer steps, or a larger penalty. ``plateau`` is true when the training loss ended below ln K and
    no longer fell (frozen: the search came to its end). A setting whose training breaks down is kept among those
    tried, with ``val_log_loss`` None and the ``reason``; ``UserError`` when all do. A classifier that names no settings
    is kept as it is where no grid is given: nothing is tried.

    Parameters
    ----------
    spec:
        A classifier, such as ``timm:resnet10t?steps=100``.
    train_images, val_images:
        (N, H, W, 3) uint8. A frozen classifier also takes the features (N, D) that its ``embed`` gave.
    grid:
        Values by option. Default: frozen, ``penalty`` 0.003 to 1; whole, a third, one and three times the learning
        rate with half, one and two times the steps.

    Example
    -------
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 32, 32, 3), dtype=np.uint8)
    >>> found = tune("timm?batch_size=4", images, list("abababab"), images, list("abababab"), classes=["a", "b"],
    ...              grid={"steps": [1, 2]}, seed=0)
    >>> sorted(found.chosen), len(found.tried), found.plateau
    (['steps'], 2, False)
    """
    base = _plain(spec)
    classifier = registry("classifiers").build(base)
    targets = targets_of(val_labels, classes)
    if not len(targets) or len(targets) != len(val_images):
        raise UserError(
            f"{len(val_images)} validation images but {len(targets)} labels; one at least is needed"
        )
    if grid is None and not _names_settings(classifier):
        return Tuned(base, [], {}, None)
    settings = _combinations(grid if grid is not None else default_grid(classifier))
    model = _Model(base, train_images, train_labels, val_images, list(classes), seed)
    rows: list[NDArray[np.float64]] = []
    tried: list[dict[str, Any]] = []
    with (progress or silent()).task(
        f"settings of {getattr(classifier, 'name', base['name'])}", len(settings)
    ) as task:
        for setting in settings:
            try:
                run = model.run(setting)
            except UserError as error:
                rows.append(np.full(len(targets), np.inf))
                tried.append({**setting, "val_log_loss": None, "reason": str(error)})
            else:
                rows.append(-log_softmax(run[0], axis=1)[np.arange(len(targets)), targets])
                tried.append({**setting, **_judged(run, rows[-1], targets)})
            task.advance(1)
    if all("reason" in row for row in tried):
        raise UserError(f"no setting could be trained: {tried[0]['reason']}")
    best = choose(settings, np.stack(rows), len(classes))
    return Tuned({**base, **settings[best]}, tried, settings[best], tried[best]["plateau"])


def _judged(
    run: tuple[NDArray[np.float64], float, bool | None], losses: NDArray[np.float64], targets: NDArray[np.int64]
) -> dict[str, Any]:
    logits, final, ended = run
    mean = float(losses.mean())
    plateau = False if not reached_plateau(final, logits.shape[1]) else ended
    return {
        "val_log_loss": mean if math.isfinite(mean) else None,
        **({} if math.isfinite(mean) else {"reason": f"its log loss on validation images is {mean}"}),
        "val_accuracy": float((logits.argmax(1) == targets).mean()),
        "train_loss": float(final),
        "plateau": plateau,
    }


def _names_settings(classifier: Any) -> bool:
    """Whether ``default_grid`` knows what to try."""
    settings = getattr(classifier, "settings", None)
    return bool(getattr(classifier, "frozen", False)) or all(
        hasattr(settings, name) for name in ("learning_rate", "steps")
    )


def default_grid(classifier: Any) -> dict[str, list[Any]]:
    """What is tried where nothing is said."""
    if getattr(classifier, "frozen", False):
        return {"penalty": list(PENALTIES)}
    settings = getattr(classifier, "settings", None)
    if settings is None:
        raise UserError("this classifier says nothing of its settings", remedy="give the grid to try")
    rates = [float(f"{settings.learning_rate * factor:.3g}") for factor in (1 / 3, 1, 3)]
    steps = [max(1, round(settings.steps * factor)) for factor in (0.5, 1, 2)]
    return {"learning_rate": [rate for rate in rates if rate < 1], "steps": sorted(set(steps))}


def choose(settings: Sequence[Mapping[str, Any]], losses: NDArray[np.float64], n_classes: int) -> int:
    """Return the number of the best setting, from its log loss on every validation image (settings, N).

    >>> settings = [{"steps": 100}, {"steps": 200}, {"steps": 400}]
    >>> choose(settings, np.array([[0.9, 0.8], [0.5, 0.402], [0.494, 0.404]]), 2)
    1
    """
    finite = np.asarray(np.isfinite(losses).all(axis=1))
    if not finite.any():
        raise UserError(
            "no setting gave a finite log loss on the validation images", remedy="lower the learning rate"
        )
    losses = np.where(finite[:, None], losses, np.finfo(np.float64).max / losses.size)
    means = losses.mean(1)
    best = int(means.argmin())
    gaps = losses - losses[best]
    n = losses.shape[1]
    error = gaps.std(1, ddof=1) / math.sqrt(n) if n > 1 else np.zeros(len(losses))
    flat = np.minimum(error, FLAT * math.log(n_classes))
    alike = np.logical_or(np.arange(len(losses)) == best, (gaps.mean(1) <= flat) & finite)
    return min(np.flatnonzero(alike).tolist(), key=lambda i: (_cost(settings[i]), means[i], i))


def _cost(setting: Mapping[str, Any]) -> tuple[float, ...]:
    return tuple(sign * float(setting.get(option, 0.0)) for option, sign in _CHEAPER.items())


class _Model:
    """One training and its validation logits for a setting; features of a frozen backbone are computed once."""

    def __init__(
        self,
        base: dict[str, Any],
        train: NDArray[Any],
        labels: Sequence[str],
        val: NDArray[Any],
        classes: list[str],
        seed: int,
    ) -> None:
        self.base, self.labels, self.classes, self.seed = base, labels, classes, seed
        classifier = registry("classifiers").build(base)
        self.by_features = bool(getattr(classifier, "frozen", False)) and hasattr(classifier, "fit_features")
        self.views: list[NDArray[np.float32]] = []
        if self.by_features and train.ndim == 4:
            self.views = classifier.embed_views(train, seed=seed)
            train, val = classifier.embed(train), classifier.embed(val)
        self.train, self.val = train, val

    def run(self, setting: Mapping[str, Any]) -> tuple[NDArray[np.float64], float, bool | None]:
        """Validation logits (N, K), the final training loss, whether training had come to its end (None: not told)."""
        classifier = registry("classifiers").build({**self.base, **setting})
        if self.by_features:
            head = classifier.fit_features(
                self.train, self.labels, classes=self.classes, seed=self.seed, views=self.views
            )
            return head.logits_of(self.val), head.final_loss, getattr(head, "settled", None)
        fitted = classifier.fit(self.train, self.labels, classes=self.classes, seed=self.seed)
        losses = getattr(fitted, "losses", ())
        ended = not still_falling(losses, len(self.classes)) if len(losses) else None
        return _scores(fitted, self.val), fitted.final_loss, ended


def _scores(fitted: Any, images: NDArray[Any]) -> NDArray[np.float64]:
    """Logits (N, K); of a classifier that gives probabilities alone, their logarithms."""
    if hasattr(fitted, "logits"):
        return np.asarray(fitted.logits(images), dtype=np.float64)
    return np.log(np.clip(np.asarray(fitted.predict_proba(images), dtype=np.float64), 1e-12, 1.0))


def _plain(spec: str | Mapping[str, Any]) -> dict[str, Any]:
    """The spec as a mapping: name, argument and options side by side."""
    parsed = parse_spec(spec)
    return {"name": parsed.name, **parsed.config()}


def _combinations(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    if not grid or not all(len(values) for values in grid.values()):
        raise UserError("the grid of settings is empty", remedy="give at least one value for one option")
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
