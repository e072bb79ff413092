"""Stages of the experts' feedback: rate the base's images, fit the judges R and E."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import derive_seed, rng
from ..experts import RESERVED, AttributePanel, AttributeRules, OracleExpert, PanelExpert, verdicts
from ..imagesets import ImageSet
from ..metrics import RewardModel
from ._shelf import split_of, unshelve
from ._stage import Work
from ._work_data import GROUP, with_groups
from ._work_generate import condition_table

PANELS = {
    "R": {"backbone": "test_byobnet", "part": 0},
    "E": {"backbone": "test_byobnet", "part": 1},
    "H": {"backbone": "resnet10t", "part": 2},
}
"""Where no oracle exists, each judge has a panel of predictors of its own: other images, H also another network."""
SIGHTS = {"R": "drawn", "E": "test_byobnet", "H": "resnet10t"}
"""What each judge's attribute panel sees with; H's network is nobody else's."""


def build_expert(work: Work, role: str) -> Any:
    """The simulated expert of a role. H of a phantom is the oracle without noise; R's and E's raters err."""
    config = work.config["experts"]
    if config["source"] == "oracle":
        return OracleExpert(config["oracle"], noise=0.0 if role == "H" else config["noise"])
    kind = AttributePanel if config["source"] == "attributes" else PanelExpert
    return kind.load(work.inputs[f"panel-{role}"] / "panel")


def unfitted_panel(work: Work, role: str) -> PanelExpert | AttributePanel:
    """The panel of a role. R's and E's attribute panels err as two annotators do; H's sees the same at each look."""
    name, steps = f"panel {role}", work.config["steps"]
    if "rules" not in work.config:
        return PanelExpert(backbone=str(PANELS[role]["backbone"]), steps=steps, name=name)
    return AttributePanel(
        AttributeRules.model_validate(work.config["rules"]),
        features=SIGHTS[role],
        kappas="none" if role == "H" else "published",
        steps=steps,
        name=name,
    )


def own_third(train: ImageSet, role: str) -> NDArray[np.bool_]:
    """The training images that are a judge's own: whole patients, a third of them for each of R, E and H."""
    order = rng(0, "thirds").permutation(int(train.table[GROUP].max()) + 1)
    return np.asarray(order[train.table[GROUP].to_numpy()] % len(PANELS) == PANELS[role]["part"])


def fit_panel(work: Work) -> None:
    """Fit the predictors of one judge on a third of the real training images that is its own."""
    role = work.config["role"]
    train = with_groups(split_of(work.inputs["data"], "train"))
    held = with_groups(split_of(work.inputs["data"], "val"))
    part = own_third(train, role)
    expert = unfitted_panel(work, role)
    expert.fit(train.subset(part), held, seed=derive_seed(work.seed, "panel", role), progress=work.progress)
    expert.save(work.out / "panel")
    (work.out / "card.json").write_text(json.dumps(expert.card))


def rate(work: Work) -> None:
    """Let the simulated experts of a role rate the base's images; keep one verdict per image and the answers."""
    images = with_groups(unshelve(work.inputs["images"]))
    expert = build_expert(work, work.config["role"])
    ratings = expert.rate(images, seed=derive_seed(work.seed, "rate", work.config["role"]))
    ratings.to_parquet(work.out / "ratings.parquet")


def judge_verdicts(expert: Any, images: ImageSet, seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """One verdict per image, in the images' order: 1 plausible, 0 not."""
    ratings = expert.rate(images, seed=seed)
    return ordered_verdicts(ratings, images)


def ordered_verdicts(ratings: pd.DataFrame, images: ImageSet) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The ratings' verdicts in the order of the images' file names."""
    by_image = verdicts(ratings)
    return by_image.reindex(images.table["file_name"]).to_numpy(dtype=np.float64)


def fit_judge(work: Work) -> None:
    """Fit R or E on its own ratings, mixed with automatic feedback from mismatched real images and classes.

    Of an alignment that was rated again half-way, on both lots of ratings.
    """
    part, columns = work.config["judge"], work.config["columns"]
    lots = [_lot(work, suffix) for suffix in ("", "-again") if f"images{suffix}" in work.inputs]
    train = with_groups(split_of(work.inputs["data"], "train"))
    train = train.subset(own_third(train, work.config["role"]))
    model = unfitted_judge(part, columns)
    real = train if part["mismatch"] else None
    model.fit(
        np.concatenate([rated.images() for rated, _ in lots]),
        pd.concat([condition_table(rated, columns) for rated, _ in lots], ignore_index=True),
        np.concatenate([ordered_verdicts(ratings, rated) for rated, ratings in lots]),
        criteria=pd.concat([criteria_answers(ratings, rated) for rated, ratings in lots], ignore_index=True),
        real_images=real.images() if real else None,
        real_conditions=condition_table(real, columns) if real else None,
        shuffle=work.config.get("shuffle", False),
        seed=derive_seed(work.seed, "judge", work.config["role"]),
        progress=work.progress,
    )
    keep_judge(model, work)


def unfitted_judge(part: Mapping[str, Any], columns: Sequence[str]) -> RewardModel:
    """The reward model that the recipe's part describes, told these columns."""
    return RewardModel(
        part["backbone"],
        weights=part["weights"],
        columns=tuple(columns),
        steps=part["steps"],
        ensemble=part["ensemble"],
    )


def keep_judge(model: RewardModel, work: Work) -> None:
    """Keep a fitted judge and its card."""
    model.save(work.out / "model")
    (work.out / "card.json").write_text(json.dumps(model.card))


def _lot(work: Work, suffix: str) -> tuple[ImageSet, pd.DataFrame]:
    """Rated images and their ratings."""
    ratings = pd.read_parquet(work.inputs[f"ratings{suffix}"] / "ratings.parquet")
    return with_groups(unshelve(work.inputs[f"images{suffix}"])), ratings


def criteria_answers(ratings: pd.DataFrame, images: ImageSet) -> pd.DataFrame:
    """One column per question and one row per image: 1 yes, 0 no, the mean over raters; NaN where nobody could tell."""
    asked = ratings[ratings["answer"].isin(["yes", "no"]) & ~ratings["criterion"].isin(RESERVED)]
    said = asked.assign(yes=(asked["answer"] == "yes").astype(float))
    table = said.pivot_table(index="image", columns="criterion", values="yes", aggfunc="mean")
    found = table.reindex(images.table["file_name"]).reset_index(drop=True)
    found.columns.name = None
    return found


def card_after(work: Work) -> None:
    """Write R's card on images that its raters rated after the alignment, its calibration as it was."""
    rated, ratings = _lot(work, "")
    model = RewardModel.load(work.inputs["judge"] / "model")
    card = model.card_on(
        rated.images(),
        condition_table(rated, work.config["columns"]),
        ordered_verdicts(ratings, rated),
        seed=derive_seed(work.seed, "card after"),
    )
    (work.out / "card.json").write_text(json.dumps(card))
