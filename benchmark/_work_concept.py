"""Stages of a new concept: extend the base, rate what it shows, fit R, align, and let H look."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import UserError, derive_seed, rng, wilson
from ..experts import ValuePanel
from ..generators import (
    Concept,
    Conditions,
    Diffusion,
    conditions_like,
    load_aligned,
    requests_like,
    sample_images,
)
from ..imagesets import UNKNOWN, ImageSet
from ._shelf import shelve, split_of, unshelve
from ._stage import Work
from ._work_data import GROUP, with_groups
from ._work_feedback import build_expert, judge_verdicts, keep_judge, own_third, unfitted_judge
from ._work_generate import align_and_keep, condition_table, write_card

BATCH = 50
PARTS = ("R", "H", "held")
"""Real images with a value are cut into three: R's raters, H, and those on which both are measured."""

Bools = NDArray[np.bool_]


def concept_of(work: Work) -> Concept:
    """The concept that the configuration names."""
    config = work.config
    return Concept(config["column"], tuple(config["values"]), dict(config["where"]))


def without_values(images: ImageSet, column: str) -> ImageSet:
    """The images without the concept's column: what a generator and R may see of real ones."""
    images = with_groups(images)
    return images.with_table(images.table.drop(columns=[column], errors="ignore"))


def extend(work: Work) -> None:
    """Give the base the column; refuse where H cannot tell its values apart on real images."""
    card = work.inputs.get("value-H")
    if card is not None:
        told = json.loads((card / "card.json").read_text())
        if not told["reliable"]:
            raise UserError(
                f"H cannot tell {' from '.join(told['values'])} at {told['size']} pixels: balanced accuracy "
                f"{told['balanced_accuracy']:.2f} on {told['n_held_out']} held-out real images, 0.80 needed",
                where=work.config["column"],
                remedy="use larger images, more real images with the value, or other concept.sights",
            )
    saved = work.inputs["base"] / "generator"
    base = load_aligned(saved) if saved.is_dir() else None
    if not isinstance(base, Diffusion):
        raise UserError(
            "a new concept is taught to a diffusion model", where="base", remedy="base: diffusion"
        )
    concept = concept_of(work)
    model = base.with_column(concept.column, concept.values, concept.where)
    model.save(work.out / "generator")
    write_card(model.card, work.out)


def _extended(work: Work) -> Diffusion:
    model = load_aligned(work.inputs["extended"] / "generator")
    assert isinstance(model, Diffusion)
    return model


def sample_rated(work: Work) -> None:
    """Sample what the raters see: requests like the training images, each value as often."""
    model, column = _extended(work), work.config["column"]
    train = without_values(split_of(work.inputs["data"], "train"), column)
    asked = requests_like(model, train.table, work.config["n"], seed=derive_seed(work.seed, "concept, rated"))
    seed = derive_seed(work.seed, "concept, rated images")
    shelve(sample_images(model, asked, seed=seed, batch_size=BATCH, progress=work.progress), work.out)


class ValueJudge:
    """Whether images show a value, and whether they are plausible whatever their value: by role R or H."""

    def __init__(self, work: Work, role: str) -> None:
        self.config, self.column = work.config["judges"], work.config["column"]
        self.seed = derive_seed(work.seed, "concept, judge", role)
        asked = {**work.config, "experts": self.config}
        self.expert: Any = build_expert(replace(work, config=asked), role)
        value = work.inputs.get(f"value-{role}")
        self.panel = None if value is None else ValuePanel.load(value / "panel")

    def shows(self, images: ImageSet, value: str) -> Bools:
        """Whether each image shows the value."""
        if self.panel is not None:
            return np.array(self.panel.predict(images.images())) == value
        asked = images.with_table(images.table.assign(**{self.column: value}))
        answers = self.expert.answers(asked, seed=self.seed)
        return np.asarray(answers[self.config["criterion"]] == "yes")

    def plausible(self, images: ImageSet) -> Bools:
        """Whether each image is plausible for its class."""
        asked = images.with_table(images.table.drop(columns=[self.column]))
        return judge_verdicts(self.expert, asked, self.seed) == 1


def rate_values(work: Work) -> None:
    """Let R's raters say of each image whether it is a (plausible) image of the value that was asked for."""
    images = with_groups(unshelve(work.inputs["images"]))
    judge, asked = ValueJudge(work, "R"), images.table[work.config["column"]].to_numpy()
    shows = np.zeros(len(images), bool)
    for value in work.config["values"]:
        rows = np.flatnonzero(asked == value)
        shows[rows] = judge.shows(images.subset(rows), value)
    verdict = shows if work.config["question"] == "value" else shows & judge.plausible(images)
    table = pd.DataFrame(
        {"image": images.table["file_name"], "value": asked, "verdict": verdict.astype(float)}
    )
    if verdict.all() or not verdict.any():
        raise UserError(
            f"all {len(verdict)} ratings say {'yes' if verdict.all() else 'no'}: there is nothing to learn from",
            where="concept.ratings",
            remedy="train the base longer, rate more images, or ask question: value",
        )
    table.to_parquet(work.out / "ratings.parquet")
    shares = {value: float(verdict[asked == value].mean()) for value in work.config["values"]}
    (work.out / "card.json").write_text(json.dumps({"n": len(images), "yes": shares}))


def fit_concept_judge(work: Work) -> None:
    """Fit R on the ratings; automatic feedback from real images knows their class and never their value."""
    part, columns = work.config["judge"], [*work.config["columns"], work.config["column"]]
    rated = with_groups(unshelve(work.inputs["images"]))
    verdicts = pd.read_parquet(work.inputs["ratings"] / "ratings.parquet")["verdict"].to_numpy(np.float64)
    real = without_values(split_of(work.inputs["data"], "train"), work.config["column"])
    real = real.subset(own_third(real, "R"))
    model = unfitted_judge(part, columns)
    model.fit(
        rated.images(),
        condition_table(rated, columns),
        verdicts,
        real_images=real.images() if part["mismatch"] else None,
        real_conditions=condition_table(real, work.config["columns"]) if part["mismatch"] else None,
        shuffle=work.config["shuffle"],
        seed=derive_seed(work.seed, "concept, judge"),
        progress=work.progress,
    )
    keep_judge(model, work)


def align_concept(work: Work) -> None:
    """Align the extended base with R; the training images do not bear the column."""
    base = _extended(work)
    train = without_values(split_of(work.inputs["data"], "train"), work.config["column"])
    align_and_keep(work, base, train, seed=derive_seed(work.seed, "concept, align"))


def sample_values(work: Work) -> None:
    """Sample n images for each value, and n as the hold-out comes, without a value: equal noise for every arm."""
    column, n = work.config["column"], work.config["n"]
    held = without_values(split_of(work.inputs["data"], "holdout"), column)
    train = without_values(split_of(work.inputs["data"], "train"), column)
    seed, count = derive_seed(work.seed, "concept, asked"), len(work.config["values"])
    asked = requests_like(_extended(work), train.table, n * count, seed=seed).table
    plain = conditions_like(held.table, n, work.config["columns"], seed=seed, balanced=False).table
    table = pd.concat([asked, plain.assign(**{column: UNKNOWN})], ignore_index=True)
    model = load_aligned(work.inputs["fit"] / "generator")
    shelve(
        sample_images(
            model,
            Conditions(table),
            seed=derive_seed(work.seed, "concept, images"),
            batch_size=BATCH,
            progress=work.progress,
        ),
        work.out,
    )


def measure_values(work: Work) -> None:
    """Let H look at one arm's images; write one row per value, and one of all other requests."""
    images = with_groups(unshelve(work.inputs["images"]))
    judge, asked = ValueJudge(work, "H"), images.table[work.config["column"]].to_numpy()
    plausible = judge.plausible(images)
    rows: list[dict[str, Any]] = []
    bearing = images.subset(asked != UNKNOWN)
    for value in work.config["values"]:
        mine = asked[asked != UNKNOWN] == value
        shows, good = judge.shows(bearing, value), plausible[asked == value]
        found = wilson(int(shows[mine].sum()), int(mine.sum()))
        rows.append(
            {
                **_about(work, value, int(mine.sum())),
                "asked_confirmed": found.value,
                "other_confirmed": float(shows[~mine].mean()),
                "plausible": float(good.mean()),
                "both": float((shows[mine] & good).mean()),
                "lo": found.lo,
                "hi": found.hi,
            }
        )
    others = plausible[asked == UNKNOWN]
    rows.append({**_about(work, None, len(others)), "plausible": float(others.mean())})
    (work.out / "concept.json").write_text(json.dumps({"rows": rows}))


def _about(work: Work, value: str | None, n: int) -> dict[str, Any]:
    return {"method": work.config["arm"], "seed": work.seed, "value": value, "n": n}


def fit_value_panel(work: Work) -> None:
    """Fit one role's predictor of the value on a third of the real images that bear one; measure it on another."""
    images, role = with_groups(unshelve(work.inputs["data"])), work.config["role"]
    bears, column = work.config["bears"], work.config["column"]
    values = [bears.get(str(value), "") for value in images.column(column)]
    picked = np.zeros(len(images), bool)
    picked[concept_of(work).rows(images.table)] = True
    values = [value if is_asked else "" for value, is_asked in zip(values, picked, strict=True)]
    order = rng(0, "concept, thirds").permutation(int(images.table[GROUP].max()) + 1)
    place = order[images.table[GROUP].to_numpy()] % len(PARTS)
    own = np.flatnonzero((place == PARTS.index(role)) & ~(picked & (np.array(values) == "")))
    held = np.flatnonzero((place == PARTS.index("held")) & (np.array(values) != ""))
    panel = ValuePanel(features=work.config["features"], steps=work.config["steps"])
    panel.fit(
        images.images(own),
        [values[row] for row in own],
        images.images(held),
        [values[row] for row in held],
        classes=[images.labels[row] for row in own],
        seed=derive_seed(work.seed, "concept, panel", role),
        progress=work.progress,
    )
    panel.save(work.out / "panel")
    (work.out / "card.json").write_text(json.dumps(panel.card))
