"""The part of a recipe that trains classifiers: arms x generators x real images x ratios x models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from ..classifiers import ARMS
from ..core import did_you_mean, parse_spec
from ._recipe_part import Component, Part, short_name, without_alias

CLOSED = "-closed"
"""How the name of a generator ends that was fitted on the cell's own real images alone."""
AIMED = "real+aimed-synthetic"
SECOND = "_2"
"""How the column of a second labeller ends."""


class AimPart(Part):
    """At whom synthetic images are aimed: the rare tone or class."""

    column: str = Field(description="a column that the generators are asked for")
    values: list[str] = Field(min_length=1, description="the values of it that are rare")


class ClassifiersPart(Part):
    """The grid of classifiers: arms x generators x real images per class x synthetic ratio x classifier."""

    model: Component = "timm:test_byobnet"
    models: list[Component] = Field(
        default_factory=list,
        description="several classifiers, instead of model; an alias is their name in rows",
    )
    registered_models: list[Component] = Field(
        default_factory=list, description="classifiers trained only for the claims that name them"
    )
    arms: list[str] = Field(default=["real-only", "real-repeated", "real+synthetic"], min_length=1)
    generators: list[str] = Field(
        default_factory=list, description="open set: generators that saw the whole training split"
    )
    closed_set: list[Component] = Field(
        default_factory=list,
        description="generators fitted on each cell's own real images: a name above, or a spec",
    )
    closed_n_real: list[int] | None = Field(
        default=None, description="numbers of real images at which these are fitted (default: all)"
    )
    n_real: list[int] = Field(default_factory=lambda: [8, 32], description="real training images per class")
    ratios: list[Annotated[float, Field(gt=0, le=1000)]] = Field(
        default=[2.0], min_length=1, description="synthetic images per real one"
    )
    max_synthetic: int | None = Field(
        default=None, ge=1, description="synthetic images per class; cells that would take more are left out"
    )
    aim: AimPart | None = None
    synthetic_weight: float = Field(default=0.3, gt=0, le=1, description="of real+weighted-synthetic")
    tune: bool | dict[str, list[Any]] = Field(
        default=False,
        description="choose settings for real-only on validation images; or the settings to try",
    )
    precision: Literal["float32", "auto"] = Field(
        default="float32", description="auto: measure which precision and memory layout trains fastest"
    )
    leave_out: str | None = Field(
        default=None, description="column such as site: also train without each value, and test on it"
    )
    external: list[Component] = Field(
        default_factory=list, description="image sets with the same labels, for tests alone"
    )
    leakage: Literal["stop", "count"] = "count"

    @field_validator("n_real", "closed_n_real")
    @classmethod
    def _positive(cls, value: list[int] | None) -> list[int] | None:
        if value is not None and (not value or min(value) < 1):
            raise ValueError("needs at least one number, each 1 or more")
        return value

    @field_validator("arms")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        strange = [
            f"no arm is called {name!r}, {did_you_mean(name, ARMS)}" for name in value if name not in ARMS
        ]
        if strange:
            raise ValueError("; ".join(strange))
        return value

    @model_validator(mode="after")
    def _consistent(self) -> ClassifiersPart:
        problems = [*self._doubled(), *self._strange_numbers()]
        if (AIMED in self.arms) != (self.aim is not None):
            problems.append(f"aim and the arm {AIMED!r} go together: one of them is missing")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _doubled(self) -> Iterator[str]:
        named = [
            ("models", [classifier_name(part) for part in [*self.grid_models(), *self.registered_models]]),
            ("external", [short_name(part) for part in self.external]),
            ("closed_set", [short_name(part) for part in self.closed_set]),
        ]
        for where, names in named:
            same = sorted({name for name in names if names.count(name) > 1})
            if same:
                yield f"{where}: {', '.join(same)} stand(s) twice; give one an alias"

    def _strange_numbers(self) -> Iterator[str]:
        strange = sorted(set(self.closed_n_real or []) - set(self.n_real))
        if strange:
            yield f"closed_n_real: {strange[0]} is not among n_real"

    def grid_models(self) -> list[Component]:
        """The classifiers that are trained in every cell."""
        return self.models or [self.model]

    def balanced_by(self, strata: Sequence[str], label: str = "label") -> str | None:
        """The column whose groups arms balance: the aim's, else the first stratum; never the class itself.

        The real images of a cell hold every class as often as the others, so nothing is left to balance by it.
        """
        classes = {f"{name}{ending}" for name in ("label", label) for ending in ("", SECOND)}
        named = [*([self.aim.column] if self.aim else []), *strata]
        return next((name for name in named if name not in classes), None)

    def at_closed(self) -> list[int]:
        """The numbers of real images at which closed-set generators are fitted."""
        return self.n_real if self.closed_n_real is None else self.closed_n_real


def classifier_name(part: Component) -> str:
    """What a classifier is called in rows: its alias, else its spec without options.

    >>> classifier_name("timm:resnet18?steps=50"), classifier_name({"name": "timm:resnet18", "alias": "small"})
    ('timm:resnet18', 'small')
    """
    if isinstance(part, dict) and isinstance(part.get("alias"), str):
        return str(part["alias"])
    argument = parse_spec(without_alias(part)).argument
    return short_name(part) + (f":{argument}" if argument else "")
