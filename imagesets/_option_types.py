"""Options of the wrong type, told by name before a reader stumbles over them."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Union, get_args, get_origin, get_type_hints

from ..core import UserError

_WORDS: Mapping[Any, str] = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


def check_options(reader: Callable[..., Any], options: Mapping[str, Any], where: str) -> None:
    """Raise ``UserError`` for the first option whose value is not of a type that the reader's annotation names.

    >>> def draw(*, n: int = 3, labels: str | Sequence[str] | None = None) -> None: ...
    >>> check_options(draw, {"n": 4, "labels": ["a"]}, "draw")
    >>> try:
    ...     check_options(draw, {"n": "four"}, "draw?n=four")
    ... except ValueError as error:
    ...     print(error)
    draw?n=four: n must be a whole number, got 'four' (write n=VALUE)
    """
    try:
        hints = get_type_hints(reader if inspect.isroutine(reader) else reader.__init__)  # type: ignore[misc]
    except (NameError, TypeError, AttributeError):
        return
    for name, value in options.items():
        wanted = hints.get(name, Any)
        if not _fits(value, wanted):
            raise UserError(f"{name} must be {_in_words(wanted)}, got {value!r}", where=where,
                            remedy=_remedy(name, value, wanted))  # fmt: skip


def _kinds(wanted: Any) -> tuple[Any, ...]:
    return get_args(wanted) if get_origin(wanted) in (Union, types.UnionType) else (wanted,)


def _fits(value: Any, wanted: Any) -> bool:
    return any(_is_a(value, kind) for kind in _kinds(wanted))


def _is_a(value: Any, kind: Any) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    origin = get_origin(kind) or kind
    if origin is Sequence:
        return isinstance(value, Sequence) and (not isinstance(value, str) or get_args(kind) == (str,))
    return not isinstance(origin, type) or isinstance(value, origin)


def _in_words(wanted: Any) -> str:
    words = []
    for kind in _kinds(wanted):
        origin = get_origin(kind) or kind
        if origin is Sequence:
            words.append("a list such as [a, b]")
        elif origin is Mapping:
            words.append("a mapping such as {0: a}")
        elif kind is not type(None):
            words.append(_WORDS.get(kind, getattr(kind, "__name__", str(kind))))
    return " or ".join(words)


def _remedy(name: str, value: Any, wanted: Any) -> str:
    if str in _kinds(wanted) and isinstance(value, int | float):
        return f"quote it: {name}='{value}'"
    return f"write {name}=VALUE"
