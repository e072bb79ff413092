"""The stages of one seed: what every part of a run is built with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..imagesets import ImageSet, split_by_group
from ._cell_key import CellKey
from ._graph_keys import code_of, content_of
from ._recipe import Component, Recipe, short_name
from ._stage import Stage

if TYPE_CHECKING:
    from ._graph_align import Alignment


@dataclass
class Graph:
    """All stages of a run, and which of them hold what the record needs."""

    data: Stage
    stages: dict[str, Stage] = field(default_factory=dict)
    samples: dict[tuple[str, int], Stage] = field(default_factory=dict)
    scores: dict[tuple[str, int], Stage] = field(default_factory=dict)
    cells: dict[CellKey, Stage] = field(default_factory=dict)
    tunings: dict[tuple[str, int, int, str], Stage] = field(default_factory=dict)
    """Classifier, real images per class, seed, test set -> the stage that tuned."""
    speeds: dict[str, Stage] = field(default_factory=dict)
    pools: dict[tuple[str, int], list[Stage]] = field(default_factory=dict)
    """Generator and seed -> the stages that sample what classifiers are trained on."""
    leakage: Stage | None = None
    frozen: dict[str, bool] = field(default_factory=dict)
    """Classifier -> whether it works on features that are computed once."""
    cards: dict[tuple[str, int], Stage] = field(default_factory=dict)
    judges: dict[tuple[str, int], Stage] = field(default_factory=dict)
    panels: dict[tuple[str, int], Stage] = field(default_factory=dict)
    trajectories: dict[tuple[str, int], Stage] = field(default_factory=dict)
    stops: dict[tuple[str, int], Stage] = field(default_factory=dict)
    afters: dict[tuple[str, int], Stage] = field(default_factory=dict)
    spent: dict[tuple[str, int], list[Stage]] = field(default_factory=dict)
    """The stages whose seconds a method costs, beside the sampling of its scored images."""
    copies: Stage | None = None
    concepts: dict[tuple[str, int], Stage] = field(default_factory=dict)

    identities: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Classifier -> its code and the content of its weights."""
    _divided: ImageSet | None = None

    def add(self, stage: Stage) -> Stage:
        """Keep the stage under its name."""
        self.stages[stage.name] = stage
        return stage

    def divided(self, images: ImageSet) -> ImageSet:
        """The images with their splits, as the data stage keeps them."""
        if self._divided is None:
            config = self.data.config
            self._divided = split_by_group(
                images, fractions=dict(config["splits"]), group=config["group"], stratify="label", seed=0
            )
        return self._divided


@dataclass
class SeedGraph:
    """The stages of one seed, as they are added to the graph."""

    recipe: Recipe
    graph: Graph
    seed: int
    columns: list[str]
    features: Mapping[str, Stage]
    images: ImageSet
    fits: dict[str, Stage] = field(default_factory=dict)
    judges: dict[str, Stage] = field(default_factory=dict)
    alignment: Alignment | None = None

    def stage(
        self,
        name: str,
        function: str,
        config: Mapping[str, Any],
        needs: Mapping[str, Stage],
        version: int = 1,
    ) -> Stage:
        """Add a stage of this seed; it is given the data beside what it needs."""
        return self.graph.add(
            Stage(
                f"{name} [seed {self.seed}]",
                function,
                version,
                config,
                self.seed,
                {"data": self.graph.data, **needs},
            )
        )

    def fit(self, part: Component) -> Stage:
        """Add the stage that fits a generator."""
        stage = self.stage(f"fit {short_name(part)}", "._work_generate:fit", self.fit_config(part), {})
        self.graph.cards[(short_name(part), self.seed)] = stage
        return stage

    def fit_config(self, part: Component) -> dict[str, Any]:
        """What a fit depends on."""
        real = part == "real-holdout"
        code = 1 if real else code_of("generators", part)
        return {
            "spec": part,
            "code": code,
            "content": content_of(part),
            "flips": self.recipe.imageset.flips,
            "columns": self.columns,
        }

    def sample(
        self,
        name: str,
        fitted: Stage,
        purpose: str = "sample",
        n: int | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> Stage:
        """Add the stage that samples n images for a purpose; those of the purpose ``sample`` are scored."""
        config = {
            **{key: fitted.config[key] for key in ("spec", "code", "flips", "columns")},
            "n": n or self.recipe.n_images,
            "batch_size": self.recipe.batch_size,
            "purpose": purpose,
            **(more or {}),
        }
        if "loader" in fitted.config:
            config["loader"] = fitted.config["loader"]
        title = f"sample {name}" if purpose == "sample" else f"sample {name} for {purpose}"
        stage = self.stage(title, "._work_generate:sample", config, {"fit": fitted})
        if purpose == "sample":
            self.graph.samples[(name, self.seed)] = stage
        return stage

    def score(self, name: str, sampled: Stage, fitted: Stage) -> None:
        """Add the stage that measures a generator's images."""
        recipe, copies, judged = self.recipe, self.graph.copies, bool(self.judges)
        assert copies is not None
        assert self.alignment is not None or not judged
        config = {
            "generator": name,
            "extractors": {short_name(part): part for part in recipe.extractors},
            "metrics": [{"spec": part, "code": code_of("metrics", part)} for part in recipe.metrics],
            "compared": dict([recipe.compared()]),
            "columns": self.columns,
            "strata": ["label", *[c for c in recipe.imageset.strata if c != "label"]],
            "min_stratum": recipe.imageset.min_stratum,
            "experts": self.alignment.experts() if self.alignment and judged else None,
            "group": self.graph.data.config["group"],
            "imageset": self.images.about.name,
            "seed": self.seed,
            "copies": dict(copies.config),
        }
        needs = {
            "images": sampled,
            "fit": fitted,
            "copies": copies,
            **{f"features-{key}": stage for key, stage in self.features.items()},
            **{f"judge-{role}": stage for role, stage in self.judges.items()},
            **(self.alignment.panels("H") if self.alignment and judged else {}),
        }
        self.graph.scores[(name, self.seed)] = self.stage(
            f"score {name}", "._work_score:score", config, needs, version=7 if judged else 6
        )
