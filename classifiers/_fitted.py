"""A trained classifier: probabilities, features, calibration, saving."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax

from ..core import UserError, atomic_folder, content_key, write_json
from ._backbone import best_device, load_backbone
from ._memory import FeatureMemory
from ._network import Classifier, feature_width, features_of
from ._preprocess import Preprocessing, check_images
from ._temperature import fit_temperature
from ._weighted import targets_of


class FittedClassifier:
    """What ``TimmClassifier.fit`` returns; never changed in place.

    ``final_loss`` is the mean training loss over the last tenth of the steps, ``recipe`` says how the
    network is built again, ``losses`` are those of every step (of a whole network just trained).
    """

    def __init__(
        self,
        network: Classifier,
        preprocessing: Preprocessing,
        classes: Sequence[str],
        *,
        final_loss: float,
        recipe: dict[str, Any],
        temperature: float = 1.0,
        memory: FeatureMemory | None = None,
        memory_key: str = "",
        losses: Sequence[float] = (),
    ) -> None:
        self.network = network.eval()
        self.preprocessing = preprocessing
        self.classes = tuple(classes)
        self.final_loss = final_loss
        self.recipe = recipe
        self.temperature = temperature
        self.losses = tuple(losses)
        self._memory, self._memory_key = memory, memory_key

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the penultimate features (N, D) of (N, H, W, 3) uint8 images."""
        check_images(images)
        if self._memory is None:
            return self._compute(images)
        return self._memory.rows(self._memory_key, images, self._compute)

    def _compute(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return features_of(self.network.backbone, self.preprocessing, images)

    def logits(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the class scores (N, K), divided by the temperature."""
        head = self.network.head
        weight, bias = (p.detach().cpu().numpy().astype(np.float64) for p in (head.weight, head.bias))
        return (self.features(images).astype(np.float64) @ weight.T + bias) / self.temperature

    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the class probabilities (N, K), in the order of ``classes``; every row sums to 1."""
        return softmax(self.logits(images), axis=1)

    def scaled_on(self, images: NDArray[np.uint8], labels: Sequence[str]) -> FittedClassifier:
        """Return the same classifier with its temperature fitted on validation images."""
        raw = self.logits(images) * self.temperature
        scaled = copy.copy(self)
        scaled.temperature = fit_temperature(raw, targets_of(labels, self.classes))
        return scaled

    def state(self) -> dict[str, NDArray[Any]]:
        """Every weight by name, as arrays."""
        return {name: value.cpu().numpy() for name, value in self.network.state_dict().items()}

    @property
    def key(self) -> str:
        """Content key of weights, preprocessing and classes."""
        return content_key(
            "classifier", self.state(), self.preprocessing.to_json(), self.classes, self.temperature
        )

    def save(self, folder: str | Path) -> None:
        """Write ``classifier.json`` and ``weights.safetensors`` into a new folder."""
        from safetensors.torch import save_file

        about = {
            "recipe": self.recipe,
            "preprocessing": self.preprocessing.to_json(),
            "classes": list(self.classes),
            "final_loss": self.final_loss,
            "temperature": self.temperature,
        }
        with atomic_folder(folder, replace=True) as temporary:
            write_json(temporary / "classifier.json", about)
            state = {name: value.contiguous().cpu() for name, value in self.network.state_dict().items()}
            save_file(state, temporary / "weights.safetensors")

    @classmethod
    def load(cls, folder: str | Path) -> FittedClassifier:
        """Read what ``save`` wrote; ``UserError`` names what is missing."""
        from safetensors.torch import load_file

        folder = Path(folder)
        for file in ("classifier.json", "weights.safetensors"):
            if not (folder / file).is_file():
                raise UserError("not a saved classifier: the file is missing", where=folder / file)
        about = json.loads((folder / "classifier.json").read_text(encoding="utf-8"))
        network = build(about["recipe"], len(about["classes"]), seed=0)
        network.load_state_dict(load_file(folder / "weights.safetensors"))
        return cls(
            network.to(best_device()),
            Preprocessing.from_json(about["preprocessing"]),
            about["classes"],
            final_loss=about["final_loss"],
            recipe=about["recipe"],
            temperature=about["temperature"],
        )


def build(recipe: dict[str, Any], classes: int, *, seed: int) -> Classifier:
    """Make the untrained network of a recipe: model name, options, image size and feature width."""
    size = recipe["stem_size"]
    backbone, _ = load_backbone(recipe["model"], image_size=size, seed=seed, **recipe["options"])
    width = recipe.get("width") or feature_width(backbone, recipe["input_size"])
    return Classifier(backbone, width, classes, seed)


def on_device(network: Classifier) -> Classifier:
    """Move to the best device, channels last."""
    return network.to(device=best_device(), memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
