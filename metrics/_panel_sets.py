"""The sets of one comparison, and what several metrics of a panel share: made once, when first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from numpy.typing import ArrayLike

from ..core import Interval
from ._alpha_beta import AlphaBeta, AlphaBetaIntervals, alpha_beta_from_neighbours, alpha_beta_intervals_from
from ._balls import PRDC
from ._checks import Rows, as_pair
from ._closest_record import closest_record_ratio
from ._kernel import KERNEL_OF, block_sums, cmmd_from, kid_from, unit_pair
from ._kernel_sums import BlockSums
from ._panel_sweep import PanelSweep, jackknife_blocks, panel_sweep
from ._prdc_interval import PRDCIntervals, halves_from
from ._score import Setting


@dataclass
class PanelSets:
    """The sets, and the sweep that the metrics of pairs share; ``wanted`` names the metrics that are to come."""

    real: Rows
    synthetic: Rows
    groups: tuple[ArrayLike | None, ArrayLike | None]
    k: int
    setting: Setting
    device: str
    train: Rows | None = None
    holdout: Rows | None = None
    train_views: tuple[ArrayLike, ...] = ()
    wanted: tuple[str, ...] = ()
    intervals: bool = True
    unseen_groups: tuple[ArrayLike | None, ArrayLike | None] = (None, None)
    """Of the training and of the hold-out images."""

    @cached_property
    def sweep(self) -> PanelSweep:
        """One sweep for all the metrics that are wanted."""
        return panel_sweep(
            self.real, self.synthetic, self.wanted, self.k, self.groups, self.setting.seed, self.device,
            own_train=self.train is self.real, halves=self.intervals,
        )  # fmt: skip

    @cached_property
    def balls(self) -> PRDCIntervals:
        if problem := self.sweep.no_balls or self.sweep.no_halves:
            raise problem
        return halves_from(self.sweep.swept, self.k).intervals(self.setting.level)

    @property
    def whole(self) -> PRDC:
        if self.sweep.no_balls:
            raise self.sweep.no_balls
        assert self.sweep.swept.hits is not None
        return self.sweep.swept.hits.shares(self.k)

    @cached_property
    def alpha_beta(self) -> AlphaBeta:
        swept = self.sweep.swept
        assert swept.own is not None
        assert swept.to_synthetic is not None
        return alpha_beta_from_neighbours(self.real, self.synthetic, swept.own[0], swept.to_synthetic)

    @cached_property
    def alpha_beta_intervals(self) -> AlphaBetaIntervals:
        assert self.sweep.swept.listed is not None
        return alpha_beta_intervals_from(
            as_pair(self.real, self.synthetic), self.groups, self.alpha_beta, self.sweep.swept.listed,
            **self.setting.options,
        )  # fmt: skip

    @property
    def seen_and_unseen(self) -> tuple[Rows, Rows, Rows]:
        """Return the training, the synthetic and the hold-out images."""
        assert self.train is not None
        assert self.holdout is not None
        return self.train, self.synthetic, self.holdout

    def closest_record(self) -> Interval:
        return closest_record_ratio(
            *self.seen_and_unseen, groups_train=self.unseen_groups[0], groups_holdout=self.unseen_groups[1],
            device=self.device, **self.setting.options,
        ).share  # fmt: skip

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
