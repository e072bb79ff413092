"""Stages that measure: features of the real images once, then every generator against them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, derive_seed, registry, t_interval, wilson
from ..imagesets import ImageSet, stratum_of, too_small
from ..metrics import (
    PANEL,
    LeftOut,
    RewardModel,
    Score,
    by_stratum,
    left_out,
    metric_cards,
    save_left_out,
    score_panel,
)
from ._gallery import write_gallery
from ._recipe import Component, without_alias
from ._record import Memorisation
from ._shelf import split_of, unshelve
from ._stage import Work
from ._work_copies import Search
from ._work_data import GROUP, with_groups
from ._work_feedback import build_expert, judge_verdicts
from ._work_generate import condition_table, read_card, short_kind
from ._work_requested import requested_rows

Features = NDArray[np.float32]


def real_features(work: Work) -> None:
    """Fit the extractor on the training split, keep it, and keep the features of every real image."""
    spec = work.config["extractor"]
    extractor = registry("extractors").build(without_alias(spec))
    train = split_of(work.inputs["data"], "train")
    extractor.fit(train, seed=derive_seed(work.seed, "extractor"), progress=work.progress)
    if hasattr(extractor, "save"):
        extractor.save(work.out / "extractor")
    everything = unshelve(work.inputs["data"]).images()
    np.save(work.out / "features.npy", extractor.features(everything))


def load_extractor(work: Work, name: str) -> Any:
    """The fitted extractor that ``real_features`` kept."""
    return load_kept(work.inputs[f"features-{name}"] / "extractor", work.config["extractors"][name])


def load_kept(saved: Path, spec: Component) -> Any:
    """The extractor of a spec as it was kept, or built again where it keeps nothing."""
    if saved.is_dir():
        return registry("extractors").load(short_kind(spec)).load(saved)
    return registry("extractors").build(without_alias(spec))


def score(work: Work) -> None:
    """Write the generator's score rows, its memorisation, its gallery, and the replicates it is compared by."""
    images = with_groups(unshelve(work.inputs["images"]))
    rows: list[dict[str, Any]] = []
    reasons: dict[str, str] = {}
    taken: dict[str, tuple[Any, Features]] = {}
    for name in work.config["extractors"]:
        extractor = load_extractor(work, name)
        synthetic = extractor.features(images.images())
        taken[name] = extractor, synthetic
        real = _Real(work, name)
        rows += _panel_rows(work, name, real, synthetic, images)
        reasons.update(_keep_replicates(work, name, real, synthetic))
    copies = _memorisation(work, images)
    rows.append(_copy_row(copies))
    asked = requested_rows(work, taken, images, honours(work))
    rows += [{key: row[key] for key in _ROW_FIELDS} for row in asked]
    rows += _plausibility_rows(work, images)
    fixed = {
        "generator": work.config["generator"],
        "imageset": work.config["imageset"],
        "seed": work.config["seed"],
    }
    entry = copies.model_dump(mode="json", exclude={"generator", "seed"})
    note = {"scores": [{**row, **fixed} for row in rows], "memorisation": entry, "not_compared": reasons}
    (work.out / "scores.json").write_text(json.dumps(_clean(note)))


class _Real:
    """The features of the real splits, by one extractor."""

    def __init__(self, work: Work, name: str) -> None:
        folder = work.inputs[f"features-{name}"]
        self.data = with_groups(unshelve(work.inputs["data"]))
        self.features: Features = np.load(folder / "features.npy")
        self.split = self.data.column("split").to_numpy()

    def of(self, split: str) -> Features:
        return self.features[self.split == split]

    def images(self, split: str) -> ImageSet:
        return self.data.subset(self.split == split)


def _panel_rows(
    work: Work, name: str, real: _Real, synthetic: Features, images: ImageSet
) -> list[dict[str, Any]]:
    config, reference = work.config, real.images("reference")
    groups = reference.table[GROUP].to_numpy()
    found = score_panel(
        real.of("reference"),
        synthetic,
        extractor=name,
        metrics=[*_PANEL, *_own_metrics(work)],
        train=real.of("train"),
        groups=groups,
        seed=config["seed"],
    )
    for column in config["strata"]:
        if column not in reference.table.columns:
            continue
        honoured = column in images.table.columns and column in honours(work)
        by_column = by_stratum(
            real.of("reference"),
            synthetic,
            stratum_of(reference, column).astype(str),
            stratum_of(images, column).astype(str) if honoured else np.full(len(images), "", dtype=str),
            column=column,
            groups=groups,
            extractor=name,
            min_n=config["min_stratum"],
            seed=config["seed"],
        )
        found += by_column if honoured else [_not_asked(each, column) for each in by_column]
    return [{key: value for key, value in asdict(each).items() if key in _ROW_FIELDS} for each in found]


LEFT_OUT = "left-out.npz"


def _keep_replicates(work: Work, name: str, real: _Real, synthetic: Features) -> dict[str, str]:
    """Keep what pairs of generators are compared by; return why a metric cannot be."""
    if name not in work.config["compared"]:
        return {}
    own = {built.name: built for built in _own_metrics(work)}
    groups = real.images("reference").table[GROUP].to_numpy()
    kept: list[LeftOut] = []
    reasons = {}
    for metric in work.config["compared"][name]:
        asked = metric if metric in metric_cards() else own.get(metric, metric)
        try:
            kept += left_out(
                real.of("reference"), synthetic, [asked], groups=(groups, None), seed=work.config["seed"]
            )
        except UserError as error:
            reasons[metric] = str(error)
    save_left_out(kept, work.out / LEFT_OUT)
    return reasons


def _own_metrics(work: Work) -> list[Any]:
    return [registry("metrics").build(without_alias(part["spec"])) for part in work.config["metrics"]]


def honours(work: Work) -> set[str]:
    """The columns that were asked for and that the generator's card says it honours."""
    return set(work.config["columns"]) & set(read_card(work.inputs["fit"]).columns)


def _not_asked(score: Score, column: str) -> Score:
    """Of a generator that does not honour the column, only the coverage of a group's real images can be told."""
    if score.metric == "coverage":
        return score
    reason = f"the generator does not honour {column}, or was not asked for it"
    return replace(score, value=None, lo=None, hi=None, n_synthetic=0, reason=reason)


_PANEL = tuple(name for name in PANEL if name != "copy_share")
_ROW_FIELDS = (
    "metric", "extractor", "stratum", "n_real", "n_synthetic", "value", "lo", "hi", "level", "method",
    "higher_is_better", "reason",
)  # fmt: skip


def _memorisation(work: Work, images: ImageSet) -> Memorisation:
    """Judge the generator's copies, and keep its images beside their nearest patients."""
    search = Search(work.inputs["copies"], work.config["copies"], work.inputs["data"])
    extractor = load_kept(work.inputs["copies"] / "extractor", work.config["copies"]["extractor"])
    features = np.asarray(extractor.features(images.images()), np.float32)
    found = search.judge(features, images, work.config["generator"], work.config["seed"])
    write_gallery(work.out, images, search.train, search.holdout_images, found, search.owners)
    return found.entry


def _copy_row(copies: Memorisation) -> dict[str, Any]:
    return {
        "metric": "copy_share",
        "extractor": copies.extractor,
        "stratum": "all",
        "n_real": copies.n_train,
        "n_synthetic": copies.n,
        "value": copies.copy_share,
        "lo": copies.lo,
        "hi": copies.hi,
        "method": "wilson",
        "higher_is_better": False,
        "reason": copies.words if copies.copy_share is None else None,
    }


def _plausibility_rows(work: Work, images: ImageSet) -> list[dict[str, Any]]:
    if work.config["experts"] is None:
        return []
    rows = []
    probabilities = _probabilities(work, images)
    for judge, verdict in _verdicts(work, images, probabilities).items():
        rows.append(_share_row(judge, "all", verdict))
        if judge in probabilities:
            rows.append(_mean_row(judge, probabilities[judge]))
        for column in work.config["strata"]:
            if column not in images.table.columns or column not in honours(work):
                continue
            strata = stratum_of(images, column).astype(str)
            for value in sorted(set(strata)):
                rows.append(_share_row(judge, f"{column}={value}", verdict[strata == value], work))
    return rows


def _probabilities(work: Work, images: ImageSet) -> dict[str, NDArray[np.float64]]:
    """P(plausible) of every image by R and by E."""
    conditions = condition_table(images, work.config["columns"])
    models = {role: RewardModel.load(work.inputs[f"judge-{role}"] / "model") for role in ("R", "E")}
    return {role: model.probability(images.images(), conditions) for role, model in models.items()}


def _verdicts(
    work: Work, images: ImageSet, probabilities: Mapping[str, NDArray[np.float64]]
) -> dict[str, NDArray[np.float64]]:
    found = {role: (each >= 0.5).astype(np.float64) for role, each in probabilities.items()}
    seed = derive_seed(work.seed, "rate", "H")
    found["H"] = judge_verdicts(build_expert(work, "H"), images, seed)
    return found


def _mean_row(judge: str, probability: NDArray[np.float64]) -> dict[str, Any]:
    """The mean P(plausible): it moves where a share above a threshold stands still."""
    interval = t_interval(probability)
    return {
        "metric": "plausible_mean",
        "extractor": judge,
        "stratum": "all",
        "n_synthetic": len(probability),
        "value": interval.value,
        "lo": max(0.0, interval.lo),
        "hi": min(1.0, interval.hi),
        "method": "t over images",
        "higher_is_better": True,
    }


def _share_row(
    judge: str, stratum: str, verdict: NDArray[np.float64], work: Work | None = None
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "metric": "plausible_share",
        "extractor": judge,
        "stratum": stratum,
        "n_synthetic": len(verdict),
        "method": "wilson",
        "higher_is_better": True,
    }
    reason = too_small(stratum.partition("=")[2], len(verdict), work.config["min_stratum"]) if work else None
    if reason:
        return {**row, "value": None, "reason": reason}
    interval = wilson(int(verdict.sum()), len(verdict))
    return {**row, "value": interval.value, "lo": interval.lo, "hi": interval.hi}


def _clean(value: Any) -> Any:
    """Plain JSON values; a number that is not finite is null."""
    if isinstance(value, Mapping):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
