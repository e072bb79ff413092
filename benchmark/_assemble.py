"""From finished stages to the record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ..core import (
    UserError,
    benjamini_hochberg,
    code_commit,
    code_version,
    describe_machine,
    did_you_mean,
    registry,
)
from ..imagesets import ImageSet, count_strata
from ..metrics import load_left_out, metric_cards
from ._agreement_rows import agreement_rows
from ._assemble_align import Alignments
from ._assemble_grid import FinishedCells, augmentation
from ._claims import Evidence, decide
from ._concept import concept_cards, concept_rows, concept_verdicts
from ._copies import certain
from ._engine import Outcome
from ._graph import Graph
from ._pairwise import Asked, Kept, compare_pairs
from ._ranking import rank
from ._recipe import Recipe, resolved, short_name, without_alias
from ._record import (
    CopyPower,
    Data,
    FailedCell,
    GeneratorEntry,
    Memorisation,
    Record,
    ScoreRow,
    Unfinished,
)
from ._ruler import read_ruler
from ._shelf import unshelve
from ._work_generate import read_card
from ._work_score import LEFT_OUT

Kind = Literal["generator", "reference", "aligned"]
MEMORISING_P = 0.01


def assemble(recipe: Recipe, graph: Graph, outcome: Outcome, cache: Path, typed: str) -> Record:
    """Read every finished stage into one record; what failed is named and its numbers are missing, not guessed."""
    images = unshelve(graph.data.folder(cache))
    scores, copies = _scores(recipe, graph, cache, outcome)
    finished = FinishedCells(graph, cache)
    kinds = {entry.name: entry for entry in _generators(recipe, graph, cache, images)}
    extractor, _ = recipe.compared()
    kept, reasons = _kept(recipe, graph, cache)
    evidence = Evidence(
        scores,
        finished.rows,
        copies,
        list(kinds),
        recipe.seeds,
        extractor,
        recipe.rank.metric,
        finished.draws,
        kept,
        finished.predictions(),
    )
    aligned = Alignments(recipe, graph, outcome, cache)
    judges = _judges(graph, cache, aligned.after())
    evidence = replace(evidence, doubt=judges.get("H", {}).get("unreliable"))
    if recipe.alignment:
        evidence = replace(evidence, margin=recipe.alignment.margin, control=recipe.alignment.control)
    claims = decide(recipe.claims, evidence)
    failed = [
        FailedCell(stage=stage.name, error=outcome.failed[stage.key])
        for stage in graph.stages.values()
        if stage.key in outcome.failed
    ]
    return Record(
        name=recipe.name,
        status="partial" if failed or outcome.put_off else "complete",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        asked={"typed": typed, "resolved": dict(resolved(recipe))},
        data=describe_data(images, recipe, graph.data.config["group"]),
        generators=list(kinds.values()),
        judges=judges,
        code={"version": code_version(), "commit": code_commit()},
        seeds=recipe.seeds,
        machine=describe_machine(),
        durations=_durations(graph, outcome),
        claims=claims,
        audits=aligned.audits(scores, evidence.doubt),
        trajectories=aligned.points(),
        memorisation=copies,
        copy_power=_copy_power(graph, cache),
        ranking=None
        if not graph.scores
        else rank(
            scores,
            {name: entry.kind for name, entry in kinds.items()},
            copies,
            metric=recipe.rank.metric,
            extractor=extractor,
            higher_is_better=bool(direction_of(recipe.rank.metric, recipe)),
        ),
        comparisons=[]
        if not graph.scores
        else compare_pairs(
            kept,
            {name: entry.kind for name, entry in kinds.items()},
            Asked(
                recipe.rank.metric,
                extractor,
                recipe.seeds,
                bool(direction_of(recipe.rank.metric, recipe)),
            ),
            reasons,
        ),
        agreement=agreement_rows(scores, {name: entry.kind for name, entry in kinds.items()}),
        ruler=read_ruler(scores, list(kinds), metric=recipe.rank.metric, extractor=extractor),
        scores=scores,
        cells=finished.rows,
        augmentation=augmentation(recipe, finished, claims, scores, copies),
        **_concept(recipe, graph, outcome, cache),
        failed=failed,
        unfinished=unfinished(recipe, outcome),
    )


def _concept(recipe: Recipe, graph: Graph, outcome: Outcome, cache: Path) -> dict[str, Any]:
    if recipe.concept is None:
        return {}
    rows = concept_rows(recipe.concept, graph.concepts, outcome, cache)
    verdicts = concept_verdicts(recipe.concept, rows, recipe.seeds)
    cards = concept_cards(graph.stages, cache)
    return {"concepts": rows, "concept_verdicts": verdicts, "concept_cards": cards}


def unfinished(recipe: Recipe, outcome: Outcome) -> Unfinished | None:
    """What to say of a run whose budget was over before its last stage; None for one that came to its end."""
    if not outcome.put_off or recipe.max_minutes is None:
        return None
    done = len(outcome.seconds)
    stages = done + len(outcome.failed) + len(outcome.put_off)
    words = f"stopped at its budget of {recipe.max_minutes:g} minutes: {done} of {stages} stages are done"
    words += "" if outcome.begun else ", none could begin in so short a time"
    return Unfinished(minutes=recipe.max_minutes, done=done, stages=stages, words=words)


def _scores(recipe: Recipe, graph: Graph, cache: Path, outcome: Outcome) -> tuple[list[ScoreRow], list[Memorisation]]:
    scores: list[ScoreRow] = []
    copies: list[Memorisation] = []
    for (name, seed), stage in graph.scores.items():
        path = stage.folder(cache) / "scores.json"
        if not path.is_file():
            scores.append(_missing(recipe, name, seed, put_off=stage.key in outcome.put_off))
            continue
        note = json.loads(path.read_text())
        scores += [ScoreRow(**row) for row in note["scores"]]
        if note["memorisation"]:
            copies.append(Memorisation(generator=name, seed=seed, **note["memorisation"]))
    _adjust(copies)
    return scores, copies


def _kept(recipe: Recipe, graph: Graph, cache: Path) -> tuple[Kept, dict[tuple[str, int], str]]:
    """What the score stages kept to compare generators by, and why the ranking metric's replicates are missing."""
    kept, reasons = {}, {}
    for (name, seed), stage in graph.scores.items():
        folder = stage.folder(cache)
        if not (folder / LEFT_OUT).is_file():
            reasons[(name, seed)] = f"the scores of {name}, seed {seed}, failed: see the failed stages"
            continue
        for found in load_left_out(folder / LEFT_OUT):
            kept[(name, seed, found.metric)] = found
        why = json.loads((folder / "scores.json").read_text())["not_compared"].get(recipe.rank.metric)
        if why:
            reasons[(name, seed)] = why
    return kept, reasons


def direction_of(metric: str, recipe: Recipe) -> bool | None:
    """Whether higher is better, from the metric itself: never from a row, which may be missing."""
    if metric in ("plausible_share", "plausible_mean"):
        return True
    cards = metric_cards()
    if metric in cards:
        return cards[metric].higher_is_better
    for part in recipe.metrics:
        built = registry("metrics").build(without_alias(part))
        if built.name == metric:
            return bool(built.higher_is_better)
    raise UserError(
        f"no metric {metric!r} is measured", where="rank.metric", remedy=did_you_mean(metric, cards)
    )


def _missing(recipe: Recipe, name: str, seed: int, *, put_off: bool) -> ScoreRow:
    later = "not computed yet: the run's budget was over (max_minutes); the same command goes on"
    return ScoreRow(
        generator=name,
        imageset=recipe.imageset.path if isinstance(recipe.imageset.path, str) else recipe.name,
        extractor=recipe.rank.extractor or short_name(recipe.extractors[0]),
        metric=recipe.rank.metric,
        seed=seed,
        higher_is_better=direction_of(recipe.rank.metric, recipe),
        reason=later if put_off else "its stage failed: see the failed stages",
    )


def _copy_power(graph: Graph, cache: Path) -> list[CopyPower]:
    path = graph.copies.folder(cache) / "search.json" if graph.copies else None
    return [CopyPower(**json.loads(path.read_text())["power"])] if path and path.is_file() else []


def _adjust(copies: list[Memorisation]) -> None:
    """Benjamini-Hochberg over all generators and seeds: memorising needs p < .01 after it."""
    known = [entry for entry in copies if entry.p is not None]
    for entry, adjusted in zip(known, benjamini_hochberg([entry.p or 0.0 for entry in known]), strict=True):
        entry.p_adjusted = float(adjusted)
        if certain(entry):
            continue
        if entry.memorising and adjusted >= MEMORISING_P:
            entry.memorising = False
            entry.words += (
                f" Not significant over all generators (p {adjusted:.3g} after Benjamini-Hochberg)."
            )


def _generators(recipe: Recipe, graph: Graph, cache: Path, images: ImageSet) -> list[GeneratorEntry]:
    references = {short_name(part) for part in recipe.references}
    aligned = set(recipe.alignment.names()) if recipe.alignment else set()
    entries = []
    for name in recipe.generator_names():
        if (name, recipe.seeds[0]) not in graph.cards:
            continue
        kind: Kind = "reference" if name in references else "aligned" if name in aligned else "generator"
        folder = graph.cards[(name, recipe.seeds[0])].folder(cache)
        if not (folder / "card.json").is_file():
            entries.append(
                GeneratorEntry(
                    name=name, kind=kind, version="?", licence="?", trained_on="?", notes="its fit failed"
                )
            )
            continue
        card = read_card(folder)
        entries.append(
            GeneratorEntry(
                name=name,
                kind=kind,
                version=card.version,
                licence=card.licence,
                citation=card.citation,
                columns=list(card.columns),
                trained_on=card.trained_on,
                open_set=kind != "reference",
                notes=card.notes,
                settings=dict(card.settings),
            )
        )
    return entries


def describe_data(images: ImageSet, recipe: Recipe, group: str | None) -> Data:
    """The identity of the images, with counts by split and stratum."""
    splits = images.table["split"].value_counts()
    return Data(
        name=images.about.name,
        licence=images.about.licence,
        source=images.about.source,
        citation=images.about.citation,
        content_hash=images.content_hash,
        n=len(images),
        image_size=recipe.imageset.size,
        decoding=images.about.decoding,
        classes=images.classes,
        splits={str(name): int(splits[name]) for name in sorted(splits.index)},
        strata={column: count_strata(images, column) for column in ["label", *recipe.imageset.strata]},
        group_column=group,
        notes=[images.about.notes] if images.about.notes else [],
    )


def _judges(graph: Graph, cache: Path, after: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for (role, seed), stage in graph.judges.items():
        path = stage.folder(cache) / "card.json"
        if path.is_file():
            found.setdefault(role, {})[f"seed {seed}"] = json.loads(path.read_text())
    for seed_name, cards in after.items():
        found["R"][seed_name]["after"] = cards
    if graph.judges and graph.scores:
        experts = next(iter(graph.scores.values())).config["experts"]
        oracle = experts["source"] == "oracle"
        panel = "attributes and written rules" if experts["source"] == "attributes" else "predictors"
        panels = {
            f"panel {role}, seed {seed}": json.loads((stage.folder(cache) / "card.json").read_text())
            for (role, seed), stage in graph.panels.items()
            if (stage.folder(cache) / "card.json").is_file()
        }
        found["H"] = {
            "panels": panels,
            "unreliable": unreliable_h(panels),
            "what": f"the oracle of {experts['oracle']}, without noise"
            if oracle
            else f"simulated H: panel of {panel}",
            "simulated": True,
            "raters_noise": experts["noise"],
        }
    return found


def unreliable_h(panels: Mapping[str, Any]) -> str | None:
    """Say why the panel H cannot judge these images, or None: under .80 on real images it is no witness."""
    accuracies = [
        column["balanced_accuracy"]
        for name, card in panels.items()
        if name.startswith("panel H")
        for column in card["columns"].values()
        if not column["reliable"] and column.get("kept", True)
    ]
    if not accuracies:
        return None
    return (
        f"judge H is not reliable here: balanced accuracy {min(accuracies):.2f} on real images, 0.80 needed"
    )


def _durations(graph: Graph, outcome: Outcome) -> dict[str, float]:
    """Seconds of work by stage, seeds added up."""
    total: dict[str, float] = {}
    for stage in graph.stages.values():
        if stage.key in outcome.seconds:
            name = stage.name.partition(" [")[0]
            name = "train classifiers" if name.startswith("train ") else name
            total[name] = round(total.get(name, 0.0) + outcome.seconds[stage.key], 2)
    return total
