"""What one state of a generator is measured to be: by the judges, against real images, and how far from its base."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, derive_seed, t_interval
from ..generators import BestOfNDiffusion, Conditions, Diffusion, best_of_n_kl, path_kl
from ..imagesets import ImageSet
from ..metrics import RewardModel, label_agreement, prdc, vendi_score
from ._requested import LABELS, judges_of, requested
from ._shelf import unshelve
from ._stage import Work
from ._work_copies import Search
from ._work_data import with_groups
from ._work_feedback import build_expert, judge_verdicts
from ._work_generate import condition_table
from ._work_score import load_extractor, load_kept

KL_IMAGES, KL_STEPS = 64, 16
"""Paths and noise levels of the path KL: at 16 levels it is within about 1% of its value at 80."""
Features = NDArray[np.float32]


@dataclass
class Measured:
    """The values of one point by name, and why others are null."""

    values: dict[str, float | None]
    reasons: list[str]

    def point(self) -> dict[str, Any]:
        """The values as they stand in the record."""
        return {**self.values, "reason": "; ".join(self.reasons) or None}


class Instruments:
    """The judges, the real images' features and the search for copies, loaded once for all states of a stage."""

    def __init__(self, work: Work) -> None:
        self.work, self.columns = work, work.config["columns"]
        self.models = {role: RewardModel.load(work.inputs[f"judge-{role}"] / "model") for role in ("R", "E")}
        self.expert = build_expert(work, "H")

    @cached_property
    def extractors(self) -> dict[str, Any]:
        """The fitted extractors by name."""
        return {name: load_extractor(self.work, name) for name in self.work.config["extractors"]}

    @cached_property
    def reference(self) -> Features:
        """The features of the real reference images by the extractor that generators are compared by."""
        split = unshelve(self.work.inputs["data"]).column("split").to_numpy()
        features: Features = np.load(
            self.work.inputs[f"features-{self.work.config['extractor']}"] / "features.npy"
        )
        return features[split == "reference"]

    def measure(self, images: ImageSet) -> Measured:
        """Return the judges' shares and means, coverage, Vendi score and label agreement of the images."""
        images, found = with_groups(images), Measured({}, [])
        conditions = condition_table(images, self.columns)
        for role, model in self.models.items():
            probability = model.probability(images.images(), conditions)
            found.values[role] = float((probability >= 0.5).mean())
            found.values[f"{role}_mean"] = float(probability.mean())
        seed = derive_seed(self.work.seed, "rate", "H")
        self._note(found, "H", lambda: self._plausible(images, seed))
        features = np.asarray(self.extractors[self.work.config["extractor"]].features(images.images()))
        self._note(found, "coverage", lambda: prdc(self.reference, features).coverage)
        self._note(found, "vendi", lambda: vendi_score(features))
        self._note(found, LABELS, lambda: self._agreement(images))
        return found

    def _plausible(self, images: ImageSet, seed: int) -> float:
        """The share that H finds plausible, of the images that it can judge."""
        found = judge_verdicts(self.expert, images, seed)
        if np.isnan(found).all():
            raise UserError("judge H could judge none of the images")
        return float(np.nanmean(found))

    def _agreement(self, images: ImageSet) -> float:
        """The share of images of which a classifier of real images says what was asked for."""
        for name, extractor in self.extractors.items():
            if judges_of(name, extractor, extractor.features(images.images()[:1])):
                said = judges_of(name, extractor, extractor.features(images.images()))
                return label_agreement(next(iter(said.values())), requested(images, "label")).overall.value
        raise UserError("no extractor of the recipe holds a classifier")

    @staticmethod
    def _note(found: Measured, name: str, measure: Any) -> None:
        try:
            found.values[name] = float(measure())
        except UserError as error:
            found.values[name] = None
            found.reasons.append(f"{name}: {error}")

    def near_copies(self, states: list[ImageSet]) -> tuple[list[float | None], str | None]:
        """Return for each state the share of images nearer to training than the threshold, or why none is known.

        All states are searched at once: the hold-out, which sets the threshold, is measured once.
        """
        config = self.work.config["copies"]
        extractor = load_kept(self.work.inputs["copies"] / "extractor", config["extractor"])
        search = Search(self.work.inputs["copies"], config, self.work.inputs["data"])
        pixels = [state.images() for state in states]
        features = np.asarray(extractor.features(np.concatenate(pixels)), np.float32)
        copies, reason = search.near(features)
        if copies is None:
            return [None] * len(states), reason
        ends = np.cumsum([len(each) for each in pixels])[:-1]
        return [float(part.mean()) for part in np.split(copies, ends)], None


def distance(model: Any, base: Diffusion, conditions: Conditions, seed: int) -> Measured:
    """Return the path KL of a state from the base with its 95% t interval over paths; for best-of-n its bound."""
    names = ("path_kl", "path_kl_lo", "path_kl_hi")
    if isinstance(model, BestOfNDiffusion):
        bound = best_of_n_kl(model.n)
        return Measured(dict(zip(names, (bound, None, None), strict=True)), [])
    if not isinstance(model, Diffusion):
        kind = getattr(model, "kind", type(model).__name__)
        return Measured(dict.fromkeys(names), [f"path_kl: {kind} has no path that is known, nor a bound"])
    asked = Conditions(conditions.table.head(KL_IMAGES))
    terms = path_kl(model, base, asked, seed=derive_seed(seed, "path"), steps=KL_STEPS)
    if not np.isfinite(terms).all():
        return Measured(dict.fromkeys(names), ["path_kl: the paths left the range of numbers"])
    found = t_interval(terms)
    return Measured(dict(zip(names, (found.value, max(0.0, found.lo), found.hi), strict=True)), [])
