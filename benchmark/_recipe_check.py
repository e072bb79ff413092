"""What in a recipe does not fit together: every fault at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..classifiers import ARMS
from ..core import KINDS, UserError, did_you_mean, parse_spec, registry
from ._recipe_classifiers import CLOSED, classifier_name
from ._recipe_part import Component, short_name, without_alias

if TYPE_CHECKING:
    from ._recipe import Recipe

NOT_FITTED = ("real-holdout", "folder")
"""Generators that hand in images which they do not learn from the ones they are given."""


def problems_of(recipe: Recipe) -> list[str]:
    """Return what is wrong, each with its path; empty where all fits together."""
    found = [
        *_unknown_components(recipe),
        *_claim_problems(recipe),
        *_concept_problems(recipe),
        *_extractor_problems(recipe),
        *_run_problems(recipe),
        *_generator_problems(recipe),
        *_closed_problems(recipe),
        *_balance_problems(recipe),
    ]
    return found or list(_off_grid(recipe))


def _extractor_problems(recipe: Recipe) -> Iterator[str]:
    extractors = list(map(short_name, recipe.extractors))
    if recipe.rank.extractor is not None and recipe.rank.extractor not in extractors:
        yield f"rank.extractor: {did_you_mean(recipe.rank.extractor, extractors)}"
    same = sorted({name for name in extractors if extractors.count(name) > 1})
    if same:
        yield f"extractors: {', '.join(same)} stand(s) twice; give one an alias"


def _run_problems(recipe: Recipe) -> Iterator[str]:
    if len(set(recipe.seeds)) < len(recipe.seeds):
        yield "seeds: each seed may stand once"
    if "label" not in recipe.conditions:
        yield "conditions: must hold 'label'"
    if recipe.alignment and recipe.base is None:
        yield "alignment: needs a base generator"
    if recipe.alignment and recipe.alignment.control not in map(short_name, recipe.alignment.methods):
        yield f"alignment.control: {recipe.alignment.control!r} is not among the methods"


def _generator_problems(recipe: Recipe) -> Iterator[str]:
    names = recipe.generator_names()
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        yield f"generators: {', '.join(doubled)} stand(s) twice"
    grid = recipe.classifiers
    ending = [name for name in names if name.endswith(CLOSED)]
    if grid and ending:
        yield f"generators: {ending[0]!r} ends in {CLOSED}, which names closed-set generators: rename it"
    for name in grid.generators if grid else []:
        if name not in names:
            yield f"classifiers.generators: {did_you_mean(name, names)} (got {name!r})"
    if grid and grid.aim and grid.aim.column not in recipe.conditions:
        yield f"classifiers.aim.column: {grid.aim.column!r} is not among the conditions"


def _closed_problems(recipe: Recipe) -> Iterator[str]:
    grid = recipe.classifiers
    aligned = recipe.alignment.names() if recipe.alignment else []
    known = {*registry("generators").names(), *_fitted_names(recipe)}
    for part in grid.closed_set if grid else []:
        name = parse_spec(part).name if isinstance(part, dict) or part not in known else part
        if name in aligned:
            yield f"classifiers.closed_set: {name!r} cannot be closed, its reward has seen other patients"
        elif name in NOT_FITTED or _meant(recipe, part) in NOT_FITTED:
            yield f"classifiers.closed_set: {name!r} is not fitted on the cell's images"
        elif name not in known:
            yield f"classifiers.closed_set: no generator is called {name!r}, {did_you_mean(name, known)}"


def _meant(recipe: Recipe, part: Component) -> str | None:
    """The registered name that an entry of the closed set stands for: an alias may hide it."""
    from ._grid import closed_components

    found = closed_components(recipe)[short_name(part) + CLOSED]
    return parse_spec(without_alias(found)).name


def _balance_problems(recipe: Recipe) -> Iterator[str]:
    grid, images = recipe.classifiers, recipe.imageset
    if grid and "group-weighted" in grid.arms and grid.balanced_by(images.strata, images.label) is None:
        yield (
            "classifiers.arms: group-weighted needs a stratum other than the class, "
            "of which every cell has equally many images: name one in imageset.strata, or leave the arm out"
        )


def _fitted_names(recipe: Recipe) -> list[str]:
    return [short_name(part) for part in [*([recipe.base] if recipe.base else []), *recipe.generators]]


def _unknown_components(recipe: Recipe) -> list[str]:
    wanted: list[tuple[str, str, Component]] = []
    generators = [recipe.base] if recipe.base else []
    for where, parts in (
        ("generators", recipe.generators),
        ("references", recipe.references),
        ("base", generators),
    ):
        wanted += [(where, "generators", part) for part in parts]
    wanted += [("extractors", "extractors", part) for part in recipe.extractors]
    wanted += [("metrics", "metrics", part) for part in recipe.metrics]
    wanted.append(("copies.extractor", "extractors", recipe.copies.extractor))
    if recipe.alignment:
        wanted += [("alignment.methods", "aligners", part) for part in recipe.alignment.methods]
    if recipe.concept:
        taught = [part for part in recipe.concept.arms().values() if part is not None]
        wanted += [("concept.methods", "aligners", part) for part in taught]
    if recipe.classifiers:
        where = "classifiers.models" if recipe.classifiers.models else "classifiers.model"
        wanted += [(where, "classifiers", part) for part in recipe.classifiers.grid_models()]
        registered = recipe.classifiers.registered_models
        wanted += [("classifiers.registered_models", "classifiers", part) for part in registered]
    known = {
        kind: {*registry(kind).names(), *(["real-holdout"] if kind == "generators" else [])} for kind in KINDS
    }
    problems = []
    for where, kind, part in wanted:
        try:
            name = parse_spec(part).name
        except UserError as error:
            problems.append(f"{where}: {error}")
            continue
        if name not in known[kind]:
            problems.append(f"{where}: no {kind[:-1]} is called {name!r}, {did_you_mean(name, known[kind])}")
    return problems


def _concept_problems(recipe: Recipe) -> list[str]:
    part = recipe.concept
    if part is None:
        return []
    problems = [] if recipe.base is not None else ["concept: needs a base generator"]
    if part.column in recipe.conditions:
        problems.append(f"concept.column: {part.column!r} is among the conditions; the base must not know it")
    strange = [name for name in part.where if name not in recipe.conditions]
    if strange:
        problems.append(f"concept.where: {strange[0]!r} is not among the conditions")
    return problems


def _claim_problems(recipe: Recipe) -> list[str]:
    try:
        names = {*recipe.generator_names()}
        closed = recipe.classifiers.closed_set if recipe.classifiers else []
        names |= {short_name(part) + CLOSED for part in closed}
    except UserError:
        return []
    problems: list[str] = []
    for claim in recipe.claims:
        sides = [claim.a, *([claim.b] if claim.b else [])]
        if claim.of_cells():
            problems += _unknown_arms(recipe, claim.id, sides, claim.classifier)
            sides = [side.partition("/")[2] for side in sides if "/" in side]
        problems += [
            f"claims.{claim.id}: no generator {side!r}, {did_you_mean(side, names)}"
            for side in sides
            if side not in names
        ]
        if claim.compare == "non-inferiority" and claim.b is None and recipe.alignment is None:
            problems.append(
                f"claims.{claim.id}: b is missing, and there is no alignment whose control it could be"
            )
    return problems


def _off_grid(recipe: Recipe) -> Iterator[str]:
    """Claims of which a side has no cell, and registered models without a claim."""
    from ._grid import grid_cells, is_side, sides_of

    grid = recipe.classifiers
    if grid is None:
        return
    claims = [claim for claim in recipe.claims if claim.of_cells()]
    for part in grid.registered_models:
        name = classifier_name(part)
        if not any(claim.classifier == name for claim in claims):
            yield f"classifiers.registered_models: no claim names {name!r}, so it would never be trained"
    cells = grid_cells(recipe) if not grid.leave_out else []
    for claim in claims if cells else []:
        model = claim.classifier or classifier_name(grid.grid_models()[0])
        of_model = [cell for cell in cells if cell.classifier == model]
        for name, ratio in sides_of(claim):
            if name.partition("/")[0] in ARMS and not any(
                is_side(name, ratio, claim.n_real, cell) for cell in of_model
            ):
                yield f"claims.{claim.id}: the grid has no cell of {name}{_at(claim.n_real, ratio)}"


def _at(n_real: int | None, ratio: float | None) -> str:
    real = f" with n_real {n_real}" if n_real is not None else ""
    return real + (f" at ratio {ratio:g}" if ratio is not None else "")


def _unknown_arms(recipe: Recipe, claim: str, sides: list[str], classifier: str | None) -> Iterator[str]:
    for arm in [side.partition("/")[0] for side in sides]:
        if arm not in ARMS:
            yield f"claims.{claim}: no arm is called {arm!r}, {did_you_mean(arm, ARMS)}"
    grid = recipe.classifiers
    models = [*grid.grid_models(), *grid.registered_models] if grid else []
    names = [classifier_name(part) for part in models]
    if classifier is not None and grid and classifier not in names:
        yield f"claims.{claim}: no classifier is called {classifier!r}, {did_you_mean(classifier, names)}"
