"""The self-check's stages: features of damaged images, and the scores of one split on one extractor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..core import UserError, derive_seed, registry
from ..imagesets import (
    ImageSet,
    collapse_rows,
    damage_pixels,
    drop_value,
    exchange_rows,
    planted_fault,
    swap_labels,
)
from ._check_roles import Labels, Roles, Rows, values_of
from ._check_values import Features, Found, Player, coverage_of, measure
from ._expected import can_move
from ._recipe import short_name, without_alias
from ._ridge import Ridge
from ._shelf import unshelve
from ._stage import Work

CLEAN = "clean"


def damaged_features(work: Work) -> None:
    """Features of the images that ever play, under one fault of the pixels, one file for each strength.

    ``clean`` is of all images, undamaged. Rows that never play are NaN, so that none can be scored by mistake. For
    extractors that do not learn from labels; those that only take a scale take it from the undamaged images.
    """
    images = unshelve(work.inputs["data"])
    extractor = registry("extractors").build(without_alias(work.config["extractor"]))
    extractor.fit(images, seed=derive_seed(work.seed, "extractor"), progress=work.progress)
    fault, pixels = work.config["fault"], np.asarray(images.images())
    rows = np.arange(len(images)) if fault == CLEAN else np.asarray(work.config["rows"])
    for strength in work.config["strengths"]:
        made = pixels if fault == CLEAN else damage_pixels(pixels, fault, strength, work.seed)[rows]
        found = np.asarray(extractor.features(images if fault == CLEAN else made), np.float32)
        everything = np.full((len(images), found.shape[1]), np.nan, np.float32)
        everything[rows] = found
        np.save(work.out / f"{strength:g}.npy", everything)


def score_split(work: Work) -> None:
    """Write ``scores.json``: every metric of the undamaged player and of every damaged one, on one split."""
    images = unshelve(work.inputs["data"])
    roles = roles_of(work.config["roles"])
    seen = _Learned(work, images, roles) if work.config["learns"] else _Kept(work)
    split = _Split(work.config, images, roles, seen)
    rows = []
    with work.progress.task(short_name(work.config["extractor"]), len(work.config["faults"])) as bar:
        rows += split.row(CLEAN, 0.0, split.player(roles.player))
        for fault in work.config["faults"]:
            rows += split.fault(fault)
            bar.advance(1, fault)
    (work.out / "scores.json").write_text(json.dumps(rows))


def roles_of(config: Mapping[str, Any]) -> Roles:
    """Roles as a stage's configuration bears them."""
    arrays = {name: np.asarray(config[name], np.int64) for name in ("reference", "player", "spare", "train")}
    dropped = {column: tuple(values) for column, values in config["dropped"].items()}
    return Roles(seed=config["seed"], dropped=dropped, **arrays)


def config_of(roles: Roles) -> dict[str, Any]:
    """The inverse of ``roles_of``."""
    return {
        key: value.tolist() if isinstance(value, np.ndarray) else value
        for key, value in asdict(roles).items()
    }


class _Kept:
    """Features that ``damaged_features`` kept."""

    def __init__(self, work: Work) -> None:
        self.inputs: Mapping[str, Path] = work.inputs

    def features(self, fault: str, strength: float, rows: Rows) -> Features:
        folder = self.inputs[f"features {fault}"]
        return np.asarray(np.load(folder / f"{strength:g}.npy", mmap_mode="r", allow_pickle=False)[rows])


class _Learned:
    """Features of an extractor that learns from this split's training images."""

    def __init__(self, work: Work, images: ImageSet, roles: Roles) -> None:
        self.images, self.seed = images, work.seed
        self.extractor = registry("extractors").build(without_alias(work.config["extractor"]))
        self.extractor.fit(images.subset(roles.train), seed=roles.seed, progress=work.progress)
        self.clean: Features | None = None

    def features(self, fault: str, strength: float, rows: Rows) -> Features:
        if fault == CLEAN:
            if self.clean is None:
                self.clean = np.asarray(self.extractor.features(np.asarray(self.images.images())), np.float32)
            return self.clean[rows]
        pixels = damage_pixels(np.asarray(self.images.images()), fault, strength, self.seed)[rows]
        return np.asarray(self.extractor.features(pixels), np.float32)


class _Split:
    """One split on one extractor."""

    def __init__(
        self, config: Mapping[str, Any], images: ImageSet, roles: Roles, seen: _Kept | _Learned
    ) -> None:
        self.config, self.roles, self.seen = config, roles, seen
        self.values = {column: values_of(images, column) for column in config["columns"]}
        self.classifier: Ridge | None = None
        self.labels: Labels = self.values.get("label", np.full(len(images), "all"))

    def player(
        self, rows: Rows, fault: str = CLEAN, strength: float = 0.0, labels: Labels | None = None
    ) -> Player:
        """The player made of these rows, their pixels damaged, bearing the labels of the undamaged rows' places."""
        strata = {c: (v[self.roles.reference], v[rows]) for c, v in self.values.items()}
        if labels is not None:
            strata["label"] = (strata["label"][0], labels)
        clean = [self.seen.features(CLEAN, 0.0, part) for part in (self.roles.reference, self.roles.train)]
        fake = self.seen.features(fault, strength, rows)
        return Player(clean[0], fake, clean[1], strata, self._predicted(clean[1], fake))

    def _predicted(self, train: Features, fake: Features) -> Labels | None:
        """Classes as a ridge classifier of the training images' features sees them."""
        if "label" not in self.values or "label_agreement" not in self.config["metrics"]:
            return None
        if self.classifier is None:
            self.classifier = Ridge.fit(train, self.labels[self.roles.train])
        return self.classifier.predict(fake)

    def fault(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows of every strength of a fault; one that cannot be planted here has its reason instead."""
        for strength in self.config["strengths"][name]:
            try:
                yield from self._rows_of(name, strength)
            except UserError as error:
                yield {"fault": name, "strength": strength, **asdict(Found("", "", None, str(error)))}

    def _rows_of(self, name: str, strength: float) -> list[dict[str, Any]]:
        if not name.startswith("dropped_"):
            return self.row(name, strength, self._planted(name, strength))
        column = "label" if name == "dropped_class" else str(self.config["by"])
        found = [self._without(name, strength, column, value) for value in self.roles.dropped[column]]
        return [{"fault": name, "strength": strength, **asdict(each)} for each in _mean(found)]

    def _planted(self, name: str, strength: float) -> Player:
        roles, seed = self.roles, self.roles.seed
        changes = planted_fault(name).changes
        if changes == "pixels":
            return self.player(roles.player, name, strength)
        if changes == "labels":
            return self.player(roles.player, labels=swap_labels(self.labels[roles.player], strength, seed))
        if name == "collapse":
            return self.player(collapse_rows(roles.player, strength, seed))
        spare = roles.train if name == "copies" else roles.spare
        return self.player(exchange_rows(roles.player, spare, self.labels, strength, seed))

    def _without(self, name: str, strength: float, column: str, value: str) -> list[Found]:
        """All metrics while one value goes missing, coverage of that value among them."""
        roles = self.roles
        rows = drop_value(roles.player, roles.spare, self.values[column], value, strength, roles.seed)
        return self.measured(name, self.player(rows), {column: (value,)})

    def row(self, name: str, strength: float, player: Player) -> list[dict[str, Any]]:
        """The values of one player as rows."""
        found = self.measured(name, player, self.roles.dropped)
        return [{"fault": name, "strength": strength, **asdict(each)} for each in found]

    def measured(self, name: str, player: Player, missing: Mapping[str, Sequence[str]]) -> list[Found]:
        """The metrics that the fault could move, and coverage of the values that go missing."""
        wanted = [m for m in self.config["metrics"] if _worth(m, name)]
        found = [f for f in measure(player, wanted) if name == CLEAN or can_move(f.metric, name, f.stratum)]
        if "coverage" in wanted and name != "swapped_labels":
            found += _missing(player, missing)
        return found


def _worth(metric: str, fault: str) -> bool:
    return fault == CLEAN or can_move(metric, fault) or can_move(metric, fault, "worst:label")


def _missing(player: Player, values: Mapping[str, Sequence[str]]) -> list[Found]:
    """Mean coverage of the values, by column, each value's own beside it."""
    found = []
    for column, names in values.items():
        shares = {name: share for name in names if (share := coverage_of(player, column, name)) is not None}
        if len(shares) == len(names):
            found.append(Found("coverage", f"dropped:{column}", float(np.mean(list(shares.values())))))
        found += [Found("coverage", f"{column}={name}", share) for name, share in shares.items()]
    return found


def _mean(cases: Sequence[Sequence[Found]]) -> list[Found]:
    """The mean over the values that went missing in turn; null where it is null for one of them."""
    by_name: dict[tuple[str, str], list[Found]] = {}
    for each in (found for case in cases for found in case):
        by_name.setdefault((each.metric, each.stratum), []).append(each)
    return [
        next(
            (each for each in same if each.value is None),
            Found(*name, float(np.mean([f.value for f in same]))),
        )
        for name, same in by_name.items()
    ]
