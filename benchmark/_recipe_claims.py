"""The part of a recipe that registers contrasts before the run."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ._recipe_part import Part


class ClaimPart(Part):
    """A contrast, registered before the run."""

    id: str
    compare: Literal[
        "plausibility", "score", "classifier", "equivalence", "memorisation", "ceiling", "non-inferiority"
    ]
    a: str = Field(description="the generator (or arm/generator) that is said to be better")
    b: str | None = Field(default=None, description="what it is compared with")
    judge: Literal["R", "E", "H"] = "H"
    metric: str | None = None
    n_real: int | None = None
    ratio: float | None = None
    ratio_b: float | None = Field(default=None, gt=0, description="the ratio of side b (default: ratio)")
    classifier: str | None = Field(
        default=None, description="of classifier and equivalence: one of the grid's, or a registered model"
    )
    stratum: str = "all"
    margin: float | None = Field(
        default=None, gt=0, description="of equivalence; of non-inferiority (default: alignment.margin)"
    )

    @model_validator(mode="after")
    def _complete(self) -> ClaimPart:
        if self.compare == "equivalence" and self.margin is None:
            raise ValueError(f"{self.id}: an equivalence needs its margin, written before the run")
        if self.classifier is not None and not self.of_cells():
            raise ValueError(f"{self.id}: classifier is of claims that compare classifiers")
        if self.ratio_b is not None and not self.of_cells():
            raise ValueError(f"{self.id}: ratio_b is of claims that compare classifiers")
        return self

    def of_cells(self) -> bool:
        """Whether it compares trained classifiers."""
        return self.compare in ("classifier", "equivalence")
