"""Grids of classifiers whose truth is planted: errors, redrawn patients and the rows of a record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from synmedbench.benchmark import CellRow
from synmedbench.benchmark._cell_key import CellKey

NUMBERS = (5, 10, 20, 40, 80)
RATIOS = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0)


@dataclass(frozen=True)
class Grid:
    """Errors of real images alone fall as ``a n^-b + c``; those of an arm as if it had ``n_eff(n, ratio)`` of them.

    A seed moves all its cells (``level``), each cell (``noise``, a share of the error) and what its synthetic images
    are worth (``worth``, a share of the gain); the test patients move all seeds of a cell alike (``patients``).
    """

    n_eff: Callable[[float, float], float] = lambda n, ratio: n
    a: float = 0.6
    b: float = 0.5
    c: float = 0.08
    numbers: tuple[int, ...] = NUMBERS
    ratios: tuple[float, ...] = RATIOS
    seeds: int = 5
    level: float = 0.01
    noise: float = 0.04
    worth: float = 0.0
    patients: float = 0.0
    law: Callable[[np.ndarray], np.ndarray] | None = None

    def error(self, n) -> np.ndarray:
        """The true error with n real images per class."""
        n = np.asarray(n, float)
        return self.law(n) if self.law else self.a * n**-self.b + self.c

    def real(self, draw: np.random.Generator) -> np.ndarray:
        """(S, K) errors of real images alone; the seeds' levels are kept for the arms."""
        return self.observed(draw, self.error(self.numbers), draw.normal(0, self.level, self.seeds))

    def observed(self, draw, errors, levels) -> np.ndarray:
        """(S, P) noisy errors of cells whose true errors are given."""
        spread = self.noise * errors * draw.normal(size=(self.seeds, len(errors)))
        return errors + levels[:, None] + spread + draw.normal(0, self.patients, len(errors))

    def together(self, draw, n: float) -> tuple[np.ndarray, np.ndarray]:
        """Errors of real images alone (S, K) and of the arm at n over all ratios (S, R), of the same seeds."""
        levels = draw.normal(0, self.level, self.seeds)
        true = self.error([self.n_eff(n, ratio) for ratio in self.ratios])
        gains = self.worth * (self.error(n) - true) * draw.normal(size=(self.seeds, 1))
        both = self.observed(draw, np.concatenate([self.error(self.numbers), true]), levels)
        return both[:, : len(self.numbers)], both[:, len(self.numbers) :] + gains

    def draws(self, draw, values: np.ndarray, count: int = 100) -> np.ndarray | None:
        """(S, B, P): what redrawing the patients would show of ``values`` (S, P); None where they do not matter."""
        if not self.patients:
            return None
        return values[:, None, :] + draw.normal(0, self.patients, (1, count, values.shape[1]))

    def with_(self, **changes) -> Grid:
        """The same grid but for some settings."""
        return replace(self, **changes)


def worth_a_fifth(n: float, ratio: float) -> float:
    """Each synthetic image is worth 0.2 real ones."""
    return n * (1 + 0.2 * ratio)


def saturates_at_ten(n: float, ratio: float) -> float:
    """Each is worth 0.2 real ones up to ten per real image, and nothing beyond."""
    return n * (1 + 0.2 * min(ratio, 10.0))


def levels_off_at_ten(n: float, ratio: float) -> float:
    """The same gain, the worth falling evenly until it is nothing at ten."""
    share = min(ratio / 10.0, 1.0)
    return n * (1 + 2.0 * (2 * share - share**2))


def peaks_at_ten(n: float, ratio: float) -> float:
    """Worth most at ten per real image, and less beyond."""
    return n * (1 + 2.0 * (ratio / 10.0) * np.exp(1 - ratio / 10.0))


def nothing(n: float, ratio: float) -> float:
    """Synthetic images are worth nothing."""
    return n


def rows_of(
    grid: Grid,
    draw: np.random.Generator,
    *,
    metric: str = "macro_auroc",
    stratum: str = "all",
    arm: str = "real+synthetic",
) -> tuple[list[CellRow], dict[CellKey, dict[str, np.ndarray]]]:
    """The rows of a record, with draws of patients: real images alone at every number, the arm at every ratio."""
    levels, at = draw.normal(0, grid.level, grid.seeds), list(grid.numbers)
    places = [("real-only", None, n, 0.0, grid.error(n)) for n in at]
    places += [
        (arm, "diffusion", n, ratio, grid.error(grid.n_eff(n, ratio))) for n in at for ratio in grid.ratios
    ]
    errors = grid.observed(draw, np.array([float(place[-1]) for place in places]), levels)
    redrawn = draw.normal(0, grid.patients or 1e-9, (50, len(places)))
    name = metric if stratum == "all" else f"{metric}@{stratum}"
    rows, draws = [], {}
    for j, (its_arm, generator, n, ratio, _) in enumerate(places):
        for seed in range(grid.seeds):
            value = 1 - float(errors[seed, j])
            key = CellKey(its_arm, generator, int(n), ratio, "small", seed)
            fixed = {
                "arm": its_arm,
                "generator": generator,
                "n_real_train": int(n),
                "ratio": ratio,
                "seed": seed,
            }
            rows.append(
                CellRow(**fixed, classifier="small", n_test=800, metric=metric, stratum=stratum, value=value)
            )
            draws[key] = {name: value + np.concatenate([[0.0], redrawn[:, j]])}
    return rows, draws
