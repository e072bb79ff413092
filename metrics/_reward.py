"""The reward model: the experts' verdict, predicted from an image and what it is to show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from torch import Tensor

from ..classifiers import Preprocessing, Settings, best_device, feature_width, load_backbone
from ..core import Progress, UserError, atomic_folder, content_key, derive_seed, rng, silent, write_json
from ._reward_card import enough, platt, reward_card
from ._reward_data import Rated, Real, encode, folds, held_out_real, rated_images, vocabulary
from ._reward_fit import Feedback, fit_network
from ._reward_network import RewardNetwork
from ._reward_predict import batched_logits, swap_logits

HELD_OUT = 4
"""One rating in four is held out of each network, for calibration and card."""


class RewardModel:
    """P(plausible | image, conditions), learned from ratings and from automatic feedback on real images.

    R aligns generators; E, the evaluator, is the same thing with another backbone and other ratings.

    Parameters
    ----------
    backbone, weights:
        A timm model and its weights, as in ``classifiers.load_backbone`` (None: from scratch).
    columns:
        Conditions that the verdict depends on. The first says what the image is to show; real images under
        another value of it are the automatic feedback. Missing values are *unknown*.
    steps, batch_size, learning_rate:
        Of the training of each network.
    ensemble:
        Number of networks, each with other held-out ratings and initial weights; their mean logit counts.
    augment:
        See ``classifiers.AUGMENTATIONS``.

    Example
    -------
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 32, 32, 3), dtype=np.uint8)
    >>> conditions = pd.DataFrame({"label": ["a", "b"] * 4})
    >>> model = RewardModel(steps=2, batch_size=4)
    >>> model.fit(images, conditions, [0, 0, 1, 1] * 2, seed=0)
    >>> model.probability(images, conditions).shape
    (8,)
    """

    version = 1

    def __init__(
        self,
        backbone: str = "test_byobnet",
        *,
        weights: str | None = None,
        columns: Sequence[str] = ("label",),
        steps: int = 300,
        batch_size: int = 32,
        learning_rate: float | None = None,
        ensemble: int = 1,
        augment: str = "flip",
        automatic_weight: float = 1.0,
        **options: Any,
    ) -> None:
        if ensemble < 1 or not columns:
            raise UserError("a reward model needs at least one network and one column")
        self.backbone, self.weights, self.columns = backbone, weights, tuple(columns)
        rate = learning_rate or (3e-3 if weights is None else 5e-4)
        self.settings = Settings(steps, batch_size, rate)
        self.ensemble, self.augment, self.automatic_weight = ensemble, augment, automatic_weight
        self.options = options
        self.words: dict[str, list[str]] = {}
        self.networks: list[RewardNetwork] = []
        self.preprocessing = Preprocessing()
        self.image_size = 0
        self.calibration = (1.0, 0.0)
        self.card: dict[str, Any] = {}
        self.shuffled = False

    def fit(
        self,
        images: NDArray[np.uint8],
        conditions: pd.DataFrame,
        verdicts: ArrayLike,
        *,
        real_images: NDArray[np.uint8] | None = None,
        real_conditions: pd.DataFrame | None = None,
        weights: ArrayLike | None = None,
        shuffle: bool = False,
        seed: int,
        progress: Progress | None = None,
    ) -> None:
        """Learn from rated synthetic images (N, H, W, 3) uint8, their conditions and verdicts (1 =
        plausible).

        Verdicts that are NaN (not rated) are left out. With real images and their conditions, automatic
        feedback is mixed in. A quarter of the ratings, whole images at a time, is kept from each network;
        on it the probability is calibrated and ``card`` is made. With ``shuffle`` the verdicts change places
        at random and real images are left out: the control that knows how much is plausible, and not what.
        Raises ``UserError`` when all ratings agree and there is no automatic feedback, and for conditions or
        verdicts that do not fit.
        """
        self.words = vocabulary(self.columns, conditions, real_conditions)
        rated = rated_images(images, encode(conditions, self.words), verdicts, weights)
        real = None if shuffle else self._real(real_images, real_conditions)
        self.shuffled = shuffle
        if shuffle:
            rated = replace(rated, verdicts=rng(seed, "shuffle").permutation(rated.verdicts))
        if len(set(rated.verdicts.tolist())) < 2 and real is None:
            raise UserError(
                "all ratings have the same verdict: there is nothing to tell apart",
                remedy="rate more images, or give real images for automatic feedback",
            )
        self.image_size = images.shape[1]
        learn, test = (None, None) if real is None else held_out_real(real, seed)
        held_logits, held = self._fit_networks(rated, learn, seed, progress or silent())
        self.calibration = platt(held_logits, held.verdicts) if enough(held.verdicts) else (1.0, 0.0)
        self.card = reward_card(
            held_logits,
            held.verdicts,
            [self._word(code) for code in held.codes[:, 0]],
            swap=swap_logits(self.networks, self.preprocessing, test, len(self.words[self.columns[0]]), seed),
            n_ratings=len(rated),
            n_real=0 if real is None else len(real),
            seed=seed,
        )

    def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
        """Return the calibrated P(plausible) (N,) of (N, H, W, 3) uint8 images and their N condition rows."""
        return expit(self._calibrated(self._logits(images, self._codes(conditions, len(images)))))

    def logit(self, images: Tensor, conditions: pd.DataFrame) -> Tensor:
        """Return the calibrated logits (N,) of a tensor (N, 3, H, W) in [-1, 1]; differentiable in the pixels."""
        codes = torch.from_numpy(self._codes(conditions, len(images))).to(images.device)
        x = self.preprocessing(((images + 1) / 2).clamp(0.0, 1.0))
        networks = [network.to(images.device) for network in self._fitted()]
        mean = torch.stack([network(x, codes) for network in networks]).mean(0)
        a, b = self.calibration
        return a * mean + b

    @property
    def key(self) -> str:
        """Content key of all weights, the conditions' values and the calibration."""
        states = [{k: v.cpu().numpy() for k, v in n.state_dict().items()} for n in self._fitted()]
        return content_key(
            "reward", self.version, states, self.words, list(self.calibration), self.preprocessing
        )

    def save(self, folder: str | Path) -> None:
        """Write ``reward.json`` and ``weights.safetensors`` into a folder."""
        from safetensors.torch import save_file

        state = {
            f"{i}.{name}": value.contiguous().cpu()
            for i, network in enumerate(self._fitted())
            for name, value in network.state_dict().items()
        }
        with atomic_folder(folder, replace=True) as temporary:
            write_json(temporary / "reward.json", self._about())
            save_file(state, temporary / "weights.safetensors")

    @classmethod
    def load(cls, folder: str | Path) -> RewardModel:
        """Read what ``save`` wrote; ``UserError`` names the file that is missing."""
        from safetensors.torch import load_file

        for file in ("reward.json", "weights.safetensors"):
            if not (Path(folder) / file).is_file():
                raise UserError("not a saved reward model: the file is missing", where=Path(folder) / file)
        about = json.loads((Path(folder) / "reward.json").read_text(encoding="utf-8"))
        model = cls(
            about["backbone"], columns=about["columns"], ensemble=about["ensemble"], **about["options"]
        )
        model.weights = about["weights"]
        model.words, model.card = about["words"], about["card"]
        model.shuffled = about.get("shuffled", False)
        model.calibration = (about["calibration"][0], about["calibration"][1])
        model.image_size = about["image_size"]
        model.preprocessing = Preprocessing.from_json(about["preprocessing"])
        state = load_file(Path(folder) / "weights.safetensors")
        for i in range(model.ensemble):
            network = model._network(0, from_file=True)
            mine = {k.partition(".")[2]: v for k, v in state.items() if k.startswith(f"{i}.")}
            network.load_state_dict(mine)
            model.networks.append(network.eval().requires_grad_(False))
        return model

    def _about(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "backbone": self.backbone,
            "weights": self.weights,
            "options": self.options,
            "columns": list(self.columns),
            "ensemble": self.ensemble,
            "words": self.words,
            "calibration": list(self.calibration),
            "image_size": self.image_size,
            "preprocessing": self.preprocessing.to_json(),
            "card": self.card,
            "shuffled": self.shuffled,
        }

    def _real(self, images: NDArray[np.uint8] | None, conditions: pd.DataFrame | None) -> Real | None:
        if images is None:
            return None
        if conditions is None or len(conditions) != len(images):
            raise UserError("real images for automatic feedback need one row of real_conditions each")
        return Real(images, encode(conditions, self.words))

    def _fit_networks(
        self, rated: Rated, real: Real | None, seed: int, progress: Progress
    ) -> tuple[NDArray[np.float64], Rated]:
        """Train the ensemble; return each held-out rating's logit by a network that did not see its image."""
        fold = folds(rated, max(HELD_OUT, self.ensemble), seed)
        self.networks = []
        logits, rows = [], []
        for member in range(self.ensemble):
            own = derive_seed(seed, "member", member)
            network = self._network(own)
            learn = np.flatnonzero(fold != member) if len(rated) >= 2 * HELD_OUT else np.arange(len(rated))
            feedback = Feedback(
                rated.subset(learn),
                real,
                len(self.words[self.columns[0]]),
                self.augment,
                self.automatic_weight,
                self.settings,
            )
            label = "reward model" + (f" {member + 1}/{self.ensemble}" if self.ensemble > 1 else "")
            fit_network(network, self.preprocessing, feedback, seed=own, progress=progress, label=label)
            self.networks.append(network)
            test = np.setdiff1d(np.arange(len(rated)), learn)
            logits.append(
                batched_logits([network], self.preprocessing, rated.images[test], rated.codes[test])
            )
            rows.append(test)
        return np.concatenate(logits), rated.subset(np.concatenate(rows))

    def _network(self, seed: int, *, from_file: bool = False) -> RewardNetwork:
        scratch = self.weights is None
        size = self.image_size if scratch else None
        weights = None if from_file else self.weights
        backbone, preprocessing = load_backbone(
            self.backbone, weights, image_size=size, seed=seed, **self.options
        )
        if not from_file:
            self.preprocessing = preprocessing
        width = feature_width(backbone, self.preprocessing.size or self.image_size)
        network = RewardNetwork(backbone, width, [len(self.words[c]) for c in self.columns], seed=seed)
        return network.to(best_device())

    def _fitted(self) -> list[RewardNetwork]:
        if not self.networks:
            raise UserError("the reward model is not fitted yet", remedy="call fit, or load a saved one")
        return self.networks

    def _codes(self, conditions: pd.DataFrame, n: int) -> NDArray[np.int64]:
        self._fitted()
        if len(conditions) != n:
            raise UserError(f"{n} images but {len(conditions)} rows of conditions")
        return encode(conditions, self.words)

    def _logits(self, images: NDArray[np.uint8], codes: NDArray[np.int64]) -> NDArray[np.float64]:
        return batched_logits(self._fitted(), self.preprocessing, images, codes)

    def _calibrated(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        a, b = self.calibration
        return a * logits + b

    def _word(self, code: int) -> str:
        return "unknown" if code == 0 else self.words[self.columns[0]][code - 1]
