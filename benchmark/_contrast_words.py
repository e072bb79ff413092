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
    over = "the mean over " if len(asked.numbers) > 1 else ""
    numbers = ", ".join(
        str(n) for n in asked.numbers or ([asked.n_real] if asked.n_real else ["any number of"])
    )
    at = f"{over}{numbers} real images per class"
    ratio = f", ratio {asked.ratio:g}" if asked.ratio else ""
    where = "" if asked.stratum == "all" else f" in {asked.stratum}"
    outside = "" if asked.test_set == "test" else f" on {asked.test_set}"
    return f"{asked.a} against {asked.b} at {at}{ratio}, {asked.metric.replace('_', ' ')}{where}{outside}"


def _figures(found: Compared) -> str:
    if found.value is None or found.lo is None or found.hi is None:
        return ""
    return f"{found.value:+.3f} [{found.lo:+.3f}, {found.hi:+.3f}] ({len(found.differences)} seeds"


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
    reach = "" if found.detectable is None else f"; only {found.detectable:.3f} or more would mostly be seen"
    return f"no difference shown{reach}"
