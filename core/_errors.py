"""Errors that teach: what is wrong, where, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """The input is wrong, and the user can mend it.

    Parameters
    ----------
    what:
        What is wrong, in one sentence.
    where:
        The file, row, column or key that holds the fault.
    remedy:
        What to do about it.

    Example
    -------
    >>> str(UserError("no column 'label'", where="metadata.csv", remedy="add one"))
    "metadata.csv: no column 'label' (add one)"
    """

    def __init__(self, what: str, *, where: object | None = None, remedy: str | None = None) -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(what)

    def __str__(self) -> str:
        head = f"{self.where}: " if self.where is not None else ""
        tail = f" ({self.remedy})" if self.remedy else ""
        return " ".join(f"{head}{self.what}{tail}".split())

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.what, None if self.where is None else str(self.where), self.remedy)


def _rebuild(what: str, where: str | None, remedy: str | None) -> UserError:
    return UserError(what, where=where, remedy=remedy)


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Say which known name was probably meant, or list what there is.

    >>> did_you_mean("difusion", ["diffusion", "noise"])
    "did you mean 'diffusion'?"
    >>> did_you_mean("gan", ["diffusion", "noise"])
    'known: diffusion, noise'
    """
    known = sorted(names)
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(known)}" if known else "none are known"
