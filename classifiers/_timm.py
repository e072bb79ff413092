"""Any timm model as a classifier: whole, or frozen with a linear head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn import functional

from ..core import Progress, UserError, content_key, derive_seed, did_you_mean
from ._augment import AUGMENTATIONS, augment
from ._backbone import load_backbone, weights_key
from ._fitted import FittedClassifier, on_device
from ._linear import logistic_regression
from ._memory import FeatureMemory
from ._network import Classifier, feature_width, features_of
from ._preprocess import Preprocessing, check_images, to_unit
from ._train import Rows, Settings, last_tenth, train
from ._weighted import targets_of

DEFAULT_MODEL = "test_byobnet"
"""The timm model with the best accuracy a second on one core, from scratch at 32 and 64 pixels."""
VIEWS = 4
"""Augmented copies of each image for a frozen backbone, unless the augmentation is ``none`` or ``flip``."""


_PROCESS_MEMORY = FeatureMemory()


class TimmClassifier:
    """A timm network, trained whole from scratch or from weights, or frozen with a linear head.

    Parameters
    ----------
    argument:
        The timm model (default ``test_byobnet``, 0.2 M parameters; small images get a gentler stem).
    weights:
        None (from scratch), the path of a checkpoint, or ``"pretrained"`` (timm's own cache; never a
        download).
    frozen:
        Keep the backbone and fit a multinomial logistic regression on its features (needs ``weights``; with
        ``weights="random"`` an untrained backbone serves, as a baseline).
    steps, batch_size, learning_rate, weight_decay:
        Equal for every training set, whatever its size. Default learning rate: 3e-3 from scratch, 5e-4 from
        weights. Frozen: ``steps`` bounds the iterations of L-BFGS.
    augment:
        ``none``, ``flip`` (left-right), ``dihedral`` or ``classical``.
    in_size:
        Side the network sees (default: the images' own from scratch, the weights' own otherwise).
    mean, std, interpolation:
        Override the preprocessing that timm knows for the weights.
    options:
        Anything else goes to ``timm.create_model`` (``pad_type="same"``).

    Example
    -------
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 32, 32, 3), dtype=np.uint8)
    >>> fitted = TimmClassifier(steps=2, batch_size=4).fit(images, ["a", "b"] * 4, seed=0)
    >>> fitted.predict_proba(images).shape
    (8, 2)
    """

    def __init__(
        self,
        argument: str = DEFAULT_MODEL,
        *,
        weights: str | None = None,
        frozen: bool = False,
        steps: int = 200,
        batch_size: int = 32,
        learning_rate: float | None = None,
        weight_decay: float = 0.05,
        augment: str = "flip",
        in_size: int | None = None,
        label_smoothing: float = 0.0,
        mean: float | Sequence[float] | None = None,
        std: float | Sequence[float] | None = None,
        interpolation: str | None = None,
        **options: Any,
    ) -> None:
        if frozen and weights is None:
            raise UserError(
                f"a frozen {argument!r} needs weights",
                remedy="give weights=FILE or weights=pretrained, or weights=random for an untrained baseline",
            )
        if augment not in AUGMENTATIONS:
            raise UserError(f"no augmentation {augment!r}", remedy=did_you_mean(augment, AUGMENTATIONS))
        self.model, self.weights, self.frozen = argument, None if weights == "random" else weights, frozen
        rate = learning_rate or (3e-3 if self.weights is None else 5e-4)
        self.settings = Settings(steps, batch_size, rate, weight_decay)
        self.augment, self.in_size, self.label_smoothing = augment, in_size, label_smoothing
        self.pixels = {"mean": mean, "std": std, "interpolation": interpolation}
        self.options = options
        self._frozen: tuple[nn.Module, Preprocessing] | None = None

    @property
    def name(self) -> str:
        """Short name: the model, and whether its backbone is frozen."""
        return self.model + ("-frozen" if self.frozen else "")

    def fit(
        self,
        images: NDArray[np.uint8],
        labels: Sequence[str],
        *,
        seed: int,
        sample_weights: NDArray[np.float64] | None = None,
        classes: Sequence[str] | None = None,
        augment: str | None = None,
        memory: FeatureMemory | None = None,
        progress: Progress | None = None,
    ) -> FittedClassifier:
        """Train on (N, H, W, 3) uint8 images and their labels.

        Initial weights depend on ``seed`` alone, the rows of each batch on (seed, step) and N.
        ``sample_weights`` weigh the loss; ``classes`` fixes the classes and their order (default: those
        that occur, sorted); ``augment`` overrides the classifier's own; ``memory`` keeps the features of a
        frozen backbone.
        """
        check_images(images)
        names = tuple(classes) if classes is not None else tuple(sorted(set(labels)))
        targets = targets_of(labels, names)
        weights = _mean_one(sample_weights, len(targets))
        if len(targets) != len(images):
            raise UserError(f"{len(images)} images but {len(targets)} labels")
        if len(names) < 2:
            raise UserError(f"a classifier needs at least two classes, got {list(names)}")
        kind = augment or self.augment
        if self.frozen:
            return self._fit_head(images, targets, names, weights, kind, seed, memory)
        return self._fit_whole(images, targets, names, weights, kind, seed, progress)

    def _fit_whole(
        self,
        images: NDArray[np.uint8],
        targets: NDArray[np.int64],
        names: tuple[str, ...],
        weights: NDArray[np.float64],
        kind: str,
        seed: int,
        progress: Progress | None,
    ) -> FittedClassifier:
        backbone, preprocessing = self._backbone(images.shape[1], derive_seed(seed, "weights"))
        recipe = self._recipe(backbone, preprocessing, images.shape[1])
        network = on_device(Classifier(backbone, recipe["width"], len(names), derive_seed(seed, "head")))
        device = next(network.parameters()).device
        y, w = torch.from_numpy(targets).to(device), torch.from_numpy(weights).float().to(device)

        def loss_of(rows: Rows, generator: Generator) -> Tensor:
            chosen = torch.from_numpy(rows).to(device)
            changed = augment(to_unit(images[rows], device), kind, generator)
            logits = network(preprocessing(changed)).float()
            each = functional.cross_entropy(
                logits, y[chosen], reduction="none", label_smoothing=self.label_smoothing
            )
            return (each * w[chosen]).mean()

        losses = train(network, loss_of, len(y), self.settings, seed=seed, label=self.name, progress=progress)
        return FittedClassifier(network, preprocessing, names, final_loss=last_tenth(losses), recipe=recipe)

    def _fit_head(
        self,
        images: NDArray[np.uint8],
        targets: NDArray[np.int64],
        names: tuple[str, ...],
        weights: NDArray[np.float64],
        kind: str,
        seed: int,
        memory: FeatureMemory | None,
    ) -> FittedClassifier:
        backbone, preprocessing = self._frozen_backbone(images.shape[1])
        key = content_key(weights_key(self.model, self.weights), preprocessing.to_json(), self.options)
        memory = memory if memory is not None else _PROCESS_MEMORY
        seen = [images, *_views(images, kind, seed)]
        features = np.concatenate(
            [memory.rows(key, each, lambda new: features_of(backbone, preprocessing, new)) for each in seen]
        )
        coefficients, intercepts, final = logistic_regression(
            features,
            np.tile(targets, len(seen)),
            len(names),
            weights=np.tile(weights, len(seen)),
            steps=self.settings.steps,
        )
        recipe = self._recipe(backbone, preprocessing, images.shape[1])
        network = Classifier(backbone, recipe["width"], len(names), 0)
        with torch.no_grad():
            network.head.weight.copy_(torch.from_numpy(coefficients))
            network.head.bias.copy_(torch.from_numpy(intercepts))
        return FittedClassifier(
            on_device(network),
            preprocessing,
            names,
            final_loss=final,
            recipe=recipe,
            memory=memory,
            memory_key=key,
        )

    def _frozen_backbone(self, size: int) -> tuple[nn.Module, Preprocessing]:
        if self._frozen is None or self.weights is None:
            self._frozen = self._backbone(size, 0)
        return self._frozen

    def _backbone(self, size: int, seed: int) -> tuple[nn.Module, Preprocessing]:
        backbone, preprocessing = load_backbone(
            self.model, self.weights, image_size=self.in_size or size, seed=seed, **self.options
        )
        return backbone, preprocessing.changed(size=self.in_size, **self.pixels)

    def _recipe(self, backbone: nn.Module, preprocessing: Preprocessing, size: int) -> dict[str, Any]:
        seen = preprocessing.size or size
        return {
            "model": self.model,
            "options": self.options,
            "stem_size": (self.in_size or size) if self.weights is None else None,
            "input_size": seen,
            "width": feature_width(backbone, seen),
        }


def _mean_one(weights: NDArray[np.float64] | None, n: int) -> NDArray[np.float64]:
    if weights is None:
        return np.ones(n)
    given = np.asarray(weights, np.float64)
    if given.shape != (n,) or not np.isfinite(given).all() or given.min() < 0 or given.sum() == 0:
        raise UserError(f"sample weights must be {n} finite numbers from 0 up, not all 0")
    return given / given.mean()


def _views(images: NDArray[np.uint8], kind: str, seed: int) -> list[NDArray[np.uint8]]:
    """Augmented copies for a frozen backbone, whose features are computed once (flips are not worth it)."""
    if kind in ("none", "flip"):
        return []
    views = []
    for view in range(VIEWS):
        generator = Generator().manual_seed(derive_seed(seed, "view", view))
        changed = augment(to_unit(images), kind, generator)
        views.append((changed * 255.0).round().to(torch.uint8).permute(0, 2, 3, 1).numpy())
    return views
