"""All metrics of one pair of sets on one extractor, each with its interval or the reason why it has none."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol, runtime_checkable

from numpy.typing import ArrayLike

from ..core import LEVEL, Interval, UserError, jackknife, registry, wilson
from ._authenticity import authentic, authenticity_interval
from ._balls import PRDC
from ._blocks import NoIntervalError, paired_blocks, without_each_block
from ._cards import MetricCard, metric_card
from ._checks import Features, Rows, as_pair, as_row_pair, as_rows
from ._frechet import frechet_distance, frechet_interval
from ._kernel import CMMD_SCALE, block_sums, cmmd_from, kid_from, unit_pair
from ._kernel_sums import BlockSums
from ._memorisation import memorisation
from ._panel_sweep import KERNEL_OF, PanelSweep, jackknife_blocks, panel_sweep
from ._prdc_interval import PRDCIntervals, halves_from
from ._score import Score, Setting, not_enough, scored, too_few
from ._vendi import vendi_interval, vendi_score

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
"""The metrics that are computed where none are named (``cmmd`` on request)."""


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
    extractor: str = "array",
    k: int = 5,
    level: float = LEVEL,
    seed: int = 0,
    device: str = "cpu",
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
    groups, synthetic_groups:
        The patient of each real row, and the source of each synthetic one, where known.
    extractor, k, level, seed, device:
        The name that the scores bear, neighbours for precision and its kin, the intervals' level, the seed of
        blocks and half-samples, and where products are made.

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
    panel = _Panel(
        x, y, (groups, synthetic_groups), k, Setting(extractor, level, seed), device,
        x if train is real else None if train is None else as_rows(train, "train", least=1),
        None if holdout is None else as_rows(holdout, "holdout", least=1),
        tuple(train_views), tuple(name for name in metrics if isinstance(name, str)),
    )  # fmt: skip
    return [panel.score(metric) for metric in metrics]


@dataclass
class _Panel:
    """The sets, and the sweep that the metrics of pairs share."""

    real: Rows
    synthetic: Rows
    groups: tuple[ArrayLike | None, ArrayLike | None]
    k: int
    setting: Setting
    device: str
    train: Rows | None = None
    holdout: Rows | None = None
    train_views: tuple[ArrayLike, ...] = ()
    names: tuple[str, ...] = ()

    @cached_property
    def sweep(self) -> PanelSweep:
        """One sweep for all named metrics that these sets are large enough for."""
        wanted = [name for name in self.names if name in _BUILTIN and not self._lacks(metric_card(name))]
        return panel_sweep(
            self.real, self.synthetic, wanted, self.k, self.groups, self.setting.seed, self.device,
            own_train=self.train is self.real,
        )  # fmt: skip

    @cached_property
    def balls(self) -> PRDCIntervals:
        if problem := self.sweep.no_balls or self.sweep.no_halves:
            raise problem
        return halves_from(self.sweep.swept, self.k).intervals(self.setting.level)

    @property
    def whole(self) -> PRDC:
        assert self.sweep.swept.hits is not None
        return self.sweep.swept.hits.shares(self.k)

    def kernel(self, metric: str) -> BlockSums:
        """Return the kernel's sums between blocks, swept with the rest where that can be."""
        name = KERNEL_OF[metric]
        if name in self.sweep.swept.kernels:
            return self.sweep.swept.kernels[name]
        x, y = unit_pair(self.real, self.synthetic)
        labels, _ = jackknife_blocks(x, y, self.groups, self.setting.seed)
        return block_sums(x, y, labels, name, self.device)

    def kernel_interval(self, metric: str) -> Interval:
        _, problem = jackknife_blocks(self.real, self.synthetic, self.groups, self.setting.seed)
        if problem:
            raise problem
        return {"kernel_distance": kid_from, "cmmd": cmmd_from}[metric](
            self.kernel(metric), self.setting.level
        )

    def score(self, metric: str | Metric) -> Score:
        if isinstance(metric, str) and metric in _BUILTIN:
            return self._built_in(metric_card(metric), *_BUILTIN[metric])
        own: Metric = registry("metrics").build(metric) if isinstance(metric, str) else metric
        counts = len(self.real), len(self.synthetic)
        lacks = _lacks(("real", counts[0]), ("synthetic", counts[1]), needed=own.needs)
        value = partial(own, *as_pair(self.real, self.synthetic, least=1))
        return self._score(own.name, own.higher_is_better, counts, lacks, lambda: self._jackknife(own), value)

    def _built_in(self, card: MetricCard, interval: Measure, value: Callable[[_Panel], float]) -> Score:
        reference = self.train if "train" in card.reads else self.real
        counts = (
            (len(reference) if reference is not None and card.reads[0] != "synthetic" else 0),
            len(self.synthetic),
        )
        measure, number = partial(interval, self), partial(value, self)
        return self._score(card.name, card.higher_is_better, counts, self._lacks(card), measure, number)

    def _score(
        self,
        name: str,
        higher: bool | None,
        counts: tuple[int, int],
        lacks: str | None,
        measure: Callable[[], Interval],
        value: Callable[[], float],
    ) -> Score:
        if lacks:
            return not_enough(name, lacks, counts, higher, self.setting)
        try:
            interval = measure()
        except NoIntervalError as error:
            return not_enough(name, str(error), counts, higher, self.setting, value=value())
        except UserError as error:
            return not_enough(name, str(error), counts, higher, self.setting)
        return scored(name, interval, counts, higher, self.setting)

    def _jackknife(self, metric: Metric) -> Interval:
        x, y = as_pair(self.real, self.synthetic)
        value = float(metric(x, y))
        if not math.isfinite(value):
            raise UserError(f"{metric.name} is {value} on these features")
        blocks = paired_blocks(len(self.real), len(self.synthetic), *self.groups, seed=self.setting.seed)
        left_out = without_each_block(metric, x, y, blocks)
        return jackknife(left_out, value, self.setting.level)

    def _lacks(self, card: MetricCard) -> str | None:
        sets = {"real": self.real, "synthetic": self.synthetic, "train": self.train, "holdout": self.holdout}
        absent = [_FULL[name] for name in card.reads if sets[name] is None]
        if absent:
            return f"needs the features of the {' and of the '.join(absent)}"
        given = [(name, len(rows)) for name in card.reads if (rows := sets[name]) is not None]
        return _lacks(*given, needed=card.needs_n)


_FULL = {"train": "training images", "holdout": "real hold-out images"}


def _lacks(*sets: tuple[str, int], needed: int) -> str | None:
    short = [(n, name) for name, n in sets if n < needed]
    return too_few(min(short)[0], f"{min(short)[1]} images", needed) if short else None


def _copy_share(panel: _Panel) -> Interval:
    assert panel.train is not None
    assert panel.holdout is not None
    return memorisation(
        panel.train, panel.synthetic, panel.holdout, features=panel.setting.extractor,
        train_views=panel.train_views, level=panel.setting.level, device=panel.device,
    ).copy_share  # fmt: skip


def _authenticity(panel: _Panel) -> Interval:
    assert panel.train is not None
    swept = panel.sweep.swept
    if swept.own is not None and swept.to_real is not None and panel.train is panel.real:
        new = authentic(swept.own[0].distances[:, 0], swept.to_real)
        return wilson(int(new.sum()), len(new), panel.setting.level)
    return authenticity_interval(panel.train, panel.synthetic, level=panel.setting.level, device=panel.device)


Measure = Callable[[_Panel], Interval]

_BUILTIN: dict[str, tuple[Measure, Callable[[_Panel], float]]] = {
    "frechet_distance": (
        lambda p: frechet_interval(p.real, p.synthetic, *p.groups, **p.setting.options),
        lambda p: frechet_distance(p.real, p.synthetic),
    ),
    "kernel_distance": (
        lambda p: p.kernel_interval("kernel_distance"),
        lambda p: p.kernel("kernel_distance").unbiased(),
    ),
    "cmmd": (
        lambda p: p.kernel_interval("cmmd"),
        lambda p: max(0.0, CMMD_SCALE * p.kernel("cmmd").biased()),
    ),
    "precision": (lambda p: p.balls.precision, lambda p: p.whole.precision),
    "recall": (lambda p: p.balls.recall, lambda p: p.whole.recall),
    "density": (lambda p: p.balls.density, lambda p: p.whole.density),
    "coverage": (lambda p: p.balls.coverage, lambda p: p.whole.coverage),
    "vendi_score": (
        lambda p: vendi_interval(p.synthetic, groups=p.groups[1], **p.setting.options),
        lambda p: vendi_score(p.synthetic),
    ),
    "authenticity": (_authenticity, lambda p: _authenticity(p).value),
    "copy_share": (_copy_share, lambda p: _copy_share(p).value),
}
