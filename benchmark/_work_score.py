"""Stages that measure: features of the real images once, then every generator against them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, derive_seed, registry, wilson
from ..imagesets import ImageSet, stratum_of, too_small
from ..metrics import PANEL, RewardModel, Score, by_stratum, memorisation, nearest, score_panel
from ._gallery import write_gallery
from ._recipe import without_alias
from ._shelf import split_of, unshelve
from ._stage import Work
from ._work_data import GROUP, with_groups
from ._work_feedback import build_expert, judge_verdicts
from ._work_generate import condition_table, read_card, short_kind

Features = NDArray[np.float32]


def real_features(work: Work) -> None:
    """Fit the extractor on the training split, keep it, and keep the features of every real image.

    The training images' mirror images (as the recipe's ``flips`` says) are kept too.
    """
    spec = work.config["extractor"]
    extractor = registry("extractors").build(without_alias(spec))
    train = split_of(work.inputs["data"], "train")
    extractor.fit(train, seed=derive_seed(work.seed, "extractor"), progress=work.progress)
    if hasattr(extractor, "save"):
        extractor.save(work.out / "extractor")
    everything = unshelve(work.inputs["data"]).images()
    np.save(work.out / "features.npy", extractor.features(everything))
    for name, view in mirrored(train.images(), work.config["flips"]).items():
        np.save(work.out / f"{name}.npy", extractor.features(view))


def mirrored(images: NDArray[np.uint8], flips: str) -> dict[str, NDArray[np.uint8]]:
    """The mirror images that generators may train on, by the recipe's ``flips``: a mirrored patient is a patient."""
    across, down = images[:, :, ::-1], images[:, ::-1]
    named = {"view-across": across, "view-down": down, "view-both": down[:, :, ::-1]}
    kept = {"none": 0, "horizontal": 1, "both": 3}[flips]
    return {name: np.ascontiguousarray(view) for name, view in list(named.items())[:kept]}


def load_extractor(work: Work, name: str) -> Any:
    """The fitted extractor that ``real_features`` kept."""
    saved = work.inputs[f"features-{name}"] / "extractor"
    spec = work.config["extractors"][name]
    if saved.is_dir():
        return registry("extractors").load(short_kind(spec)).load(saved)
    return registry("extractors").build(without_alias(spec))


def score(work: Work) -> None:
    """Write the generator's score rows, its memorisation and its gallery."""
    images = with_groups(unshelve(work.inputs["images"]))
    rows: list[dict[str, Any]] = []
    copies: dict[str, Any] | None = None
    for number, name in enumerate(work.config["extractors"]):
        synthetic = load_extractor(work, name).features(images.images())
        real = _Real(work, name)
        rows += _panel_rows(work, name, real, synthetic, images)
        if number == 0:
            copies = _memorisation(work, name, real, synthetic, images)
            rows.append(_copy_row(name, copies, len(images)))
    rows += _plausibility_rows(work, images)
    fixed = {
        "generator": work.config["generator"],
        "imageset": work.config["imageset"],
        "seed": work.config["seed"],
    }
    note = {"scores": [{**row, **fixed} for row in rows], "memorisation": copies}
    (work.out / "scores.json").write_text(json.dumps(_clean(note)))


class _Real:
    """The features of the real splits, by one extractor."""

    def __init__(self, work: Work, name: str) -> None:
        folder = work.inputs[f"features-{name}"]
        self.data = with_groups(unshelve(work.inputs["data"]))
        self.features: Features = np.load(folder / "features.npy")
        self.views: list[Features] = [np.load(path) for path in sorted(folder.glob("view-*.npy"))]
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
    extra = [registry("metrics").build(without_alias(part["spec"])) for part in config["metrics"]]
    found = score_panel(
        real.of("reference"),
        synthetic,
        extractor=name,
        metrics=[*_PANEL, *extra],
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


def _memorisation(
    work: Work, name: str, real: _Real, synthetic: Features, images: ImageSet
) -> dict[str, Any]:
    train = real.images("train")
    try:
        verdict = memorisation(
            real.of("train"), synthetic, real.of("holdout"), features=name, train_views=real.views
        )
    except UserError as error:
        distances, neighbours = nearest(synthetic, real.of("train"))
        write_gallery(work.out, images, train, neighbours[:, 0], distances[:, 0])
        return {"memorising": None, "copy_share": None, "n": len(images), "words": f"Not decided: {error}."}
    write_gallery(work.out, images, train, verdict.nearest_train, verdict.closeness)
    return {
        "memorising": verdict.memorising,
        "copy_share": verdict.copy_share.value,
        "lo": verdict.copy_share.lo,
        "hi": verdict.copy_share.hi,
        "holdout_share": verdict.holdout_share,
        "p": verdict.p_value,
        "n": len(images),
        "words": verdict.words,
    }


def _copy_row(extractor: str, copies: Mapping[str, Any], n: int) -> dict[str, Any]:
    return {
        "metric": "copy_share",
        "extractor": extractor,
        "stratum": "all",
        "n_synthetic": n,
        "value": copies["copy_share"],
        "lo": copies.get("lo"),
        "hi": copies.get("hi"),
        "method": "wilson",
        "higher_is_better": False,
        "reason": copies["words"] if copies["copy_share"] is None else None,
    }


def _plausibility_rows(work: Work, images: ImageSet) -> list[dict[str, Any]]:
    if work.config["experts"] is None:
        return []
    rows = []
    for judge, verdict in _verdicts(work, images).items():
        rows.append(_share_row(judge, "all", verdict))
        for column in work.config["strata"]:
            if column not in images.table.columns or column not in honours(work):
                continue
            strata = stratum_of(images, column).astype(str)
            for value in sorted(set(strata)):
                rows.append(_share_row(judge, f"{column}={value}", verdict[strata == value], work))
    return rows


def _verdicts(work: Work, images: ImageSet) -> dict[str, NDArray[np.float64]]:
    conditions = condition_table(images, work.config["columns"])
    found: dict[str, NDArray[np.float64]] = {}
    for role in ("R", "E"):
        model = RewardModel.load(work.inputs[f"judge-{role}"] / "model")
        found[role] = (model.probability(images.images(), conditions) >= 0.5).astype(np.float64)
    seed = derive_seed(work.seed, "rate", "H")
    found["H"] = judge_verdicts(build_expert(work, "H"), images, seed)
    return found


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
