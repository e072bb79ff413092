"""Recipes: a YAML file that says a whole run, every fault of it told with its path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ..core import KINDS, UserError, did_you_mean, parse_spec, read_value, registry
from ..imagesets import UNKNOWN, check_view
from ._record import faults

Component = str | dict[str, Any]
RERATED = "-rerated"
"""How the name of a method that is rated again half-way ends."""
CONTROLS = ("real-only", "shuffled", "inverted")
UNTRAINED = ("best-of-n", "guidance")
"""Methods that leave the base's weights as they are."""
UNTAUGHT = "untaught"
"""The base with the new column, before any method has taught it."""


ArmName = Literal[
    "real-only", "real-repeated", "real+synthetic", "classical", "synthetic-only", "real+shuffled-synthetic"
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ImageSetPart(_Part):
    """Which images, and how they are grouped."""

    path: Component = Field(
        description="an image-set spec such as phantom-derm?n=3000, or a folder or .npz file"
    )
    size: int = Field(
        default=32, ge=8, le=512, description="square size in pixels that all images are brought to"
    )
    label: str = "label"
    group: str | None = Field(
        default=None, description="column whose images never cross a split (default: found)"
    )
    strata: list[str] = Field(default_factory=list, description="columns by which results are given")
    min_stratum: int = Field(default=50, ge=2)
    max_images: int | None = Field(
        default=None, ge=50, description="use a stratified sample of this many groups"
    )
    flips: Literal["both", "horizontal", "none"] = Field(
        default="both", description="mirror images that mean the same (generators may train on them)"
    )


class SplitsPart(_Part):
    """Shares of the groups, by split."""

    train: float = 0.5
    val: float = 0.08
    reference: float = 0.17
    holdout: float = 0.11
    test: float = 0.14

    @model_validator(mode="after")
    def _sum(self) -> SplitsPart:
        shares = self.model_dump()
        if any(share <= 0 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-6:
            raise ValueError(
                f"the five shares must be positive and sum to 1, they sum to {sum(shares.values()):.3f}"
            )
        return self


class ExpertsPart(_Part):
    """Who rates: the phantom's oracle with noise; where no oracle exists a panel of predictors of the class, or of
    annotated attributes judged by written rules."""

    source: Literal["auto", "oracle", "panel", "attributes"] = "auto"
    rules: str = Field(default="blood", description="rules of the classes, for attributes: a name or a YAML file")
    noise: float = Field(
        default=0.05, ge=0, lt=0.5, description="chance that an answer on a criterion is flipped"
    )
    ratings: int = Field(default=256, ge=20, description="images rated for R, and as many others for E")


class JudgePart(_Part):
    """A learned judge: R or E."""

    backbone: str
    weights: str | None = None
    steps: int = Field(default=150, ge=1)
    ensemble: int = Field(default=1, ge=1)
    mismatch: bool = Field(default=True, description="automatic feedback: real images with a wrong class")


class CopiesPart(_Part):
    """How copies of training patients are looked for."""

    extractor: Component = "thumbnail"
    views: list[str] | None = Field(
        default=None, description="views of the training images (default: by the extractor and imageset.flips)"
    )

    @field_validator("views")
    @classmethod
    def _readable(cls, value: list[str] | None) -> list[str] | None:
        return [check_view(name) for name in dict.fromkeys(value)] if value is not None else None


class AlignmentPart(_Part):
    """The aligners that are compared at equal steps."""

    methods: list[Component] = ["real-only", "reward-weighted", "draft"]
    control: str = "real-only"
    steps: int = Field(default=40, ge=1)
    batch_size: int = Field(default=64, ge=1)
    learning_rate: float = Field(default=3e-4, gt=0)
    experts: ExpertsPart = Field(default_factory=ExpertsPart)
    reward: JudgePart = Field(default_factory=lambda: JudgePart(backbone="test_resnet"))
    evaluator: JudgePart = Field(default_factory=lambda: JudgePart(backbone="test_byobnet"))
    snapshots: int = Field(
        default=0, ge=0, le=50, description="states measured along each alignment; 0: the end alone"
    )
    stop_early: bool = Field(
        default=True, description="sample the state that E likes best (only where there are snapshots)"
    )
    trajectory_images: int = Field(default=128, ge=16, description="images sampled for each state")
    rerate: list[str] = Field(
        default_factory=list, description="methods also run as NAME-rerated: rated again half-way"
    )
    margin: float = Field(
        default=0.05, gt=0, lt=1, description="loss of recall and coverage that is still not inferior"
    )

    @model_validator(mode="after")
    def _possible(self) -> AlignmentPart:
        methods = list(map(short_name, self.methods))
        problems = [
            f"rerate: {did_you_mean(name, methods)} (got {name!r})" for name in self.rerate if name not in methods
        ]
        if len(set(self.rerate)) < len(self.rerate):
            problems.append("rerate: each method may stand once")
        if self.control in self.rerate:
            problems.append(f"rerate: {self.control!r} is the control, which is not rated")
        kinds = {short_name(method): parse_spec(without_alias(method)).name for method in self.methods}
        problems += [
            f"rerate: {name!r} is {'a control' if kinds[name] in CONTROLS else 'not trained'}: it has no second half"
            for name in self.rerate
            if name != self.control and kinds.get(name) in (*CONTROLS, *UNTRAINED)
        ]
        parts = max(2 if self.rerate else 1, self.snapshots)
        if self.steps < parts:
            problems.append(f"steps: {self.steps} are too few to be cut into {parts}")
        if self.rerate and self.snapshots == 1:
            problems.append("snapshots: a method that is rated again half-way needs 2 or more, or 0")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def names(self) -> list[str]:
        """Names of all that is aligned: the methods, then those that are rated again half-way."""
        methods = list(map(short_name, self.methods))
        return [*methods, *(name + RERATED for name in methods if name in self.rerate)]


class ConceptPart(_Part):
    """A value that the training labels lack, taught to the base by ratings alone."""

    column: str = Field(min_length=1, description="column that the generator gains; its real values never reach it")
    where: dict[str, str] = Field(min_length=1, description="requests that can bear a value: {label: neutrophil}")
    values: list[str] | dict[str, str | list[str]] = Field(
        description="what is asked for; where predictors judge, each may name the values of real images it stands for"
    )
    ratings: int = Field(default=256, ge=20, description="images rated, as many for each value")
    n_images: int = Field(default=128, ge=8, description="images measured for each value, and without a value")
    methods: list[Component] = Field(default=["reward-weighted", "draft", "best-of-n"], min_length=1)
    control: Component = "shuffled:draft"
    steps: int = Field(default=200, ge=1)
    batch_size: int = Field(default=64, ge=1)
    learning_rate: float = Field(default=3e-4, gt=0)
    question: Literal["plausible", "value"] = Field(
        default="plausible", description="what raters answer: is it a plausible VALUE; or: is it a VALUE, whatever else"
    )
    source: Literal["auto", "oracle", "panel", "attributes"] = "auto"
    rules: str = Field(default="blood", description="rules of the classes, for attributes")
    noise: float = Field(default=0.03, ge=0, lt=0.5, description="chance that an oracle's answer is flipped")
    reward: JudgePart = Field(default_factory=lambda: JudgePart(backbone="test_resnet", steps=250))
    sights: dict[Literal["R", "H"], str] = Field(
        default={"R": "drawn", "H": "resnet10t"},
        description="what the predictors of the value see with, where no oracle knows the column",
    )

    def names(self) -> tuple[str, ...]:
        """The values, in order."""
        return tuple(self.values)

    def arms(self) -> dict[str, Component | None]:
        """Name -> method: the untaught base, as many steps on real images, the control, and the methods."""
        controls: list[Component] = ["real-only", self.control]
        named = {short_name(part): part for part in [*controls, *self.methods]}
        return {UNTAUGHT: None, **named}

    def controls(self) -> tuple[str, ...]:
        """The arms that a method must beat."""
        return UNTAUGHT, "real-only", short_name(self.control)

    @model_validator(mode="after")
    def _consistent(self) -> ConceptPart:
        names = self.names()
        if len(names) < 2 or len(set(names)) < len(names):
            raise ValueError(f"values: two different ones or more are needed, got {list(names)}")
        if any(not name.strip() or name == UNKNOWN for name in names):
            raise ValueError(f"values: none may be empty or called {UNKNOWN!r}")
        methods = [short_name(part) for part in self.methods]
        twice = sorted({name for name in methods if methods.count(name) > 1 or name in self.controls()})
        if twice:
            raise ValueError(f"methods: {', '.join(twice)} stand(s) twice, or is a control already")
        return self


class ClassifiersPart(_Part):
    """The grid of classifiers: arms x generators x real images per class x synthetic ratio."""

    model: Component = "timm:test_byobnet"
    arms: list[ArmName] = ["real-only", "real-repeated", "real+synthetic"]
    generators: list[str] = Field(
        default_factory=list, description="names of generators whose images are added"
    )
    n_real: list[int] = Field(default_factory=lambda: [8, 32], description="real training images per class")
    ratios: list[Annotated[float, Field(gt=0, le=1000)]] = Field(
        default=[2.0], min_length=1, description="synthetic images per real one"
    )

    @field_validator("n_real")
    @classmethod
    def _positive(cls, value: list[int]) -> list[int]:
        if not value or min(value) < 1:
            raise ValueError("needs at least one number, each 1 or more")
        return value


class ClaimPart(_Part):
    """A contrast, registered before the run."""

    id: str
    compare: Literal["plausibility", "score", "classifier", "memorisation", "ceiling", "non-inferiority"]
    a: str = Field(description="the generator (or arm/generator) that is said to be better")
    b: str | None = Field(default=None, description="what it is compared with")
    judge: Literal["R", "E", "H"] = "H"
    metric: str | None = None
    n_real: int | None = None
    ratio: float | None = None
    stratum: str = "all"
    margin: float | None = Field(
        default=None, gt=0, description="of non-inferiority (default: alignment.margin)"
    )


class RankPart(_Part):
    """What the leaderboard is ordered by."""

    metric: str = "frechet_distance"
    extractor: str | None = Field(default=None, description="default: the first extractor")


class Recipe(_Part):
    """A whole run."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    about: str = ""
    imageset: ImageSetPart
    splits: SplitsPart = Field(default_factory=SplitsPart)
    seeds: list[int] = Field(default_factory=lambda: [0, 1], min_length=1)
    conditions: list[str] = Field(default_factory=lambda: ["label"])
    n_images: int = Field(default=360, ge=8, description="images sampled from every generator for each seed")
    batch_size: int = Field(
        default=60, ge=1, description="fixed sampling batch: part of what makes images repeatable"
    )
    base: Component | None = "diffusion"
    generators: list[Component] = Field(
        default_factory=list, description="further generators, trained on train"
    )
    references: list[Component] = [
        "real-holdout", "classical", "blur:0.5", "blur:1", "blur:2", "blur:4", "copy", "noise"
    ]  # fmt: skip
    alignment: AlignmentPart | None = Field(default_factory=AlignmentPart)
    extractors: list[Component] = Field(default=["domain"], min_length=1)
    metrics: list[Component] = Field(
        default_factory=list, description="metrics of plug-ins, beside the panel"
    )
    copies: CopiesPart = Field(default_factory=CopiesPart)
    concept: ConceptPart | None = None
    classifiers: ClassifiersPart | None = Field(default_factory=ClassifiersPart)
    claims: list[ClaimPart] = Field(default_factory=list)
    rank: RankPart = Field(default_factory=RankPart)
    budget_minutes: dict[str, float] = Field(
        default_factory=dict, description="expected minutes by stage, printed"
    )
    max_minutes: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="no stage begins later in a run; the same command goes on",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Recipe:
        problems = [*_unknown_components(self), *_claim_problems(self), *_concept_problems(self)]
        extractors = list(map(short_name, self.extractors))
        if self.rank.extractor is not None and self.rank.extractor not in extractors:
            problems.append(f"rank.extractor: {did_you_mean(self.rank.extractor, extractors)}")
        same = sorted({name for name in extractors if extractors.count(name) > 1})
        if same:
            problems.append(f"extractors: {', '.join(same)} stand(s) twice; give one an alias")
        if len(set(self.seeds)) < len(self.seeds):
            problems.append("seeds: each seed may stand once")
        if "label" not in self.conditions:
            problems.append("conditions: must hold 'label'")
        if self.alignment and self.base is None:
            problems.append("alignment: needs a base generator")
        if self.alignment and self.alignment.control not in map(short_name, self.alignment.methods):
            problems.append(f"alignment.control: {self.alignment.control!r} is not among the methods")
        names = self.generator_names()
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            problems.append(f"generators: {', '.join(doubled)} stand(s) twice")
        for name in self.classifiers.generators if self.classifiers else []:
            if name not in names:
                problems.append(f"classifiers.generators: {did_you_mean(name, names)} (got {name!r})")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def compared(self) -> tuple[str, list[str]]:
        """The ranking's extractor, and the metrics by which generators are compared on it."""
        extractor = self.rank.extractor or short_name(self.extractors[0])
        claimed = [claim.metric for claim in self.claims if claim.compare == "score" and claim.metric]
        return extractor, sorted({self.rank.metric, *claimed})

    def generator_names(self) -> list[str]:
        """Names of everything that hands in images, in the order of the record."""
        parts = [*self.references, *([self.base] if self.base else []), *self.generators]
        return [*map(short_name, parts), *(self.alignment.names() if self.alignment else [])]


def short_name(spec: Component) -> str:
    """The name that stands in records: the spec without its options (``blur:2``, ``diffusion``).

    >>> short_name("diffusion:unet-tiny?steps=250"), short_name("blur:2"), short_name({"name": "pca", "alias": "p"})
    ('diffusion', 'blur:2', 'p')
    """
    if isinstance(spec, dict) and isinstance(spec.get("alias"), str):
        return str(spec["alias"])
    parsed = parse_spec(spec)
    if parsed.name == "blur" and parsed.argument is not None:
        return f"blur:{parsed.argument}"
    if parsed.name == "folder" and parsed.argument is not None:
        return f"folder:{Path(parsed.argument).name}"
    return parsed.name


def without_alias(spec: Component) -> Component:
    """The spec as its factory takes it."""
    return {key: value for key, value in spec.items() if key != "alias"} if isinstance(spec, dict) else spec


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
        wanted.append(("classifiers.model", "classifiers", recipe.classifiers.model))
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
    except UserError:
        return []
    problems = []
    for claim in recipe.claims:
        sides = [claim.a, *([claim.b] if claim.b else [])]
        if claim.compare == "classifier":
            sides = [side.partition("/")[2] for side in sides if "/" in side]
        problems += [
            f"claims.{claim.id}: no generator {side!r}, {did_you_mean(side, names)}"
            for side in sides
            if side not in names
        ]
        if claim.compare == "non-inferiority" and claim.b is None and recipe.alignment is None:
            problems.append(f"claims.{claim.id}: b is missing, and there is no alignment whose control it could be")
    return problems


def builtin_recipes() -> dict[str, str]:
    """The recipes that ship with the package: name -> what it is about."""
    folder = files("synmedbench.recipes")
    found = {}
    for item in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if item.name.endswith(".yaml"):
            text = item.read_text(encoding="utf-8")
            found[item.name.removesuffix(".yaml")] = str(yaml.safe_load(text).get("about", ""))
    return found


def read_recipe(name_or_path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe by the name of a built-in one or by its path, with ``a.b=value`` overrides.

    Raises ``UserError`` listing every fault with its path.
    """
    where, text = _find(str(name_or_path))
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"not valid YAML: {error}", where=where) from error
    if not isinstance(document, dict):
        raise UserError("a recipe is a mapping with at least 'name' and 'imageset'", where=where)
    for override in overrides:
        _override(document, override)
    try:
        return Recipe.model_validate(document)
    except ValidationError as error:
        raise UserError(faults(error), where=where) from error


def _find(name: str) -> tuple[str, str]:
    path = Path(name)
    if path.is_file():
        try:
            return str(path), path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"the recipe cannot be read: {error}", where=path) from error
    builtin = builtin_recipes()
    if name in builtin:
        return name, (files("synmedbench.recipes") / f"{name}.yaml").read_text(encoding="utf-8")
    raise UserError(f"no recipe file and no built-in recipe {name!r}", remedy=did_you_mean(name, builtin))


def _override(document: dict[str, Any], text: str) -> None:
    path, equals, value = text.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise UserError(f"--set {text!r} cannot be read", remedy="write --set part.key=value")
    at: Any = document
    for key in keys[:-1]:
        if not isinstance(at, dict):
            raise UserError(f"--set {path}: {key!r} does not stand in a mapping")
        at = at.setdefault(key, {})
    if not isinstance(at, dict):
        raise UserError(f"--set {path}: {keys[-1]!r} does not stand in a mapping")
    try:
        at[keys[-1]] = read_value(value)
    except yaml.YAMLError as error:
        raise UserError(f"--set {path}: the value {value!r} is not valid YAML") from error


def resolved(recipe: Recipe) -> Mapping[str, Any]:
    """The whole recipe with every default filled in, as it stands in the record."""
    return recipe.model_dump(mode="json")
