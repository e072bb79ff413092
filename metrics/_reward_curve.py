"""How good a reward model becomes with more ratings, with and without automatic feedback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import Progress, UserError, hash_bytes, rng, silent
from ._reward import RewardModel

CURVE_COLUMNS = ("n_ratings", "automatic", "seed", "auroc", "auprc", "brier", "ece", "reason")
CURVE_SIZES = (50, 100, 200, 400, 800)


@dataclass(frozen=True)
class RatedSet:
    """Rated images (N, H, W, 3), their conditions, verdicts (1 plausible, 0 not) and answers to the criteria."""

    images: NDArray[np.uint8]
    conditions: pd.DataFrame
    verdicts: NDArray[np.float64]
    criteria: pd.DataFrame | None = None

    def __len__(self) -> int:
        return len(self.verdicts)

    def take(self, rows: NDArray[np.int64]) -> RatedSet:
        """Return the given rows."""
        answers = None if self.criteria is None else self.criteria.iloc[rows].reset_index(drop=True)
        conditions = self.conditions.iloc[rows].reset_index(drop=True)
        return RatedSet(self.images[rows], conditions, self.verdicts[rows], answers)


def reward_curve(
    rated: RatedSet,
    test: RatedSet,
    *,
    sizes: Sequence[int] = CURVE_SIZES,
    seeds: Sequence[int] = (0, 1, 2),
    real_images: NDArray[np.uint8] | None = None,
    real_conditions: pd.DataFrame | None = None,
    make: Callable[[], RewardModel] = RewardModel,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return a row for each number of ratings, seed, and (with real images) without and with automatic feedback.

    A seed draws the ratings, the smaller numbers within the larger, and starts the networks. ``auroc``, ``auprc``,
    ``brier`` and ``ece`` are on ``test``, which is the same for all; they are null, with a ``reason``, where a model
    could not be fitted. ``make`` builds a model.

    Raises ``UserError`` for more ratings than there are, for a test set without both verdicts, and for images that
    are in both sets.
    """
    check_apart(rated, test)
    if not sizes or max(sizes) > len(rated) or min(sizes) < 1:
        raise UserError(
            f"a curve over {', '.join(map(str, sizes))} ratings, but {len(rated)} are there to learn from",
            remedy="rate more images, or ask for smaller numbers",
        )
    arms = [False] if real_images is None else [False, True]
    plan = [(n, automatic, seed) for seed in seeds for n in sorted(set(sizes)) for automatic in arms]
    rows = []
    with (progress or silent()).task("learning curve", len(plan)) as task:
        for n, automatic, seed in plan:
            real = (real_images, real_conditions) if automatic else (None, None)
            few = rated.take(first_rows(len(rated), n, seed))
            rows.append(
                {"n_ratings": n, "automatic": automatic, "seed": seed, **_point(few, test, real, make, seed)}
            )
            task.advance(1)
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def first_rows(total: int, n: int, seed: int) -> NDArray[np.int64]:
    """The first n rows of the order that a seed draws."""
    return rng(seed, "curve").permutation(total)[:n]


def numbers_on_test(model: RewardModel, test: RatedSet) -> dict[str, Any]:
    """AUROC, AUPRC, Brier score and ECE of a fitted model on other ratings, its calibration as it is."""
    card = model.card_on(test.images, test.conditions, test.verdicts, seed=0)
    return {name: card[name] for name in ("auroc", "auprc", "brier", "ece", "reason")}


def check_apart(rated: RatedSet, test: RatedSet) -> None:
    """``UserError`` when a verdict is missing, the test ratings carry no AUROC, or share an image with the others."""
    if not np.isin(np.concatenate([rated.verdicts, test.verdicts]), (0.0, 1.0)).all():
        raise UserError("a curve needs a verdict, 0 or 1, on every image", remedy="leave out what was not rated")
    yes = int(test.verdicts.sum())
    if min(yes, len(test) - yes) < 5 or len(test) < 20:
        raise UserError(
            f"{yes} plausible and {len(test) - yes} implausible test ratings: 5 of each and 20 in all are needed"
        )
    seen = {hash_bytes(image.tobytes()) for image in rated.images}
    both = sum(hash_bytes(image.tobytes()) in seen for image in test.images)
    if both:
        raise UserError(f"{both} of the {len(test)} test images are also among those to learn from")


def _point(
    few: RatedSet, test: RatedSet, real: tuple[Any, Any], make: Callable[[], RewardModel], seed: int
) -> dict[str, Any]:
    if real[0] is None and len(set(few.verdicts.tolist())) < 2:
        empty = dict.fromkeys(("auroc", "auprc", "brier", "ece"))
        return {**empty, "reason": f"not enough data: all {len(few)} ratings have the same verdict"}
    model = make()
    model.fit(
        few.images,
        few.conditions,
        few.verdicts,
        criteria=few.criteria,
        real_images=real[0],
        real_conditions=real[1],
        seed=seed,
    )
    return numbers_on_test(model, test)
