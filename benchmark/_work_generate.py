"""Stages that fit generators, align them and sample from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..core import derive_seed, registry
from ..generators import (
    Budget,
    Conditions,
    GeneratorCard,
    RealHoldout,
    conditions_like,
    load_aligned,
    load_trail,
    sample_images,
    save_trail,
)
from ..imagesets import UNKNOWN, ImageSet
from ..metrics import RewardModel
from ._cell_data import cell_data
from ._recipe import short_name, without_alias
from ._shelf import shelve, split_of
from ._stage import Work
from ._work_data import with_groups

FIT_SPLIT = {"blur": "holdout", "real-holdout": "holdout"}
"""The ruler's blurs are blurred *hold-out* images: what they differ by is the blur, not the training split."""


def build_generator(spec: Any, *, flips: str = "both", columns: list[str] | None = None) -> Any:
    """A generator from its spec, told which columns are asked for where its factory takes that."""
    import inspect

    factory = registry("generators").load(short_kind(spec))
    offered = {"columns": tuple(columns or ["label"]), "flips": flips}
    parameters = inspect.signature(factory).parameters
    extra = {name: value for name, value in offered.items() if name in parameters}
    return registry("generators").build(without_alias(spec), **extra)


def short_kind(spec: Any) -> str:
    """The registered name alone."""
    from ..core import parse_spec

    return parse_spec(without_alias(spec)).name


def _training_images(work: Work) -> ImageSet:
    if "closed" in work.config:
        return own_images(work)
    kind = "real-holdout" if work.config["spec"] == "real-holdout" else short_kind(work.config["spec"])
    return with_groups(split_of(work.inputs["data"], FIT_SPLIT.get(kind, "train")))


def own_images(work: Work) -> ImageSet:
    """The cell's own real images: all that a closed-set generator sees."""
    found = cell_data(work.inputs["data"], work.config["closed"], work.seed)
    chosen = found.images.subset(found.subset)
    return with_groups(ImageSet.from_arrays(chosen.images(), chosen.table, about=chosen.about))


def _fresh(work: Work) -> Any:
    if work.config["spec"] == "real-holdout":
        return RealHoldout(_training_images(work))
    return build_generator(work.config["spec"], flips=work.config["flips"], columns=work.config["columns"])


def fit(work: Work) -> None:
    """Fit a generator and keep it, when it can be saved; else the fit is repeated where it is used."""
    generator = _fresh(work)
    if hasattr(generator, "checkpoint"):
        generator.checkpoint = work.scratch / "checkpoint"
    generator.fit(_training_images(work), seed=derive_seed(work.seed, "fit"), progress=work.progress)
    if hasattr(generator, "save"):
        generator.save(work.out / "generator")
    write_card(generator.card, work.out)


def load_fitted(work: Work, need: str = "fit") -> Any:
    """The generator that a stage kept; one that cannot be saved is fitted again."""
    saved = work.inputs[need] / "generator"
    if saved.is_dir():
        kind = work.config.get("loader") or short_kind(work.config["spec"])
        return load_aligned(saved) if kind == "diffusion" else registry("generators").load(kind).load(saved)
    generator = _fresh(work)
    generator.fit(_training_images(work), seed=derive_seed(work.seed, "fit"), progress=work.progress)
    return generator


def align(work: Work) -> None:
    """Align the base with the reward R, at the budget that all methods share; keep the states along the way."""
    base = load_fitted(work, "base")
    train = with_groups(split_of(work.inputs["data"], "train"))
    done = work.config.get("done", 0)
    seed = derive_seed(work.seed, "align", *(["again"] if done else []))
    _keep_trail(work, align_and_keep(work, base, train, seed=seed), done)


def align_and_keep(work: Work, base: Any, train: ImageSet, *, seed: int) -> Any:
    """Align the base by the configured method, which goes on where it was stopped; keep and return what it gives."""
    reward = RewardModel.load(work.inputs["reward"] / "model")
    aligner = registry("aligners").build(without_alias(work.config["method"]))
    trainer = getattr(aligner, "method", aligner)
    if hasattr(trainer, "checkpoint"):
        trainer.checkpoint = work.scratch / "checkpoint"
    budget = Budget(**work.config["budget"])
    aligned = aligner.align(base, reward, train, seed=seed, budget=budget, progress=work.progress)
    aligned.save(work.out / "generator")
    name = work.config.get("title", short_name(work.config["method"]))
    write_card(replace(aligned.card, name=name, kind="aligned"), work.out)
    return aligned


def _keep_trail(work: Work, aligned: Any, done: int) -> None:
    """Keep the states along the alignment, where it has any; a second half's stand after those of the first."""
    if not getattr(aligned, "trail", ()):
        return
    before = work.inputs["base"] / "trail"
    first = load_trail(before, aligned) if done and before.is_dir() else ()
    aligned.trail = (*first, *(replace(each, step=done + each.step) for each in aligned.trail))
    save_trail(aligned, work.out / "trail")


def asked_conditions(data: Path, columns: list[str], n: int, seed: int, purpose: str) -> Conditions:
    """The conditions that every generator of a seed is asked for.

    Images that are scored are asked for as the hold-out images come (so all sets have the reference's mix of
    classes and groups, and each real image plays once): at most as many as there are. Images that are rated or
    trained on are balanced over the columns' combinations in the training split.
    """
    scored = purpose == "sample"
    return conditions_among(
        with_groups(split_of(data, "holdout" if scored else "train")).table, columns, n, seed, scored=scored
    )


def conditions_among(
    like: pd.DataFrame, columns: list[str], n: int, seed: int, *, scored: bool
) -> Conditions:
    """The conditions asked for, from the table of the split that they are like."""
    known = like[columns].dropna()
    n = min(n, int((known != UNKNOWN).all(axis=1).sum())) if scored else n
    return conditions_like(like, n, columns=tuple(columns), seed=seed, balanced=not scored)


def sample(work: Work) -> None:
    """Sample the images that are scored, for the same conditions and the same noise as every other generator."""
    generator = load_fitted(work)
    conditions = _conditions(work)
    images = sample_images(
        generator,
        conditions,
        seed=derive_seed(work.seed, work.config["purpose"]),
        batch_size=work.config["batch_size"],
        progress=work.progress,
    )
    shelve(images, work.out)


def _conditions(work: Work) -> Conditions:
    """What is asked for; of a closed-set generator what it saw, of aimed images the rare values alone."""
    config, seed = work.config, derive_seed(work.seed, "conditions")
    columns, purpose = config["columns"], config["purpose"]
    if "closed" not in config and "aim" not in config:
        return asked_conditions(work.inputs["data"], columns, config["n"], seed, purpose)
    like = own_images(work) if "closed" in config else with_groups(split_of(work.inputs["data"], "train"))
    table = like.table
    if "aim" in config:
        table = table[table[config["aim"]["column"]].astype(str).isin(config["aim"]["values"])]
    return conditions_among(table, columns, config["n"], seed, scored=False)


def write_card(card: GeneratorCard, out: Path) -> None:
    """Keep a generator's card beside it."""
    (out / "card.json").write_text(json.dumps(_plain(asdict(card))))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def read_card(folder: Path) -> GeneratorCard:
    """The card that ``fit`` or ``align`` wrote."""
    note = json.loads((folder / "card.json").read_text())
    return GeneratorCard(**{**note, "columns": tuple(note["columns"])})


def condition_table(images: ImageSet, columns: list[str]) -> pd.DataFrame:
    """The columns of a set that judges and generators are told, as text."""
    return with_groups(images).table[list(columns)].reset_index(drop=True)
