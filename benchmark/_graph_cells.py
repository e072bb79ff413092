"""The stages of the grid of classifiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..core import registry
from ..imagesets import UNKNOWN, ImageSet, stratum_of
from ._graph_external import external_stage
from ._graph_keys import code_of, content_of
from ._graph_pools import Pools
from ._graph_seed import SeedGraph
from ._grid import TEST, GridCell, grid_cells
from ._recipe_classifiers import AIMED, SECOND, ClassifiersPart, classifier_name
from ._recipe_part import Component, short_name, without_alias
from ._stage import Stage

HEAD_OPTIONS = (
    "penalty",
    "steps",
    "batch_size",
    "learning_rate",
    "weight_decay",
    "augment",
    "label_smoothing",
)
"""Options of a frozen classifier that its features do not depend on."""
CELL_VERSION = 3


def add_cells(seed: SeedGraph) -> None:
    """Add the stages of every cell of the grid: generators and pools, features, tuning, training."""
    if seed.recipe.classifiers is None:
        return
    grid = _Grid(seed, seed.recipe.classifiers)
    if grid.cells:
        grid.seed.graph.leakage = grid.leakage
    for cell in grid.cells:
        grid.add(cell)


def sites_of(recipe: Any, images: ImageSet) -> list[str]:
    """Every ``COLUMN=VALUE`` that the recipe leaves out in turn."""
    column = recipe.classifiers.leave_out if recipe.classifiers else None
    if column is None:
        return []
    values = sorted(set(stratum_of(images, column).astype(str).tolist()) - {UNKNOWN})
    return [f"{column}={value}" for value in values]


@dataclass
class _Grid:
    """The grid of one seed."""

    seed: SeedGraph
    part: ClassifiersPart
    models: dict[str, Component] = field(init=False)
    cells: list[GridCell] = field(init=False)
    pools: Pools = field(init=False)
    _models: dict[str, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        parts = [*self.part.grid_models(), *self.part.registered_models]
        self.models = {classifier_name(part): part for part in parts}
        self.cells = grid_cells(self.seed.recipe, sites_of(self.seed.recipe, self.seed.images))
        self.pools = Pools(self.seed, self.part, self.cells)

    @cached_property
    def classes(self) -> list[str]:
        """The run's classes, in order."""
        return list(self.seed.images.classes)

    @cached_property
    def strata(self) -> list[str]:
        """The recipe's columns, and where a second labeller gave one too, that."""
        given = list(self.seed.recipe.imageset.strata)
        columns = self.seed.images.table.columns
        second = [name + SECOND for name in given if name + SECOND in columns]
        return [*given, *(name for name in second if name not in given)]

    @cached_property
    def groups(self) -> str | None:
        """The column by which arms balance, beside the class."""
        imageset = self.seed.recipe.imageset
        return self.part.balanced_by(imageset.strata, imageset.label)

    @cached_property
    def external(self) -> dict[str, Stage]:
        """Name -> stage of every external image set."""
        return {short_name(part): external_stage(self.seed, part, self.strata) for part in self.part.external}

    def add(self, cell: GridCell) -> None:
        """Add one cell, and what it needs."""
        model = self.models[cell.classifier]
        needs = self._needs(cell, model)
        key = cell.key(self.seed.seed)
        config = self._config(cell, model)
        function = "._work_cells:train_cell"
        if empty := self.pools.empty(cell):
            function, config = "._work_lacking:null_cell", {**config, "lacking": empty}
        self.seed.graph.cells[key] = self.seed.stage(self._name(cell), function, config, needs, CELL_VERSION)

    def _name(self, cell: GridCell) -> str:
        name = f"train {cell.key(0).side} n={cell.n_real} x{cell.ratio:g}"
        name += f" {cell.classifier}" if len(self.models) > 1 else ""
        return name + (f" without {cell.test_set}" if cell.test_set != TEST else "")

    def _config(self, cell: GridCell, model: Component) -> dict[str, Any]:
        config = {
            "arm": cell.arm,
            "generator": cell.generator,
            "n_real": cell.n_real,
            "ratio": cell.ratio,
            "model": model,
            "classifier": cell.classifier,
            **self.identity(model),
            "classes": self.classes,
            "strata": self.strata,
            "min_stratum": self.seed.recipe.imageset.min_stratum,
            "group": self.seed.graph.data.config["group"],
            "seed": self.seed.seed,
            "test_set": cell.test_set,
            "open_set": None if cell.generator is None else not cell.closed,
        }
        if cell.arm == AIMED and self.part.aim:
            config["aim"] = self.part.aim.model_dump()
        if cell.arm == "real+weighted-synthetic":
            config["synthetic_weight"] = self.part.synthetic_weight
        if cell.arm in ("oversampled", "group-weighted"):
            config["groups"] = self.groups
        if cell.test_set != TEST:
            config["left_out"] = cell.test_set.split("=", 1)
        elif self.external:
            config["external"] = list(self.external)
        return config

    def _needs(self, cell: GridCell, model: Component) -> dict[str, Stage]:
        if self.pools.lacking(cell) or self.pools.empty(cell):
            return self._tests(cell)
        needs = self._tests(cell)
        pool = self.pools.of(cell)
        stops = self.part.leakage == "stop"
        if pool:
            needs["synthetic"] = pool
            looked = self._pool_leakage(cell.generator or "", pool)
            needs |= {"leakage-pool": looked} if stops else {}
        if self.is_frozen(cell.classifier):
            shown = {need: stage for need, stage in needs.items() if not need.startswith("leakage")}
            sets = {"data": self.seed.graph.data, **shown}
            needs |= {f"features-{need}": self._features(model, need, stage) for need, stage in sets.items()}
        elif self.part.precision == "auto" and hasattr(self._built(cell.classifier), "untrained"):
            needs["speed"] = self._speed(model)
        if self.part.tune:
            needs["tune"] = self._tuning(cell, model, needs)
        if stops:
            needs["leakage"] = self.leakage
        return needs

    def _tests(self, cell: GridCell) -> dict[str, Stage]:
        external = self.external if cell.test_set == TEST else {}
        return {f"external-{name}": stage for name, stage in external.items()}

    def identity(self, model: Component) -> dict[str, Any]:
        """The classifier's code, and the content of the weights that it names; read once for all cells."""
        from ..classifiers import weights_key

        found = self.seed.graph.identities
        name = classifier_name(model)
        if name not in found:
            content = content_of(without_alias(model))
            found[name] = {"code": code_of("classifiers", model), "content": content}
            if self.is_frozen(name) and hasattr(self._built(name), "feature_key"):
                found[name]["features"] = self._built(name).feature_key
            elif getattr(self._built(name), "weights", None) == "pretrained":
                found[name]["weights"] = weights_key(self._built(name).model, "pretrained")
        return found[name]

    def _built(self, name: str) -> Any:
        """The classifier, built once to ask what it is."""
        if name not in self._models:
            self._models[name] = registry("classifiers").build(without_alias(self.models[name]))
        return self._models[name]

    def is_frozen(self, name: str) -> bool:
        """Whether a classifier works on features that can be computed once."""
        found = self.seed.graph.frozen
        if name not in found:
            built = self._built(name)
            found[name] = bool(getattr(built, "frozen", False)) and hasattr(built, "fit_features")
        return found[name]

    def _features(self, model: Component, need: str, images: Stage) -> Stage:
        config = {"model": backbone_of(model), **self.identity(model)}
        what = "real" if need == "data" else "pool " + images.name.removeprefix("sample ")
        what = need.replace("external-", "external ") if need.startswith("external-") else what
        name = f"embed {classifier_name(model)} {what}"
        return self.seed.graph.add(
            Stage(
                name, "._work_embed:embed", 1, {**config, "splits": need == "data"}, needs={"images": images}
            )
        )

    @cached_property
    def leakage(self) -> Stage:
        """The stage that looks for leaks among the real images; every run with a grid has it once."""
        config = {
            "group": self.seed.graph.data.config["group"],
            "near_duplicates": self.seed.recipe.imageset.near_duplicates,
            "policy": self.part.leakage,
        }
        needs = {"data": self.seed.graph.data}
        needs |= {f"external-{name}": stage for name, stage in self.external.items()}
        return self.seed.graph.add(
            Stage("leakage real", "._work_leakage:real_leakage", 1, config, needs=needs)
        )

    def _pool_leakage(self, generator: str, pool: Stage) -> Stage:
        config = {"generator": generator, "policy": self.part.leakage}
        name = "leakage " + pool.name.removeprefix("sample ").partition(" [seed")[0]
        return self.seed.stage(name, "._work_leakage:pool_leakage", config, {"pool": pool})

    def _speed(self, model: Component) -> Stage:
        size = self.seed.recipe.imageset.size
        config = {"model": model, **self.identity(model), "size": size, "classes": self.classes}
        stage = Stage(f"speed {classifier_name(model)}", "._work_tune:speed", 1, config)
        self.seed.graph.speeds[classifier_name(model)] = stage
        return self.seed.graph.add(stage)

    def _settings(self, name: str) -> dict[str, list[Any]] | None:
        given = self.part.tune
        return settings_for(self._built(name), given) if isinstance(given, dict) else None

    def _tuning(self, cell: GridCell, model: Component, needs: Mapping[str, Stage]) -> Stage:
        key = (cell.classifier, cell.n_real, self.seed.seed, cell.test_set)
        if key in self.seed.graph.tunings:
            return self.seed.graph.tunings[key]
        left_out = cell.test_set.split("=", 1) if cell.test_set != TEST else None
        config = {
            "model": model,
            **self.identity(model),
            "classifier": cell.classifier,
            "classes": self.classes,
            "n_real": cell.n_real,
            "left_out": left_out,
            "grid": self._settings(cell.classifier),
        }
        name = f"tune {cell.classifier} n={cell.n_real}"
        name += f" without {cell.test_set}" if left_out else ""
        kept = {need: stage for need, stage in needs.items() if need in ("speed", "features-data")}
        self.seed.graph.tunings[key] = self.seed.stage(
            name, "._work_tune:tune_real_only", config, kept, CELL_VERSION
        )
        return self.seed.graph.tunings[key]


def settings_for(model: Any, given: Mapping[str, list[Any]]) -> dict[str, list[Any]] | None:
    """Of the settings to try those that act on a classifier; None, for its default, where none does."""
    frozen = getattr(model, "frozen", None)
    kept = {key: values for key, values in given.items() if frozen is None or frozen == (key == "penalty")}
    return kept or None


def backbone_of(model: Component) -> dict[str, Any]:
    """The spec of a frozen classifier without what its features do not depend on."""
    from ..core import parse_spec

    parsed = parse_spec(without_alias(model))
    options = {key: value for key, value in parsed.options.items() if key not in HEAD_OPTIONS}
    name = parsed.name + (f":{parsed.argument}" if parsed.argument else "")
    return {"name": name, **options}
