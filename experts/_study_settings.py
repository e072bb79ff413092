"""What somebody decides before a panel of raters begins."""

from __future__ import annotations

import unicodedata
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ..core import UserError

Mode = Literal["rate", "compare"]
Detail = Literal["failed", "all", "verdict"]
SHOW = ("label", "skin_tone")
_LONGEST_NAME = 100


class StudySettings(BaseModel):
    """Settings of a study; every faulty one is named in one ``UserError``.

    >>> StudySettings(name="blood-1", raters=("anna", "ben")).overlap
    0.2
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60, description="name of the study")
    mode: Mode = Field(default="rate", description="rate: one image at a time; compare: which of two")
    detail: Detail = Field(
        default="failed",
        description="failed: of an implausible image the wrong questions are marked; all: every question is "
        "answered; verdict: the whole verdict alone",
    )
    raters: tuple[str, ...] = Field(default=(), description="who rates; more may be added later")
    n: int | None = Field(default=None, ge=1, description="synthetic images of the study; None for all")
    real_share: float = Field(default=0.2, ge=0, le=0.9, description="real images among the first showings")
    overlap: float = Field(default=0.2, ge=0, le=1, description="share of the images that all raters see")
    repeats: float = Field(default=0.1, ge=0, le=1, description="hidden repeats, a share of first showings")
    show: tuple[str, ...] = Field(default=SHOW, description="requested columns that the rater is told")
    side: int = Field(default=1024, ge=16, le=10_000, description="longest side of the pictures, in pixels")
    days: float = Field(default=30, gt=0, le=3650, description="how long links hold")
    seed: int = Field(default=0, description="seed of the draw, of the deal and of every order")

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            faults = "; ".join(_told(fault) for fault in error.errors())
            raise UserError(faults, where="study") from error

    @field_validator("raters")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(rater_name(name) for name in value)
        spelled = [name.casefold() for name in names]
        doubled = sorted({name for name in names if spelled.count(name.casefold()) > 1})
        if doubled:
            raise ValueError(f"these raters are named twice: {', '.join(doubled)}")
        return names


def rater_name(name: str) -> str:
    """Return a rater's name in one spelling (Unicode NFC, no spaces around it), or raise ``UserError``."""
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise UserError(f"{name!r} is no name of a rater: not Unicode") from error
    plain = unicodedata.normalize("NFC", name).strip()
    fault = _name_fault(plain)
    if fault:
        raise UserError(f"{plain!r} is no name of a rater: {fault}", remedy="write for example anna")
    return plain


def _name_fault(name: str) -> str | None:
    if not name:
        return "it is empty"
    if len(name) > _LONGEST_NAME:
        return f"it has more than {_LONGEST_NAME} characters"
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in name):
        return "it has control characters"
    if name.startswith("simulated"):
        return "'simulated' is kept for simulated experts"
    return None


def _told(fault: Any) -> str:
    """A fault by the option's name, without pydantic's words where it is a number out of its range."""
    place = ".".join(str(part) for part in fault["loc"]) or "the settings"
    known = place in StudySettings.model_fields and place != "name"
    option = f"--{place.replace('_', '-')}" if known else {"name": "--study"}.get(place, place)
    kind, given = str(fault["type"]), fault["input"]
    if kind == "string_pattern_mismatch":
        return f"{option} must be small letters, digits and -, not - first, got {given!r}"
    if kind in _MUST_BE:
        return f"{option} must be {_MUST_BE[kind].format(**fault.get('ctx', {}))}, got {given!r}"
    return f"{option}: {fault['msg'].removeprefix('Value error, ')}"


_MUST_BE = {
    "greater_than": "above {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than_equal": "{le:g} or less",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "literal_error": "{expected}",
    "string_too_long": "{max_length} characters at most",
}
