"""Two labellers of one column: does a verdict stand when the groups are drawn by the second?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from ._record_augmentation import Contrast

SECOND = "_2"
"""``skin_tone_2`` holds the second labeller's ``skin_tone``."""

_Setting = tuple[str | None, str, str, str, str, str, int, float, str]


def second_stratum(stratum: str) -> str | None:
    """The same stratum by the second labeller; None for ``all`` and for a stratum that is the second's already.

    >>> second_stratum("skin_tone=V-VI"), second_stratum("gap:skin_tone"), second_stratum("skin_tone_2=V-VI")
    ('skin_tone_2=V-VI', 'gap:skin_tone_2', None)
    """
    column = column_of(stratum)
    if not column or column.endswith(SECOND):
        return None
    start, mark, end = stratum.partition("=")
    return f"{start}{SECOND}={end}" if mark else f"{stratum}{SECOND}"


def labeller_words(contrast: Contrast, contrasts: Iterable[Contrast]) -> str | None:
    """Say whether the interval by one labeller's groups shows the same under the second's; None without a second."""
    others = list(contrasts)
    return _words(contrast, _by_setting(others), {column_of(each.stratum) for each in others})


def add_labellers(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """The contrasts, each with its second labeller's verdict at the end of its words."""
    known, columns = _by_setting(contrasts), {column_of(each.stratum) for each in contrasts}
    found = []
    for each in contrasts:
        words = _words(each, known, columns)
        found.append(each if words is None else each.model_copy(update={"words": f"{each.words}; {words}"}))
    return found


def _words(contrast: Contrast, known: Mapping[_Setting, Contrast], columns: AbstractSet[str]) -> str | None:
    stratum = second_stratum(contrast.stratum)
    if stratum is None or column_of(stratum) not in columns:
        return None
    setting = _setting(contrast, stratum)
    other = known.get(setting) or known.get((None, *setting[1:]))
    if other is None:
        return f"not measured under the second labeller ({column_of(stratum)})"
    figures = "" if other.lo is None else f" ({other.value:+.3f} [{other.lo:+.3f}, {other.hi:+.3f}])"
    reading = _reading(other)
    if reading == _reading(contrast):
        return f"the same under the second labeller{figures}"
    return f"under the second labeller: {reading}{figures}"


def _reading(each: Contrast) -> str:
    """What the interval shows before correction: the two columns' corrections are of different families."""
    if each.lo is None or each.hi is None or each.doubt is not None:
        return "cannot be known from these data"
    if each.margin is not None:
        return "equivalent" if -each.margin < each.lo and each.hi < each.margin else "not shown"
    return "better" if each.lo > 0 else "worse" if each.hi < 0 else "not shown"


def _by_setting(contrasts: Iterable[Contrast]) -> dict[_Setting, Contrast]:
    return {_setting(each, each.stratum): each for each in contrasts}


def _setting(each: Contrast, stratum: str) -> _Setting:
    return (
        each.id,
        each.a,
        each.b,
        each.classifier,
        each.metric,
        each.test_set,
        each.n_real_train,
        each.ratio,
        stratum,
    )


def column_of(stratum: str) -> str:
    """The column that a stratum is of; nothing for ``all``.

    >>> column_of("sex=f"), column_of("worst:sex"), column_of("all")
    ('sex', 'sex', '')
    """
    first, found, _ = stratum.partition("=")
    if found:
        return first
    kind, _, column = stratum.partition(":")
    return column if kind in ("worst", "gap") else ""
