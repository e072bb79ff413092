"""How a panel sees: by drawn features, or by a network's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core import Progress, UserError

if TYPE_CHECKING:
    from ..classifiers import FittedClassifier

DRAWN = "drawn"
_HEAD_STEPS = 2


class Sight:
    """Features (N, D) of images: ``network`` is None for the drawn ones."""

    def __init__(self, name: str, network: FittedClassifier | None = None) -> None:
        self.name, self.network = name, network

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (N, D) features of (N, H, W, 3) uint8 images."""
        if self.network is not None:
            return self.network.features(images)
        from ._drawn_features import drawn_features

        return drawn_features(images)

    def views(self, images: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        """Return the images as predictors are fitted on them: for drawn features turned and mirrored in all 8
        ways, since a cell has no upper side; a network learns from them as they are."""
        if self.network is not None:
            return [images]
        turned = [np.rot90(images, turns, axes=(1, 2)) for turns in range(4)]
        return [np.ascontiguousarray(each) for view in turned for each in (view, view[:, :, ::-1])]


def learn_sight(
    name: str,
    weights: str | None,
    options: Mapping[str, Any],
    images: NDArray[np.uint8],
    labels: Sequence[str],
    *,
    steps: int,
    seed: int,
    progress: Progress | None,
) -> Sight:
    """Return the sight called ``name``: ``drawn``, or a timm network.

    A network with weights is kept as it is (frozen); one without learns the classes of the images from
    scratch in ``steps`` steps, and its features of the last layer but one serve.
    """
    if name == DRAWN:
        if weights or options:
            raise UserError("drawn features take no weights and no options", where=name)
        return Sight(name)
    from ..classifiers import TimmClassifier

    frozen = weights is not None
    model = TimmClassifier(
        name,
        weights=weights,
        frozen=frozen,
        steps=_HEAD_STEPS if frozen else steps,
        augment="none" if frozen else "dihedral",
        **options,
    )
    return Sight(name, model.fit(images, list(labels), seed=seed, progress=progress))
