"""What the rating pages may send: every field checked before anything is done with it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.exceptions import HTTPException

EventId = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{8,48}$")]
OpaqueId = Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")]
_DAY = 24 * 60 * 60.0


class Form(BaseModel):
    """What a page sends, as JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AnswerForm(Form):
    """One answer of a rater, as `POST /api/answer` takes it."""

    event: EventId
    task: OpaqueId
    seconds: float = Field(ge=0, le=_DAY, allow_inf_nan=False)
    plausible: Literal[0, 1] | None = None
    answers: dict[Annotated[str, Field(max_length=100)], Literal["yes", "no", "cannot tell"]] = Field(
        default_factory=dict, max_length=200
    )
    realism: int | None = Field(default=None, ge=1, le=5)
    note: str = Field(default="", max_length=4000)
    preferred: Literal["left", "right", "equal"] | None = None

    @field_validator("note")
    @classmethod
    def _printable(cls, value: str) -> str:
        """Databases refuse NUL, and a note needs no other control characters than the end of a line."""
        return "".join(sign for sign in value if sign in "\n\t" or ord(sign) >= 32).strip()


class UndoForm(Form):
    """`POST /api/undo`."""

    event: EventId


class PauseForm(Form):
    """`POST /api/admin/pause`."""

    paused: bool


class RaterForm(Form):
    """`POST /api/admin/raters`."""

    rater: str = Field(min_length=1, max_length=100)
    action: Literal["add", "renew", "revoke"]


def bearer(request: Request) -> str:
    """Return the token that goes with a call; the empty text when there is none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


_F = TypeVar("_F", bound=Form)
_SHOWN = 5


async def read_form(request: Request, kind: type[_F]) -> _F:
    """Return the request's body as a form; one that is faulty is refused with all its faults in one line."""
    try:
        return kind.model_validate_json(await request.body())
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors()]
        raise HTTPException(422, "; ".join(faults[:_SHOWN])) from None
