"""From a recipe to its stages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..core import UserError, file_hash, parse_spec, registry
from ..experts import AttributePanel, load_rules
from ..imagesets import UNKNOWN, ImageSet, open_imageset
from ..metrics import RewardModel
from ._copies import default_views
from ._recipe import Component, Recipe, short_name, without_alias
from ._stage import Stage
from ._work_data import with_groups


@dataclass
class Graph:
    """All stages of a run, and which of them hold what the record needs."""

    data: Stage
    stages: dict[str, Stage] = field(default_factory=dict)
    samples: dict[tuple[str, int], Stage] = field(default_factory=dict)
    scores: dict[tuple[str, int], Stage] = field(default_factory=dict)
    cells: dict[tuple[str, str | None, int, float, int], Stage] = field(default_factory=dict)
    cards: dict[tuple[str, int], Stage] = field(default_factory=dict)
    judges: dict[tuple[str, int], Stage] = field(default_factory=dict)
    panels: dict[tuple[str, int], Stage] = field(default_factory=dict)
    copies: Stage | None = None

    def add(self, stage: Stage) -> Stage:
        """Keep the stage under its name."""
        self.stages[stage.name] = stage
        return stage


def build_graph(recipe: Recipe, data: Stage, images: ImageSet) -> Graph:
    """Return the stages of the recipe on these images."""
    graph = Graph(data)
    columns = list(recipe.conditions)
    for column in columns:
        images.column(column)
    features = {
        short_name(part): graph.add(
            Stage(
                f"features [{short_name(part)}]",
                "._work_score:real_features",
                2,
                {
                    "extractor": part,
                    "code": _code("extractors", part),
                    "content": content_of(part),
                },
                needs={"data": data},
            )
        )
        for part in recipe.extractors
    }
    graph.copies = graph.add(_copies_stage(recipe, data))
    for seed in recipe.seeds:
        _Seed(recipe, graph, seed, columns, features, images).build()
    return graph


def _copies_stage(recipe: Recipe, data: Stage) -> Stage:
    part = recipe.copies.extractor
    name, views = short_name(part), recipe.copies.views
    config = {
        "name": name,
        "extractor": part,
        "code": _code("extractors", part),
        "content": content_of(part),
        "views": list(default_views(name, recipe.imageset.flips)) if views is None else views,
        "group": data.config["group"],
        "n_images": recipe.n_images,
    }
    return Stage(f"copies [{name}]", "._work_copies:copy_search", 1, config, needs={"data": data})


@dataclass
class _Seed:
    """The stages of one seed."""

    recipe: Recipe
    graph: Graph
    seed: int
    columns: list[str]
    features: Mapping[str, Stage]
    images: ImageSet
    shuffled: Stage | None = None

    def build(self) -> None:
        recipe = self.recipe
        base = self.fit(recipe.base) if recipe.base else None
        judges = self.judges(base) if base and recipe.alignment else {}
        fits = {short_name(part): self.fit(part) for part in [*recipe.references, *recipe.generators]}
        if base and recipe.base:
            fits[short_name(recipe.base)] = base
        for method in recipe.alignment.methods if recipe.alignment else []:
            fits[short_name(method)] = self.align(method, base, judges)  # type: ignore[arg-type]
        for name in recipe.generator_names():
            self.score(name, self.sample(name, fits[name]), fits[name], judges)
        self.cells()

    def stage(
        self,
        name: str,
        function: str,
        config: Mapping[str, Any],
        needs: Mapping[str, Stage],
        version: int = 1,
    ) -> Stage:
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
        config = self.fit_config(part)
        stage = self.stage(f"fit {short_name(part)}", "._work_generate:fit", config, {})
        self.graph.cards[(short_name(part), self.seed)] = stage
        return stage

    def fit_config(self, part: Component) -> dict[str, Any]:
        real = part == "real-holdout"
        code = 1 if real else _code("generators", part)
        return {
            "spec": part,
            "code": code,
            "content": content_of(part),
            "flips": self.recipe.imageset.flips,
            "columns": self.columns,
        }

    def sample(self, name: str, fitted: Stage, purpose: str = "sample", n: int | None = None) -> Stage:
        config = {
            **{key: fitted.config[key] for key in ("spec", "code", "flips", "columns")},
            "n": n or self.recipe.n_images,
            "batch_size": self.recipe.batch_size,
            "purpose": purpose,
        }
        if "loader" in fitted.config:
            config["loader"] = fitted.config["loader"]
        title = f"sample {name}" if purpose == "sample" else f"sample {name} for {purpose}"
        stage = self.stage(title, "._work_generate:sample", config, {"fit": fitted})
        if purpose == "sample":
            self.graph.samples[(name, self.seed)] = stage
        return stage

    def experts(self) -> dict[str, Any]:
        assert self.recipe.alignment is not None
        part = self.recipe.alignment.experts
        oracle = self.images.about.oracle
        source = part.source if part.source != "auto" else ("oracle" if oracle else "panel")
        if source == "oracle" and oracle is None:
            raise UserError(
                f"no oracle knows the image set {self.images.about.name!r}",
                where="alignment.experts.source",
                remedy="write panel, attributes, or auto",
            )
        found: dict[str, Any] = {"source": source, "oracle": oracle, "noise": part.noise, "n": part.ratings}
        return {**found, "rules": self.rules} if source == "attributes" else found

    @cached_property
    def rules(self) -> dict[str, Any]:
        assert self.recipe.alignment is not None
        return load_rules(self.recipe.alignment.experts.rules).model_dump()

    def panels(self, roles: str) -> dict[str, Stage]:
        if self.experts()["source"] == "oracle":
            return {}
        assert self.recipe.alignment is not None
        config: dict[str, Any] = {"steps": self.recipe.alignment.reward.steps}
        if self.experts()["source"] == "attributes":
            config |= {"rules": self.rules, "code": AttributePanel.version}
        found = {}
        for role in roles:
            stage = self.stage(f"panel {role}", "._work_feedback:fit_panel", {"role": role, **config}, {})
            self.graph.panels[(role, self.seed)] = found[f"panel-{role}"] = stage
        return found

    def judges(self, base: Stage) -> dict[str, Stage]:
        assert self.recipe.alignment is not None
        parts = {"R": self.recipe.alignment.reward, "E": self.recipe.alignment.evaluator}
        found = {}
        for role, part in parts.items():
            images = self.sample("base", base, f"ratings {role}", self.recipe.alignment.experts.ratings)
            config = {"role": role, "experts": self.experts()}
            rated = self.stage(
                f"rate for {role}", "._work_feedback:rate", config, {"images": images, **self.panels(role)}
            )
            fitted = {
                "role": role,
                "judge": part.model_dump(),
                "code": RewardModel.version,
                "content": content_of(part.weights),
                "columns": self.columns,
            }
            needs = {"images": images, "ratings": rated}
            found[role] = self.stage(f"judge {role}", "._work_feedback:fit_judge", fitted, needs)
            self.graph.judges[(role, self.seed)] = found[role]
            if role == "R" and any(map(takes_shuffled, self.recipe.alignment.methods)):
                fitted = {**fitted, "shuffle": True}
                self.shuffled = self.stage("judge R, shuffled", "._work_feedback:fit_judge", fitted, needs)
        return found

    def align(self, method: Component, base: Stage, judges: Mapping[str, Stage]) -> Stage:
        part = self.recipe.alignment
        assert part is not None
        budget = {"steps": part.steps, "batch_size": part.batch_size, "learning_rate": part.learning_rate}
        config = {
            **base.config,
            "method": method,
            "method_code": _code("aligners", method),
            "loader": parse_spec(without_alias(base.config["spec"])).name,
            "budget": budget,
        }
        reward = self.shuffled if takes_shuffled(method) else judges["R"]
        assert reward is not None
        needs = {"base": base, "reward": reward}
        stage = self.stage(f"align {short_name(method)}", "._work_generate:align", config, needs)
        self.graph.cards[(short_name(method), self.seed)] = stage
        return stage

    def score(self, name: str, sampled: Stage, fitted: Stage, judges: Mapping[str, Stage]) -> None:
        recipe = self.recipe
        extractors = {short_name(part): part for part in recipe.extractors}
        copies = self.graph.copies
        assert copies is not None
        config = {
            "generator": name,
            "extractors": extractors,
            "metrics": [{"spec": part, "code": _code("metrics", part)} for part in recipe.metrics],
            "compared": dict([recipe.compared()]),
            "columns": self.columns,
            "strata": ["label", *[c for c in recipe.imageset.strata if c != "label"]],
            "min_stratum": recipe.imageset.min_stratum,
            "experts": self.experts() if judges else None,
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
            **{f"judge-{role}": stage for role, stage in judges.items()},
            **(self.panels("H") if judges else {}),
        }
        self.graph.scores[(name, self.seed)] = self.stage(
            f"score {name}", "._work_score:score", config, needs, version=6
        )

    def cells(self) -> None:
        grid = self.recipe.classifiers
        if grid is None:
            return
        for n_real in grid.n_real:
            for arm in grid.arms:
                uses = arm in ("real+synthetic", "synthetic-only", "real+shuffled-synthetic")
                for generator in grid.generators if uses else [None]:
                    for ratio in grid.ratios if uses else [0.0]:
                        self.cell(arm, generator, n_real, ratio)

    def pool(self, per_class: int) -> int:
        """Images to sample so that every class has ``per_class``.

        Conditions are balanced over the combinations of columns, of which a class may have fewer than another.
        """
        known = with_groups(self.images).table[self.columns].dropna()
        combinations = known[(known != UNKNOWN).all(axis=1)].drop_duplicates()
        fewest = int(combinations["label"].value_counts().min())
        return math.ceil(per_class / fewest) * len(combinations)

    def cell(self, arm: str, generator: str | None, n_real: int, ratio: float) -> None:
        grid = self.recipe.classifiers
        assert grid is not None
        if arm == "real-repeated":
            ratio = max(grid.ratios)
        config = {
            "arm": arm,
            "generator": generator,
            "n_real": n_real,
            "ratio": ratio,
            "model": grid.model,
            "code": _code("classifiers", grid.model),
            "content": content_of(grid.model),
            "classes": self.images.classes,
            "strata": list(self.recipe.imageset.strata),
            "min_stratum": self.recipe.imageset.min_stratum,
            "group": self.graph.data.config["group"],
            "seed": self.seed,
        }
        needs = {}
        if generator:
            fitted = self.graph.samples[(generator, self.seed)].needs["fit"]
            pool = self.pool(math.ceil(max(grid.n_real) * max(grid.ratios)))
            needs["synthetic"] = self.sample(generator, fitted, "training", pool)
        name = f"train {arm}{'/' + generator if generator else ''} n={n_real} x{ratio:g}"
        self.graph.cells[(arm, generator, n_real, ratio, self.seed)] = self.stage(
            name, "._work_cells:train_cell", config, needs
        )


def _code(kind: str, part: Component) -> str:
    return registry(kind).version(without_alias(part))


def content_of(part: Component | None) -> list[str]:
    """Hashes of the files and folders that a component's argument and options name: a path is not its content."""
    if part is None:
        return []
    spec = parse_spec(without_alias(part))
    named = [value for value in (spec.argument, *spec.options.values()) if isinstance(value, str)]
    hashes = []
    for name in [*named, *([part] if isinstance(part, str) else [])]:
        path = Path(name)
        if path.is_file():
            hashes.append(file_hash(path))
        elif spec.name == "folder" and path.is_dir():
            hashes.append(open_imageset(name).content_hash)
            hashes += [file_hash(path / "card.json")] if (path / "card.json").is_file() else []
    return hashes


def takes_shuffled(method: Component) -> bool:
    """True for the control whose reward is fitted on shuffled verdicts."""
    return parse_spec(without_alias(method)).name == "shuffled"
