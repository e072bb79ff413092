"""Run a recipe: data, stages, record, gallery."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from ..core import Progress, UserError, atomic_folder, sweep, write_text
from ..imagesets import ImageSet
from ._assemble import assemble, direction_of
from ._check_classifiers import check_classifiers
from ._engine import run_local
from ._estimate import RunEstimate, estimate_run
from ._gallery import write_real_gallery
from ._graph import Graph, build_graph
from ._grid import grid_cells
from ._recipe import Recipe, resolved
from ._record import Record, gallery_name, write_record
from ._shelf import split_of
from ._size_guard import Size, refuse, refuse_unmeant, size_of_run
from ._stage import in_order
from ._work_data import data_stage, keep_data, open_data


@dataclass(frozen=True)
class Plan:
    """What a run would do: its stages, and which of them are finished already."""

    graph: Graph
    finished: int
    total: int
    open_by_kind: dict[str, int]
    estimate: RunEstimate
    size: Size


def cache_folder(out: Path) -> Path:
    """Where stages are kept: ``SYNMEDBENCH_STAGES``, or ``.stages`` beside the run folder, shared by its siblings."""
    given = os.environ.get("SYNMEDBENCH_STAGES")
    return Path(given) if given else out.resolve().parent / ".stages"


def plan_run(
    recipe: Recipe, out: Path, *, workers: int | None = None, grid_only: bool = False, yes: bool = False
) -> Plan:
    """Open the data and lay out the stages, with an estimate of their time; nothing is computed.

    ``grid_only``: the grid of classifiers and the generators that it trains on, no scores. ``UserError`` for one of
    more than 20,000 cells without ``yes``.
    """
    cores = workers or usable_cores()
    _check_grid(recipe, cores, grid_only=grid_only, yes=yes)
    images = open_data(recipe.imageset)
    graph = build_graph(
        recipe, data_stage(images, recipe.imageset, recipe.splits), images, grid_only=grid_only
    )
    return _planned(recipe, graph, images, cache_folder(out), cores)


def _planned(recipe: Recipe, graph: Graph, images: ImageSet, cache: Path, workers: int) -> Plan:
    stages = [stage for stage in in_order(graph.stages) if stage.key != graph.data.key]
    estimate = estimate_run(stages, cache, recipe.budget_minutes, workers=workers)
    waiting = {kind: part.stages for kind, part in estimate.kinds.items()}
    size = size_of_run(recipe, graph, images, estimate.seconds, unknown=estimate.unknown, workers=workers)
    return Plan(graph, len(stages) - sum(waiting.values()), len(stages), waiting, estimate, size)


def _check_grid(recipe: Recipe, workers: int, *, grid_only: bool, yes: bool) -> None:
    if grid_only and not grid_cells(recipe):
        raise UserError(
            f"the recipe {recipe.name!r} has no grid of classifiers",
            where="classifiers",
            remedy="give it arms, n_real and, for synthetic arms, generators; or use synmedbench run",
        )
    refuse_unmeant(recipe, workers, yes=yes)


def run_recipe(
    recipe: Recipe,
    out: Path,
    *,
    workers: int | None = None,
    progress: Progress,
    typed: str = "",
    grid_only: bool = False,
    yes: bool = False,
) -> Record:
    """Run all that is not finished, and write ``record.json``, ``recipe.yaml`` and ``gallery/`` into ``out``.

    A run that was stopped anywhere, also by ``kill -9``, goes on where it was. Once ``recipe.max_minutes`` are over no
    stage begins; the record then is partial, says so in ``unfinished``, and the same call goes on. With ``grid_only``
    the grid of classifiers alone is run. ``UserError`` for a very large one without ``yes``.
    """
    until = None if recipe.max_minutes is None else time.monotonic() + 60 * recipe.max_minutes
    cache, cores = cache_folder(out), workers or usable_cores()
    direction_of(recipe.rank.metric, recipe)
    _check_grid(recipe, cores, grid_only=grid_only, yes=yes)
    images = open_data(recipe.imageset)
    data = data_stage(images, recipe.imageset, recipe.splits)
    graph = build_graph(recipe, data, images, grid_only=grid_only)
    if not yes and graph.cells:
        plan = _planned(recipe, graph, images, cache, cores)
        if plan.size.too_large:
            refuse(plan.size)
    if recipe.classifiers and not all(stage.done(cache) for stage in graph.cells.values()):
        check_classifiers(recipe.classifiers, recipe.imageset.size)
    _make_folders(out, cache)
    sweep(cache)
    sweep(out)
    keep_data(data, images, cache)
    stages = in_order({"data": data, **graph.stages})
    _say_budget(recipe, len(stages), progress)
    outcome = run_local(stages, cache, workers=cores, progress=progress, until=until)
    record = assemble(recipe, graph, outcome, cache, typed)
    write_text(
        out / "recipe.yaml", yaml.safe_dump(dict(resolved(recipe)), sort_keys=False, allow_unicode=True)
    )
    _copy_gallery(recipe, graph, cache, out / "gallery")
    write_record(record, out / "record.json")
    return record


def _make_folders(out: Path, cache: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot write there: {error.strerror}", where=out, remedy="choose another --out"
        ) from error


def _say_budget(recipe: Recipe, n_stages: int, progress: Progress) -> None:
    progress.say(f"{recipe.name}: {n_stages} stages, {len(recipe.seeds)} seeds. {recipe.about}".rstrip())
    if recipe.budget_minutes:
        budget = ", ".join(f"{stage} {minutes:g} min" for stage, minutes in recipe.budget_minutes.items())
        progress.say(f"  budget on two cores: {budget}; in all {sum(recipe.budget_minutes.values()):g} min")


def usable_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _copy_gallery(recipe: Recipe, graph: Graph, cache: Path, folder: Path) -> None:
    first = recipe.seeds[0]
    with atomic_folder(folder, replace=True) as gallery:
        for (name, seed), stage in graph.scores.items():
            source = stage.folder(cache) / "gallery.npz"
            if seed == first and source.is_file():
                shutil.copyfile(source, gallery / f"{gallery_name(name)}.npz")
        write_real_gallery(gallery / "_real.npz", split_of(graph.data.folder(cache), "reference"))
