"""The parts of a recipe that align a generator or teach it: who rates, which judges learn, which methods compare."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ..core import did_you_mean, parse_spec
from ..imagesets import UNKNOWN
from ._recipe_part import Component, Part, short_name, without_alias

RERATED = "-rerated"
"""How the name of a method that is rated again half-way ends."""
CONTROLS = ("real-only", "shuffled", "inverted")
UNTRAINED = ("best-of-n", "guidance")
"""Methods that leave the base's weights as they are."""
UNTAUGHT = "untaught"
"""The base with the new column, before any method has taught it."""


class ExpertsPart(Part):
    """Who rates: the phantom's oracle with noise; where no oracle exists a panel of predictors of the class, or of
    annotated attributes judged by written rules."""

    source: Literal["auto", "oracle", "panel", "attributes"] = "auto"
    rules: str = Field(
        default="blood", description="rules of the classes, for attributes: a name or a YAML file"
    )
    noise: float = Field(
        default=0.05, ge=0, lt=0.5, description="chance that an answer on a criterion is flipped"
    )
    ratings: int = Field(default=256, ge=20, description="images rated for R, and as many others for E")


class JudgePart(Part):
    """A learned judge: R or E."""

    backbone: str
    weights: str | None = None
    steps: int = Field(default=150, ge=1)
    ensemble: int = Field(default=1, ge=1)
    mismatch: bool = Field(default=True, description="automatic feedback: real images with a wrong class")


class AlignmentPart(Part):
    """The aligners that are compared at equal steps."""

    methods: list[Component] = Field(default=["real-only", "reward-weighted", "draft"])
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
            f"rerate: {did_you_mean(name, methods)} (got {name!r})"
            for name in self.rerate
            if name not in methods
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


class ConceptPart(Part):
    """A value that the training labels lack, taught to the base by ratings alone."""

    column: str = Field(
        min_length=1, description="column that the generator gains; its real values never reach it"
    )
    where: dict[str, str] = Field(
        min_length=1, description="requests that can bear a value: {label: neutrophil}"
    )
    values: list[str] | dict[str, str | list[str]] = Field(
        description="what is asked for; where predictors judge, each may name the values of real images it stands for"
    )
    ratings: int = Field(default=256, ge=20, description="images rated, as many for each value")
    n_images: int = Field(
        default=128, ge=8, description="images measured for each value, and without a value"
    )
    methods: list[Component] = Field(default=["reward-weighted", "draft", "best-of-n"], min_length=1)
    control: Component = "shuffled:draft"
    steps: int = Field(default=200, ge=1)
    batch_size: int = Field(default=64, ge=1)
    learning_rate: float = Field(default=3e-4, gt=0)
    question: Literal["plausible", "value"] = Field(
        default="plausible",
        description="what raters answer: is it a plausible VALUE; or: is it a VALUE, whatever else",
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
