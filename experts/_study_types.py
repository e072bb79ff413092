"""What goes between a study and the page: tasks, answers, progress; and how they can be refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..core import UserError

Preferred = Literal["left", "right", "equal"]


@dataclass(frozen=True)
class Progress:
    """How many of a rater's tasks are done."""

    done: int
    total: int


@dataclass(frozen=True)
class ShownTask:
    """One showing of one image, or of two, as the rater may know it: nothing here tells what it is or whose.

    ``pictures`` are one id, or two (left, right); ``questions`` the ids of those that are asked for it.
    """

    task: str
    position: int
    requested: dict[str, str]
    pictures: tuple[str, ...]
    questions: list[str]


@dataclass(frozen=True)
class Answer:
    """What a rater says of one task; ``event`` is a fresh UUID, sent again when it is not known to be saved."""

    event: str
    task: str
    seconds: float
    plausible: int | None = None
    answers: dict[str, str] | None = None
    realism: int | None = None
    note: str = ""
    preferred: Preferred | None = None


@dataclass(frozen=True)
class Undone:
    """An answer that was taken back: its task, which is now open again, and what had been said."""

    task: ShownTask
    previous: Answer


class AlreadyAnswered(UserError):  # noqa: N818
    """The task was answered by another event."""


class TokenError(UserError):
    """A link that opens nothing: ``kind`` is ``wrong``, ``expired`` or ``revoked``."""

    def __init__(self, kind: Literal["wrong", "expired", "revoked"]) -> None:
        self.kind = kind
        super().__init__(_SAID[kind], remedy="ask the person who sent it for a new one")

    def __reduce__(self) -> tuple[object, ...]:
        return TokenError, (self.kind,)


_SAID = {
    "wrong": "this link is not one of the study",
    "expired": "this link has expired",
    "revoked": "this link no longer holds",
}
