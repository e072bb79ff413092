"""What a comparison shows, in a verdict and in one sentence with its figures."""

from __future__ import annotations

from typing import Literal

from ..core import LEVEL
from ._compared import Compared, Question
from ._record_augmentation import Contrast

Verdict = Literal["better", "worse", "equivalent", "not shown", "cannot be known from these data"]


def contrast_of(found: Compared, p_adjusted: float | None = None) -> Contrast:
    """The record's row of a comparison; ``p_adjusted`` decides where it is given, else the plain p-value."""
    asked = found.question
    verdict = _verdict(found, p_adjusted)
    return Contrast(
        id=asked.id,
        a=asked.a,
        b=asked.b,
        classifier=asked.classifier,
        metric=asked.metric,
        stratum=asked.stratum,
        test_set=asked.test_set,
        n_real_train=asked.n_real,
        ratio=asked.ratio,
        n_test=found.n_test,
        value=found.value,
        lo=found.lo,
        hi=found.hi,
        level=LEVEL,
        p=found.p,
        p_adjusted=p_adjusted,
        per_seed=found.differences,
        mcnemar_p=found.mcnemar,
        margin=asked.margin,
        p_equivalent=found.p_equivalent,
        detectable=found.detectable,
        verdict=verdict,
        doubt=found.doubt,
        words=_words(found, verdict, p_adjusted),
        method=found.method,
    )


def _verdict(found: Compared, p_adjusted: float | None) -> Verdict:
    p = found.p_asked if p_adjusted is None else p_adjusted
    if found.doubt is not None or p is None or found.value is None:
        return "cannot be known from these data"
    shown = p < 1 - LEVEL
    if found.question.asks == "equivalence":
        return "equivalent" if shown else "not shown"
    if shown:
        return "better" if found.value > 0 else "worse"
    return "not shown"


def _words(found: Compared, verdict: Verdict, p_adjusted: float | None) -> str:
    return (
        f"{_what(found.question)}: {_figures(found)}{_test(found, p_adjusted)}{_conclusion(found, verdict)}"
    )


def _what(asked: Question) -> str:
    where = "" if asked.stratum == "all" else f" in {asked.stratum}"
    outside = "" if asked.test_set == "test" else f" on {asked.test_set}"
    measure = asked.metric.replace("_", " ")
    return f"{asked.a} against {asked.b} at {place_words(asked)}, {measure}{where}{outside}"


def place_words(asked: Question) -> str:
    """The numbers of real images and the ratios of a comparison, and over which of them it is a mean.

    >>> from functools import partial
    >>> two = partial(Question, "a", "b", "c", "m")
    >>> place_words(two(n_real=8, ratio=2.0)), place_words(two(numbers=(8, 32), ratios=((1.0, 10.0),) * 2))
    ('8 real images per class, ratio 2', 'the mean over 8, 32 real images per class and ratios 1, 10')
    >>> place_words(two(n_real=8, numbers=(8,), ratios=((1.0, 10.0),)))
    '8 real images per class, the mean over ratios 1, 10'
    """
    numbers = asked.numbers or ((asked.n_real,) if asked.n_real else ())
    said = f"{', '.join(map(str, numbers)) or 'any number of'} real images per class"
    several, ratios = len(numbers) > 1, _ratio_words(asked)
    against = "" if asked.ratio_b is None else f" against {asked.ratio_b:g}"
    if asked.ratio or not ratios:
        of_ratio = f", ratio {asked.ratio:g}{against}" if asked.ratio else ""
        return f"the mean over {said}{of_ratio}" if several else f"{said}{of_ratio}"
    if not several:
        return f"{said}, {'the mean over ' if ',' in ratios else ''}{ratios}{against}"
    return f"the mean over {said} and {ratios}{against}"


def _ratio_words(asked: Question) -> str:
    """``ratios 1, 10``; by number of real images where they differ."""
    every = {each for each in asked.ratios if each}
    if len(every) <= 1:
        return "".join(f"{_ratio_list(each)}" for each in every)
    each_own = [
        f"{_ratio_list(each)} at {n}" for n, each in zip(asked.numbers, asked.ratios, strict=True) if each
    ]
    return "; ".join(each_own)


def _ratio_list(ratios: tuple[float, ...]) -> str:
    return f"ratio{'s' if len(ratios) > 1 else ''} {', '.join(f'{ratio:g}' for ratio in ratios)}"


def _figures(found: Compared) -> str:
    if found.value is None or found.lo is None or found.hi is None:
        return ""
    lo, hi, level = interval_asked(found)
    return f"{found.value:+.3f} [{lo:+.3f}, {hi:+.3f}]{level} ({len(found.differences)} seeds"


def interval_asked(found: Compared) -> tuple[float, float, str]:
    """Bounds of the interval that answers the question, and its level in words where it is not the usual one."""
    assert found.lo is not None
    assert found.hi is not None
    if found.question.asks == "equivalence" and found.within_margin is not None:
        return *found.within_margin, f" at {2 * LEVEL - 1:.0%}"
    return found.lo, found.hi, ""


def _test(found: Compared, p_adjusted: float | None) -> str:
    if found.lo is None:
        return ""
    if found.p_asked is None:
        return "): "
    after = "" if p_adjusted is None else f", after {'Holm' if found.question.id else 'BH'} {p_adjusted:.3g}"
    what = " of a difference of the margin or more" if found.question.asks == "equivalence" else ""
    return f"; p{what} {found.p_asked:.3g}{after}): "


def _conclusion(found: Compared, verdict: Verdict) -> str:
    margin = found.question.margin
    if found.doubt is not None:
        return found.doubt
    if verdict == "equivalent":
        return f"the difference is smaller than {margin:g} either way"
    if verdict != "not shown":
        return f"{found.question.a} is {verdict}"
    if found.question.asks == "equivalence":
        return f"not shown to differ by less than {margin:g}"
    if found.detectable is None:
        return "no difference shown"
    return f"no difference shown; only {found.detectable:.3f} or more would mostly be seen, before correction"
