"""``best-of-n``: no training; of n candidates the one that the reward prefers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import UserError, derive_seed
from ._contracts import Conditions, Reward
from ._diffusion import Diffusion
from ._path_kl import best_of_n_kl
from ._rewarded import Rewarded, Steerer


class BestOfN(Steerer):
    """Sample n images for every request and keep the one with the highest reward.

    ``p(x | c) = n F(r(x, c))^(n - 1) p_base(x | c)``, with F the base's distribution function of the reward (no ties).
    The baseline that every finetuning must stand beside: its distance from the base is known,
    ``KL <= ln n - (n - 1) / n`` (Beirami et al. 2024, arXiv 2401.01879). It costs n times the sampling for
    ever, and no training: the budget's steps are not used.
    """

    name = "best-of-n"

    def __init__(self, *, n: int = 4) -> None:
        if isinstance(n, bool) or not isinstance(n, int) or n < 2:
            raise UserError(f"best-of-n needs n of 2 or more, got {n!r}", remedy="write best-of-n?n=4")
        self.n = n

    def rewarded(self, base: Diffusion, reward: Reward) -> BestOfNDiffusion:
        """Return the base with the reward beside it."""
        return BestOfNDiffusion(base, reward, n=self.n)


class BestOfNDiffusion(Rewarded):
    """A diffusion model that shows the best of n images; candidate 0 is what the base would have shown."""

    kind = "best-of-n"

    def __init__(self, base: Diffusion, reward: Reward, *, n: int) -> None:
        notes = f"the best of {n} by the reward; KL to the base at most {best_of_n_kl(n):.3f}"
        super().__init__(base, reward, notes, n=n)
        self.n = n

    def sample(
        self, conditions: Conditions, *, indices: Sequence[int], seed: int, batch_size: int
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield (B, H, W, 3) uint8 batches; what is chosen for image i depends on (seed, i) alone."""
        for start in range(0, len(indices), batch_size):
            rows = list(indices[start : start + batch_size])
            wanted = conditions.table.iloc[rows].reset_index(drop=True)
            best, highest = self._candidates(conditions, rows, seed, 0, wanted)
            for candidate in range(1, self.n):
                images, probability = self._candidates(conditions, rows, seed, candidate, wanted)
                better = probability > highest
                best[better], highest = images[better], np.maximum(highest, probability)
            yield best

    def _candidates(
        self, conditions: Conditions, rows: list[int], seed: int, candidate: int, wanted: Any
    ) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        own = seed if candidate == 0 else derive_seed(seed, "candidate", candidate)
        images = next(self.base.sample(conditions, indices=rows, seed=own, batch_size=len(rows)))
        return images.copy(), np.asarray(self.reward.probability(images, wanted), dtype=np.float64)
