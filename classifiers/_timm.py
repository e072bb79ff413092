"""Any timm model as a classifier: whole, or frozen with a linear head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import timm
import torch
from numpy.typing import NDArray
from torch import nn

from ..core import Progress, UserError, content_key, derive_seed, did_you_mean, silent
from ._augment import AUGMENTATIONS
from ._backbone import best_device, load_backbone, weights_key
from ._fitted import FittedClassifier, on_device
from ._given import check_features, check_first, check_side, checked_labels
from ._head import Features, FittedHead, fit_head
from ._linear import PENALTY
from ._losses import check_loss
from ._memory import FeatureMemory
from ._network import FEATURE_BATCH, Classifier, feature_width, features_of, stream_features
from ._preprocess import Preprocessing, check_images
from ._train import LossOf, Rows, Settings, last_tenth, train
from ._views import view_arrays, view_chunks, view_count
from ._whole import PRECISIONS, batch_loss

DEFAULT_MODEL = "test_byobnet"
"""The timm model with the best accuracy a second on one core, from scratch at 32 and 64 pixels."""
FEATURES_VERSION = 1

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
        ``none``, ``flip`` (left-right), ``dihedral``, ``classical`` or ``randaugment``.
    penalty:
        Frozen: weight of the squared coefficients of the (standardised) head beside the mean loss.
    precision, channels_last:
        How the whole network is trained: ``float32`` or ``bfloat16`` (autocast), and the memory layout. Which is
        fastest depends on model and machine: ``measure_speed``. Predictions and features are always float32.
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

    version = 2
    """Counts up where the same options give another classifier, other features, or another tuning or measurement."""

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
        penalty: float = PENALTY,
        precision: str = "float32",
        channels_last: bool = True,
        mean: float | Sequence[float] | None = None,
        std: float | Sequence[float] | None = None,
        interpolation: str | None = None,
        **options: Any,
    ) -> None:
        if not timm.is_model(argument):
            raise UserError(f"timm has no model {argument!r}", remedy=did_you_mean(argument, timm.list_models()))
        if frozen and weights is None:
            raise UserError(
                f"a frozen {argument!r} needs weights",
                remedy="give weights=FILE or weights=pretrained, or weights=random for an untrained baseline",
            )
        if precision not in PRECISIONS:
            raise UserError(f"no precision {precision!r}", remedy=did_you_mean(precision, PRECISIONS))
        if not 0 <= penalty < float("inf"):
            raise UserError(f"the penalty must be a number from 0 up, got {penalty}")
        self.model, self.weights, self.frozen = argument, None if weights == "random" else weights, frozen
        rate = learning_rate or (3e-3 if self.weights is None else 5e-4)
        self.settings = Settings(steps, batch_size, rate, weight_decay)
        self.augment, self.in_size, self.label_smoothing = _known(augment), in_size, label_smoothing
        self.pixels = {"mean": mean, "std": std, "interpolation": interpolation}
        self.penalty, self.precision, self.channels_last = float(penalty), precision, channels_last
        self.options = options
        self._frozen: tuple[nn.Module, Preprocessing] | None = None

    @property
    def name(self) -> str:
        """Short name: the model, and whether its backbone is frozen."""
        return self.model + ("-frozen" if self.frozen else "")

    @property
    def fused(self) -> bool:
        """Whether AdamW runs in one kernel: with ``bfloat16``, whose results are rounded anyway."""
        return self.precision == "bfloat16"

    def fit(
        self,
        images: NDArray[np.uint8],
        labels: Sequence[str],
        *,
        seed: int,
        sample_weights: NDArray[np.float64] | None = None,
        classes: Sequence[str] | None = None,
        augment: str | None = None,
        loss: str = "cross-entropy",
        mix: str | None = None,
        first: Rows | None = None,
        memory: FeatureMemory | None = None,
        progress: Progress | None = None,
    ) -> FittedClassifier:
        """Train on (N, H, W, 3) uint8 images and their labels.

        Initial weights depend on ``seed`` alone, the rows of each batch on (seed, step) and N.
        ``sample_weights`` weigh the loss; ``classes`` fixes the classes and their order (default: those
        that occur, sorted); ``augment`` overrides the classifier's own; ``loss`` is ``cross-entropy`` or ``focal``;
        ``mix`` is None, ``mixup`` or ``cutmix``; ``first`` names the rows that the first half of the steps sees, the
        second half sees all others; ``memory`` keeps the features of a frozen backbone.
        """
        check_images(images)
        names, targets, weights = checked_labels(labels, len(images), classes, sample_weights)
        check_loss(loss, mix)
        check_first(first, len(images))
        kind = _known(augment or self.augment)
        if self.frozen:
            return self._fit_head(images, targets, names, weights, kind, seed, memory, loss=loss, mix=mix, first=first)
        network, preprocessing, recipe = self.untrained(images.shape[1], len(names), seed)
        loss_of = self.loss_of(network, preprocessing, images, targets, weights, kind=kind, loss=loss, mix=mix)
        losses = train(
            network,
            loss_of,
            len(targets),
            self.settings,
            seed=seed,
            label=self.name,
            progress=progress,
            first=first,
            fused=self.fused,
        )
        return FittedClassifier(
            on_device(network), preprocessing, names, final_loss=last_tenth(losses), recipe=recipe, losses=losses
        )

    def untrained(self, size: int, classes: int, seed: int) -> tuple[Classifier, Preprocessing, dict[str, Any]]:
        """Return the whole network before its first step, its preprocessing, and how it is built again."""
        backbone, preprocessing = self._backbone(size, derive_seed(seed, "weights"))
        recipe = self._recipe(backbone, preprocessing, size)
        network = on_device(Classifier(backbone, recipe["width"], classes, derive_seed(seed, "head")))
        if not self.channels_last:
            network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        return network, preprocessing, recipe

    def loss_of(
        self,
        network: Classifier,
        preprocessing: Preprocessing,
        images: NDArray[np.uint8],
        targets: NDArray[np.int64],
        weights: NDArray[np.float64],
        **how: Any,
    ) -> LossOf:
        """Return the loss of a batch, as this classifier trains (see ``batch_loss``)."""
        return batch_loss(
            network,
            preprocessing,
            images,
            targets,
            weights,
            smoothing=self.label_smoothing,
            precision=self.precision,
            channels_last=self.channels_last,
            **how,
        )

    def _fit_head(
        self,
        images: NDArray[np.uint8],
        targets: NDArray[np.int64],
        names: tuple[str, ...],
        weights: NDArray[np.float64],
        kind: str,
        seed: int,
        memory: FeatureMemory | None,
        **how: Any,
    ) -> FittedClassifier:
        backbone, preprocessing = self._frozen_backbone(images.shape[1])
        key = content_key(weights_key(self.model, self.weights), preprocessing.to_json(), self.options)
        memory = memory if memory is not None else _PROCESS_MEMORY
        features, *views = (
            memory.rows(key, each, lambda new: features_of(backbone, preprocessing, new))
            for each in (images, *view_arrays(images, kind, seed))
        )
        head = self._head(features, targets, weights, names, seed, views, **how)
        recipe = self._recipe(backbone, preprocessing, images.shape[1])
        network = Classifier(backbone, recipe["width"], len(names), 0)
        with torch.no_grad():
            network.head.weight.copy_(torch.from_numpy(head.coefficients))
            network.head.bias.copy_(torch.from_numpy(head.intercepts))
        return FittedClassifier(
            on_device(network),
            preprocessing,
            names,
            final_loss=head.final_loss,
            recipe=recipe,
            memory=memory,
            memory_key=key,
        )

    def _head(
        self,
        features: Features,
        targets: NDArray[np.int64],
        weights: NDArray[np.float64],
        names: tuple[str, ...],
        seed: int,
        views: Sequence[Features],
        **how: Any,
    ) -> FittedHead:
        return fit_head(
            features,
            targets,
            weights,
            names,
            seed=seed,
            steps=self.settings.steps,
            penalty=self.penalty,
            views=views,
            **how,
        )

    @property
    def feature_key(self) -> str:
        """Content key of all that a frozen backbone's features depend on, but the images."""
        return content_key(
            "features", weights_key(self.model, self.weights), self.pixels, self.in_size, self.options, FEATURES_VERSION
        )

    def embed(self, images: NDArray[np.uint8], progress: Progress | None = None) -> Features:
        """Return the frozen backbone's features (N, D) of (N, H, W, 3) uint8 images, batch by batch.

        ``images`` may be memory-mapped. A row does not depend on its neighbours.
        """
        check_images(images)
        backbone, preprocessing = self._frozen_backbone(images.shape[1])
        backbone.to(best_device())
        if not len(images):
            return np.zeros((0, feature_width(backbone, preprocessing.size or images.shape[1])), np.float32)
        with (progress or silent()).task(f"features of {self.name}", len(images)) as task:

            def stream() -> Iterator[NDArray[np.uint8]]:
                for start in range(0, len(images), FEATURE_BATCH):
                    batch = np.asarray(images[start : start + FEATURE_BATCH])
                    yield batch
                    task.advance(len(batch))

            return stream_features(backbone, preprocessing, stream())

    def embed_views(
        self, images: NDArray[np.uint8], kind: str | None = None, seed: int = 0, progress: Progress | None = None
    ) -> list[Features]:
        """Return the features of augmented copies: four arrays (N, D), or none where ``kind`` is none or flip."""
        kind = _known(kind or self.augment)
        return [
            np.concatenate([self.embed(chunk, progress) for chunk in view_chunks(images, kind, seed, view)])
            for view in range(view_count(kind) if len(images) else 0)
        ]

    def fit_features(
        self,
        features: Features,
        labels: Sequence[str],
        *,
        classes: Sequence[str] | None = None,
        sample_weights: NDArray[np.float64] | None = None,
        seed: int,
        views: Sequence[Features] = (),
        loss: str = "cross-entropy",
        mix: str | None = None,
        first: Rows | None = None,
    ) -> FittedHead:
        """Fit the head of a frozen backbone on features (N, D) that ``embed`` gave.

        ``views`` are further features of the same rows (``embed_views``). ``first`` (synthetic-then-real): a convex
        head has no order of steps; it is fitted on these rows, then on the others as a ridge towards that head.
        Both mixes blend features, because the backbone is not run again.

        Example
        -------
        >>> model = TimmClassifier("test_resnet", weights="random", frozen=True)
        >>> head = model.fit_features(np.eye(4, dtype=np.float32), list("abab"), seed=0)
        >>> head.logits_of(np.eye(4, dtype=np.float32)).argmax(1).tolist()
        [0, 1, 0, 1]
        """
        if not self.frozen:
            raise UserError(f"{self.name!r} is trained whole, on images", remedy="set frozen=true")
        rows = [np.asarray(part) for part in (features, *views)]
        check_features(rows)
        names, targets, weights = checked_labels(labels, len(features), classes, sample_weights)
        check_loss(loss, mix)
        check_first(first, len(targets))
        return self._head(rows[0], targets, weights, names, seed, rows[1:], loss=loss, mix=mix, first=first)

    def _frozen_backbone(self, size: int) -> tuple[nn.Module, Preprocessing]:
        if self._frozen is None or self.weights is None:
            self._frozen = self._backbone(size, 0)
        return self._frozen

    def _backbone(self, size: int, seed: int) -> tuple[nn.Module, Preprocessing]:
        backbone, preprocessing = load_backbone(
            self.model, self.weights, image_size=self.in_size or size, seed=seed, **self.options
        )
        preprocessing = preprocessing.changed(size=self.in_size, **self.pixels)
        check_side(backbone, self.model, preprocessing.size or size)
        return backbone, preprocessing

    def _recipe(self, backbone: nn.Module, preprocessing: Preprocessing, size: int) -> dict[str, Any]:
        seen = preprocessing.size or size
        return {
            "model": self.model,
            "options": self.options,
            "stem_size": (self.in_size or size) if self.weights is None else None,
            "input_size": seen,
            "width": feature_width(backbone, seen),
        }


def _known(kind: str) -> str:
    if kind not in AUGMENTATIONS:
        raise UserError(f"no augmentation {kind!r}", remedy=did_you_mean(kind, AUGMENTATIONS))
    return kind
