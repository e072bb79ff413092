"""The stage that prepares the search for copies: the training images under every view, and what it could find."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import derive_seed, registry, rng
from ..imagesets import ImageSet, Pixels, same_pixels, view
from ..metrics import FEWEST_HOLDOUT, memorisation, planted_copy_power
from ..metrics import CopyPower as Power
from ._copies import Copies, CopySet, files_of, judge_copies, view_features
from ._recipe import without_alias
from ._record import CopyPower, PowerRow
from ._shelf import split_of, unshelve
from ._stage import Work
from ._work_data import GROUP

DISGUISES = ("brightness:0.9", "jpeg:60", "blur:1", "crop:0.87", "shift:0.03,0", "across+crop:0.93+jpeg:60")
"""Changes that are none of the views: what a copy may look like that nobody looked for."""
DISGUISED = "disguised"
"""Copies with one of these changes each, all kinds in equal numbers."""
PLANTED = 200
"""Training images that are disguised to be planted."""


def copy_search(work: Work) -> None:
    """Keep the extractor, the training images' features under every view, the hold-out's, and the power."""
    name = work.config["name"]
    extractor = registry("extractors").build(without_alias(work.config["extractor"]))
    data = unshelve(work.inputs["data"])
    train = split_of(work.inputs["data"], "train")
    extractor.fit(train, seed=derive_seed(work.seed, "extractor"), progress=work.progress)
    if hasattr(extractor, "save"):
        extractor.save(work.out / "extractor")
    views = view_features(extractor, train.images(), work.config["views"])
    split = data.column("split").to_numpy()
    unseen = data.subset(split != "train")
    features = np.asarray(extractor.features(unseen.images()), np.float32)
    held = split[split != "train"] == "holdout"
    own = np.asarray(extractor.features(train.images()), np.float32)
    np.savez(work.out / "features.npz", train=own, holdout=features[held])
    for number, each in enumerate(views.values()):
        np.save(work.out / f"view-{number:03d}.npy", each)
    power = planted_copy_power(
        own,
        features,
        groups=unseen.table[GROUP].to_numpy(),
        train_views=views,
        disguised=disguised_features(extractor, train.images(), work.seed),
        n_holdout=int(held.sum()),
        n_synthetic=work.config["n_images"],
        features=name,
        seed=work.seed,
    )
    found = copy_power(power, work.config["views"]).model_dump(mode="json")
    leaked = len(same_pixels(unseen.subset(held), train.image_keys))
    (work.out / "search.json").write_text(json.dumps({"power": found, "exact_holdout": leaked}))


def disguised_features(extractor: Any, images: Pixels, seed: int) -> dict[str, NDArray[np.float32]]:
    """Return the features of some of the images under each disguise, and of all together."""
    drawn = rng(seed, "disguised").permutation(len(images))[:PLANTED]
    found = {
        name: np.asarray(extractor.features(view(images[drawn], name)), np.float32) for name in DISGUISES
    }
    return {**found, DISGUISED: np.concatenate(list(found.values()))}


def copy_power(power: Power, views: list[str]) -> CopyPower:
    """Return the record's entry of a power analysis."""
    alarm = power.false_alarm
    return CopyPower(
        extractor=power.features,
        views=list(views),
        n_train=power.n_train,
        n_holdout=power.n_holdout,
        n_synthetic=power.n_synthetic,
        repeats=power.repeats,
        rows=[
            PowerRow(kind=kind, share=point.share, copies=point.copies, value=point.detected.value,
                     lo=point.detected.lo, hi=point.detected.hi)
            for kind, curve in power.curves.items()
            for point in curve
        ],
        false_alarm=alarm.value if alarm else None,
        false_alarm_lo=alarm.lo if alarm else None,
        false_alarm_hi=alarm.hi if alarm else None,
        smallest=dict(power.smallest),
        recognised={kind: share.value for kind, share in power.recognised.items()},
        reason=power.reason,
        words=power.words + ".",
    )  # fmt: skip


class Search:
    """What ``copy_search`` kept, ready to judge a generator."""

    def __init__(self, folder: Path, config: Mapping[str, Any], data: Path) -> None:
        with np.load(folder / "features.npz", allow_pickle=False) as kept:
            own, holdout = kept["train"], kept["holdout"]
        self.name: str = config["name"]
        self.views = {
            name: np.load(folder / f"view-{number:03d}.npy") for number, name in enumerate(config["views"])
        }
        self.patients_by: str | None = config["group"]
        self.exact_holdout = int(json.loads((folder / "search.json").read_text())["exact_holdout"])
        self.train, self.holdout_images = split_of(data, "train"), split_of(data, "holdout")
        self.owners = self.train.table[GROUP].to_numpy()
        self.own, self.held = self._set(own, self.train), self._set(holdout, self.holdout_images)

    def judge(self, features: NDArray[np.float32], images: ImageSet, generator: str, seed: int) -> Copies:
        """Return the verdict on a generator's images."""
        return judge_copies(
            self.own,
            CopySet(features, files_of(images.table)),
            self.held,
            extractor=self.name,
            generator=generator,
            seed=seed,
            views=self.views,
            exact=same_pixels(images, self.train.image_keys),
            exact_holdout=self.exact_holdout,
            patients_by=self.patients_by,
        )

    def near(self, features: NDArray[np.float32]) -> tuple[NDArray[np.bool_] | None, str | None]:
        """Return which images are nearer to a training image than the threshold; None and why where it is unknown."""
        if len(self.held.files) < FEWEST_HOLDOUT:
            return None, f"not enough data: {len(self.held.files)} hold-out images, {FEWEST_HOLDOUT} needed"
        verdict = memorisation(
            self.own.features, features, self.held.features, features=self.name, train_views=self.views,
            groups=self.own.patients, holdout_groups=self.held.patients,
        )  # fmt: skip
        return verdict.copies, None

    def _set(self, features: NDArray[np.float32], images: ImageSet) -> CopySet:
        patients = images.table[GROUP].to_numpy() if self.patients_by else None
        return CopySet(features, files_of(images.table), patients)
