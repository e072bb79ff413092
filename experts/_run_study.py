"""The command `rate`: open the study, say what it is, serve it until it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

from ..imagesets import open_imageset
from ._criteria import CriteriaSet
from ._rate_lines import rate_lines
from ._server import Listener, serve
from ._store import RatingStore
from ._study_open import open_study
from ._study_rows import study_row
from ._study_settings import StudySettings

_ONLY = "rater"


def run_study(
    images: Sequence[str],
    criteria: CriteriaSet,
    settings: StudySettings,
    listener: Listener,
    *,
    store: str,
    real: str | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Open or resume a study of these image sets, say what raters will see and their links, and serve it.

    Returns when it is stopped, with all acknowledged answers in the store. Raises what `open_imageset`, `RatingStore`
    and `open_study` raise.
    """
    synthetic = [open_imageset(spec) for spec in images]
    clinic = open_imageset(real) if real is not None else None
    with closing(RatingStore(store)) as kept:
        settings = _with_a_rater(kept, settings)
        with closing(open_study(kept, synthetic, criteria, settings, real=clinic)) as study:
            for line in rate_lines(study, listener):
                say(line)
            serve(study, listener)
            say("stopped; every answer that was acknowledged is kept, and the same command goes on")


def _with_a_rater(store: RatingStore, settings: StudySettings) -> StudySettings:
    """A study that begins without named raters has one; one that goes on keeps those it has."""
    with store.work(reading=True) as connection:
        begins = study_row(connection, settings.name) is None
    return settings.model_copy(update={"raters": (_ONLY,)}) if begins and not settings.raters else settings
