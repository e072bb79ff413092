"""The record: one versioned JSON document of what was measured, how, and on what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from ..core import UserError
from ._record_augmentation import Augmentation
from ._record_number import Number, RecordPart
from ._record_text import read_text, write_packed

SCHEMA_VERSION = 1


class ScoreRow(RecordPart):
    """One score of one generator."""

    generator: str
    imageset: str
    extractor: str = Field(description="extractor, or the judge R / E / H of a plausibility")
    metric: str
    stratum: str = Field(default="all", description="'all', or column=value")
    n_real: int | None = None
    n_synthetic: int | None = None
    seed: int
    value: Number = None
    lo: Number = None
    hi: Number = None
    level: float = 0.95
    method: str = ""
    higher_is_better: bool | None = None
    reason: str | None = Field(default=None, description="why the value is null")


class CellRow(RecordPart):
    """One measure of one trained classifier."""

    arm: str
    generator: str | None = None
    n_real_train: int = Field(description="real training images per class")
    ratio: float = Field(description="synthetic images per real one")
    classifier: str
    seed: int
    stratum: str = "all"
    n_test: int
    metric: str
    value: Number = None
    lo: Number = None
    hi: Number = None
    level: float = 0.95
    reason: str | None = None
    test_set: str = Field(
        default="test", description="'test', 'COLUMN=VALUE' left out of training, or 'external:NAME'"
    )
    open_set: bool | None = Field(
        default=None, description="whether the generator saw more real images than the cell's own; null: no generator"
    )
    detectable: Number = Field(
        default=None, description="smallest difference from this value that n_test images could show"
    )


class Data(RecordPart):
    """The identity of the image set that was used."""

    name: str
    licence: str
    source: str
    citation: str = ""
    content_hash: str
    n: int
    image_size: int
    decoding: str
    classes: list[str]
    splits: dict[str, int] = Field(description="images per split")
    strata: dict[str, dict[str, int]] = Field(default_factory=dict, description="column -> value -> images")
    group_column: str | None = Field(default=None, description="images of one group never cross a split")
    notes: list[str] = Field(default_factory=list)


class GeneratorEntry(RecordPart):
    """A generator's card, as shown beside its scores."""

    name: str
    kind: Literal["generator", "reference", "aligned"]
    version: str
    licence: str
    citation: str = ""
    columns: list[str] = Field(default_factory=list)
    trained_on: str
    open_set: bool = True
    notes: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)


class Claim(RecordPart):
    """One sentence that the run was asked to decide, with its verdict."""

    id: str
    sentence: str
    contrast: str = Field(description="what was compared, as registered in the recipe")
    verdict: Literal["shown", "not shown", "cannot be known from these data"]
    words: str = Field(description="the verdict in a sentence, with the figures")
    value: Number = None
    lo: Number = None
    hi: Number = None
    p: Number = None
    p_adjusted: Number = None
    per_seed: list[float] = Field(default_factory=list)
    method: str = ""


class TrajectoryPoint(RecordPart):
    """What one state of a generator along its alignment was measured to be, on images that are not scored."""

    generator: str
    seed: int
    step: int = Field(description="0: the base, before any alignment")
    n: int = Field(description="images sampled for this point")
    chosen: bool = Field(default=False, description="whether this state's images were scored")
    path_kl: Number = Field(default=None, description="nats an image, from the base's path; see generators.path_kl")
    path_kl_lo: Number = None
    path_kl_hi: Number = None
    R: Number = Field(default=None, description="share with P(plausible) of 0.5 or more by R, which aligns")
    E: Number = Field(default=None, description="the same by E, which only selects")
    H: Number = Field(default=None, description="share plausible by H, which alone judges")
    R_mean: Number = Field(default=None, description="mean P(plausible) by R")
    E_mean: Number = Field(default=None, description="mean P(plausible) by E")
    coverage: Number = None
    vendi: Number = None
    label_agreement: Number = None
    near_copies: Number = Field(default=None, description="share of images nearer to training than the threshold")
    reason: str | None = Field(default=None, description="why values are null, one sentence per value")


class Price(RecordPart):
    """Whether an aligner keeps recall or coverage within a margin of the control's: non-inferiority."""

    metric: Literal["recall", "coverage"]
    value: Number = Field(default=None, description="mean over seeds of the aligner's less the control's")
    lo: Number = Field(default=None, description="one-sided 95% lower bound, paired t over seeds")
    p: Number = Field(default=None, description="one-sided, of a loss of the margin or more")
    margin: float
    per_seed: list[float] = Field(default_factory=list)
    verdict: Literal["not inferior", "not shown", "cannot be known from these data"]
    words: str


class Audit(RecordPart):
    """What an aligner's gains were on the judges R, E and H, against the control with the same extra steps."""

    aligner: str
    control: str
    verdict: Literal["helped", "hacked", "not shown", "cannot be known from these data"]
    words: str
    gains: dict[str, list[float]] = Field(description="judge -> gain per seed")
    simulated_h: bool = True
    trajectory_h: list[list[float]] = Field(
        default_factory=list, description="per seed, H's share at each snapshot, the base first"
    )
    prices: list[Price] = Field(default_factory=list)
    path_kl: list[Number] = Field(default_factory=list, description="per seed, of the state that was sampled")
    path_kl_bound: bool = Field(default=False, description="whether path_kl is an upper bound, not an estimate")
    stopped_at: list[int | None] = Field(
        default_factory=list, description="per seed, the step that was sampled; null where there is no trail"
    )
    seconds: list[float] = Field(default_factory=list, description="per seed, of alignment and sampling")
    steps: int | None = Field(default=None, description="steps that the method was given")
    chosen_by_e: bool = Field(default=False, description="the row of the method that E chose on the other seeds")


class CopyPair(RecordPart):
    """An image and the training image nearest to it."""

    row: int
    file: str = ""
    train_row: int
    train_file: str = ""
    view: str = "as-is"
    closeness: Number = Field(default=None, description="0 a copy, about 1 unrelated; null: equal pixels")


class CopiedPatient(RecordPart):
    """A training patient of whom near-copies were made, named by the image that was copied most closely."""

    train_row: int
    train_file: str = ""
    images: int


class Memorisation(RecordPart):
    """Whether a generator gives back its training patients."""

    generator: str
    seed: int
    memorising: bool | None
    copy_share: Number = None
    lo: Number = None
    hi: Number = None
    holdout_share: Number = None
    p: Number = None
    p_adjusted: Number = None
    n: int = 0
    words: str
    extractor: str = ""
    views: list[str] = Field(default_factory=list, description="views of the training images that were looked for")
    threshold: Number = Field(default=None, description="closeness below which an image counts as a copy")
    fewest_copies: int | None = Field(default=None, description="fewer copies could not have been found")
    n_train: int | None = None
    n_holdout: int | None = None
    exact_copies: int | None = Field(default=None, description="images equal to a training image pixel by pixel")
    exact_holdout: int | None = Field(default=None, description="the same in the hold-out")
    exact: list[CopyPair] = Field(default_factory=list, description="the first of them")
    patients_by: str | None = Field(default=None, description="column that tells patients; null: images stand for them")
    n_patients: int | None = None
    patients_copied: int | None = Field(default=None, description="training patients with a near-copy")
    patients_share: Number = None
    patients_lo: Number = None
    patients_hi: Number = None
    most_copied: list[CopiedPatient] = Field(default_factory=list)
    pairs: list[CopyPair] = Field(default_factory=list, description="the nearest pairs, nearest first")
    holdout_pairs: list[CopyPair] = Field(default_factory=list, description="the same of the hold-out: unrelated")


class PowerRow(RecordPart):
    """How often planted copies of one kind were found."""

    kind: str = Field(description="exact, or the change by which the copies were disguised")
    share: float
    copies: int
    value: float = Field(description="share of trials in which they were found at p < .01")
    lo: float
    hi: float


class CopyPower(RecordPart):
    """What the memorisation test can find on these images: the power curve of planted copies."""

    extractor: str
    views: list[str] = Field(default_factory=list)
    n_train: int
    n_holdout: int
    n_synthetic: int
    repeats: int
    rows: list[PowerRow] = Field(default_factory=list)
    false_alarm: Number = None
    false_alarm_lo: Number = None
    false_alarm_hi: Number = None
    smallest: dict[str, Number] = Field(
        default_factory=dict, description="kind -> smallest share found in 80% of trials"
    )
    recognised: dict[str, Number] = Field(
        default_factory=dict, description="kind -> share of single copies below the threshold"
    )
    reason: str | None = None
    words: str


class RankRow(RecordPart):
    """A generator's place in the leaderboard, with the interval of places that the data allow."""

    generator: str
    kind: str
    rank: int | None
    rank_lo: int | None = None
    rank_hi: int | None = None
    value: Number = None
    lo: Number = None
    hi: Number = None
    tied_with: list[str] = Field(default_factory=list)
    reason: str | None = Field(default=None, description="why it is unranked")


class Ranking(RecordPart):
    """The order by one metric on one extractor."""

    metric: str
    extractor: str
    higher_is_better: bool
    method: str
    rows: list[RankRow]


class Comparison(RecordPart):
    """Two generators by the ranking metric: the difference a - b, paired through the real images of both."""

    a: str
    b: str
    metric: str
    extractor: str
    stratum: str = "all"
    value: Number = Field(default=None, description="mean over seeds of a's score less b's")
    lo: Number = None
    hi: Number = None
    level: float = 0.95
    p: Number = Field(default=None, description="two-sided, of no difference")
    p_adjusted: Number = Field(
        default=None, description="Benjamini-Hochberg over all comparisons of the record"
    )
    better: str | None = Field(
        default=None, description="which one, where 5 seeds or more and an adjusted p below 0.05 show it"
    )
    per_seed: list[float] = Field(default_factory=list)
    scope: Literal["images", "seeds"] = Field(
        default="images", description="what varies: these generators' images alone, or their training too"
    )
    method: str = ""
    reason: str | None = Field(default=None, description="why they cannot be compared")


class RulerReading(RecordPart):
    """A score in plain words, read off the reference arms."""

    generator: str
    metric: str
    extractor: str
    blur_sigma: Number = Field(default=None, description="equivalent blur, in pixels")
    words: str


class AgreementRow(RecordPart):
    """How far two extractors agree on the order of the generators by one metric."""

    metric: str
    first: str
    second: str
    over: str = Field(description="'generators', or 'generators and reference arms'")
    n: int
    tau: Number = Field(default=None, description="Kendall's tau-b")
    lo: Number = None
    hi: Number = None
    p: Number = None
    rho: Number = Field(default=None, description="Spearman's coefficient")
    p_rho: Number = None
    method: str = ""
    reason: str | None = Field(default=None, description="why the values are null")


class ConceptRow(RecordPart):
    """What H sees in images of one arm that were asked for one value of a new concept."""

    method: str
    seed: int
    value: str | None = Field(description="what was asked for; null: all requests of the hold-out, without a value")
    n: int
    asked_confirmed: Number = Field(default=None, description="share in which H sees the value asked for")
    other_confirmed: Number = Field(
        default=None, description="share, of images asked for the other values, in which H sees this one"
    )
    plausible: Number = Field(default=None, description="share plausible for the class, whatever the value")
    both: Number = None
    lo: Number = Field(default=None, description="of asked_confirmed: Wilson")
    hi: Number = None
    reason: str | None = Field(default=None, description="why the values are null")


class ConceptVerdict(RecordPart):
    """Whether a method taught a new concept, against every control: mean over the values, per seed."""

    method: str
    column: str
    verdict: Literal["taught", "not shown", "cannot be known from these data"]
    words: str
    gains: dict[str, list[float]] = Field(
        default_factory=dict, description="control -> gain of asked_confirmed per seed"
    )
    apart: dict[str, list[float]] = Field(
        default_factory=dict, description="control -> gain of asked_confirmed less other_confirmed, per seed"
    )
    price: list[float] = Field(
        default_factory=list, description="per seed, plausible share of all other requests less real-only's"
    )


class FailedCell(RecordPart):
    """A stage that could not be finished, and why."""

    stage: str
    error: str


class Unfinished(RecordPart):
    """Why a run ended before its last stage, though nothing failed."""

    minutes: float = Field(description="the run's budget, max_minutes")
    done: int = Field(description="stages that are done")
    stages: int
    words: str


class Record(RecordPart):
    """What a run measured. Old versions stay readable (``read_record`` upgrades them)."""

    schema_version: int = SCHEMA_VERSION
    kind: Literal["run", "evaluation"] = "run"
    name: str
    status: Literal["complete", "partial"]
    created: str = Field(description="UTC, ISO 8601")
    asked: dict[str, Any] = Field(
        description="'typed' (the command's words) and 'resolved' (the whole recipe)"
    )
    data: Data
    generators: list[GeneratorEntry]
    judges: dict[str, Any] = Field(default_factory=dict, description="cards of R, E and H")
    code: dict[str, str | None]
    seeds: list[int]
    machine: dict[str, str | int]
    durations: dict[str, float] = Field(default_factory=dict, description="stage -> seconds of work")
    claims: list[Claim] = Field(default_factory=list)
    audits: list[Audit] = Field(default_factory=list)
    trajectories: list[TrajectoryPoint] = Field(default_factory=list)
    memorisation: list[Memorisation] = Field(default_factory=list)
    copy_power: list[CopyPower] = Field(default_factory=list)
    ranking: Ranking | None = None
    comparisons: list[Comparison] = Field(default_factory=list)
    ruler: list[RulerReading] = Field(default_factory=list)
    agreement: list[AgreementRow] = Field(default_factory=list)
    scores: list[ScoreRow] = Field(default_factory=list)
    cells: list[CellRow] = Field(default_factory=list)
    augmentation: Augmentation | None = Field(default=None, description="what the cells were analysed for")
    concepts: list[ConceptRow] = Field(default_factory=list)
    concept_verdicts: list[ConceptVerdict] = Field(default_factory=list)
    concept_cards: dict[str, Any] = Field(
        default_factory=dict, description="cards of the raters, of R and of the predictors of the value"
    )
    failed: list[FailedCell] = Field(default_factory=list)
    unfinished: Unfinished | None = Field(default=None, description="set where the run's budget was over first")

    def measured(self) -> dict[str, Any]:
        """The record without what differs between two equal runs: times, machine, the words typed."""
        volatile = {"created", "machine", "durations", "asked", "code"}
        found = self.model_dump(mode="json", exclude=volatile)
        for entry in found["audits"]:
            del entry["seconds"]
        if found["augmentation"]:
            del found["augmentation"]["speed"]
        return found


def write_record(record: Record, path: str | Path) -> None:
    """Write the record atomically as JSON; packed where the name ends in ``.gz`` (a large grid takes 1/20)."""
    text = json.dumps(record.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False)
    write_packed(path, text + "\n")


def read_record(path: str | Path) -> Record:
    """Read a record of any schema version; a newer one, or another kind of file, is a clear ``UserError``."""
    path = Path(path)
    try:
        document = json.loads(read_text(path))
    except FileNotFoundError as error:
        raise UserError("there is no record here", where=path, remedy="run a recipe first") from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(f"the record cannot be read: {error}", where=path) from error
    if not isinstance(document, dict) or "schema_version" not in document:
        raise UserError("not a synmedbench record: it has no schema_version", where=path)
    version = document["schema_version"]
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise UserError(
            f"the record has schema version {version}, this synmedbench reads up to {SCHEMA_VERSION}",
            where=path,
            remedy="upgrade synmedbench",
        )
    try:
        return Record.model_validate(document)
    except ValidationError as error:
        raise UserError(f"not a valid record: {faults(error)}", where=path) from error


def faults(error: ValidationError) -> str:
    """Every fault of a validation, each with its path, in one line."""
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'as a whole'}: {fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors()
    )


def gallery_name(generator: str) -> str:
    """A generator's name as a file name."""
    return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in generator)
