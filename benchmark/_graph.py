"""From a recipe to its stages."""

from __future__ import annotations

from ..core import UserError
from ..imagesets import ImageSet, refuse_tone
from ._copies import default_views
from ._graph_align import Alignment
from ._graph_cells import add_cells
from ._graph_concept import build_concept
from ._graph_keys import code_of, content_of
from ._graph_seed import Graph, SeedGraph
from ._grid import open_generators
from ._recipe import Component, Recipe, short_name
from ._stage import Stage

__all__ = ["Graph", "build_graph"]


def build_graph(recipe: Recipe, data: Stage, images: ImageSet, *, grid_only: bool = False) -> Graph:
    """Return the stages of the recipe on these images; with ``grid_only`` what the grid of classifiers needs alone."""
    graph = Graph(data)
    columns = list(recipe.conditions)
    for column in columns:
        if reason := refuse_tone(images, column):
            raise UserError(reason, where="conditions", remedy="generators cannot be asked for it: take it out")
        images.column(column)
    features: dict[str, Stage] = {}
    if not grid_only or _aligned_wanted(recipe):
        features = {short_name(part): graph.add(_features_stage(part, data)) for part in recipe.extractors}
        graph.copies = graph.add(_copies_stage(recipe, data))
    for seed in recipe.seeds:
        built = SeedGraph(recipe, graph, seed, columns, features, images)
        (_build_grid if grid_only else _build_seed)(built)
    return graph


def _aligned_wanted(recipe: Recipe) -> bool:
    """Whether the grid trains on an aligned generator's images."""
    return recipe.alignment is not None and not set(recipe.alignment.names()).isdisjoint(open_generators(recipe))


def _build_seed(seed: SeedGraph) -> None:
    recipe, fits = seed.recipe, seed.fits
    base = _aligned_base(seed)
    fits.update({short_name(part): seed.fit(part) for part in [*recipe.references, *recipe.generators]})
    if base and recipe.base:
        fits[short_name(recipe.base)] = base
    if seed.alignment:
        fits.update(seed.alignment.methods())
    for name in recipe.generator_names():
        seed.score(name, seed.sample(name, fits[name]), fits[name])
    if seed.alignment:
        seed.alignment.after()
    add_cells(seed)
    if recipe.concept:
        build_concept(recipe, seed)


def _build_grid(seed: SeedGraph) -> None:
    """The grid alone: of the generators those that it trains on, and no score of any."""
    recipe, fits = seed.recipe, seed.fits
    wanted = open_generators(recipe)
    parts = {short_name(part): part for part in [*recipe.references, *recipe.generators]}
    fits.update({name: seed.fit(part) for name, part in parts.items() if name in wanted})
    if _aligned_wanted(recipe):
        base = _aligned_base(seed)
        assert seed.alignment is not None
        fits.update(seed.alignment.methods())
    else:
        base = seed.fit(recipe.base) if recipe.base and short_name(recipe.base) in wanted else None
    if base and recipe.base:
        fits[short_name(recipe.base)] = base
    add_cells(seed)


def _aligned_base(seed: SeedGraph) -> Stage | None:
    """The base generator, with the judges that its alignment needs."""
    recipe = seed.recipe
    base = seed.fit(recipe.base) if recipe.base else None
    if base and recipe.alignment:
        seed.alignment = Alignment(seed, recipe.alignment, base)
        seed.judges = seed.alignment.judges()
    return base


def _features_stage(part: Component, data: Stage) -> Stage:
    config = {"extractor": part, "code": code_of("extractors", part), "content": content_of(part)}
    name = f"features [{short_name(part)}]"
    return Stage(name, "._work_score:real_features", 2, config, needs={"data": data})


def _copies_stage(recipe: Recipe, data: Stage) -> Stage:
    part = recipe.copies.extractor
    name, views = short_name(part), recipe.copies.views
    config = {
        "name": name,
        "extractor": part,
        "code": code_of("extractors", part),
        "content": content_of(part),
        "views": list(default_views(name, recipe.imageset.flips)) if views is None else views,
        "group": data.config["group"],
        "n_images": recipe.n_images,
    }
    return Stage(f"copies [{name}]", "._work_copies:copy_search", 1, config, needs={"data": data})
