"""All metrics of one pair of sets on one extractor, each with its interval or the reason why it has none."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, runtime_checkable

from numpy.typing import ArrayLike

from ..core import LEVEL, Interval, UserError, jackknife, registry
from ._blocks import NoIntervalError, paired_blocks, without_each_block
from ._cards import MetricCard, metric_card
from ._checks import Features, as_pair, as_row_pair, as_rows
from ._panel_measures import MEASURES
from ._panel_sets import PanelSets
from ._score import Score, Setting, not_enough, scored, too_few

PANEL = (
    "frechet_distance",
    "kernel_distance",
    "precision",
    "recall",
    "density",
    "coverage",
    "vendi_score",
    "authenticity",
    "copy_share",
)
"""The metrics that are computed where none are named; the others of :func:`metric_cards` on request."""


@runtime_checkable
class Metric(Protocol):
    """What a metric of one's own must be: a number from two feature arrays, and three facts about itself.

    Register a factory under the entry points ``synmedbench.metrics``; ``needs`` is the fewest images of each
    set.
    """

    @property
    def name(self) -> str:
        """The name that its scores bear."""
        ...

    @property
    def higher_is_better(self) -> bool | None:
        """The direction; None where neither is better."""
        ...

    @property
    def needs(self) -> int:
        """The fewest images of each set for which it is computed."""
        ...

    def __call__(self, real: Features, synthetic: Features) -> float:
        """Return the metric of features (n, D) and (m, D)."""
        ...


def score_panel(
    real: ArrayLike,
    synthetic: ArrayLike,
    *,
    metrics: Sequence[str | Metric] = PANEL,
    train: ArrayLike | None = None,
    holdout: ArrayLike | None = None,
    train_views: Sequence[ArrayLike] = (),
    groups: ArrayLike | None = None,
    synthetic_groups: ArrayLike | None = None,
    train_groups: ArrayLike | None = None,
    holdout_groups: ArrayLike | None = None,
    extractor: str = "array",
    k: int = 5,
    level: float = LEVEL,
    seed: int = 0,
    device: str = "cpu",
    intervals: bool = True,
) -> list[Score]:
    """Score synthetic against real features: one :class:`Score` for each metric, in the order asked for.

    Parameters
    ----------
    real, synthetic:
        Features, (n, D) and (m, D); the real ones disjoint by patient from what the generator saw.
    metrics:
        Built-in names (see :func:`metric_cards`), registered ones (``name?option=value``), or :class:`Metric`
        objects; the last two get a delete-block jackknife interval.
    train, holdout, train_views:
        Features of the images that the generator was trained on (for ``authenticity``), of real unseen images
        (with ``train``, for ``copy_share``), and of the training images under other views.
    groups, synthetic_groups, train_groups, holdout_groups:
        The patient of each real row, the source of each synthetic one, and the patients of the other two sets, where
        known.
    extractor, k, level, seed, device:
        The name that the scores bear, neighbours for precision and its kin, the intervals' level, the seed of
        blocks and half-samples, and where products are made.
    intervals:
        False leaves the intervals out, which takes about a third of the time.

    Returns
    -------
    list[Score]
        A score that these data cannot support has value None and says why; faults of the features raise.

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 100, 8))
    >>> for score in score_panel(x, y, metrics=("coverage", "authenticity")):
    ...     print(score.metric, score.value, score.reason)
    coverage 0.99 None
    authenticity None needs the features of the training images
    """
    x, y = as_row_pair(real, synthetic, least=1)
    sets = PanelSets(
        x, y, (groups, synthetic_groups), k, Setting(extractor, level, seed), device,
        x if train is real else None if train is None else as_rows(train, "train", least=1),
        None if holdout is None else as_rows(holdout, "holdout", least=1),
        tuple(train_views), intervals=intervals, unseen_groups=(train_groups, holdout_groups),
    )  # fmt: skip
    known = [name for name in metrics if isinstance(name, str) and name in MEASURES]
    sets.wanted = tuple(name for name in known if not _lacks(sets, metric_card(name)))
    return [_score(sets, metric) for metric in metrics]


def _score(sets: PanelSets, metric: str | Metric) -> Score:
    if isinstance(metric, str) and metric in MEASURES:
        return _built_in(sets, metric_card(metric))
    own: Metric = registry("metrics").build(metric) if isinstance(metric, str) else metric
    counts = len(sets.real), len(sets.synthetic)
    lacks = _too_few(("real", counts[0]), ("synthetic", counts[1]), needed=own.needs)
    measure, value = partial(_jackknifed, own, sets), partial(_value, own, sets)
    return _measured(sets, (own.name, own.higher_is_better), counts, lacks, measure, value)


def _built_in(sets: PanelSets, card: MetricCard) -> Score:
    reference = sets.train if "train" in card.reads else sets.real
    known = reference is not None and card.reads[0] != "synthetic"
    counts = len(reference) if reference is not None and known else 0, len(sets.synthetic)
    interval, value = MEASURES[card.name]
    metric = card.name, card.higher_is_better
    return _measured(sets, metric, counts, _lacks(sets, card), partial(interval, sets), partial(value, sets))


def _measured(
    sets: PanelSets,
    metric: tuple[str, bool | None],
    counts: tuple[int, int],
    lacks: str | None,
    measure: Callable[[], Interval],
    value: Callable[[], float],
) -> Score:
    name, higher = metric
    null = partial(not_enough, name, counts=counts, higher_is_better=higher, setting=sets.setting)
    if lacks:
        return null(lacks)
    why = "no interval was asked for"
    try:
        if sets.intervals:
            return scored(name, measure(), counts, higher, sets.setting)
    except NoIntervalError as error:
        why = str(error)
    except UserError as error:
        return null(str(error))
    try:
        return null(why, value=value())
    except UserError as error:
        return null(str(error))


def _value(metric: Metric, sets: PanelSets) -> float:
    value = float(metric(*as_pair(sets.real, sets.synthetic)))
    if not math.isfinite(value):
        raise UserError(f"{metric.name} is {value} on these features")
    return value


def _jackknifed(metric: Metric, sets: PanelSets) -> Interval:
    value, (x, y) = _value(metric, sets), as_pair(sets.real, sets.synthetic)
    blocks = paired_blocks(len(x), len(y), *sets.groups, seed=sets.setting.seed)
    return jackknife(without_each_block(metric, x, y, blocks), value, sets.setting.level)


def _lacks(sets: PanelSets, card: MetricCard) -> str | None:
    """Say which sets a metric reads are missing or too small."""
    given = {"real": sets.real, "synthetic": sets.synthetic, "train": sets.train, "holdout": sets.holdout}
    absent = [_FULL[name] for name in card.reads if given[name] is None]
    if absent:
        return f"needs the features of the {' and of the '.join(absent)}"
    counted = [(name, len(rows)) for name in card.reads if (rows := given[name]) is not None]
    return _too_few(*counted, needed=card.needs_n)


_FULL = {"train": "training images", "holdout": "real hold-out images"}


def _too_few(*sets: tuple[str, int], needed: int) -> str | None:
    short = [(n, name) for name, n in sets if n < needed]
    return too_few(min(short)[0], f"{min(short)[1]} images", needed) if short else None
