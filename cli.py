"""The commands: thin; parse, call, print."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from .core import KINDS, UserError, code_version, console_progress, did_you_mean

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Know whether synthetic medical images can be trusted and used.",
)
ratings_app = typer.Typer(
    no_args_is_help=True, help="Take ratings in and out of a store, and show agreement."
)
reward_app = typer.Typer(no_args_is_help=True, help="Reward models: predictors of the experts' verdict.")
app.add_typer(ratings_app, name="ratings")
app.add_typer(reward_app, name="reward")
new_app = typer.Typer(no_args_is_help=True, help="Write a documented template to begin with.")
app.add_typer(new_app, name="new")

OutFile = Annotated[Path | None, typer.Option("--out", help="Write the record (JSON) here.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of everything random.")]
TABLE_FORMATS = ("table", "markdown", "csv", "json")
TableFormat = Annotated[str, typer.Option("--format", help=f"What is printed: {', '.join(TABLE_FORMATS)}.")]
CacheFolder = Annotated[
    Path | None, typer.Option(help="Keep features here, by content (default: in the user's cache).")
]
Ruler = Annotated[
    Path | None, typer.Option(help="A document of self-check on REAL: scores are said in plain words.")
]
RatingsAt = Annotated[str, typer.Argument(help="Store, such as sqlite:///ratings.db.")]
OneStudy = Annotated[str | None, typer.Option(help="One study alone (default: all in the store).")]
OneCriteria = Annotated[
    str | None, typer.Option("--criteria", help="One criteria set or version alone: skin or skin:2 (default: all).")
]
RecipeName = Annotated[str, typer.Argument(help="Name of a built-in recipe, or the path of a YAML file.")]
RunFolder = Annotated[Path | None, typer.Option(help="Run folder (default: runs/NAME).")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes (default: one a core).")]
Changes = Annotated[list[str] | None, typer.Option("--set", metavar="A.B=VALUE", help="Change a part of the recipe.")]
MaxMinutes = Annotated[
    float | None, typer.Option(help="Begin no stage after so many minutes; the same command goes on.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done and how long it will take, and stop.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Begin also what takes very many cells, gigabytes or hours.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Neither read nor keep features.")]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"synmedbench {code_version()}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Shared by all commands."""


@app.command()
def evaluate(
    synthetic: Annotated[
        str, typer.Argument(help="Synthetic images: a folder, an .npz, or an image-set spec; or features.")
    ],
    real: Annotated[str, typer.Argument(help="Real images to compare with.")],
    holdout: Annotated[
        str | None, typer.Option(help="Other real images: the ceiling, and what copies are told by.")
    ] = None,
    train: Annotated[
        str | None,
        typer.Option(help="Images the generator was trained on: copies are told of these (else of REAL)."),
    ] = None,
    extractors: Annotated[str, typer.Option(help="Comma-separated, such as domain,texture.")] = "",
    metrics: Annotated[str, typer.Option(help="Comma-separated; default: all.")] = "",
    by: Annotated[
        str, typer.Option(help="Columns by which results are given, such as label,skin_tone.")
    ] = "",
    reward: Annotated[Path | None, typer.Option(help="Folder of a fitted reward model.")] = None,
    size: Annotated[int | None, typer.Option(help="Side in pixels at which images are compared.")] = None,
    out: OutFile = None,
    format_: TableFormat = "table",
    keep_features: Annotated[
        Path | None, typer.Option(help="Keep what was measured of each image in this folder, for merge.")
    ] = None,
    ruler: Ruler = None,
    cache: CacheFolder = None,
    no_cache: NoCache = False,
    seed: Seed = 0,
) -> None:
    """Score synthetic images against real ones: a table with intervals."""
    curves = _ruler(ruler)
    _check_format(format_)
    if out:
        _check_file(out)
    if keep_features:
        _check_new(keep_features, "--keep-features")
    from .benchmark import evaluate as run_evaluation

    record = run_evaluation(
        synthetic,
        real,
        holdout=holdout,
        train=train,
        extractors=_words(extractors),
        metrics=_words(metrics),
        by=_words(by),
        reward=reward,
        size=size,
        seed=seed,
        cache=_cache(cache, no_cache),
        keep=keep_features,
        progress=console_progress(),
    )
    _show_evaluation(record, out, format_, curves)
    if keep_features and format_ == "table":
        typer.echo(f"shard: {keep_features}")


@app.command()
def merge(
    shards: Annotated[list[Path], typer.Argument(help="Folders that evaluate --keep-features wrote.")],
    out: OutFile = None,
    format_: TableFormat = "table",
    ruler: Ruler = None,
) -> None:
    """Score the images of several shards together: the same as evaluating all at once."""
    curves = _ruler(ruler)
    _check_format(format_)
    if out:
        _check_file(out)
    from .benchmark import merge as merge_shards

    _show_evaluation(merge_shards(shards), out, format_, curves)


@app.command()
def explain(
    synthetic: Annotated[str, typer.Argument(help="Synthetic images, or features.")],
    real: Annotated[str, typer.Argument(help="Real images, or features.")],
    metric: Annotated[
        str, typer.Option(help="Comma-separated: coverage, precision, recall, frechet_distance, kernel_distance, "
                               "copy_share.")
    ] = "",
    extractor: Annotated[str | None, typer.Option(help="One extractor, such as texture.")] = None,
    by: Annotated[str | None, typer.Option(help="Column by which images are counted (default: label).")] = None,
    holdout: Annotated[str | None, typer.Option(help="Other real images: what copies are told by.")] = None,
    train: Annotated[str | None, typer.Option(help="Images the generator was trained on.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="A page (.html), a document (.json), or a folder for both.")
    ] = None,
    n: Annotated[int, typer.Option("--n", min=1, help="Images shown for each metric and set.")] = 12,
    size: Annotated[int | None, typer.Option(help="Side in pixels at which images are compared.")] = None,
    cache: CacheFolder = None,
    no_cache: NoCache = False,
    seed: Seed = 0,
) -> None:
    """Show the images that moved a score most: uncovered, outside, influential, nearest pairs."""
    if out:
        _check_file(out) if out.suffix.lower() in (".html", ".json") else _check_folder(out)
    from .benchmark import explain as run_explanation
    from .reports import build_explanation, explanation_tables

    explained = run_explanation(
        synthetic,
        real,
        metrics=_words(metric),
        extractor=extractor,
        holdout=holdout,
        train=train,
        by=by,
        shown=n,
        size=size,
        seed=seed,
        cache=_cache(cache, no_cache),
        progress=console_progress(),
    )
    for table in explanation_tables(explained):
        _print(table)
    for path in build_explanation(explained, out) if out else []:
        typer.echo(f"explanation: {path}")


def _ruler(path: Path | None) -> Any:
    """The self-check that scores are read off; a file that is none is told before any work."""
    if path is None:
        return None
    from .benchmark import read_self_check

    return read_self_check(path)


def _show_evaluation(record: Any, out: Path | None, format_: str, curves: Any) -> None:
    from .benchmark import in_plain_words, write_record
    from .reports import evaluation_csv, evaluation_markdown, evaluation_table

    record.asked["typed"] = _typed()
    lines = in_plain_words(record, curves) if curves is not None else []
    if format_ == "table":
        _print(evaluation_table(record))
        for line in [*(entry.words for entry in record.memorisation), *lines]:
            typer.echo(line)
    elif format_ == "json":
        typer.echo(record.model_dump_json(indent=2))
    else:
        typer.echo((evaluation_csv if format_ == "csv" else evaluation_markdown)(record), nl=False)
    if out:
        write_record(record, out)
        typer.echo(f"record: {out}", err=format_ != "table")


@app.command("self-check")
def self_check_command(
    real: Annotated[str, typer.Argument(help="Real images: a folder, an .npz, or an image-set spec.")],
    extractors: Annotated[
        str, typer.Option(help="Comma-separated; default: domain (where there are labels) and texture.")
    ] = "",
    metrics: Annotated[str, typer.Option(help="Comma-separated; default: the panel.")] = "",
    faults: Annotated[str, typer.Option(help="Comma-separated; default: all that can be planted.")] = "",
    by: Annotated[
        str | None, typer.Option(help="A column of which one value goes missing, such as skin_tone.")
    ] = None,
    splits: Annotated[int, typer.Option(min=2, help="Random splits by patient; 5 or more for a verdict.")] = 5,
    size: Annotated[int | None, typer.Option(help="Side in pixels at which images are measured.")] = None,
    limit: Annotated[int, typer.Option(help="Most images that are used.")] = 2000,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes (default: one a core).")] = None,
    cache: Annotated[
        Path | None,
        typer.Option(help="Keep features and scores here, to go on when stopped (default: .stages beside --out)."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the document (JSON) here.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with the curves here.")] = None,
    seed: Seed = 0,
) -> None:
    """Plant faults in real images and say which metric sees which, and from what strength."""
    for path, option in ((out, "--out"), (html, "--html")):
        if path:
            _check_file(path, option)
    if cache:
        _check_folder(cache)
    from .benchmark import self_check, write_self_check
    from .reports import build_self_check_page, self_check_lines, self_check_tables

    beside = out or html
    document = self_check(
        real,
        extractors=_words(extractors),
        metrics=_words(metrics),
        by=by,
        faults=_words(faults),
        splits=splits,
        size=size,
        limit=limit,
        seed=seed,
        cache=cache or (beside.absolute().parent / ".stages" if beside else None),
        workers=workers,
        progress=console_progress(),
    )
    document.asked["typed"] = _typed()
    for table in self_check_tables(document):
        _print(table)
    for line in self_check_lines(document):
        typer.echo(line)
    if out:
        write_self_check(document, out)
        typer.echo(f"self-check: {out}")
    if html:
        typer.echo(f"page: {build_self_check_page(document, html)}")
    if document.failed:
        typer.echo("not all could be checked; what failed is named above", err=True)
        raise typer.Exit(3)


@app.command()
def run(
    recipe: RecipeName,
    out: RunFolder = None,
    workers: Workers = None,
    set_: Changes = None,
    engine: Annotated[str, typer.Option(help="Where stages run: local, a pool of processes.")] = "local",
    max_minutes: MaxMinutes = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Run a recipe from images to leaderboard and report; a stopped run goes on where it was."""
    if engine != "local":
        raise UserError(f"no engine is called {engine!r}", remedy="known: local")
    asked, folder = _asked_run(recipe, set_, max_minutes, out)
    if dry_run:
        _dry_run(asked, folder, workers, yes=yes)
        return
    from .benchmark import run_recipe
    from .reports import build_leaderboard, build_overview, build_report, leaderboard_table

    record = run_recipe(asked, folder, workers=workers, progress=console_progress(), typed=_typed(), yes=yes)
    page = build_leaderboard([record], folder / "leaderboard")
    report = build_report(folder)
    build_overview(folder)
    _print(leaderboard_table(record))
    typer.echo(f"record:      {folder / 'record.json'}\nleaderboard: {page}\nreport:      {report}")
    _end_of_run(record)


def _asked_run(
    recipe: str, changes: list[str] | None, max_minutes: float | None, out: Path | None
) -> tuple[Any, Path]:
    """The recipe as it was asked for, and the folder that its run goes into."""
    from .benchmark import read_recipe

    budget = [] if max_minutes is None else [f"max_minutes={max_minutes}"]
    asked = read_recipe(recipe, [*(changes or []), *budget])
    folder = out or Path("runs") / asked.name
    _check_folder(folder)
    return asked, folder


def _end_of_run(record: Any) -> None:
    """Say what is missing from a run, and leave with 3 where something is."""
    if record.failed:
        names = ", ".join(cell.stage for cell in record.failed[:20])
        more = f" and {len(record.failed) - 20} more" if len(record.failed) > 20 else ""
        typer.echo(f"{len(record.failed)} of the stages failed: {names}{more}", err=True)
    if record.unfinished:
        typer.echo(f"{record.unfinished.words}; the same command goes on", err=True)
    if record.failed or record.unfinished:
        raise typer.Exit(3)


@app.command()
def augment(
    recipe: RecipeName,
    out: RunFolder = None,
    workers: Workers = None,
    set_: Changes = None,
    max_minutes: MaxMinutes = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Train a recipe's grid of classifiers alone: does it help, for whom, and until when; generators get no scores."""
    asked, folder = _asked_run(recipe, set_, max_minutes, out)
    if dry_run:
        _dry_run(asked, folder, workers, grid_only=True, yes=yes)
        return
    from .benchmark import run_recipe
    from .reports import build_report

    record = run_recipe(
        asked, folder, workers=workers, progress=console_progress(), typed=_typed(), grid_only=True, yes=yes
    )
    report = build_report(folder)
    for claim in record.claims:
        typer.echo(f"{claim.verdict}: {claim.sentence} {claim.words}")
    typer.echo(f"{len(record.cells)} measures of classifiers")
    typer.echo(f"record:      {folder / 'record.json'}\nreport:      {report}")
    _end_of_run(record)


def _dry_run(
    asked: Any, folder: Path, workers: int | None, *, grid_only: bool = False, yes: bool = False
) -> None:
    from .benchmark import plan_run

    plan = plan_run(asked, folder, workers=workers, grid_only=grid_only, yes=yes)
    typer.echo(f"{asked.name}: {plan.total} stages, {plan.finished} finished")
    for line in plan.estimate.lines():
        typer.echo(f"  {line}")
    if plan.size.cells:
        typer.echo(f"  grid: {plan.size.words()}{' (it will ask for --yes)' if plan.size.too_large else ''}")
    if asked.budget_minutes:
        typer.echo(f"  budget for all on two cores: {sum(asked.budget_minutes.values()):g} minutes")
    if asked.max_minutes:
        typer.echo(f"  no stage begins after {asked.max_minutes:g} minutes; the same command then goes on")


@app.command()
def plan(
    recipe: Annotated[
        str | None, typer.Argument(help="Name of a built-in recipe, or the path of a YAML file.")
    ] = None,
    set_: Changes = None,
    measure: Annotated[
        bool, typer.Option("--measure/--no-measure", help="Measure how distances spread between real images.")
    ] = True,
    n_real: Annotated[int | None, typer.Option(min=1, help="Without a recipe: real reference images.")] = None,
    n_synthetic: Annotated[
        int | None, typer.Option(min=1, help="Without a recipe: images of each generator.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Without a recipe: seeds.")] = 5,
    ratings: Annotated[int | None, typer.Option(min=1, help="Without a recipe: ratings an arm.")] = None,
) -> None:
    """Say which differences these numbers of images, patients, ratings and seeds could show."""
    numbers = n_real is not None or n_synthetic is not None
    if (recipe is None) is not numbers or (n_real is None) is not (n_synthetic is None):
        raise UserError("plan needs a recipe, or --n-real and --n-synthetic", remedy="give one of the two")
    from .reports import plan_table

    if n_real is not None and n_synthetic is not None:
        from .benchmark import plan_numbers

        rows = plan_numbers(n_real, n_synthetic, seeds=seeds, ratings=ratings)
        _print(plan_table(rows, f"{n_real} real and {n_synthetic} synthetic images"))
        return
    from .benchmark import plan_recipe, read_recipe

    asked = read_recipe(str(recipe), set_ or [])
    rows = plan_recipe(asked, measure=measure, progress=console_progress())
    _print(plan_table(rows, f"{asked.name}: what it could show"))


@app.command("ls")
def list_components(
    kind: Annotated[str, typer.Argument(help=", ".join((*KINDS, "criteria", "recipes")))],
) -> None:
    """List what can be used: built in, and from installed plug-ins."""
    from .core import registry

    if kind == "recipes":
        from .benchmark import builtin_recipes

        rows = [(name, about, "synmedbench") for name, about in builtin_recipes().items()]
    elif kind == "criteria":
        from .experts import list_criteria, load_criteria

        rows = [(name, load_criteria(name).title, "synmedbench") for name in list_criteria()]
    elif kind in KINDS:
        listed = _panel_metrics(kind)
        known = {name for name, _, _ in listed}
        rows = [*listed, *(row for row in registry(kind).describe() if row[0] not in known)]
    else:
        raise UserError(
            f"nothing of kind {kind!r}", remedy=did_you_mean(kind, (*KINDS, "criteria", "recipes"))
        )
    for name, about, owner in rows:
        typer.echo(f"{name:24} {about}" + ("" if owner == "synmedbench" else f"  [{owner}]"))


def _panel_metrics(kind: str) -> list[tuple[str, str, str]]:
    if kind != "metrics":
        return []
    from .metrics import metric_cards

    return [(card.name, card.sees, "synmedbench") for card in metric_cards().values()]


@new_app.command("criteria")
def new_criteria_file(
    name: Annotated[str, typer.Argument(help="Name of the criteria set, such as my-skin.")],
    out: Annotated[Path | None, typer.Option(help="YAML file to write (default: NAME.yaml here).")] = None,
) -> None:
    """Write a criteria file that is valid as it stands, to be filled in."""
    if out:
        _check_file(out)
    from .experts import new_criteria

    path = new_criteria(name, out)
    typer.echo(f"criteria: {path} (check it with: synmedbench validate {path})")


@app.command()
def validate(path: Annotated[str, typer.Argument(help="A recipe, a criteria file or an image set.")]) -> None:
    """Say all that is wrong with a recipe, a criteria file or an image set, at once."""
    from .benchmark import builtin_recipes
    from .experts import is_criteria_file

    if is_criteria_file(path):
        _validate_criteria(path)
        return
    if path in builtin_recipes() or Path(path).suffix in (".yaml", ".yml"):
        from .benchmark import read_recipe

        if path not in builtin_recipes():
            _refuse_no_mapping(path)
        read_recipe(path)
        typer.echo(f"{path}: a valid recipe")
        return
    from .imagesets import validate_imageset

    faults = validate_imageset(path)
    for fault in faults:
        typer.echo(f"{fault.severity}: {fault}")
    errors = sum(fault.severity == "error" for fault in faults)
    typer.echo(f"{path}: {errors} error(s), {len(faults) - errors} warning(s)")
    if errors:
        raise typer.Exit(1)


def _refuse_no_mapping(path: str) -> None:
    """A YAML file of which nobody can say whether it was meant as a recipe or as criteria."""
    from .experts import yaml_fault

    fault = yaml_fault(path) if Path(path).is_file() else "there is no such file"
    if fault is not None:
        raise UserError(f"neither a recipe nor criteria: {fault}", where=path,
                        remedy="a recipe has at least 'name' and 'imageset'; criteria have 'name', 'version' and "
                        "'questions', and are begun with: synmedbench new criteria NAME")  # fmt: skip


def _validate_criteria(path: str) -> None:
    from .experts import criteria_faults, load_criteria, template_left

    faults = criteria_faults(path) if Path(path).is_file() else []
    for fault in faults:
        typer.echo(f"error: {path}: {fault}")
    if faults:
        typer.echo(f"{path}: {len(faults)} error(s)")
        raise typer.Exit(1)
    asked = load_criteria(path)
    for line in template_left(asked):
        typer.echo(f"warning: {path}: {line}")
    typer.echo(f"{path}: valid criteria {asked.name!r}, version {asked.version}, {len(asked.questions)} questions")


@app.command()
def generate(
    generator: Annotated[
        str, typer.Argument(help="A generator spec, such as diffusion:unet-tiny?steps=250.")
    ],
    data: Annotated[str, typer.Option(help="Image set to fit on and to take conditions from.")],
    n: Annotated[int, typer.Option("--n", min=1, help="Number of images.")],
    out: Annotated[Path, typer.Option(help="Folder to write, or a .parquet file.")],
    seed: Seed = 0,
    by: Annotated[str, typer.Option(help="Columns to balance and to ask for.")] = "label",
    size: Annotated[int | None, typer.Option(help="Square size in pixels.")] = None,
    format_: Annotated[str, typer.Option("--format", help="folder or parquet.")] = "folder",
    batch_size: Annotated[
        int, typer.Option(min=1, help="Images at a time: a part of what makes them repeatable.")
    ] = 64,
    save: Annotated[
        Path | None, typer.Option(help="Keep the fitted generator in this folder, for align and generate.")
    ] = None,
) -> None:
    """Fit a generator on an image set and write synthetic images with their table and lineage."""
    from .benchmark import generate_images
    from .imagesets import write_folder, write_parquet

    writers: dict[str, Callable[..., Any]] = {"folder": write_folder, "parquet": write_parquet}
    if format_ not in writers:
        raise UserError(f"no format {format_!r}", remedy=did_you_mean(format_, writers))
    if format_ == "parquet":
        _check_parquet(out)
    else:
        _check_new(out)
    if save is not None:
        _check_new(save)
    images = generate_images(
        generator,
        data,
        n,
        columns=_words(by),
        size=size,
        seed=seed,
        batch_size=batch_size,
        save=save,
        progress=console_progress(),
    )
    writers[format_](images, out)
    typer.echo(f"{len(images)} images: {out}")


@app.command("check-generator")
def check(
    generator: Annotated[str, typer.Argument(help="A generator spec.")],
    data: Annotated[
        str, typer.Option(help="Image set to check it on.")
    ] = "phantom-derm?n=240&diseases=3&size=32",
    seed: Seed = 0,
) -> None:
    """Run the battery of the generator contract, with advice on each failure."""
    from .core import registry
    from .generators import check_generator
    from .imagesets import open_imageset

    results = check_generator(registry("generators").build(generator), open_imageset(data), seed=seed)
    for result in results:
        typer.echo(f"{'ok    ' if result.passed else 'FAILED'} {result.name}: {result.detail}")
        if not result.passed:
            typer.echo(f"       {result.advice}")
    failed = sum(not result.passed for result in results)
    typer.echo(f"{len(results) - failed} of {len(results)} checks passed")
    if failed:
        raise typer.Exit(1)


@reward_app.command("fit")
def reward_fit(
    images: Annotated[str, typer.Option(help="Image set that was rated.")],
    ratings: Annotated[str, typer.Option(help="Store of the ratings, such as sqlite:///ratings.db.")],
    out: Annotated[Path, typer.Option(help="Folder for the model.")],
    real: Annotated[str | None, typer.Option(help="Real images for automatic feedback by mismatch.")] = None,
    by: Annotated[str, typer.Option(help="Columns that the model is told.")] = "label",
    backbone: Annotated[
        str, typer.Option(help="timm backbone; an evaluator has another, such as test_byobnet.")
    ] = "test_resnet",
    ensemble: Annotated[int, typer.Option(min=1, help="Number of networks; each holds out other ratings.")] = 1,
    shuffle: Annotated[
        bool, typer.Option("--shuffle", help="Fit the control: verdicts change places at random.")
    ] = False,
    seed: Seed = 0,
) -> None:
    """Fit a reward model on experts' ratings, and say how far it can be trusted."""
    _check_new(out)
    from .benchmark import fit_reward
    from .metrics import reward_card_lines

    card = fit_reward(images, ratings, out, real=real, columns=_words(by), backbone=backbone, seed=seed,
                      progress=console_progress(), shuffle=shuffle, ensemble=ensemble)  # fmt: skip
    for line in reward_card_lines(card):
        typer.echo(line)
    typer.echo(f"reward model: {out}")


@reward_app.command("curve")
def reward_curve(
    images: Annotated[str, typer.Option(help="Image set that was rated.")],
    ratings: Annotated[str, typer.Option(help="Store of the ratings, such as sqlite:///ratings.db.")],
    real: Annotated[str | None, typer.Option(help="Real images for automatic feedback by mismatch.")] = None,
    by: Annotated[str, typer.Option(help="Columns that the model is told.")] = "label",
    backbone: Annotated[str, typer.Option(help="timm backbone.")] = "test_resnet",
    sizes: Annotated[
        str, typer.Option(help="Comma-separated numbers of ratings (default: 50, 100, 200, 400, 800, as there are).")
    ] = "",
    test: Annotated[int, typer.Option(help="Ratings, drawn once, that all models are tested on.")] = 200,
    seeds: Annotated[int, typer.Option(min=1, help="How often the ratings are drawn.")] = 3,
    seed: Seed = 0,
    format_: Annotated[str, typer.Option("--format", help="What is printed: csv or json.")] = "csv",
) -> None:
    """Print how good a reward model is with 50, 100, ... ratings, with and without automatic feedback."""
    if format_ not in ("csv", "json"):
        raise UserError(f"no format {format_!r}", remedy=did_you_mean(format_, ("csv", "json")))
    from .benchmark import draw_reward_curve

    rows = draw_reward_curve(images, ratings, real=real, columns=_words(by), backbone=backbone, n_test=test,
                             sizes=_numbers(sizes, "--sizes"), seeds=seeds, seed=seed,
                             progress=console_progress())  # fmt: skip
    _print_table(rows, format_)


@reward_app.command("choose")
def reward_choose(
    images: Annotated[str, typer.Option(help="Image set to choose from.")],
    reward: Annotated[Path, typer.Option(help="Folder of a fitted reward model.")],
    n: Annotated[int, typer.Option("--n", help="How many images to rate next.")],
    out: Annotated[Path, typer.Option(help="Folder for the chosen images.")],
    how: Annotated[str, typer.Option(help="uncertainty, diversity, both or random.")] = "both",
    ratings: Annotated[str | None, typer.Option(help="Store of ratings: what it has ratings of is left out.")] = None,
    seed: Seed = 0,
) -> None:
    """Choose the images to rate next: those a reward model is least sure of, or those unlike one another."""
    _check_new(out)
    from .benchmark import choose_images
    from .imagesets import write_folder

    chosen = choose_images(images, reward, n, how=how, store=ratings, seed=seed)
    write_folder(chosen, out)
    typer.echo(f"{len(chosen)} images to rate: {out}")


@app.command()
def align(
    base: Annotated[Path, typer.Argument(help="Folder of a fitted diffusion model, as generate --save writes it.")],
    data: Annotated[str, typer.Option(help="Real images that it was trained on.")],
    reward: Annotated[Path, typer.Option(help="Folder of a reward model (real-only does not look at it).")],
    method: Annotated[str, typer.Option(help="An aligner, such as draft or best-of-n?n=4; see ls aligners.")],
    out: Annotated[Path, typer.Option(help="Folder for the aligned generator.")],
    steps: Annotated[int, typer.Option(help="Finetuning steps.")] = 200,
    batch_size: Annotated[int, typer.Option(help="Images of a step.")] = 64,
    learning_rate: Annotated[float, typer.Option(help="Highest learning rate; it decays to zero.")] = 3e-4,
    snapshots: Annotated[
        int, typer.Option(help="States to keep along the way, in OUT/trail: equally spaced, the last is the end.")
    ] = 0,
    evaluator: Annotated[
        Path | None, typer.Option(help="Folder of another reward model: the state that it prefers is kept.")
    ] = None,
    stop_images: Annotated[int, typer.Option(help="Images of each state that the evaluator judges.")] = 128,
    seed: Seed = 0,
) -> None:
    """Align a diffusion model with a reward; an evaluator may stop it at its best state."""
    _check_new(out)
    from .benchmark import align_base

    stopped = align_base(base, data, reward, method, out, steps=steps, batch_size=batch_size,
                         learning_rate=learning_rate, seed=seed, progress=console_progress(), evaluator=evaluator,
                         snapshots=snapshots, stop_images=stop_images)  # fmt: skip
    if stopped is not None:
        scores = ", ".join(f"{step}: {score:.3f}" for step, score in stopped.scores.items())
        typer.echo(f"plausible by the evaluator after each step (0 is the base): {scores}")
        which = "" if stopped.step else ": no state is more plausible than the base, and the base is what is saved"
        typer.echo(f"stopped after step {stopped.step}{which}")
    typer.echo(f"aligned generator: {out}")


@app.command()
def rate(
    images: Annotated[
        list[str], typer.Argument(help="Synthetic images to judge; several sets for several generators.")
    ],
    criteria: Annotated[str, typer.Option(help="Criteria set: a built-in name such as blood, or a YAML file.")],
    store: Annotated[
        str, typer.Option(help="Where answers are kept: sqlite:///ratings.db or postgresql+psycopg://user@host/name.")
    ] = "sqlite:///ratings.db",
    real: Annotated[
        str | None, typer.Option(help="Real images to mix in, unmarked: what passes of them is the ceiling.")
    ] = None,
    raters: Annotated[
        str, typer.Option(help="Comma-separated names; each gets a link (more can be added later).")
    ] = "",
    study: Annotated[
        str | None, typer.Option(help="Name under which it is resumed (default: the criteria's name).")
    ] = None,
    mode: Annotated[
        str, typer.Option(help="rate: one image at a time; compare: which of two is more plausible.")
    ] = "rate",
    detail: Annotated[
        str,
        typer.Option(
            help="failed: the wrong questions of an implausible image; all: every question; verdict: none of them."
        ),
    ] = "failed",
    n: Annotated[int | None, typer.Option("--n", min=1, help="Synthetic images to judge (default: all).")] = None,
    real_share: Annotated[float, typer.Option(help="Share of real images among first showings.")] = 0.2,
    overlap: Annotated[float, typer.Option(help="Share of images that all raters see; the rest is dealt out.")] = 0.2,
    repeats: Annotated[float, typer.Option(help="Hidden repeats of a rater, as a share of first showings.")] = 0.1,
    show: Annotated[str, typer.Option(help="Columns of what was requested that raters are told.")] = "label,skin_tone",
    side: Annotated[int, typer.Option(help="Longest side of the pictures; larger images are made smaller.")] = 1024,
    days: Annotated[float, typer.Option(help="Days until the links run out.")] = 30,
    host: Annotated[str, typer.Option(help="Address to listen on; the default is this machine alone.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    address: Annotated[
        str | None, typer.Option(help="URL at which raters reach a proxy in front, such as https://rating.example.org.")
    ] = None,
    seed: Seed = 0,
) -> None:
    """Let experts rate images on a page: blinded, resumable, every answer kept. Stop with Ctrl-C.

    Prints what the study could show, a link for each rater and one for the admin.
    A stopped study goes on with the same command.
    Answers are taken out on the admin's page, or with: synmedbench ratings export STORE.
    """
    from .experts import StudySettings, listen, load_criteria, run_study, stopping_on_sigterm

    asked = load_criteria(criteria)
    settings = StudySettings(
        name=study or asked.name,
        mode=mode,
        detail=detail,
        raters=tuple(_words(raters)),
        n=n,
        real_share=real_share,
        overlap=overlap,
        repeats=repeats,
        show=tuple(_words(show)),
        side=side,
        days=days,
        seed=seed,
    )
    with stopping_on_sigterm(), closing(listen(host, port, address=address)) as listener:
        run_study(images, asked, settings, listener, store=store, real=real, say=typer.echo)


@ratings_app.command("export")
def ratings_export(
    store: Annotated[str, typer.Argument(help="Store, such as sqlite:///ratings.db.")],
    out: Annotated[Path, typer.Option(help="File to write: .csv, .parquet, .jsonl (preferences) or .json.")],
    form: Annotated[
        str,
        typer.Option(help="events, ratings, images, preferences, preference-events or label-studio."),
    ] = "events",
    study: Annotated[str | None, typer.Option(help="Of this study alone.")] = None,
    criteria: Annotated[str | None, typer.Option(help="Of this criteria set alone: its name or file.")] = None,
    by: Annotated[
        str, typer.Option(help="preferences: conditions in which a pair agrees, such as label (default: those shown).")
    ] = "",
    images: Annotated[
        str | None, typer.Option(help="label-studio: tasks for all images of this set, rated or not.")
    ] = None,
    prefix: Annotated[
        str, typer.Option(help="label-studio: stands before each path, such as /data/local-files/?d=skin/.")
    ] = "",
    embed: Annotated[bool, typer.Option("--embed", help="label-studio: put the pictures into the file.")] = False,
) -> None:
    """Write ratings to a file, in one of several forms."""
    _check_file(out)
    from .experts import RatingStore, export_ratings, list_criteria, load_criteria
    from .imagesets import open_imageset

    asked: Any = criteria
    if criteria is not None and (Path(criteria).is_file() or (form == "label-studio" and criteria in list_criteria())):
        asked = load_criteria(criteria)
    kept = RatingStore(store, create=form == "label-studio" and images is not None)
    found = None if images is None else open_imageset(images)
    n = export_ratings(kept, out, form, study=study, criteria=asked, by=_words(by) or None, images=found,
                       prefix=prefix, embed=embed, told=typer.echo)  # fmt: skip
    typer.echo(f"{n} {'tasks' if form == 'label-studio' else form}: {out}")
    if form == "label-studio":
        typer.echo(f"labeling interface: {out.with_suffix('.xml')}")


@ratings_app.command("import")
def ratings_import(
    store: Annotated[str, typer.Argument(help="Store, such as sqlite:///ratings.db.")],
    path: Annotated[Path, typer.Argument(help="A .csv, .parquet, .jsonl or Label Studio's .json file.")],
    form: Annotated[
        str | None,
        typer.Option(help="What a row is, as in export (default: guessed from the columns)."),
    ] = None,
    rater: Annotated[str | None, typer.Option(help="Who answered, where the file does not say.")] = None,
    criteria: Annotated[
        str | None, typer.Option(help="Criteria set that was answered, a name or a file: ids are checked.")
    ] = None,
    imageset: Annotated[str | None, typer.Option(help="Name of the image set, where the file has none.")] = None,
    images: Annotated[
        str | None, typer.Option(help="The image set that was rated: names are checked, gaps filled in.")
    ] = None,
    keep_unknown: Annotated[
        bool, typer.Option("--keep-unknown", help="Take ratings of images that are not in the set.")
    ] = False,
) -> None:
    """Add ratings from a file; those that are there already are not doubled."""
    from .experts import import_ratings, load_criteria
    from .imagesets import open_imageset

    asked = None if criteria is None else load_criteria(criteria)
    found = None if images is None else open_imageset(images)
    n = import_ratings(store, path, form, rater=rater, criteria=asked, imageset=imageset,
                       images=found, keep_unknown=keep_unknown, told=typer.echo)  # fmt: skip
    typer.echo(f"{n} new row{'' if n == 1 else 's'}")


@ratings_app.command("agreement")
def ratings_agreement(
    store: RatingsAt,
    study: OneStudy = None,
    criteria: OneCriteria = None,
    by: Annotated[
        str, typer.Option(help="Columns by which agreement is given too, such as label,skin_tone.")
    ] = "",
    format_: Annotated[str, typer.Option("--format", help="What is printed: table, csv, json.")] = "table",
) -> None:
    """Show how plausible raters find the images, the real images' ceiling, agreement, and drift."""
    _check_printed(format_)
    from .experts import (
        RatingStore,
        agreement_by_criteria,
        chosen_criteria,
        chosen_study,
        criteria_parts,
        stored_criteria,
    )
    from .reports import agreement_text

    kept = RatingStore(store, create=False)
    tables = chosen_study(kept.ratings(), kept.preferences(), study=study)
    ratings, preferences = chosen_criteria(*tables, criteria=criteria)
    sets = stored_criteria(kept).values()
    if format_ == "table":
        for part in agreement_text(ratings, preferences, _words(by), sets):
            _print(part)
    else:
        _print_table(agreement_by_criteria(criteria_parts(ratings, sets=sets), _words(by)), format_)


@ratings_app.command("plan")
def ratings_plan(
    store: Annotated[
        str | None, typer.Argument(help="A store with ratings: what they could have told apart. None: before.")
    ] = None,
    base: Annotated[float, typer.Option(help="Share judged plausible that is expected.")] = 0.8,
    target: Annotated[float, typer.Option(help="Share that is to be told from it.")] = 0.9,
    images: Annotated[
        int | None, typer.Option(min=1, help="Images of each generator (default: as many as are needed).")
    ] = None,
    raters: Annotated[int, typer.Option(min=1, help="Raters.")] = 1,
    overlap: Annotated[float, typer.Option(help="Share of images that all raters see.")] = 0.2,
    agreement: Annotated[float, typer.Option(help="Raters' kappa that is expected.")] = 0.5,
    repeats: Annotated[float, typer.Option(help="Hidden repeats, as a share of first showings.")] = 0.1,
    real_share: Annotated[float, typer.Option(help="Real images, as a share of first showings.")] = 0.2,
    generators: Annotated[int, typer.Option(min=1, help="Generators that are rated.")] = 1,
    study: OneStudy = None,
    criteria: OneCriteria = None,
    by: Annotated[str, typer.Option(help="With a store: columns by which it is said too.")] = "",
) -> None:
    """Say how many ratings a study needs, or (with a store) what its ratings could have told apart."""
    if store is not None:
        from .experts import RatingStore, chosen_criteria, chosen_study, rating_reach_lines

        tables = chosen_study(RatingStore(store, create=False).ratings(), study=study)
        (ratings,) = chosen_criteria(*tables, criteria=criteria)
        lines = rating_reach_lines(ratings, _words(by))
    else:
        if by or study or criteria:
            raise UserError("--by, --study and --criteria need a store", remedy="give the store's address first")
        from .experts import rating_plan, rating_plan_lines

        lines = rating_plan_lines(
            rating_plan(
                base=base, target=target, images=images, raters=raters, overlap=overlap, agreement=agreement,
                repeats=repeats, real_share=real_share, generators=generators,
            )
        )  # fmt: skip
    for line in lines:
        typer.echo(line)


@ratings_app.command("report")
def ratings_report(
    store: RatingsAt,
    out: Annotated[Path, typer.Option(help="HTML file to write.")],
    images: Annotated[
        list[str] | None, typer.Option(help="Rated synthetic images, for the gallery; may be given again.")
    ] = None,
    real: Annotated[str | None, typer.Option(help="The real images that were rated among them.")] = None,
    show_real: Annotated[
        bool, typer.Option("--show-real", help="Show rejected real images too: pictures of patients.")
    ] = False,
    by: Annotated[
        str | None, typer.Option(help="Columns by which results are given (default: label,skin_tone).")
    ] = None,
    study: OneStudy = None,
    criteria: OneCriteria = None,
) -> None:
    """Write one page: plausibility beside the real ceiling, agreement, raters, and what was rejected and why."""
    _check_file(out)
    from .reports import build_ratings_report

    page = build_ratings_report(
        store, out, images=images or (), real=real, show_real=show_real, study=study,
        criteria=criteria, by=None if by is None else _words(by),
    )  # fmt: skip
    typer.echo(f"report: {page}")


@ratings_app.command("simulate")
def ratings_simulate(
    images: Annotated[str, typer.Argument(help="Images to rate: real or synthetic.")],
    store: Annotated[str, typer.Option(help="Store of the ratings, such as sqlite:///ratings.db.")],
    expert: Annotated[
        str, typer.Option(help="oracle (or oracle:PHANTOM), attributes, or panel (classes alone).")
    ] = "oracle",
    real: Annotated[str | None, typer.Option(help="Real images on which attributes or panel are fitted.")] = None,
    panel: Annotated[Path | None, typer.Option(help="Folder of a saved panel, instead of --real.")] = None,
    save: Annotated[Path | None, typer.Option(help="Keep the fitted panel in this folder.")] = None,
    rules: Annotated[str, typer.Option(help="Rules of the classes: a name or a YAML file.")] = "blood",
    features: Annotated[
        str | None, typer.Option(help="What a panel sees with: drawn, or a timm model.")
    ] = None,
    weights: Annotated[str | None, typer.Option(help="Checkpoint of the timm model.")] = None,
    raters: Annotated[int, typer.Option(min=1, help="Simulated raters, each with errors of his own.")] = 3,
    noise: Annotated[float, typer.Option(min=0.0, help="Mean chance that an answer is wrong.")] = 0.05,
    repeats: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share that each rater sees again.")] = 0.1,
    seed: Seed = 0,
) -> None:
    """Let simulated raters rate images, to try agreement, planning and reports without people."""
    if save is not None:
        _check_new(save)
    from .experts import RatingStore, simulate_ratings, simulated_expert
    from .imagesets import open_imageset

    rated = open_imageset(images)
    judge = simulated_expert(
        expert, rated, real=open_imageset(real) if real else None, saved=panel, rules=rules, features=features,
        weights=weights, seed=seed, progress=console_progress(),
    )  # fmt: skip
    if save is not None:
        if not hasattr(judge, "save"):
            raise UserError("an oracle is not kept in a folder", remedy="leave out --save")
        judge.save(save)
        typer.echo(f"panel: {save}")
    ratings = simulate_ratings(judge, rated, raters=raters, noise=noise, repeats=repeats, seed=seed)
    n = RatingStore(store).add(ratings)
    who = f"{raters} simulated rater{'' if raters == 1 else 's'}"
    typer.echo(f"{n} new answers by {who} on {len(rated)} images: {store}")
    for name in dict.fromkeys(ratings["rater"]):
        typer.echo(f"  {name}")


@app.command()
def report(
    run_dir: Annotated[Path, typer.Argument(help="A run folder.")],
    out: Annotated[
        Path | None, typer.Option(help="HTML file (default: report.html in the run folder).")
    ] = None,
) -> None:
    """Write the report of a run: one self-contained HTML file."""
    if out:
        _check_file(out)
    from .reports import build_report

    typer.echo(f"report: {build_report(run_dir, out)}")


@app.command()
def leaderboard(
    records: Annotated[Path, typer.Argument(help="A folder that holds records (searched to the bottom).")],
    out: Annotated[Path, typer.Option(help="Folder for the page.")],
) -> None:
    """Write the leaderboard page of all records in a folder."""
    _check_folder(out)
    from .reports import build_leaderboard

    typer.echo(f"leaderboard: {build_leaderboard(records, out)}")


def _check_file(path: Path, option: str = "--out") -> None:
    """Refuse, before any work, what cannot be written as a file: also devices, which a rename would replace."""
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "no plain file"
        raise UserError(f"it is {kind}", where=path, remedy=f"give {option} the name of a file")
    _check_place(path)


def _check_folder(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise UserError("it is not a folder", where=path, remedy="give --out the name of a folder")
    _check_place(path / "x")


def _check_new(path: Path, option: str = "--out") -> None:
    _check_folder(path)
    if path.exists() and any(path.iterdir()):
        raise UserError("is not empty", where=path, remedy=f"choose another {option}")


def _check_format(name: str) -> None:
    if name not in TABLE_FORMATS:
        raise UserError(f"no format {name!r}", remedy=did_you_mean(name, TABLE_FORMATS))


def _check_printed(name: str) -> None:
    if name not in ("table", "csv", "json"):
        raise UserError(f"no format {name!r}", remedy=did_you_mean(name, ("table", "csv", "json")))


def _print_table(table: Any, format_: str) -> None:
    if format_ == "csv":
        typer.echo(table.to_csv(index=False), nl=False)
    else:
        typer.echo(table.to_json(orient="records", indent=2, force_ascii=False))


def _cache(folder: Path | None, off: bool) -> Path | None:
    """Where features are kept; a folder that was named must be usable, the default one is a convenience."""
    if off and folder is not None:
        raise UserError("--cache and --no-cache exclude each other", remedy="leave one out")
    if off:
        return None
    if folder is not None:
        _check_folder(folder)
        return folder
    from .benchmark import default_cache

    return default_cache()


def _check_parquet(path: Path) -> None:
    if path.suffix.lower() != ".parquet":
        raise UserError("a Parquet set is one file", where=path, remedy=f"write --out {path.name}.parquet")
    if path.exists():
        raise UserError("it exists already", where=path, remedy="choose another --out")
    _check_place(path)


def _check_place(path: Path) -> None:
    above = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
    if not above.is_dir():
        raise UserError("cannot write there: it is not a folder", where=above, remedy="choose another --out")
    if not os.access(above, os.W_OK | os.X_OK):
        raise UserError("no right to write there", where=above, remedy="choose another --out")


def _numbers(text: str, option: str) -> list[int]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isdecimal() and int(word) for word in words):
        raise UserError(f"{option} {text!r}: whole numbers of 1 or more, between commas")
    return [int(word) for word in words]


def _words(text: str) -> list[str]:
    """Words between commas; a comma inside brackets belongs to its word (``array?files={a: x.npy, b: y.npy}``)."""
    words, depth = [""], 0
    for sign in text:
        depth += (sign in "[{(") - (sign in ")}]")
        if sign == "," and depth <= 0:
            words.append("")
        else:
            words[-1] += sign
    return [word.strip() for word in words if word.strip()]


def _typed() -> str:
    return " ".join(["synmedbench", *sys.argv[1:]])


def _print(table: Any) -> None:
    from rich.console import Console

    width = None if sys.stdout.isatty() else 110
    Console(width=width, highlight=False).print(table)


def main() -> None:
    """Run a command. Exit codes: 0 done, 1 wrong input, 2 wrong usage, 3 stages failed or the budget was over."""
    try:
        app()
    except UserError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("stopped; the same command goes on where it was", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        full = error.errno == errno.ENOSPC or "requested and" in str(error)  # the latter is NumPy's wording
        what = "no space is left on the disk" if full else " ".join(str(error.strerror or error).split())
        remedy = "make room" if full else "mend it"
        typer.echo(f"error: {where}{what} (nothing was lost; {remedy} and run again)", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
