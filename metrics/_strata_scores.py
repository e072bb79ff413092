"""Every metric by stratum: the kernel distance first, coverage by all, the rest at equal numbers of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import LEVEL, Interval, UserError, rng
from ._balls import Flags
from ._blocks import check_units, units
from ._cards import metric_card, metric_cards
from ._checks import Features, as_pair
from ._frechet import frechet_interval
from ._kernel import kernel_interval
from ._panel import Metric, score_panel
from ._prdc_interval import Halves, sweep_halves
from ._score import Score, Setting, not_enough, scored, too_few

MIN_N = 50
UNKNOWN = "unknown"
BY_STRATUM = (
    "kernel_distance",
    "coverage",
    "frechet_distance",
    "frechet_distance_floor",
    "precision",
    "recall",
    "density",
    "vendi_score",
)
"""What is computed by stratum where no metrics are named."""


def by_stratum(
    real: ArrayLike,
    synthetic: ArrayLike,
    real_strata: ArrayLike,
    synthetic_strata: ArrayLike,
    min_n: int = MIN_N,
    *,
    metrics: Sequence[str | Metric] = BY_STRATUM,
    column: str = "",
    k: int = 5,
    groups: ArrayLike | None = None,
    synthetic_groups: ArrayLike | None = None,
    train: ArrayLike | None = None,
    extractor: str = "array",
    level: float = LEVEL,
    seed: int = 0,
    device: str = "cpu",
) -> list[Score]:
    """Score every stratum (class, skin tone, site) that the real images have, in sorted order.

    * ``kernel_distance`` of the stratum's synthetic to its real images: unbiased, so strata of different n
      compare;
    * ``coverage`` of the stratum's real images by *all* synthetic ones, balls drawn among all real images: a
      class that was never made shows here, and the strata's coverages average to the overall one;
    * ``frechet_distance`` of the stratum's synthetic images to one half of its real patients, and
      ``frechet_distance_floor``, of the other half to the same, at the same n: read the first beside the
      second;
    * every other metric inside the stratum, *rarefied*: from as many images of each kind as the smallest stratum
      that is large enough has, so that strata compare (these metrics move with n).

    Parameters
    ----------
    real, synthetic:
        Features, (n, D) and (m, D).
    real_strata, synthetic_strata:
        The stratum of each row; missing values count as ``unknown``.
    min_n:
        Fewest images of a stratum (for the Frechet distance: of each half) that carry a number.
    metrics:
        Names as :func:`score_panel` takes them, and ``frechet_distance_floor``.
    column:
        The column's name: strata are then called ``column=value``.
    groups, synthetic_groups:
        The patient of each real row, and the source of each synthetic one, where known.
    train:
        Features of the images that the generator was trained on, for ``authenticity``.

    Returns
    -------
    list[Score]
        With value None and a reason such as "not enough data: 14 images in V-VI, 50 needed" where n is too
        small.

    Example
    -------
    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).standard_normal((2, 120, 4))
    >>> tone = np.repeat(["I-II", "V-VI"], [106, 14])
    >>> by_stratum(x, y, tone, tone)[-1].reason
    'not enough data: 14 images in V-VI, 50 needed'
    """
    x, y = as_pair(real, synthetic)
    of_x, of_y = (
        _strata(real_strata, len(x), "real_strata"),
        _strata(synthetic_strata, len(y), "synthetic_strata"),
    )
    swept = _sweep(x, y, k, (groups, synthetic_groups), seed, device) if "coverage" in metrics else None
    comparison = _Strata(
        x, y, of_x, of_y, groups, swept, min_n, column, Setting(extractor, level, seed), device, tuple(metrics), k,
        train,
        _equal_n(of_x, of_y, min_n), synthetic_groups,
    )  # fmt: skip
    return [score for value in np.unique(of_x).tolist() for score in comparison.scores(value)]


def _sweep(
    x: Features,
    y: Features,
    k: int,
    groups: tuple[ArrayLike | None, ArrayLike | None],
    seed: int,
    device: str,
) -> Halves | UserError:
    try:
        return sweep_halves(x, y, k, groups, seed=seed, device=device)
    except UserError as error:
        return error


def _equal_n(of_real: NDArray[np.str_], of_synthetic: NDArray[np.str_], min_n: int) -> int:
    """Return the number of images that every stratum with ``min_n`` of both kinds has."""
    sizes = [
        min(int((of_real == value).sum()), int((of_synthetic == value).sum())) for value in np.unique(of_real)
    ]
    return min((size for size in sizes if size >= min_n), default=min_n)


_OWN_WAY = ("kernel_distance", "coverage", "frechet_distance", "frechet_distance_floor")


@dataclass(frozen=True)
class _Strata:
    real: Features
    synthetic: Features
    of_real: NDArray[np.str_]
    of_synthetic: NDArray[np.str_]
    groups: ArrayLike | None
    sweep: Halves | UserError | None
    min_n: int
    column: str
    setting: Setting
    device: str
    metrics: tuple[str | Metric, ...]
    k: int
    train: ArrayLike | None
    equal_n: int
    synthetic_groups: ArrayLike | None = None

    def scores(self, value: str) -> list[Score]:
        mine, made = self.of_real == value, self.of_synthetic == value
        n, m = int(mine.sum()), int(made.sum())
        few = too_few(n, "images", self.min_n, value) if n < self.min_n else None
        few_made = few or (too_few(m, "synthetic images", self.min_n, value) if m < self.min_n else None)
        group = None if self.groups is None else np.asarray(self.groups)[mine]
        found: dict[str, Score] = {}
        if "kernel_distance" in self.metrics:
            found["kernel_distance"] = self._score(
                "kernel_distance", value, (n, m), few_made, lambda: self._kernel(mine, made, group)
            )
        if "coverage" in self.metrics:
            found["coverage"] = self._score(
                "coverage", value, (n, len(self.synthetic)), few, lambda: self._coverage(mine)
            )
        if {"frechet_distance", "frechet_distance_floor"} & set(self.metrics):
            both = self._frechet(value, mine, made, group, few_made)
            found |= {score.metric: score for score in both if score.metric in self.metrics}
        rest = [each for each in self.metrics if each not in _OWN_WAY]
        return [*found.values(), *self._rarefied(rest, value, mine, made, few_made)]

    def _rarefied(
        self, metrics: list[str | Metric], value: str, mine: Flags, made: Flags, few: str | None
    ) -> list[Score]:
        """Score the stratum from equally many images of both kinds, as many as every other stratum has."""
        stratum = f"{self.column}={value}" if self.column else value
        if few:
            counts = int(mine.sum()), int(made.sum())
            built = [each if isinstance(each, str) else each.name for each in metrics]
            known = metric_cards()
            return [
                not_enough(
                    name,
                    few,
                    counts,
                    known[name].higher_is_better if name in known else None,
                    self.setting,
                    stratum,
                )
                for name in built
            ]
        rows, columns = (
            np.flatnonzero(each)[_some(int(each.sum()), self.equal_n, self.setting.seed, name)]
            for each, name in ((mine, "rarefied real"), (made, "rarefied synthetic"))
        )
        scores = score_panel(
            self.real[rows], self.synthetic[columns], metrics=metrics, train=self.train, k=self.k,
            groups=None if self.groups is None else np.asarray(self.groups)[rows],
            synthetic_groups=self._made_group(columns),
            extractor=self.setting.extractor, level=self.setting.level, seed=self.setting.seed, device=self.device,
        )  # fmt: skip
        return [replace(score, stratum=stratum) for score in scores]

    def _score(
        self, name: str, value: str, counts: tuple[int, int], few: str | None, measure: Callable[[], Interval]
    ) -> Score:
        stratum = f"{self.column}={value}" if self.column else value
        higher = metric_card(name).higher_is_better
        if few:
            return not_enough(name, few, counts, higher, self.setting, stratum)
        try:
            return scored(name, measure(), counts, higher, self.setting, stratum)
        except UserError as error:
            return not_enough(name, str(error), counts, higher, self.setting, stratum)

    def _kernel(self, mine: Flags, made: Flags, group: ArrayLike | None) -> Interval:
        return kernel_interval(
            self.real[mine], self.synthetic[made], group, self._made_group(made),
            device=self.device, **self.setting.options,
        )  # fmt: skip

    def _made_group(self, rows: Flags | NDArray[np.int64]) -> ArrayLike | None:
        return None if self.synthetic_groups is None else np.asarray(self.synthetic_groups)[rows]

    def _coverage(self, mine: Flags) -> Interval:
        if isinstance(self.sweep, UserError):
            raise self.sweep
        assert self.sweep is not None
        group = None if self.groups is None else np.asarray(self.groups)[mine]
        check_units(int(units(int(mine.sum()), group).max()) + 1, "real")
        return self.sweep.coverage_of(mine, self.setting.level)

    def _frechet(
        self, value: str, mine: Flags, made: Flags, group: ArrayLike | None, few: str | None
    ) -> list[Score]:
        """Both distances are to the same half, from equally many images."""
        rows = np.flatnonzero(mine)
        first, second = _halves(units(len(rows), group), self.setting.seed)
        size = min(len(second), int(made.sum()))
        if not few and min(len(first), size) < self.min_n:
            few = too_few(min(len(first), size), "images in a half of the real ones", self.min_n, value)
        chosen = np.flatnonzero(made)[_some(int(made.sum()), size, self.setting.seed, "synthetic")]
        other = second[_some(len(second), size, self.setting.seed, "real")]
        anchor, of_anchor = self.real[rows[first]], None if group is None else np.asarray(group)[first]
        of_other = None if group is None else np.asarray(group)[other]
        options = self.setting.options
        measures: dict[str, Callable[[], Interval]] = {
            "frechet_distance": lambda: frechet_interval(
                anchor, self.synthetic[chosen], of_anchor, self._made_group(chosen), **options
            ),
            "frechet_distance_floor": lambda: frechet_interval(
                anchor, self.real[rows[other]], of_anchor, of_other, **options
            ),
        }
        counts = {"frechet_distance": (len(first), size), "frechet_distance_floor": (len(first) + size, 0)}
        return [self._score(name, value, counts[name], few, measure) for name, measure in measures.items()]


def _strata(values: ArrayLike, n: int, name: str) -> NDArray[np.str_]:
    labels = np.asarray(values, dtype=object)
    if labels.shape != (n,):
        raise UserError(f"{labels.shape} strata for {n} rows", where=name, remedy="give one for each row")
    return np.array([UNKNOWN if _missing(value) else str(value) for value in labels], dtype=np.str_)


def _missing(value: object) -> bool:
    return value is None or value == "" or value != value or str(value) == "<NA>"


def _halves(unit: NDArray[np.int64], seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split rows into two halves of whole patients."""
    count = int(unit.max()) + 1
    first = np.isin(unit, rng(seed, "floor").permutation(count)[: count // 2])
    return np.flatnonzero(first), np.flatnonzero(~first)


def _some(n: int, size: int, seed: int, name: str) -> NDArray[np.int64]:
    return np.sort(rng(seed, "floor", name).permutation(n)[:size])
