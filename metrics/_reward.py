"""The reward model: the experts' verdict, predicted from an image and what it is to show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from torch import Tensor

from ..classifiers import Preprocessing, Settings, best_device, feature_width, load_backbone
from ..core import LEVEL, Progress, UserError, content_key, derive_seed, rng, silent
from ._reward_augment import check_augmentation
from ._reward_card import enough, known, numbers_on, platt, reward_card
from ._reward_data import Rated, Real, criteria_table, encode, folds, held_out_real, rated_images, vocabulary
from ._reward_files import load_reward, save_reward
from ._reward_fit import Feedback, fit_network
from ._reward_network import RewardNetwork
from ._reward_predict import batched_answers, batched_logits, swap_logits

HELD_OUT = 4
"""One rating in four is held out of each network, for calibration and card."""
SMALL, STRIDE = 64, 8
"""Up to this side, in pixels, a network from scratch keeps maps of 1/8 of the side where its kind can."""


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
        One of ``classifiers.AUGMENTATIONS``; with ``+jitter`` also small shifts and faint noise. ``dihedral`` is
        right for what has no upright, such as cells and skin; take ``flip+jitter`` or ``none+jitter`` for what has.
    automatic_weight, criteria_weight:
        What automatic feedback and the answers to the criteria weigh in the loss; the verdicts weigh 1.

    Example
    -------
    >>> images = np.random.default_rng(0).integers(0, 255, (8, 32, 32, 3), dtype=np.uint8)
    >>> conditions = pd.DataFrame({"label": ["a", "b"] * 4})
    >>> model = RewardModel(steps=2, batch_size=4)
    >>> model.fit(images, conditions, [0, 0, 1, 1] * 2, seed=0)
    >>> model.probability(images, conditions).shape
    (8,)
    """

    version = 2

    def __init__(
        self,
        backbone: str = "test_resnet",
        *,
        weights: str | None = None,
        columns: Sequence[str] = ("label",),
        steps: int = 300,
        batch_size: int = 32,
        learning_rate: float | None = None,
        ensemble: int = 1,
        augment: str = "dihedral+jitter",
        automatic_weight: float = 0.3,
        criteria_weight: float = 1.0,
        **options: Any,
    ) -> None:
        check_augmentation(augment)
        if ensemble < 1 or not columns:
            raise UserError("a reward model needs at least one network and one column")
        self.backbone, self.weights, self.columns = backbone, weights, tuple(columns)
        rate = learning_rate or (3e-3 if weights is None else 5e-4)
        self.settings = Settings(steps, batch_size, rate)
        self.ensemble, self.augment, self.automatic_weight = ensemble, augment, automatic_weight
        self.criteria_weight = criteria_weight
        self.options = options
        self.words: dict[str, list[str]] = {}
        self.networks: list[RewardNetwork] = []
        self.preprocessing = Preprocessing()
        self.image_size = 0
        self.output_stride: int | None = None
        self.calibration = (1.0, 0.0)
        self.criteria: list[str] = []
        self.criteria_calibration: dict[str, tuple[float, float]] = {}
        self.card: dict[str, Any] = {}
        self.shuffled = False
        self.ratings_key = ""

    def fit(
        self,
        images: NDArray[np.uint8],
        conditions: pd.DataFrame,
        verdicts: ArrayLike,
        *,
        criteria: pd.DataFrame | None = None,
        real_images: NDArray[np.uint8] | None = None,
        real_conditions: pd.DataFrame | None = None,
        weights: ArrayLike | None = None,
        shuffle: bool = False,
        seed: int,
        progress: Progress | None = None,
    ) -> None:
        """Learn from rated synthetic images (N, H, W, 3) uint8, their conditions and verdicts (1 =
        plausible).

        ``criteria`` has a column for each criterion and N rows: 1 yes, 0 no, between where raters differ, NaN where
        nobody could tell; they say *what* is wrong, which one verdict does not. Verdicts that are NaN (not rated)
        are left out. With real images and their conditions, automatic
        feedback is mixed in. A quarter of the ratings, whole images at a time, is kept from each network;
        on it the probabilities are calibrated and ``card`` is made. With ``shuffle`` verdicts and answers change
        places at random and real images are left out: the control that knows how much is plausible, and not what.
        Raises ``UserError`` when all ratings agree and there is no automatic feedback, and for conditions,
        verdicts or images that do not fit.
        """
        self.words = vocabulary(self.columns, conditions, real_conditions)
        self.criteria, answers = criteria_table(criteria, len(images))
        rated = rated_images(images, encode(conditions, self.words), verdicts, weights, answers)
        self.image_size = images.shape[1]
        self.output_stride = self._finer_stride()
        real = None if shuffle else self._real(real_images, real_conditions)
        self.shuffled, self.ratings_key = shuffle, content_key(rated.images, rated.verdicts)
        if shuffle:
            rated = rated.shuffled(rng(seed, "shuffle").permutation(len(rated)))
        if len(set(rated.verdicts.tolist())) < 2 and real is None:
            raise UserError(
                "all ratings have the same verdict: there is nothing to tell apart",
                remedy="rate more images, or give real images for automatic feedback",
            )
        learn, test = (None, None) if real is None else held_out_real(real, seed)
        held_logits, held = self._fit_networks(rated, learn, seed, progress or silent())
        self._calibrate(held_logits, held)
        self.card = reward_card(
            held_logits[:, 0],
            held.verdicts,
            self._labels(held.codes),
            swap=swap_logits(self.networks, self.preprocessing, test, len(self.words[self.columns[0]]), seed),
            n_ratings=len(rated),
            n_real=0 if real is None else len(real),
            seed=seed,
            answers={
                name: known(held_logits[:, 1 + j], held.answers[:, j]) for j, name in enumerate(self.criteria)
            },
        )

    def card_on(
        self, images: NDArray[np.uint8], conditions: pd.DataFrame, verdicts: ArrayLike, *, seed: int
    ) -> dict[str, Any]:
        """Return the card's numbers on other rated images, such as those after an alignment; nothing is fitted.

        The calibration stays as it is, so ECE, Brier score and ``mean_probability`` beside ``plausible_share`` tell
        whether the probabilities still hold there. Verdicts that are NaN are left out; ``n`` counts the others.
        """
        other = rated_images(images, self.codes(conditions, images), verdicts, None)
        z = self._calibrated(self._logits(other.images, other.codes))
        share = float(other.verdicts.mean())
        card = {"n": len(other), "plausible_share": share, "level": LEVEL}
        numbers = numbers_on(z, other.verdicts, self._labels(other.codes), expit(z), seed)
        return card | numbers | {"mean_probability": float(expit(z).mean())}

    def probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> NDArray[np.float64]:
        """Return the calibrated P(plausible) (N,) of (N, H, W, 3) uint8 images and their N condition rows."""
        return expit(self._calibrated(self._logits(images, self.codes(conditions, images))))

    def criteria_probability(self, images: NDArray[np.uint8], conditions: pd.DataFrame) -> pd.DataFrame:
        """Return the calibrated P(yes) of each criterion, (N, criteria), for images and their condition rows.

        Raises ``UserError`` when the model was fitted on verdicts alone.
        """
        if not self.criteria:
            raise UserError(
                "this reward model was fitted without answers to single criteria", remedy="fit with criteria"
            )
        z = batched_answers(self.fitted(), self.preprocessing, images, self.codes(conditions, images))[:, 1:]
        a, b = np.array([self.criteria_calibration[name] for name in self.criteria]).T
        return pd.DataFrame(expit(a * z.reshape(len(images), len(a)) + b), columns=self.criteria)

    def logit(self, images: Tensor, conditions: pd.DataFrame) -> Tensor:
        """Return the calibrated logits (N,) of a tensor (N, 3, H, W) in [-1, 1]; differentiable in the pixels."""
        codes = torch.from_numpy(self.codes(conditions, images)).to(images.device)
        x = self.preprocessing(((images + 1) / 2).clamp(0.0, 1.0))
        networks = [network.to(images.device) for network in self.fitted()]
        mean = torch.stack([network(x, codes) for network in networks]).mean(0)
        a, b = self.calibration
        return a * mean + b

    @property
    def key(self) -> str:
        """Content key of all weights, the conditions' values and the calibration."""
        states = [{k: v.cpu().numpy() for k, v in n.state_dict().items()} for n in self.fitted()]
        return content_key(
            "reward",
            self.version,
            states,
            self.words,
            list(self.calibration),
            self.preprocessing,
            {name: list(pair) for name, pair in self.criteria_calibration.items()},
        )

    def save(self, folder: str | Path) -> None:
        """Write ``reward.json`` and ``weights.safetensors`` into a folder."""
        save_reward(self, folder)

    @classmethod
    def load(cls, folder: str | Path) -> RewardModel:
        """Read what ``save`` wrote; ``UserError`` names the file that is missing or damaged."""
        return load_reward(cls, folder)

    def fitted(self) -> list[RewardNetwork]:
        """The trained networks; ``UserError`` before ``fit``."""
        if not self.networks:
            raise UserError("the reward model is not fitted yet", remedy="call fit, or load a saved one")
        return self.networks

    def _real(self, images: NDArray[np.uint8] | None, conditions: pd.DataFrame | None) -> Real | None:
        if images is None:
            return None
        if conditions is None or len(conditions) != len(images):
            raise UserError("real images for automatic feedback need one row of real_conditions each")
        if images.shape[1] != self.image_size:
            raise UserError(
                f"the real images have {images.shape[1]} px, the rated ones {self.image_size}",
                remedy="bring them to one size",
            )
        return Real(images, encode(conditions, self.words))

    def _finer_stride(self) -> int | None:
        """Small images lose form and size in a network's last strides: from scratch, maps of 1/8 where it can."""
        if self.weights is not None or self.image_size > SMALL or "output_stride" in self.options:
            return None
        try:
            load_backbone(self.backbone, image_size=self.image_size, **self.options, output_stride=STRIDE)
        except UserError:
            return None
        return STRIDE

    def _calibrate(self, logits: NDArray[np.float64], held: Rated) -> None:
        """Platt's lines for the verdict and for each criterion, where held-out ratings carry one."""
        self.calibration = platt(logits[:, 0], held.verdicts) if enough(held.verdicts) else (1.0, 0.0)
        self.criteria_calibration = {}
        for j, name in enumerate(self.criteria):
            z, answers = known(logits[:, 1 + j], held.answers[:, j])
            self.criteria_calibration[name] = platt(z, answers) if enough(answers) else (1.0, 0.0)

    def _fit_networks(
        self, rated: Rated, real: Real | None, seed: int, progress: Progress
    ) -> tuple[NDArray[np.float64], Rated]:
        """Train the ensemble; return each held-out rating's logits (N, 1 + criteria) by a network that did not see
        its image."""
        fold = folds(rated, max(HELD_OUT, self.ensemble), seed)
        self.networks = []
        logits, rows = [], []
        for member in range(self.ensemble):
            own = derive_seed(seed, "member", member)
            network = self.network(own)
            learn = np.flatnonzero(fold != member) if len(rated) >= 2 * HELD_OUT else np.arange(len(rated))
            feedback = Feedback(
                rated.subset(learn),
                real,
                len(self.words[self.columns[0]]),
                self.augment,
                self.automatic_weight,
                self.settings,
                self.criteria_weight,
            )
            label = "reward model" + (f" {member + 1}/{self.ensemble}" if self.ensemble > 1 else "")
            fit_network(network, self.preprocessing, feedback, seed=own, progress=progress, label=label)
            self.networks.append(network)
            test = np.setdiff1d(np.arange(len(rated)), learn)
            logits.append(
                batched_answers([network], self.preprocessing, rated.images[test], rated.codes[test])
            )
            rows.append(test)
        return np.concatenate(logits), rated.subset(np.concatenate(rows))

    def network(self, seed: int, *, from_file: bool = False) -> RewardNetwork:
        """Return a new network for these conditions and criteria, with the backbone's own weights or for a file's."""
        size = self.image_size if self.weights is None else None
        options = dict(self.options)
        if self.output_stride is not None:
            options["output_stride"] = self.output_stride
        backbone, preprocessing = load_backbone(
            self.backbone, None if from_file else self.weights, image_size=size, seed=seed, **options
        )
        if not from_file:
            self.preprocessing = preprocessing
        width = feature_width(backbone, self.preprocessing.size or self.image_size)
        sizes = [len(self.words[c]) for c in self.columns]
        network = RewardNetwork(backbone, width, sizes, criteria=len(self.criteria), seed=seed)
        return network.to(best_device())

    def codes(self, conditions: pd.DataFrame, images: NDArray[np.uint8] | Tensor) -> NDArray[np.int64]:
        """Return the codes (N, columns) of the conditions of N images of this model's size."""
        self.fitted()
        if len(conditions) != len(images):
            raise UserError(f"{len(images)} images but {len(conditions)} rows of conditions")
        height, width = images.shape[2:] if isinstance(images, Tensor) else images.shape[1:3]
        if len(images) and self.image_size not in (height, width):
            raise UserError(
                f"the reward model judges images of {self.image_size} px, these have {width} x {height}",
                remedy="bring them to its size, or fit one on images of this size",
            )
        return encode(conditions, self.words)

    def _logits(self, images: NDArray[np.uint8], codes: NDArray[np.int64]) -> NDArray[np.float64]:
        return batched_logits(self.fitted(), self.preprocessing, images, codes)

    def _calibrated(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        a, b = self.calibration
        return a * logits + b

    def _labels(self, codes: NDArray[np.int64]) -> list[str]:
        names = ["unknown", *self.words[self.columns[0]]]
        return [names[code] for code in codes[:, 0]]
