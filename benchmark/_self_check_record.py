"""The self-check's document: one versioned JSON file of which metric saw which planted fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..core import UserError, write_json
from ._record import Data, FailedCell, Number, faults

SELF_CHECK_VERSION = 1

Verdict = Literal["sees", "barely sees", "does not see", "wrong way", "moves", "still", "cannot be known"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CheckPoint(_Model):
    """A metric under one strength of a fault: its mean over splits, and the paired difference to no fault."""

    strength: float
    value: Number = Field(default=None, description="mean over splits")
    lo: Number = Field(default=None, description="t interval over splits; of the undamaged score alone")
    hi: Number = None
    difference: Number = Field(
        default=None, description="damaged minus undamaged, paired by split: centre on the asinh scale"
    )
    difference_lo: Number = None
    difference_hi: Number = None
    p: Number = None
    p_adjusted: Number = Field(
        default=None, description="Benjamini-Hochberg over every point of the document"
    )
    significant: bool = False
    stands_out: bool = Field(
        default=False,
        description="the mean lies outside the 95% prediction interval of one more undamaged set's score",
    )
    per_split: list[float] = Field(default_factory=list)
    reason: str | None = None


class CheckCurve(_Model):
    """One metric on one extractor and one stratum under one fault at rising strength."""

    extractor: str
    metric: str
    stratum: str = "all"
    fault: str
    expected: Literal[-1, 0, 1] = Field(description="1 must rise, -1 must fall, 0: nothing is asked of it")
    undamaged: CheckPoint
    spread: Number = Field(default=None, description="standard deviation of the undamaged score over splits")
    points: list[CheckPoint]
    verdict: Verdict
    seen_from: Number = Field(default=None, description="from this strength on every point is significant")
    stands_out_from: Number = Field(default=None, description="from this strength on one score tells")
    as_blur: Number = Field(
        default=None, description="blur (sigma, px) that moves the metric as much as the strongest point"
    )
    words: str


class CheckFault(_Model):
    """A planted fault: what was done, at which strengths, or why it could not be."""

    name: str
    title: str
    unit: str
    strengths: list[float]
    about: str
    planted: bool = True
    reason: str | None = None


class SelfCheck(_Model):
    """What ``synmedbench self-check`` measured."""

    schema_version: int = SELF_CHECK_VERSION
    kind: Literal["self-check"] = "self-check"
    name: str
    status: Literal["complete", "partial"]
    created: str = Field(description="UTC, ISO 8601")
    asked: dict[str, Any]
    data: Data
    code: dict[str, str | None]
    machine: dict[str, str | int]
    seed: int
    splits: int
    n_real: int = Field(description="reference images, median over splits")
    n_synthetic: int = Field(description="images that play the generator, median over splits")
    n_train: int
    dropped: dict[str, list[str]] = Field(
        default_factory=dict, description="column -> values that go missing, one at a time"
    )
    level: float = 0.95
    method: str
    extractors: list[str]
    metrics: list[str]
    faults: list[CheckFault]
    curves: list[CheckCurve]
    summary: list[str] = Field(default_factory=list, description="the findings in sentences")
    failed: list[FailedCell] = Field(default_factory=list)
    durations: dict[str, float] = Field(default_factory=dict)

    def curve(self, extractor: str, metric: str, fault: str, stratum: str = "all") -> CheckCurve | None:
        """The curve of that name, if it was measured."""
        wanted = (extractor, metric, fault, stratum)
        return next((c for c in self.curves if (c.extractor, c.metric, c.fault, c.stratum) == wanted), None)


def write_self_check(document: SelfCheck, path: str | Path) -> None:
    """Write the document atomically as JSON."""
    write_json(path, document.model_dump(mode="json"))


def read_self_check(path: str | Path) -> SelfCheck:
    """Read a document that ``self-check --out`` wrote; any other file is a clear ``UserError``."""
    path = Path(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        remedy = "make it with: synmedbench self-check REAL --out FILE.json"
        raise UserError("there is no self-check here", where=path, remedy=remedy) from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UserError(f"the self-check cannot be read: {error}", where=path) from error
    if not isinstance(found, dict) or found.get("kind") != "self-check":
        raise UserError("not a self-check", where=path, remedy="give what self-check --out wrote")
    version = found.get("schema_version")
    if not isinstance(version, int) or version > SELF_CHECK_VERSION:
        raise UserError(
            f"the self-check has schema version {version}, this synmedbench reads up to {SELF_CHECK_VERSION}",
            where=path,
            remedy="upgrade synmedbench",
        )
    try:
        return SelfCheck.model_validate(found)
    except ValidationError as error:
        raise UserError(f"not a valid self-check: {faults(error)}", where=path) from error
