"""Recipes: a YAML file that says a whole run, every fault of it told with its path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from ..core import UserError, did_you_mean, read_value
from ..imagesets import check_view
from ._recipe_alignment import CONTROLS as CONTROLS
from ._recipe_alignment import RERATED as RERATED
from ._recipe_alignment import UNTAUGHT as UNTAUGHT
from ._recipe_alignment import UNTRAINED as UNTRAINED
from ._recipe_alignment import AlignmentPart as AlignmentPart
from ._recipe_alignment import ConceptPart as ConceptPart
from ._recipe_alignment import ExpertsPart as ExpertsPart
from ._recipe_alignment import JudgePart as JudgePart
from ._recipe_check import problems_of
from ._recipe_claims import ClaimPart as ClaimPart
from ._recipe_classifiers import ClassifiersPart as ClassifiersPart
from ._recipe_part import Component as Component
from ._recipe_part import Part
from ._recipe_part import short_name as short_name
from ._recipe_part import without_alias as without_alias
from ._record import faults


class ImageSetPart(Part):
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
    near_duplicates: Literal["off", "count", "group"] = Field(
        default="count", description="images alike but for size, light or turn: count them, or keep them in one split"
    )
    flips: Literal["both", "horizontal", "none"] = Field(
        default="both", description="mirror images that mean the same (generators may train on them)"
    )


class SplitsPart(Part):
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


class CopiesPart(Part):
    """How copies of training patients are looked for."""

    extractor: Component = "thumbnail"
    views: list[str] | None = Field(
        default=None,
        description="views of the training images (default: by the extractor and imageset.flips)",
    )

    @field_validator("views")
    @classmethod
    def _readable(cls, value: list[str] | None) -> list[str] | None:
        return [check_view(name) for name in dict.fromkeys(value)] if value is not None else None


class RankPart(Part):
    """What the leaderboard is ordered by."""

    metric: str = "frechet_distance"
    extractor: str | None = Field(default=None, description="default: the first extractor")


class Recipe(Part):
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
    references: list[Component] = Field(
        default=["real-holdout", "classical", "blur:0.5", "blur:1", "blur:2", "blur:4", "copy", "noise"]
    )
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
        problems = problems_of(self)
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
        at = at[_place(at, key, path, len(at) - 1)] if isinstance(at, list) else _inner(at, key, path)
    if not isinstance(at, dict | list):
        raise UserError(f"--set {path}: {keys[-1]!r} does not stand in a mapping")
    try:
        read = read_value(value)
    except yaml.YAMLError as error:
        raise UserError(f"--set {path}: the value {value!r} is not valid YAML") from error
    if isinstance(at, dict):
        at[keys[-1]] = read
    else:
        place = _place(at, keys[-1], path, len(at))
        at[place : place + 1] = [read]


def _inner(at: Any, key: str, path: str) -> Any:
    if not isinstance(at, dict):
        raise UserError(f"--set {path}: {key!r} does not stand in a mapping")
    return at.setdefault(key, {})


def _place(at: list[Any], key: str, path: str, last: int) -> int:
    """A place in a list; what is set one past its end is added to it."""
    if not key.isdecimal() or int(key) > last:
        known = f"0 to {last}" if last >= 0 else "none: the list is empty"
        raise UserError(f"--set {path}: {key!r} is no place in the list", remedy=f"places: {known}")
    return int(key)


def resolved(recipe: Recipe) -> Mapping[str, Any]:
    """The whole recipe with every default filled in, as it stands in the record."""
    return recipe.model_dump(mode="json")
